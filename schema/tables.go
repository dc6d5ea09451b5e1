package schema

// The table names, for the writer.
const (
	TablePosts          = "post_rows"
	TableShares         = "share_rows"
	TableAccounts       = "account_rows"
	TableIdentities     = "identity_rows"
	TableTombstones     = "tombstone_rows"
	TableCoverage       = "coverage_rows"
	TableRejects        = "reject_rows"
	TableHourly         = "hourly_rows"
	TableLinks          = "link_rows"
	TableSources        = "source_rows"
	TableCombined       = "combined_rows"
	TableChanges        = "source_changes"
	TableLookalikes     = "lookalike_rows"
	TableCodings        = "coding_rows"
	TableAgreement      = "agreement_rows"
	TableExpansions     = "expansion_rows"
	TableQueries        = "query_rows"
	TableAlerts         = "alert_rows"
	TablePairs          = "pair_rows"
	TableMass           = "mass_rows"
	TableRuns           = "run_rows"
	TableNetworks       = "network_rows"
	TableMembers        = "network_member_rows"
	TableNetworkEdges   = "network_edge_rows"
	TableClusters       = "text_cluster_rows"
	TableClusterMembers = "text_cluster_member_rows"
	TableScores         = "score_rows"
	TableTopics         = "topic_rows"
	TableBursts         = "burst_rows"
	TableAlertLog       = "alert_log_rows"
	TableAnnotations    = "annotation_rows"
	TableReleases       = "release_rows"
	TableJudgements     = "judgement_rows"
	TableCorrections    = "correction_rows"
	TableChanged        = "changed_hours"
	TableProgress       = "progress"
	TableMigrations     = "migrations"
)

const (
	typeTime    = "DateTime64(3, 'UTC')"
	typeMaybe   = "Nullable(DateTime64(3, 'UTC'))"
	typeWord    = "LowCardinality(String)"
	typeWords   = "Array(LowCardinality(String))"
	typeCounts  = "Map(LowCardinality(String), UInt64)"
	typeVersion = "UInt128"
	codecTime   = "Delta, ZSTD(1)"
	codecID     = "ZSTD(1)"
	codecText   = "ZSTD(3)"

	// A part is on disk before the log's offset passes its rows. Parts of one
	// insert stay in one file, so that this costs few syncs.
	durable = "fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456"

	byPost = "cityHash64(post_id)" // All deliveries of a post meet on one shard.

	deletedByRow = "A deletion by the author, or by the platform naming the author, is a row of the same key that replaces the post; other deletions are in tombstone_rows, which the views subtract."
)

// Tables lists the tables in the order of their creation.
func Tables() []Table {
	return []Table{
		postRows(), shareRows(), accountRows(), identityRows(), tombstoneRows(),
		coverageRows(), rejectRows(), hourlyRows(), linkRows(), sourceRows(), combinedRows(), changeRows(), lookalikeRows(), codingRows(), agreementRows(), expansionRows(), queryRows(), alertRows(), runRows(), pairRows(), massRows(), networkRows(), memberRows(), networkEdgeRows(),
		clusterRows(), clusterMemberRows(), scoreRows(), topicRows(), burstRows(), alertLogRows(), annotationRows(), releaseRows(), judgementRows(), correctionRows(), changedHours(), progress(), migrations(),
	}
}

func audit() []Column {
	return []Column{
		{Name: "imported_at", Type: typeTime, Doc: "When this installation read the event in; for live sources the same as collected_at.", Codec: codecTime, Audit: true},
		{Name: "_partition", Type: "UInt32", Doc: "The partition of the log that the row came from.", Codec: codecID, Audit: true},
		{Name: "_offset", Type: "UInt64", Doc: "The offset in that partition.", Codec: codecTime, Audit: true},
	}
}

func provenance() []Column {
	return []Column{
		{Name: "collector", Type: typeWord, Doc: "What collected it, for example bluesky or import/twitter-v1."},
		{Name: "source", Type: typeWord, Doc: "The source within the collector, as in coverage."},
	}
}

func versionColumn() Column {
	return Column{Name: "version", Type: typeVersion, Doc: "Orders the deliveries of one key: deletion, then revision, then time of collection, then content. A function of the content alone.", Codec: codecID}
}

