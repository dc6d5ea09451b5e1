package schema

// sourceRows are the ratings, each rater's own.
func sourceRows() Table {
	return Table{
		Name: TableSources,
		Doc:  "What raters say of sources, and from when to when. A list that arrives later rates the past as well; a correction is another interval.",
		Columns: []Column{
			{Name: "source", Type: "String", Doc: "What is rated, as its list has it: a host, a host and the beginning of a path, the address of an account. Restricted.", Codec: codecID},
			{Name: "rater", Type: typeWord, Doc: "Whose rating it is: the name of a list."},
			{Name: "valid_from", Type: typeTime, Doc: "From when it holds.", Codec: codecTime},
			{Name: "domain_or_account", Type: "String", Doc: "What is rated, as links show it: a host, a host and the beginning of a path; an account of a platform as its pseudonym, unless the study lists it as public. Hosts below a host and paths below a path share the rating.", Codec: codecID},
			{Name: "valid_to", Type: typeMaybe, Doc: "Until when it holds, excluded; null where it still does."},
			{Name: "backdated", Type: "Bool", Doc: "The list does not say since when: valid_from is the beginning of the study."},
			{Name: "class", Type: typeWord, Doc: "unreliable, conspiracy, satire, state-controlled, independent-public, imposter, fact-checker, mainstream, mixed or platform; empty for another address of a rated source."},
			{Name: "score", Type: "Nullable(Float64)", Doc: "Reliability from 0 to 1, mapped from the rater's own scale; null where the rater gives none."},
			{Name: "criteria", Type: "String", Doc: "The rater's own words: its category, typology or tags.", Codec: codecText},
			{Name: "network", Type: typeWord, Doc: "The operation, owner or outlet that the source is a part of, where the rater says so."},
			{Name: "alias_of", Type: "String", Doc: "The source that this is another address of; empty for none.", Codec: codecID},
			{Name: "list_version", Type: typeWord, Doc: "The version of the list that brought the rating."},
			{Name: "licence", Type: typeWord, Doc: "Under which the list is published."},
			{Name: "citation", Type: "String", Doc: "On what the rating rests: an act, a docket, a report, a page.", Codec: codecText},
			{Name: "found", Type: "String", Doc: "Where it was found that the rating is of this source.", Codec: codecText},
			{Name: "withdrawn", Type: "Bool", Doc: "The rating was a mistake and never held."},
			{Name: "loaded_at", Type: typeTime, Doc: "When the list was loaded; the last one counts.", Codec: codecTime, Audit: true},
		},
		Engine:    "ReplacingMergeTree(loaded_at)",
		OrderBy:   "(source, rater, valid_from)",
		Settings:  durable,
		Retention: "Until the study ends.",
		Deletion:  "Rates sources, not persons.",
	}
}

// combinedRows are the ratings of all raters together: what links are joined with.
func combinedRows() Table {
	return Table{
		Name: TableCombined,
		Doc:  "What all raters together say of a source, computed again whenever a list changes; links are joined with it by key and time.",
		Columns: []Column{
			{Name: "key", Type: "String", Doc: "The source as links have it. Restricted.", Codec: codecID},
			{Name: "valid_from", Type: typeTime, Doc: "From when they say so.", Codec: codecTime},
			{Name: "valid_to", Type: typeMaybe, Doc: "Until when, excluded; null where they still do."},
			{Name: "domain", Type: "String", Doc: "The domain of links to it, as links.domain has it.", Codec: codecID},
			{Name: "source", Type: "String", Doc: "What matched, as links show it: the source itself, or what it is a part of.", Codec: codecID},
			{Name: "rated_as", Type: "String", Doc: "The source whose ratings these are, where the source is another address of it; else the same.", Codec: codecID},
			{Name: "class", Type: typeWord, Doc: "The class that most raters give; among equals what says most of a source."},
			{Name: "classes", Type: typeWords, Doc: "All classes that raters give; more than one is disagreement."},
			{Name: "score", Type: "Nullable(Float64)", Doc: "Mean of the raters' scores, from 0 to 1; null where none gives one."},
			{Name: "spread", Type: "Nullable(Float64)", Doc: "Standard deviation of the raters' scores; null for fewer than two."},
			{Name: "raters", Type: typeWords, Doc: "Who rates it."},
			{Name: "network", Type: typeWord, Doc: "The operation, owner or outlet that it is a part of, where a rater says so."},
			{Name: "backdated", Type: "Bool", Doc: "Among the ratings is one that its list does not date."},
			{Name: "gone", Type: "Bool", Doc: "This is no longer said of that time."},
			{Name: "loaded_at", Type: typeTime, Doc: "When it was computed; the last one counts.", Codec: codecTime, Audit: true},
		},
		Engine:    "ReplacingMergeTree(loaded_at)",
		OrderBy:   "(key, valid_from)",
		Settings:  durable,
		Retention: "Until the study ends.",
		Deletion:  "Computed again from the ratings.",
	}
}

