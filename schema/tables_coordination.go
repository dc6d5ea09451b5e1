package schema

// Pairs and mass shares are computed by hour: that of the newer share, so that
// what comes later changes no hour before its own.

func pairRows() Table {
	return Table{
		Name: TablePairs,
		Doc:  "Two shares of one object within the study's widest window, whoever made them, computed again whenever one of them changes.",
		Columns: []Column{
			{Name: "object_kind", Type: typeWord, Doc: "What was shared: url, repost, text, media, hashtags or reply, as in actions."},
			{Name: "hour", Type: "DateTime('UTC')", Doc: "Start of the hour of the newer share.", Codec: codecTime},
			{Name: "object_id", Type: "String", Doc: "The object, as in actions.", Codec: codecID},
			{Name: "platform", Type: typeWord, Doc: "The platform of the older share."},
			{Name: "post_id", Type: "UUID", Doc: "The post of the older share.", Codec: codecID},
			{Name: "account_id", Type: "UUID", Doc: "The account of the older share.", Codec: codecID},
			{Name: "created_at", Type: typeTime, Doc: "When the older share was made.", Codec: codecTime},
			{Name: "platform_newer", Type: typeWord, Doc: "The platform of the newer share; another only for url, text and media."},
			{Name: "post_id_newer", Type: "UUID", Doc: "The post of the newer share.", Codec: codecID},
			{Name: "account_id_newer", Type: "UUID", Doc: "The account of the newer share.", Codec: codecID},
			{Name: "delta_ms", Type: "UInt32", Doc: "Milliseconds between the two.", Codec: codecID},
			{Name: "self", Type: "Bool", Doc: "Both are of one account."},
			{Name: "original", Type: "Bool", Doc: "One of them is the object itself."},
			{Name: "found", Type: "Bool", Doc: "False where a later computation no longer finds it."},
			{Name: "method_version", Type: typeWord, Doc: "The version of the method, the window in seconds and the cap."},
			{Name: "version", Type: "UInt64", Doc: "Number of the computation.", Codec: codecID, Audit: true},
		},
		Engine:    "ReplacingMergeTree(version)",
		OrderBy:   "(object_kind, hour, object_id, post_id, post_id_newer, account_id, account_id_newer, created_at, delta_ms)",
		Settings:  durable,
		Retention: "Until the study ends.",
		Deletion:  "Computed again from what is left.",
	}
}

func massRows() Table {
	return Table{
		Name: TableMass,
		Doc:  "Objects that so many shared within the window that who shares them says nothing: shares after the first so many are in no pair.",
		Columns: []Column{
			{Name: "object_kind", Type: typeWord, Doc: "What was shared, as in actions."},
			{Name: "hour", Type: "DateTime('UTC')", Doc: "Start of the hour.", Codec: codecTime},
			{Name: "object_id", Type: "String", Doc: "The object, as in actions.", Codec: codecID},
			{Name: "platform", Type: typeWord, Doc: "The platform; empty for url, text and media, which are looked at across platforms."},
			{Name: "shares", Type: "UInt64", Doc: "Shares of the hour that have more than the cap of others within the window before them.", Codec: codecID},
			{Name: "first", Type: typeTime, Doc: "The first of them.", Codec: codecTime},
			{Name: "last", Type: typeTime, Doc: "The last of them.", Codec: codecTime},
			{Name: "found", Type: "Bool", Doc: "False where a later computation no longer finds it."},
			{Name: "method_version", Type: typeWord, Doc: "The version of the method, the window in seconds and the cap."},
			{Name: "version", Type: "UInt64", Doc: "Number of the computation.", Codec: codecID, Audit: true},
		},
		Engine:    "ReplacingMergeTree(version)",
		OrderBy:   "(object_kind, hour, object_id, platform)",
		Settings:  durable,
		Retention: "Until the study ends.",
		Deletion:  "Computed again from what is left.",
	}
}
