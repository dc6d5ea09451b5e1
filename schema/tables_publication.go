package schema

// What is published, and what charts are marked with.

func annotationRows() Table {
	return Table{
		Name: TableAnnotations,
		Doc:  "What happened when: election days, debates, results, as the study's configuration says.",
		Columns: []Column{
			{Name: "at", Type: typeTime, Doc: "When, or since when.", Codec: codecTime},
			{Name: "until", Type: typeMaybe, Doc: "Until when; null for a moment."},
			{Name: "title", Type: "String", Doc: "What it is called.", Codec: codecText},
			{Name: "text", Type: "String", Doc: "What there is to say of it.", Codec: codecText},
			{Name: "citation", Type: "String", Doc: "Where that is written; an address, as a rule.", Codec: codecText},
			{Name: "present", Type: "Bool", Doc: "False where the study no longer says so."},
			{Name: "version", Type: "UInt64", Doc: "When it was read, in Unix milliseconds.", Codec: codecID, Audit: true},
		},
		Engine:    "ReplacingMergeTree(version)",
		OrderBy:   "(at, title)",
		Settings:  durable,
		Retention: "Until the study ends.",
		Deletion:  "Holds what the study says.",
	}
}

func releaseRows() Table {
	return Table{
		Name: TableReleases,
		Doc:  "The datasets that were published, one row for each version.",
		Columns: []Column{
			{Name: "week", Type: typeWord, Doc: "The week, as 2024-W23 (ISO 8601)."},
			{Name: "tier", Type: typeWord, Doc: "public or vetted."},
			{Name: "release_version", Type: "UInt32", Doc: "1 for the first, a larger number for each correction.", Codec: codecID},
			{Name: "from", Type: typeTime, Doc: "Start of the week.", Codec: codecTime},
			{Name: "to", Type: typeTime, Doc: "Its end, excluded.", Codec: codecTime},
			{Name: "released_at", Type: typeTime, Doc: "When it was complete.", Codec: codecTime},
			{Name: "folder", Type: "String", Doc: "Where it lies, below the folder of releases.", Codec: codecText},
			{Name: "files", Type: "UInt32", Doc: "Files.", Codec: codecID},
			{Name: "rows", Type: "UInt64", Doc: "Rows in all of its tables.", Codec: codecID},
			{Name: "checksum", Type: "String", Doc: "SHA-256 of its SHA256SUMS, in hexadecimal digits.", Codec: codecID},
			{Name: "coverage_share", Type: "Float64", Doc: "Share of the minutes of its sources that nothing is missing of."},
			{Name: "superseded_at", Type: typeMaybe, Doc: "When a later version took its place; null while it stands."},
			{Name: "note", Type: "String", Doc: "Why there is this version, and what is special.", Codec: codecText},
			{Name: "version", Type: "UInt64", Doc: "When this was noted, in Unix milliseconds.", Codec: codecID, Audit: true},
		},
		Engine:    "ReplacingMergeTree(version)",
		OrderBy:   "(week, tier, release_version)",
		Settings:  durable,
		Retention: "Until the study ends.",
		Deletion:  "Names files, no posts.",
	}
}
