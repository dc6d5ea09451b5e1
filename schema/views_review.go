package schema

import "strings"

// tiers are the levels of confidence, the lowest first.
const tiers = "['low', 'moderate', 'high']"

func judgements() View {
	columns := pick(judgementRows(), "subject_kind", "subject_id", "reviewer", "at", "verdict", "confidence", "actor_type", "citation", "note")
	return View{
		Name: "judgements", Doc: "What reviewers say of networks, bursts and look-alikes: the last judgement of each reviewer.", Columns: columns,
		Query: "SELECT subject_kind, subject_id, reviewer, max(c.at) AS at, " + strings.Join(lastOf("at", columns[4:]), ", ") + "\nFROM " + StoreDatabase + "." + TableJudgements + " AS c\nGROUP BY subject_kind, subject_id, reviewer",
		From:  []string{TableJudgements},
	}
}

func reviews() View {
	columns := append(pick(judgementRows(), "subject_kind", "subject_id"), []Column{
		{Name: "reviewers", Type: "UInt64", Doc: "How many people judged it."},
		{Name: "status", Type: typeWord, Doc: "waiting: one person has. agreed: two or more say the same. disputed: they do not."},
		{Name: "verdict", Type: typeWord, Doc: "confirmed, rejected or unclear, where they agree; else empty."},
		{Name: "confidence", Type: typeWord, Doc: "The lowest of their confidences."},
		{Name: "actor_type", Type: typeWord, Doc: "Who is behind it, where two or more say the same and cite it; else empty."},
		{Name: "citations", Type: "Array(String)", Doc: "On what that rests."},
		{Name: "notes", Type: "Array(String)", Doc: "What they saw, in the order of their names."},
		{Name: "last_at", Type: typeTime, Doc: "When the last of them judged."},
	}...)
	return View{
		Name: "reviews", Doc: "What people together make of networks, bursts and look-alikes. Nothing is published as reviewed on the word of one.", Columns: columns,
		Query: `SELECT subject_kind, subject_id, count() AS reviewers,
    toLowCardinality(multiIf(reviewers < 2, 'waiting', uniqExact(j.verdict) = 1, 'agreed', 'disputed')) AS status,
    toLowCardinality(if(status = 'agreed', toString(any(j.verdict)), '')) AS verdict,
    toLowCardinality(arrayElement(` + tiers + `, min(indexOf(` + tiers + `, toString(j.confidence))))) AS confidence,
    toLowCardinality(if(status = 'agreed' AND uniqExact(j.actor_type) = 1, toString(any(j.actor_type)), '')) AS actor_type,
    arrayFilter(x -> x != '', arraySort(groupUniqArray(citation))) AS citations,
    arrayFilter(x -> x != '', arrayMap(x -> x.2, arraySort(groupArray((toString(reviewer), note))))) AS notes,
    max(at) AS last_at
FROM ` + Database + `.judgements AS j
GROUP BY subject_kind, subject_id`,
		From: []string{"judgements"},
	}
}

func reviewQueue() View {
	return View{
		Name: "review_queue", Doc: "What waits for somebody to look at it: networks, bursts in which flagged or new accounts have a part, and look-alikes, until two people agree.",
		Columns: []Column{
			{Name: "subject_kind", Type: typeWord, Doc: "network, burst or lookalike."},
			{Name: "subject_id", Type: "String", Doc: "Which one; `observatory evidence` shows what a network or burst rests on."},
			{Name: "what", Type: "String", Doc: "What was found, in words."},
			{Name: "from", Type: typeTime, Doc: "Its beginning."},
			{Name: "to", Type: typeTime, Doc: "Its end."},
			{Name: "accounts", Type: "UInt64", Doc: "Accounts that have a part."},
			{Name: "posts", Type: "UInt64", Doc: "Their posts."},
			{Name: "method_version", Type: typeWord, Doc: "The version of the method."},
			{Name: "reviewers", Type: "UInt64", Doc: "How many people judged it."},
			{Name: "status", Type: typeWord, Doc: "new, waiting or disputed."},
		},
		Query: `SELECT subject_kind, subject_id, what, found.from, found.to, accounts, posts, method_version, r.reviewers AS reviewers, toLowCardinality(if(r.status = '', 'new', toString(r.status))) AS status
FROM (
    SELECT toLowCardinality('network') AS subject_kind, network_id AS subject_id,
        concat('accounts that shared ', toString(argMax(objects, day)), ' of the same (', toString(any(object_kind)), ') within a minute of each other') AS what,
        min(first) AS from, max(last) AS to, argMax(accounts, day) AS accounts, argMax(posts, day) AS posts, argMax(method_version, day) AS method_version
    FROM ` + Database + `.networks GROUP BY network_id
    UNION ALL
    SELECT 'burst', burst_id, concat(toString(topic_kind), ' ', topic, ': ', toString(posts), ' posts where the history expects ', toString(round(expected, 1)), ', ', toString(round(100 * flagged_share)), ' % by flagged accounts'),
        from, to, accounts, posts, method_version
    FROM ` + Database + `.bursts WHERE flagged_low >= 0.2 OR new_low >= 0.2
    UNION ALL
    SELECT 'lookalike', host, concat('looks like ', toString(target), ' (', toString(rule), '): ', evidence), first_seen, last_seen, accounts, posts, method_version
    FROM ` + Database + `.lookalikes) AS found
LEFT JOIN ` + Database + `.reviews AS r USING (subject_kind, subject_id)
WHERE r.status != 'agreed'`,
		From: []string{"networks", "bursts", "lookalikes", "reviews"},
	}
}

func corrections() View {
	columns := pick(correctionRows(), "case_id", "at", "event", "subject_kind", "subject_id", "outcome", "text")
	return View{
		Name: "corrections", Doc: "Appeals against what the observatory says, and what became of them.", Columns: columns,
		Query: selectFrom(columns, nil, StoreDatabase+"."+TableCorrections+" FINAL"), From: []string{TableCorrections},
	}
}
