package schema

import (
	"fmt"
	"strings"
)

// maxDepth is how many segments of a path rated sources have at most; the
// registry of sources refuses deeper ones.
const maxDepth = 6

// LinkKey is the expression for the key of the rated source that a link is of:
// the longest of combined_rows that it is a part of. It is over the columns page,
// domain, unresolved and account of LinkRows. A link to a profile or a
// post is of its account. Elsewhere the key is the domain, unless something
// longer on that domain is rated: then of the keys on the longest host that has
// one the one with the longest path. A shortener's link has none: its target is
// unknown.
func LinkKey() string {
	const keys = "SELECT key FROM " + StoreDatabase + "." + TableCombined + " FINAL WHERE NOT gone"
	return fmt.Sprintf(`multiIf(unresolved, '',
    account != %[1]s, concat(splitByChar(':', page)[1], ':account:', toString(account)),
    domain = '', lower(domain(page)),
    domain NOT IN (SELECT domain FROM %[2]s.%[3]s FINAL WHERE NOT gone AND key != domain), domain,
    arrayFirst(k -> k IN (%[4]s), %[5]s))`, zeroUUID, StoreDatabase, TableCombined, keys, candidates())
}

// candidates are the keys that a URL could be of: its host with the longest path
// first, then the hosts above that someone registered.
func candidates() string {
	const (
		segments = "arraySlice(arrayFilter(s -> s != '', splitByChar('/', lower(path(page)))), 1, %d)"
		labels   = "splitByChar('.', lower(domain(page)))"
		above    = "arrayPushBack(arrayMap(i -> arrayStringConcat(arraySlice(" + labels + ", i), '.'), range(2, toUInt32(greatest(2, 2 + length(" + labels + ") - length(splitByChar('.', domain)))))), domain)"
	)
	of := fmt.Sprintf(segments, maxDepth)
	return "arrayConcat(arrayMap(n -> arrayStringConcat(arrayPushFront(arraySlice(" + of + ", 1, n), lower(domain(page))), '/'), reverse(range(0, length(" + of + ") + 1))), " + above + ")"
}

// JoinRatings joins what raters say of the source with a key at a time as r;
// where they say nothing, or no longer do, the columns that Rated lists are empty.
func JoinRatings(key, at string) string {
	return "ASOF LEFT JOIN (SELECT key, valid_from, valid_to, source, class, score, raters, network FROM " + StoreDatabase + "." + TableCombined +
		" FINAL WHERE NOT gone) AS r\nON " + key + " = r.key AND " + at + " >= r.valid_from"
}

// WhileRated is a column of r, or what stands for nothing where the rating that
// JoinRatings found has ended before the time.
func WhileRated(column, at, nothing string) string {
	return "if(r.valid_to IS NULL OR " + at + " < r.valid_to, r." + column + ", " + nothing + ")"
}

func links() View {
	columns := append(pick(postRows(), "platform", "post_id", "account_id", "created_at", "lang", "kind", "queries"),
		Column{Name: "url", Type: "String", Doc: "The URL as given; of a profile or a post the platform and its pseudonym."},
		Column{Name: "canonical", Type: "String", Doc: "Its canonical form: where a redirect that it carries leads, without tracking parameters, AMP and mobile hosts."},
		Column{Name: "expanded", Type: "String", Doc: "Where a shortener's link leads, as url_expansions says; empty where that is not known or it is none."},
		Column{Name: "domain", Type: typeWord, Doc: "The registrable domain of the page (Public Suffix List): of the expanded address, else of the canonical form; empty where it has none."},
		Column{Name: "unresolved", Type: "Bool", Doc: "The URL is a shortener's and its target is unknown."},
		Column{Name: "linked_account", Type: "UUID", Doc: "Pseudonym of the account whose profile or post it is, where the URL says so; zero for none."},
		Column{Name: "source_class", Type: typeWord, Doc: "Class of the linked source at the time of the post, as in combined_ratings; empty where it is not rated."},
		Column{Name: "source", Type: "String", Doc: "The rated source that the link is of; empty where there is none."},
		Column{Name: "score", Type: "Nullable(Float64)", Doc: "Its reliability from 0 to 1 at that time, the mean of its raters; null where none gives one."},
		Column{Name: "raters", Type: typeWords, Doc: "Who rated it at that time."},
		Column{Name: "network", Type: typeWord, Doc: "The operation, owner or outlet that it is a part of, where a rater says so."})
	while := func(column, nothing string) string {
		return WhileRated(column, "l.created_at", nothing) + " AS " + column
	}
	return View{
		Name: "links", Doc: "Links: one row per post and URL, with the rating of the linked source at the time of the post.", Columns: columns,
		Query: "SELECT platform, post_id, account_id, created_at, lang, kind, queries, url, canonical, expanded, domain, unresolved, account AS linked_account, " + WhileRated("class", "l.created_at", "''") + " AS source_class,\n    " +
			while("source", "''") + ", " + while("score", "NULL") + ", " + while("raters", "[]") + ", " + while("network", "''") + "\n" +
			"FROM (SELECT *, " + LinkKey() + " AS key FROM (" + LinkRows(visiblePost) + ")) AS l\n" +
			JoinRatings("l.key", "l.created_at"),
		From: []string{TablePosts, TableTombstones, TableExpansions, TableCombined},
	}
}