func postRows() Table {
	columns := append(append(append(postColumns(), postRelations()...), provenance()...), audit()...)
	return Table{
		Name:    TablePosts,
		Doc:     "One row per post, its links and media in arrays; the newest version of a key counts.",
		Columns: columns,
		Indexes: []Index{
			{Name: "created", Expr: "created_at", Type: "minmax GRANULARITY 1"},
			{Name: "domains", Expr: "`links.domain`", Type: "bloom_filter(0.01) GRANULARITY 4"},
			{Name: "post", Expr: "post_id", Type: "bloom_filter(0.01) GRANULARITY 1"},
			{Name: "author", Expr: "account_id", Type: "bloom_filter(0.01) GRANULARITY 1"},
		},
		Engine:      "ReplacingMergeTree(version)",
		PartitionBy: "platform",
		OrderBy:     "(platform, id_day, post_id, account_id)",
		Shard:       byPost,
		Settings:    durable,
		Retention:   "Until the study ends; native ids, addresses and raw text 365 days.",
		Deletion:    deletedByRow,
	}
}

// postColumns are what a post is: its identity, times, language and text.
func postColumns() []Column {
	return []Column{
		{Name: "platform", Type: typeWord, Doc: "bluesky, mastodon, x, telegram or rss."},
		{Name: "id_day", Type: "Date", Doc: "The day that follows from the native id alone, 1970-01-01 where none does; sorts the table."},
		{Name: "post_id", Type: "UUID", Doc: "Pseudonym of the post under the study's key.", Codec: codecID},
		{Name: "account_id", Type: "UUID", Doc: "Pseudonym of the author under the study's key.", Codec: codecID},
		versionColumn(),
		{Name: "deleted", Type: "Bool", Doc: "The row is a deletion and replaces the post."},
		{Name: "revision", Type: "UInt64", Doc: "0 for the original; a later edit has a larger number.", Codec: codecID},
		{Name: "kind", Type: typeWord, Doc: "post, reply, repost, quote or item (of a feed)."},
		{Name: "claimed_at", Type: typeTime, Doc: "When the author's client says that it was written.", Codec: codecTime},
		{Name: "created_at", Type: typeTime, Doc: "Event time: the claim, clamped to 30 days before and 5 minutes after collection; archives are trusted as claimed.", Codec: codecTime},
		{Name: "collected_at", Type: typeTime, Doc: "When it was collected, or what the archive recorded.", Codec: codecTime},
		{Name: "clamped", Type: "Bool", Doc: "created_at is not what the author claimed."},
		{Name: "archived", Type: "Bool", Doc: "From an archive rather than a live source."},
		{Name: "lang", Type: typeWord, Doc: "Language, BCP 47; und where unknown."},
		{Name: "lang_source", Type: typeWord, Doc: "declared, detected or none."},
		{Name: "langs", Type: typeWords, Doc: "All languages that the author declared."},
		{Name: "title", Type: "String", Doc: "Title of a feed's item.", Codec: codecText},
		{Name: "text", Type: "String", Doc: "Text with links to profiles and posts replaced by platform and pseudonym, and mentions by @ and the first 8 digits of the pseudonym, which the column mentions has whole.", Codec: codecText},
		{Name: "text_hash", Type: "UInt64", Doc: "XXH3 of the text's normal form; 0 where that is empty.", Codec: codecID},
	}
}

