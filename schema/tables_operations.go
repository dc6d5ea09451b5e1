package schema

func coverageRows() Table {
	columns := []Column{
		{Name: "source", Type: "String", Doc: "What was read: a host and stream, a feed, a file by its content.", Codec: codecID},
		{Name: "minute", Type: "DateTime('UTC')", Doc: "Start of the minute, in event time for archives.", Codec: codecTime},
		{Name: "part", Type: "String", Doc: "Tells apart records of the same minute, which add up.", Codec: codecID},
		versionColumn(),
		{Name: "collector", Type: typeWord, Doc: "What collected it."},
		{Name: "platform", Type: typeWord, Doc: "The platform; empty where a source has several."},
		{Name: "connected", Type: "Bool", Doc: "The source answered in this minute."},
		{Name: "expected", Type: "Nullable(UInt64)", Doc: "Events expected from the source's own history; null where there is none."},
		{Name: "received", Type: "UInt64", Doc: "Events read, rejects included.", Codec: codecID},
		{Name: "emitted", Type: "UInt64", Doc: "Events handed to the log.", Codec: codecID},
		{Name: "rejected", Type: typeCounts, Doc: "Rejects by reason."},
		{Name: "kinds", Type: typeCounts, Doc: "Events received by kind: post, repost, like, follow, delete and so on."},
		{Name: "late", Type: "UInt64", Doc: "Events older than the source's watermark.", Codec: codecID},
		{Name: "lag_s", Type: "Float64", Doc: "Median seconds from claimed to collected.", Codec: codecID},
		{Name: "gap_from", Type: typeMaybe, Doc: "Start of a gap that this record declares; null for none."},
		{Name: "gap_to", Type: typeMaybe, Doc: "End of that gap."},
		{Name: "gap_reason", Type: typeWord, Doc: "Why there is a gap."},
	}
	columns = append(columns, audit()...)
	return Table{
		Name:      TableCoverage,
		Doc:       "What each source delivered in each minute, and what is missing.",
		Columns:   columns,
		Engine:    "ReplacingMergeTree(version)",
		OrderBy:   "(source, minute, part)",
		Settings:  durable,
		Retention: "Until the study ends.",
		Deletion:  "Holds counts only.",
	}
}

func rejectRows() Table {
	columns := []Column{
		{Name: "reject_id", Type: "UUID", Doc: "A function of source, position, reason and bytes.", Codec: codecID},
		{Name: "platform", Type: typeWord, Doc: "The platform; empty where unknown."},
		{Name: "collector", Type: typeWord, Doc: "What collected it."},
		{Name: "source", Type: "String", Doc: "The source, as in coverage.", Codec: codecID},
		{Name: "position", Type: "String", Doc: "Where in the source: a line, an offset.", Codec: codecID},
		{Name: "reason", Type: typeWord, Doc: "Why it could not be used, from a closed list."},
		{Name: "detail", Type: "String", Doc: "The same in words.", Codec: codecText},
		{Name: "raw", Type: "String", Doc: "The input, cut to 64 KiB.", Codec: codecText},
		{Name: "raw_size", Type: "UInt64", Doc: "Its bytes before the cut; 0 where unknown.", Codec: codecID},
		{Name: "raw_sha256", Type: "String", Doc: "SHA-256 of the kept bytes, or of the whole input where it was read whole, in hexadecimal.", Codec: codecID},
		{Name: "collected_at", Type: typeTime, Doc: "When it was collected.", Codec: codecTime, Audit: true},
	}
	columns = append(columns, audit()...)
	return Table{
		Name:      TableRejects,
		Doc:       "Outside input that could not be used. Restricted.",
		Columns:   columns,
		Engine:    "ReplacingMergeTree",
		OrderBy:   "(source, reject_id)",
		TTL:       "toDateTime(imported_at) + INTERVAL 30 DAY",
		Settings:  durable,
		Retention: "30 days.",
		Deletion:  "Rows that hold what is to be forgotten are deleted.",
	}
}