// LinkRows are the links of the posts for which a condition holds, with where
// those of shorteners lead as far as that is known: page is the canonical form of
// the page, and domain, unresolved and account are the page's.
func LinkRows(where string) string {
	return "SELECT * EXCEPT (url_domain, url_unresolved, url_account, to_domain, to_account), if(expanded = '', canonical, expanded) AS page,\n" +
		"    if(expanded = '', url_domain, to_domain) AS domain, url_unresolved AND expanded = '' AS unresolved, if(expanded = '', url_account, to_account) AS account\n" +
		"FROM (SELECT platform, post_id, account_id, created_at, lang, kind, queries, url, if(other = '', url, other) AS canonical, url_domain, url_unresolved, url_account,\n" +
		"    if(url_unresolved, canonical, '') AS short\nFROM " + StoreDatabase + "." + TablePosts + " FINAL\n" +
		"ARRAY JOIN `links.url` AS url, `links.canonical` AS other, `links.domain` AS url_domain, `links.unresolved` AS url_unresolved, `links.account` AS url_account\nWHERE " + where + ") AS given\n" +
		"LEFT ANY JOIN (SELECT url AS short, target AS expanded, domain AS to_domain, account AS to_account FROM " + StoreDatabase + "." + TableExpansions +
		" FINAL WHERE status = '" + ExpansionResolved + "') AS expansions USING (short)"
}

func sources() View {
	columns := pick(sourceRows(), "domain_or_account", "rater", "class", "score", "valid_from", "valid_to", "backdated", "criteria", "network", "alias_of", "list_version", "licence", "citation", "found")
	return View{
		Name: "sources", Doc: "What raters say of sources, and from when to when.", Columns: columns,
		Query: selectFrom(columns, nil, StoreDatabase+"."+TableSources+" FINAL\nWHERE NOT withdrawn"), From: []string{TableSources},
	}
}

// combinedRatings leaves out the rows in which a part of a source is rated as the
// whole is; they are there for links.
func combinedRatings() View {
	columns := pick(combinedRows(), "source", "rated_as", "class", "classes", "score", "spread", "raters", "network", "valid_from", "valid_to", "backdated")
	return View{
		Name: "combined_ratings", Doc: "What all raters together say of a source, and when; more than one in classes is disagreement.", Columns: columns,
		Query: selectFrom(columns, nil, StoreDatabase+"."+TableCombined+" FINAL\nWHERE NOT gone AND key = source"),
		From:  []string{TableCombined},
	}
}

func sourceChanges() View {
	columns := pick(changeRows(), "loaded_at", "rater", "list_version", "change", "domain_or_account", "before", "after")
	return View{
		Name: "source_changes", Doc: "What each import of a list changed.", Columns: columns,
		Query: selectFrom(columns, nil, StoreDatabase+"."+TableChanges+" FINAL"), From: []string{TableChanges},
	}
}

func lookalikes() View {
	columns := pick(lookalikeRows(), "host", "domain", "rule", "target", "evidence", "first_seen", "last_seen", "posts", "accounts", "method_version")
	return View{
		Name: "lookalikes", Doc: "Hosts that posts link to and whose names look like one of the study's protected names. A candidate is something to look at; it says nothing of who is behind it.", Columns: columns,
		Query: selectFrom(columns, nil, StoreDatabase+"."+TableLookalikes+" FINAL\nWHERE found"), From: []string{TableLookalikes},
	}
}

func codings() View {
	columns := pick(codingRows(), "source", "coder", "coded_at", "professionalism", "style", "credibility", "bias", "counterfeit", "class", "evidence", "notes")
	return View{
		Name: "codings", Doc: "What coders found of sources, by the five criteria of the Oxford Internet Institute; the last coding of each coder and source.", Columns: columns,
		Query: "SELECT source, coder, " + strings.Join(lastOf("coded_at", columns[2:]), ", ") + "\nFROM " + StoreDatabase + "." + TableCodings + " AS c\nGROUP BY source, coder",
		From:  []string{TableCodings},
	}
}

// lastOf takes of each column the value at the last time.
func lastOf(at string, columns []Column) []string {
	last := make([]string, len(columns))
	for i, c := range columns {
		last[i] = "argMax(c." + c.Name + ", c." + at + ") AS " + c.Name
	}
	return last
}

func agreement() View {
	columns := pick(agreementRows(), "computed_at", "criterion", "alpha", "low", "high", "agreement", "sources", "coders", "method_version")
	return View{
		Name: "agreement", Doc: "How far the study's coders agree: Krippendorff's alpha.", Columns: columns,
		Query: selectFrom(columns, nil, StoreDatabase+"."+TableAgreement+" FINAL"), From: []string{TableAgreement},
	}
}

func urlExpansions() View {
	columns := pick(expansionRows(), "url", "expanded_at", "status", "target", "domain", "account", "chain", "source")
	return View{
		Name: "url_expansions", Doc: "Where links of shorteners lead, with the addresses in between as evidence.", Columns: columns,
		Query: selectFrom(columns, nil, StoreDatabase+"."+TableExpansions+" FINAL"), From: []string{TableExpansions},
	}
}
