package schema

// What people judge of what methods found.

func judgementRows() Table {
	return Table{
		Name: TableJudgements,
		Doc:  "What reviewers say of networks, bursts and look-alikes; of a reviewer's judgements of one the last counts.",
		Columns: []Column{
			{Name: "subject_kind", Type: typeWord, Doc: "network, burst or lookalike."},
			{Name: "subject_id", Type: "String", Doc: "Its network_id or burst_id; of a look-alike the host.", Codec: codecID},
			{Name: "reviewer", Type: typeWord, Doc: "Who judged, under the name that the study gives."},
			{Name: "at", Type: typeTime, Doc: "When.", Codec: codecTime},
			{Name: "verdict", Type: typeWord, Doc: "confirmed: it is what the method takes it for. rejected: it has another explanation, which the note gives. unclear: what is there does not say."},
			{Name: "confidence", Type: typeWord, Doc: "low, moderate or high, as analysts state it (ICD 203)."},
			{Name: "actor_type", Type: typeWord, Doc: "Who is behind it, where a citation says so: government-agency, politician-or-party, private-contractor, civil-society, citizens-or-influencers, media-outlet or business; empty otherwise."},
			{Name: "citation", Type: "String", Doc: "Where that is written: an address, a docket, a report.", Codec: codecText},
			{Name: "note", Type: "String", Doc: "What was seen, in words.", Codec: codecText},
		},
		Engine:    "ReplacingMergeTree",
		OrderBy:   "(subject_kind, subject_id, reviewer, at)",
		Settings:  durable,
		Retention: "Until the study ends.",
		Deletion:  "Names results, no posts.",
	}
}

func correctionRows() Table {
	return Table{
		Name: TableCorrections,
		Doc:  "Appeals against what the observatory says, and what became of them: a public log.",
		Columns: []Column{
			{Name: "case_id", Type: "String", Doc: "Follows from subject and time of the appeal.", Codec: codecID},
			{Name: "at", Type: typeTime, Doc: "When.", Codec: codecTime},
			{Name: "event", Type: typeWord, Doc: "appeal or decision."},
			{Name: "subject_kind", Type: typeWord, Doc: "network, burst, lookalike, source or release."},
			{Name: "subject_id", Type: "String", Doc: "Which one.", Codec: codecID},
			{Name: "outcome", Type: typeWord, Doc: "Of a decision: corrected, explained or rejected; empty of an appeal."},
			{Name: "text", Type: "String", Doc: "What is said of it in public, without names of persons.", Codec: codecText},
		},
		Engine:    "ReplacingMergeTree",
		OrderBy:   "(case_id, at, event)",
		Settings:  durable,
		Retention: "Until the study ends.",
		Deletion:  "Names results, no posts.",
	}
}