// postRelations are what a post relates to, and what is restricted.
func postRelations() []Column {
	return []Column{
		{Name: "reply_to", Type: "UUID", Doc: "The post replied to; zero for none.", Codec: codecID},
		{Name: "reply_to_account", Type: "UUID", Doc: "Its author; zero where unknown.", Codec: codecID},
		{Name: "repost_of", Type: "UUID", Doc: "The post reposted; zero for none.", Codec: codecID},
		{Name: "repost_of_account", Type: "UUID", Doc: "Its author; zero where unknown.", Codec: codecID},
		{Name: "quote_of", Type: "UUID", Doc: "The post quoted; zero for none.", Codec: codecID},
		{Name: "quote_of_account", Type: "UUID", Doc: "Its author; zero where unknown.", Codec: codecID},
		{Name: "mentions", Type: "Array(UUID)", Doc: "Accounts mentioned.", Codec: codecID},
		{Name: "hashtags", Type: "Array(String)", Doc: "Hashtags in lower case without '#', in the order of the text.", Codec: codecID},
		{Name: "links.url", Type: "Array(String)", Doc: "URLs, those of profiles and posts as platform and pseudonym.", Codec: codecID},
		{Name: "links.canonical", Type: "Array(String)", Doc: "Their canonical forms; empty where that is the URL itself.", Codec: codecID},
		{Name: "links.domain", Type: typeWords, Doc: "The registrable domains of the canonical forms (Public Suffix List)."},
		{Name: "links.unresolved", Type: "Array(Bool)", Doc: "The canonical form is a shortener's: its target is unknown."},
		{Name: "links.account", Type: "Array(UUID)", Doc: "Pseudonym of the account whose profile or post the URL is of, where the URL names it; zero for none.", Codec: codecID},
		{Name: "media.kind", Type: typeWords, Doc: "image, video, audio or animation."},
		{Name: "media.id", Type: "Array(String)", Doc: "Pseudonyms of the attached media.", Codec: codecID},
		{Name: "queries", Type: typeWords, Doc: "The study's queries that the post matched."},
		{Name: "query_set", Type: typeWord, Doc: "The version of the study's queries that it was matched with, as in the relation queries; empty where the study had none."},
		{Name: "likes", Type: "UInt64", Doc: "Likes when collected.", Codec: codecID},
		{Name: "reposts", Type: "UInt64", Doc: "Reposts when collected.", Codec: codecID},
		{Name: "replies", Type: "UInt64", Doc: "Replies when collected.", Codec: codecID},
		{Name: "quotes", Type: "UInt64", Doc: "Quotes when collected.", Codec: codecID},
		{Name: "views", Type: "UInt64", Doc: "Views when collected.", Codec: codecID},
		{Name: "client", Type: typeWord, Doc: "Name of the posting application."},
		{Name: "sensitive", Type: "Bool", Doc: "Marked as sensitive by the author or the platform."},
		{Name: "native_id", Type: "String", Doc: "The platform's id. Restricted.", Codec: codecID, TTL: "toDateTime(imported_at) + INTERVAL 365 DAY"},
		{Name: "permalink", Type: "String", Doc: "The post's own address. Restricted.", Codec: codecText, TTL: "toDateTime(imported_at) + INTERVAL 365 DAY"},
		{Name: "raw_text", Type: "String", Doc: "The text as published, empty where text already is that. Restricted.", Codec: codecText, TTL: "toDateTime(imported_at) + INTERVAL 365 DAY"},
	}
}

func shareRows() Table {
	columns := []Column{
		{Name: "platform", Type: typeWord, Doc: "The platform."},
		{Name: "id_day", Type: "Date", Doc: "As in post_rows."},
		{Name: "post_id", Type: "UUID", Doc: "Pseudonym of the sharing post; of a like or a follow that of its own record.", Codec: codecID},
		{Name: "account_id", Type: "UUID", Doc: "Pseudonym of who did it.", Codec: codecID},
		{Name: "kind", Type: typeWord, Doc: "url, repost, text, hashtags, media, reply, like or follow."},
		{Name: "object_id", Type: "String", Doc: "What was shared, liked or followed; posts, media and accounts as pseudonyms.", Codec: codecID},
		{Name: "created_at", Type: typeTime, Doc: "When, in event time.", Codec: codecTime},
	}
	columns = append(append(columns, provenance()...), audit()...)
	return Table{
		Name:      TableShares,
		Doc:       "Shares that an archive states by themselves, one row per object, account, content and time; likes and follows that are collected one by one.",
		Columns:   columns,
		Indexes:   []Index{{Name: "created", Expr: "created_at", Type: "minmax GRANULARITY 1"}},
		Engine:    "ReplacingMergeTree",
		OrderBy:   "(platform, id_day, post_id, account_id, kind, object_id, created_at)",
		Shard:     byPost,
		Settings:  durable,
		Retention: "Until the study ends.",
		Deletion:  "The views subtract shares of deleted posts, and likes and follows that were taken back.",
	}
}