// changeRows are the log of what importing lists changed.
func changeRows() Table {
	return Table{
		Name: TableChanges,
		Doc:  "What each import of a list changed: added, changed, corrected, withdrawn. Appeals and corrections of lists can be followed here.",
		Columns: []Column{
			{Name: "loaded_at", Type: typeTime, Doc: "When the list was imported.", Codec: codecTime},
			{Name: "rater", Type: typeWord, Doc: "The list."},
			{Name: "list_version", Type: typeWord, Doc: "The version that was imported."},
			{Name: "change", Type: typeWord, Doc: "added, changed (another class or score from now on), corrected (another date), reworded or withdrawn (from now on)."},
			{Name: "domain_or_account", Type: "String", Doc: "The source, as links show it.", Codec: codecID},
			{Name: "before", Type: "String", Doc: "What the list said of it before; empty for nothing.", Codec: codecText},
			{Name: "after", Type: "String", Doc: "What it says now; empty for nothing.", Codec: codecText},
		},
		Engine:    "ReplacingMergeTree",
		OrderBy:   "(loaded_at, rater, domain_or_account, change)",
		Settings:  durable,
		Retention: "Until the study ends.",
		Deletion:  "Rates sources, not persons.",
	}
}

// lookalikeRows are hosts whose names look like protected ones.
func lookalikeRows() Table {
	return Table{
		Name: TableLookalikes,
		Doc:  "Hosts that posts link to and whose names look like one of the study's protected names: candidates to look at, without a word on who is behind them.",
		Columns: []Column{
			{Name: "host", Type: "String", Doc: "The host that posts link to.", Codec: codecID},
			{Name: "domain", Type: typeWord, Doc: "Its registrable domain."},
			{Name: "rule", Type: typeWord, Doc: "R1 same name under another ending, R2 characters that look alike, R3 a slip of the pen, R4 the name and a word, R5 the whole name below another domain."},
			{Name: "target", Type: typeWord, Doc: "The protected name that it looks like."},
			{Name: "evidence", Type: "String", Doc: "What is alike, in words.", Codec: codecText},
			{Name: "first_seen", Type: typeTime, Doc: "The first post with a link to it.", Codec: codecTime},
			{Name: "last_seen", Type: typeTime, Doc: "The last one.", Codec: codecTime},
			{Name: "posts", Type: "UInt64", Doc: "Posts that link to it.", Codec: codecID},
			{Name: "accounts", Type: "UInt64", Doc: "Accounts that do.", Codec: codecID},
			{Name: "method_version", Type: typeWord, Doc: "The version of the rules, with a hash of the protected names."},
			{Name: "found", Type: "Bool", Doc: "False where a later computation no longer finds it."},
			{Name: "computed_at", Type: typeTime, Doc: "When it was computed; the last one counts.", Codec: codecTime, Audit: true},
		},
		Engine:    "ReplacingMergeTree(computed_at)",
		OrderBy:   "host",
		Settings:  durable,
		Retention: "Until the study ends.",
		Deletion:  "Computed again from what is left.",
	}
}