func hourlyRows() Table {
	return Table{
		Name: TableHourly,
		Doc:  "Counts per hour, computed again from the de-duplicated posts whenever an hour changes.",
		Columns: []Column{
			{Name: "hour", Type: "DateTime('UTC')", Doc: "Start of the hour of created_at.", Codec: codecTime},
			{Name: "platform", Type: typeWord, Doc: "The platform."},
			{Name: "lang", Type: typeWord, Doc: "The language."},
			{Name: "query", Type: typeWord, Doc: "A query of the study; empty in the rows that count every post once."},
			{Name: "source_class", Type: typeWord, Doc: "The class of a source that the posts link to, as rated at their time; empty in the rows that count all posts."},
			{Name: "kind", Type: typeWord, Doc: "The kind of post."},
			{Name: "posts", Type: "UInt64", Doc: "Posts; 0 in rows that an earlier computation left and this one does not have.", Codec: codecID},
			{Name: "accounts", Type: "UInt64", Doc: "Distinct accounts.", Codec: codecID},
			{Name: "links", Type: "UInt64", Doc: "Links in these posts; in rows of a class those to sources of that class.", Codec: codecID},
			{Name: "unresolved", Type: "UInt64", Doc: "Those of the links whose target is unknown; 0 in rows of a class.", Codec: codecID},
			{Name: "version", Type: "UInt64", Doc: "Number of the computation.", Codec: codecID, Audit: true},
		},
		Engine:    "ReplacingMergeTree(version)",
		OrderBy:   "(hour, platform, lang, query, source_class, kind)",
		Settings:  durable,
		Retention: "Until the study ends.",
		Deletion:  "The hours of deleted posts are computed again.",
	}
}

func changedHours() Table {
	return Table{
		Name: TableChanged,
		Doc:  "Hours that a batch of the log changes, noted before its rows are written; a note is due once progress has passed it.",
		Columns: []Column{
			{Name: "log_id", Type: typeWord, Doc: "The log that the batch came from.", Audit: true},
			{Name: "partition", Type: "UInt32", Doc: "The partition of posts.v1.", Audit: true},
			{Name: "next_offset", Type: "UInt64", Doc: "The offset after the batch.", Audit: true},
			{Name: "hour", Type: "DateTime('UTC')", Doc: "An hour of created_at, before or after the batch."},
		},
		Engine:    "ReplacingMergeTree",
		OrderBy:   "(log_id, partition, next_offset, hour)",
		Settings:  durable,
		Retention: "Until the hours are computed.",
		Deletion:  "Holds no personal data.",
	}
}

func progress() Table {
	return Table{
		Name: TableProgress,
		Doc:  "How far each job has come in the log.",
		Columns: []Column{
			{Name: "job", Type: typeWord, Doc: "stored: rows are in their tables. matched: the posts in the hours that they change are matched. hourly: these hours are counted.", Audit: true},
			{Name: "log_id", Type: typeWord, Doc: "The log.", Audit: true},
			{Name: "topic", Type: typeWord, Doc: "The topic.", Audit: true},
			{Name: "partition", Type: "UInt32", Doc: "The partition.", Audit: true},
			{Name: "next_offset", Type: "SimpleAggregateFunction(max, UInt64)", Doc: "The first offset that is not done.", Audit: true},
		},
		Engine:    "AggregatingMergeTree",
		OrderBy:   "(job, log_id, topic, partition)",
		Settings:  durable,
		Retention: "For ever.",
		Deletion:  "Holds no personal data.",
	}
}

func migrations() Table {
	return Table{
		Name: TableMigrations,
		Doc:  "The migrations that were applied.",
		Columns: []Column{
			{Name: "number", Type: "UInt32", Doc: "Number of the migration."},
			{Name: "name", Type: "String", Doc: "Its name."},
			{Name: "applied_at", Type: typeTime, Doc: "When it was applied.", Audit: true},
		},
		Engine:    "ReplacingMergeTree",
		OrderBy:   "number",
		Settings:  durable,
		Retention: "For ever.",
		Deletion:  "Holds no personal data.",
	}
}