func accountRows() Table {
	columns := []Column{
		{Name: "platform", Type: typeWord, Doc: "The platform."},
		{Name: "account_id", Type: "UUID", Doc: "Pseudonym of the account.", Codec: codecID},
		{Name: "day", Type: "Date", Doc: "Day of collection; one snapshot per account and day is kept: one that says that the account is suspended, deactivated or deleted, else one with counts, and of several the last."},
		versionColumn(),
		{Name: "collected_at", Type: typeTime, Doc: "When the snapshot was taken.", Codec: codecTime},
		{Name: "followers", Type: "Nullable(UInt64)", Doc: "Followers; null where unknown.", Codec: codecID},
		{Name: "following", Type: "Nullable(UInt64)", Doc: "Accounts followed; null where unknown.", Codec: codecID},
		{Name: "posts", Type: "Nullable(UInt64)", Doc: "Posts ever made, as the platform counts; null where unknown.", Codec: codecID},
		{Name: "created_at", Type: typeMaybe, Doc: "When the account was made; null where unknown.", Codec: codecID},
		{Name: "declared_bot", Type: "Nullable(Bool)", Doc: "Whether the account declares itself automated; null where unknown."},
		{Name: "verified", Type: "Bool", Doc: "Verified by the platform."},
		{Name: "status", Type: typeWord, Doc: "active, deactivated, suspended, deleted; empty where unknown."},
	}
	columns = append(append(columns, provenance()...), audit()...)
	return Table{
		Name:      TableAccounts,
		Doc:       "Snapshots of accounts, one of each day.",
		Columns:   columns,
		Engine:    "ReplacingMergeTree(version)",
		OrderBy:   "(platform, account_id, day)",
		Settings:  durable,
		Retention: "Until the study ends.",
		Deletion:  "Rows of an account that is to be forgotten are deleted.",
	}
}

func identityRows() Table {
	columns := []Column{
		{Name: "platform", Type: typeWord, Doc: "The platform."},
		{Name: "account_id", Type: "UUID", Doc: "Pseudonym of the account.", Codec: codecID},
		{Name: "native_id", Type: "String", Doc: "The platform's id of the account; empty where only a handle is known.", Codec: codecID},
		{Name: "handle", Type: "String", Doc: "The handle, without '@'.", Codec: codecID},
		versionColumn(),
		{Name: "name", Type: "String", Doc: "The display name.", Codec: codecText},
		{Name: "collected_at", Type: typeTime, Doc: "When the account was last seen under this handle.", Codec: codecTime},
	}
	columns = append(columns, audit()...)
	return Table{
		Name:      TableIdentities,
		Doc:       "Which account a pseudonym stands for. Restricted.",
		Columns:   columns,
		Engine:    "ReplacingMergeTree(version)",
		OrderBy:   "(platform, account_id, native_id, handle)",
		TTL:       "toDateTime(imported_at) + INTERVAL 365 DAY",
		Settings:  durable,
		Retention: "365 days after the account was last read in.",
		Deletion:  "Rows of an account that is to be forgotten are deleted.",
	}
}

func tombstoneRows() Table {
	columns := []Column{
		{Name: "platform", Type: typeWord, Doc: "The platform."},
		{Name: "post_id", Type: "UUID", Doc: "Pseudonym of the deleted post; zero where the account was forgotten with all that it wrote.", Codec: codecID},
		{Name: "account_id", Type: "UUID", Doc: "Pseudonym of its author as the notice names it; zero where it names none.", Codec: codecID},
		versionColumn(),
		{Name: "deleted_at", Type: typeTime, Doc: "When it was deleted, or when the notice was collected.", Codec: codecTime},
		{Name: "collected_at", Type: typeTime, Doc: "When the notice was collected.", Codec: codecTime},
		{Name: "written_at", Type: typeTime, Doc: "When the post was written, as its id says; 1970 where it does not say.", Codec: codecTime},
	}
	columns = append(append(columns, provenance()...), audit()...)
	return Table{
		Name:        TableTombstones,
		Doc:         "Deletions. They are permanent: a post that arrives later, or is imported again, stays hidden.",
		Columns:     columns,
		Engine:      "ReplacingMergeTree(version)",
		PartitionBy: "account_id = toUUID('00000000-0000-0000-0000-000000000000')",
		OrderBy:     "(platform, post_id, account_id)",
		Settings:    durable,
		Retention:   "For ever.",
		Deletion:    "Not deleted: they hold pseudonyms only, and keep what was deleted hidden.",
	}
}