// codingRows are what the study's coders found of sources.
func codingRows() Table {
	columns := []Column{
		{Name: "source", Type: "String", Doc: "The source that was coded: a host, or a host and the beginning of a path.", Codec: codecID},
		{Name: "coder", Type: typeWord, Doc: "Who coded it, under the name that the coder gives."},
		{Name: "coded_at", Type: typeTime, Doc: "When; of a coder's codings of a source the last one counts.", Codec: codecTime},
	}
	for _, c := range []struct{ name, doc string }{
		{"professionalism", "No authors, editors, masthead or corrections."},
		{"style", "Emotive language, hyperbole, misleading headlines."},
		{"credibility", "Conspiracy theories, unchecked or unreliable sources."},
		{"bias", "Hyper-partisan; opinion presented as news."},
		{"counterfeit", "Mimics established media."},
	} {
		columns = append(columns, Column{Name: c.name, Type: "Bool", Doc: "The criterion applies: " + c.doc})
	}
	columns = append(columns,
		Column{Name: "class", Type: typeWord, Doc: "What the coder calls a source that is not junk; empty for nothing."},
		Column{Name: "evidence", Type: "String", Doc: "What the coder saw.", Codec: codecText},
		Column{Name: "notes", Type: "String", Doc: "Anything else.", Codec: codecText})
	return Table{
		Name: TableCodings, Doc: "What coders found of sources, by the five criteria of the Oxford Internet Institute's typology of junk news; three of them make junk.", Columns: columns,
		Engine: "ReplacingMergeTree", OrderBy: "(source, coder, coded_at)", Settings: durable,
		Retention: "Until the study ends.", Deletion: "Rates sources, not persons.",
	}
}

// agreementRows are how far coders agreed.
func agreementRows() Table {
	return Table{
		Name: TableAgreement,
		Doc:  "How far the study's coders agree: Krippendorff's alpha of each criterion and of the label, computed anew with each round.",
		Columns: []Column{
			{Name: "computed_at", Type: typeTime, Doc: "When it was computed.", Codec: codecTime},
			{Name: "criterion", Type: typeWord, Doc: "One of the five criteria, or label: junk by three of five."},
			{Name: "alpha", Type: "Nullable(Float64)", Doc: "Krippendorff's alpha for nominal data; null where all gave the same value, which leaves it undefined."},
			{Name: "low", Type: "Nullable(Float64)", Doc: "Lower end of its 95 % interval (bootstrap over sources)."},
			{Name: "high", Type: "Nullable(Float64)", Doc: "Upper end."},
			{Name: "agreement", Type: "Nullable(Float64)", Doc: "Share of pairs of codings that agree; null where no source has two."},
			{Name: "sources", Type: "UInt64", Doc: "Sources that two or more coders coded."},
			{Name: "coders", Type: "UInt64", Doc: "Coders of these."},
			{Name: "method_version", Type: typeWord, Doc: "The version of the method."},
		},
		Engine:    "ReplacingMergeTree",
		OrderBy:   "(computed_at, criterion)",
		Settings:  durable,
		Retention: "Until the study ends.",
		Deletion:  "Holds figures only.",
	}
}

// expansionRows are where shorteners' links lead.
func expansionRows() Table {
	columns := []Column{
		{Name: "url", Type: "String", Doc: "The shortener's link, in canonical form.", Codec: codecID},
		versionColumn(),
		{Name: "expanded_at", Type: typeTime, Doc: "When it was followed.", Codec: codecTime},
		{Name: "status", Type: typeWord, Doc: "resolved; else why not: refused, not_found, failed, blocked (it leads into a private network or away from the web), too_many_hops or loop."},
		{Name: "target", Type: "String", Doc: "Where it leads, in canonical form; of a profile or a post the platform and its pseudonym; empty where it was not resolved.", Codec: codecID},
		{Name: "domain", Type: typeWord, Doc: "The registrable domain of the target."},
		{Name: "account", Type: "UUID", Doc: "Pseudonym of the account whose profile or post the target is; zero for none.", Codec: codecID},
		{Name: "chain", Type: "Array(String)", Doc: "The addresses in between, as evidence: each as links show it, from the first to the last.", Codec: codecText},
	}
	columns = append(append(columns, provenance()...), audit()...)
	return Table{
		Name:      TableExpansions,
		Doc:       "Where links of shorteners lead, as followed on the collectors' side; links themselves are never rewritten.",
		Columns:   columns,
		Engine:    "ReplacingMergeTree(version)",
		OrderBy:   "url",
		Settings:  durable,
		Retention: "Until the study ends.",
		Deletion:  "Holds addresses, those of profiles and posts as pseudonyms.",
	}
}
