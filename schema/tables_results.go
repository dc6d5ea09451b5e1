package schema

func queryRows() Table {
	return Table{
		Name: TableQueries,
		Doc:  "The study's queries, in each version that posts were matched with.",
		Columns: []Column{
			{Name: "query_set", Type: typeWord, Doc: "The version of all queries together: a hash of what they say."},
			{Name: "query", Type: typeWord, Doc: "The query, as in posts.queries."},
			{Name: "list_version", Type: typeWord, Doc: "The version of this query: a hash of what it says."},
			{Name: "terms", Type: "Array(String)", Doc: "Any of these must be in a post.", Codec: codecText},
			{Name: "without", Type: "Array(String)", Doc: "None of these may be.", Codec: codecText},
			{Name: "languages", Type: typeWords, Doc: "Languages of the posts; empty for all."},
			{Name: "valid_from", Type: typeMaybe, Doc: "First time of the posts; null for no bound."},
			{Name: "valid_to", Type: typeMaybe, Doc: "Time before which the posts are; null for no bound."},
			{Name: "first_used", Type: typeTime, Doc: "When this version came into use.", Codec: codecTime, Audit: true},
		},
		Engine:    "ReplacingMergeTree",
		OrderBy:   "(query_set, query)",
		Settings:  durable,
		Retention: "Until the study ends.",
		Deletion:  "Holds what the study looks for.",
	}
}

func alertRows() Table {
	return Table{
		Name: TableAlerts,
		Doc:  "What wants attention, computed again whenever what it rests on changes.",
		Columns: []Column{
			{Name: "method", Type: typeWord, Doc: "What raised it, for example silence."},
			{Name: "subject", Type: "String", Doc: "What it is about; of a silence the source, as in coverage.", Codec: codecID},
			{Name: "from", Type: typeTime, Doc: "Since when.", Codec: codecTime},
			{Name: "to", Type: typeMaybe, Doc: "Until when; null while it lasts."},
			{Name: "expected", Type: "Float64", Doc: "What was expected in that time."},
			{Name: "observed", Type: "Float64", Doc: "What was observed."},
			{Name: "reason", Type: typeWord, Doc: "Why, where that is known: the outage that coverage states."},
			{Name: "evidence", Type: "String", Doc: "In words, with the figures that it rests on.", Codec: codecText},
			{Name: "method_version", Type: typeWord, Doc: "The version of the method."},
			{Name: "raised", Type: "Bool", Doc: "False where a later computation no longer finds it."},
			{Name: "version", Type: "UInt64", Doc: "Number of the computation.", Codec: codecID, Audit: true},
		},
		Engine:    "ReplacingMergeTree(version)",
		OrderBy:   "(method, subject, from)",
		Settings:  durable,
		Retention: "Until the study ends.",
		Deletion:  "Computed again from what is left.",
	}
}
