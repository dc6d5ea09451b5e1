-- The tables of the first version.

CREATE TABLE IF NOT EXISTS observatory_store.post_rows
(
    `platform` LowCardinality(String) COMMENT 'bluesky, mastodon, x, telegram or rss.',
    `id_day` Date COMMENT 'The day that follows from the native id alone, 1970-01-01 where none does; sorts the table.',
    `post_id` UUID COMMENT 'Pseudonym of the post under the study\'s key.' CODEC(ZSTD(1)),
    `account_id` UUID COMMENT 'Pseudonym of the author under the study\'s key.' CODEC(ZSTD(1)),
    `version` UInt128 COMMENT 'Orders the deliveries of one key: deletion, then revision, then time of collection, then content. A function of the content alone.' CODEC(ZSTD(1)),
    `deleted` Bool COMMENT 'The row is a deletion and replaces the post.',
    `revision` UInt64 COMMENT '0 for the original; a later edit has a larger number.' CODEC(ZSTD(1)),
    `kind` LowCardinality(String) COMMENT 'post, reply, repost, quote or item (of a feed).',
    `claimed_at` DateTime64(3, 'UTC') COMMENT 'When the author\'s client says that it was written.' CODEC(Delta, ZSTD(1)),
    `created_at` DateTime64(3, 'UTC') COMMENT 'Event time: the claim, clamped to 30 days before and 5 minutes after collection; archives are trusted as claimed.' CODEC(Delta, ZSTD(1)),
    `collected_at` DateTime64(3, 'UTC') COMMENT 'When it was collected, or what the archive recorded.' CODEC(Delta, ZSTD(1)),
    `clamped` Bool COMMENT 'created_at is not what the author claimed.',
    `archived` Bool COMMENT 'From an archive rather than a live source.',
    `lang` LowCardinality(String) COMMENT 'Language, BCP 47; und where unknown.',
    `lang_source` LowCardinality(String) COMMENT 'declared, detected or none.',
    `langs` Array(LowCardinality(String)) COMMENT 'All languages that the author declared.',
    `title` String COMMENT 'Title of a feed\'s item.' CODEC(ZSTD(3)),
    `text` String COMMENT 'Text with links to profiles and posts replaced by platform and pseudonym, and mentions by @ and the first 8 digits of the pseudonym, which the column mentions has whole.' CODEC(ZSTD(3)),
    `text_hash` UInt64 COMMENT 'XXH3 of the text\'s normal form; 0 where that is empty.' CODEC(ZSTD(1)),
    `reply_to` UUID COMMENT 'The post replied to; zero for none.' CODEC(ZSTD(1)),
    `reply_to_account` UUID COMMENT 'Its author; zero where unknown.' CODEC(ZSTD(1)),
    `repost_of` UUID COMMENT 'The post reposted; zero for none.' CODEC(ZSTD(1)),
    `repost_of_account` UUID COMMENT 'Its author; zero where unknown.' CODEC(ZSTD(1)),
    `quote_of` UUID COMMENT 'The post quoted; zero for none.' CODEC(ZSTD(1)),
    `quote_of_account` UUID COMMENT 'Its author; zero where unknown.' CODEC(ZSTD(1)),
    `mentions` Array(UUID) COMMENT 'Accounts mentioned.' CODEC(ZSTD(1)),
    `hashtags` Array(String) COMMENT 'Hashtags in lower case without \'#\', in the order of the text.' CODEC(ZSTD(1)),
    `links.url` Array(String) COMMENT 'URLs, those of profiles and posts as platform and pseudonym.' CODEC(ZSTD(1)),
    `links.canonical` Array(String) COMMENT 'Their canonical forms; empty where that is the URL itself.' CODEC(ZSTD(1)),
    `links.domain` Array(LowCardinality(String)) COMMENT 'The registrable domains of the canonical forms (Public Suffix List).',
    `links.unresolved` Array(Bool) COMMENT 'The canonical form is a shortener\'s: its target is unknown.',
    `links.account` Array(UUID) COMMENT 'Pseudonym of the account whose profile or post the URL is of, where the URL names it; zero for none.' CODEC(ZSTD(1)),
    `media.kind` Array(LowCardinality(String)) COMMENT 'image, video, audio or animation.',
    `media.id` Array(String) COMMENT 'Pseudonyms of the attached media.' CODEC(ZSTD(1)),
    `queries` Array(LowCardinality(String)) COMMENT 'The study\'s queries that the post matched.',
    `query_set` LowCardinality(String) COMMENT 'The version of the study\'s queries that it was matched with, as in the relation queries; empty where the study had none.',
    `likes` UInt64 COMMENT 'Likes when collected.' CODEC(ZSTD(1)),
    `reposts` UInt64 COMMENT 'Reposts when collected.' CODEC(ZSTD(1)),
    `replies` UInt64 COMMENT 'Replies when collected.' CODEC(ZSTD(1)),
    `quotes` UInt64 COMMENT 'Quotes when collected.' CODEC(ZSTD(1)),
    `views` UInt64 COMMENT 'Views when collected.' CODEC(ZSTD(1)),
    `client` LowCardinality(String) COMMENT 'Name of the posting application.',
    `sensitive` Bool COMMENT 'Marked as sensitive by the author or the platform.',
    `native_id` String COMMENT 'The platform\'s id. Restricted.' CODEC(ZSTD(1)) TTL toDateTime(imported_at) + INTERVAL 365 DAY,
    `permalink` String COMMENT 'The post\'s own address. Restricted.' CODEC(ZSTD(3)) TTL toDateTime(imported_at) + INTERVAL 365 DAY,
    `raw_text` String COMMENT 'The text as published, empty where text already is that. Restricted.' CODEC(ZSTD(3)) TTL toDateTime(imported_at) + INTERVAL 365 DAY,
    `collector` LowCardinality(String) COMMENT 'What collected it, for example bluesky or import/twitter-v1.',
    `source` LowCardinality(String) COMMENT 'The source within the collector, as in coverage.',
    `imported_at` DateTime64(3, 'UTC') COMMENT 'When this installation read the event in; for live sources the same as collected_at.' CODEC(Delta, ZSTD(1)),
    `_partition` UInt32 COMMENT 'The partition of the log that the row came from.' CODEC(ZSTD(1)),
    `_offset` UInt64 COMMENT 'The offset in that partition.' CODEC(Delta, ZSTD(1)),
    INDEX created created_at TYPE minmax GRANULARITY 1,
    INDEX domains `links.domain` TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY platform
ORDER BY (platform, id_day, post_id, account_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'One row per post, its links and media in arrays; the newest version of a key counts.';

CREATE TABLE IF NOT EXISTS observatory_store.share_rows
(
    `platform` LowCardinality(String) COMMENT 'The platform.',
    `id_day` Date COMMENT 'As in post_rows.',
    `post_id` UUID COMMENT 'Pseudonym of the sharing post; of a like or a follow that of its own record.' CODEC(ZSTD(1)),
    `account_id` UUID COMMENT 'Pseudonym of who did it.' CODEC(ZSTD(1)),
    `kind` LowCardinality(String) COMMENT 'url, repost, text, hashtags, media, reply, like or follow.',
    `object_id` String COMMENT 'What was shared, liked or followed; posts, media and accounts as pseudonyms.' CODEC(ZSTD(1)),
    `created_at` DateTime64(3, 'UTC') COMMENT 'When, in event time.' CODEC(Delta, ZSTD(1)),
    `collector` LowCardinality(String) COMMENT 'What collected it, for example bluesky or import/twitter-v1.',
    `source` LowCardinality(String) COMMENT 'The source within the collector, as in coverage.',
    `imported_at` DateTime64(3, 'UTC') COMMENT 'When this installation read the event in; for live sources the same as collected_at.' CODEC(Delta, ZSTD(1)),
    `_partition` UInt32 COMMENT 'The partition of the log that the row came from.' CODEC(ZSTD(1)),
    `_offset` UInt64 COMMENT 'The offset in that partition.' CODEC(Delta, ZSTD(1)),
    INDEX created created_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
ORDER BY (platform, id_day, post_id, account_id, kind, object_id, created_at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'Shares that an archive states by themselves, one row per object, account, content and time; likes and follows that are collected one by one.';

CREATE TABLE IF NOT EXISTS observatory_store.account_rows
(
    `platform` LowCardinality(String) COMMENT 'The platform.',
    `account_id` UUID COMMENT 'Pseudonym of the account.' CODEC(ZSTD(1)),
    `day` Date COMMENT 'Day of collection; one snapshot per account and day is kept: one that says that the account is suspended, deactivated or deleted, else one with counts, and of several the last.',
    `version` UInt128 COMMENT 'Orders the deliveries of one key: deletion, then revision, then time of collection, then content. A function of the content alone.' CODEC(ZSTD(1)),
    `collected_at` DateTime64(3, 'UTC') COMMENT 'When the snapshot was taken.' CODEC(Delta, ZSTD(1)),
    `followers` Nullable(UInt64) COMMENT 'Followers; null where unknown.' CODEC(ZSTD(1)),
    `following` Nullable(UInt64) COMMENT 'Accounts followed; null where unknown.' CODEC(ZSTD(1)),
    `posts` Nullable(UInt64) COMMENT 'Posts ever made, as the platform counts; null where unknown.' CODEC(ZSTD(1)),
    `created_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'When the account was made; null where unknown.' CODEC(ZSTD(1)),
    `declared_bot` Nullable(Bool) COMMENT 'Whether the account declares itself automated; null where unknown.',
    `verified` Bool COMMENT 'Verified by the platform.',
    `status` LowCardinality(String) COMMENT 'active, deactivated, suspended, deleted; empty where unknown.',
    `collector` LowCardinality(String) COMMENT 'What collected it, for example bluesky or import/twitter-v1.',
    `source` LowCardinality(String) COMMENT 'The source within the collector, as in coverage.',
    `imported_at` DateTime64(3, 'UTC') COMMENT 'When this installation read the event in; for live sources the same as collected_at.' CODEC(Delta, ZSTD(1)),
    `_partition` UInt32 COMMENT 'The partition of the log that the row came from.' CODEC(ZSTD(1)),
    `_offset` UInt64 COMMENT 'The offset in that partition.' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (platform, account_id, day)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'Snapshots of accounts, one of each day.';

CREATE TABLE IF NOT EXISTS observatory_store.identity_rows
(
    `platform` LowCardinality(String) COMMENT 'The platform.',
    `account_id` UUID COMMENT 'Pseudonym of the account.' CODEC(ZSTD(1)),
    `native_id` String COMMENT 'The platform\'s id of the account; empty where only a handle is known.' CODEC(ZSTD(1)),
    `handle` String COMMENT 'The handle, without \'@\'.' CODEC(ZSTD(1)),
    `version` UInt128 COMMENT 'Orders the deliveries of one key: deletion, then revision, then time of collection, then content. A function of the content alone.' CODEC(ZSTD(1)),
    `name` String COMMENT 'The display name.' CODEC(ZSTD(3)),
    `collected_at` DateTime64(3, 'UTC') COMMENT 'When the account was last seen under this handle.' CODEC(Delta, ZSTD(1)),
    `imported_at` DateTime64(3, 'UTC') COMMENT 'When this installation read the event in; for live sources the same as collected_at.' CODEC(Delta, ZSTD(1)),
    `_partition` UInt32 COMMENT 'The partition of the log that the row came from.' CODEC(ZSTD(1)),
    `_offset` UInt64 COMMENT 'The offset in that partition.' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (platform, account_id, native_id, handle)
TTL toDateTime(imported_at) + INTERVAL 365 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'Which account a pseudonym stands for. Restricted.';

CREATE TABLE IF NOT EXISTS observatory_store.tombstone_rows
(
    `platform` LowCardinality(String) COMMENT 'The platform.',
    `post_id` UUID COMMENT 'Pseudonym of the deleted post.' CODEC(ZSTD(1)),
    `account_id` UUID COMMENT 'Pseudonym of its author as the notice names it; zero where it names none.' CODEC(ZSTD(1)),
    `version` UInt128 COMMENT 'Orders the deliveries of one key: deletion, then revision, then time of collection, then content. A function of the content alone.' CODEC(ZSTD(1)),
    `deleted_at` DateTime64(3, 'UTC') COMMENT 'When it was deleted, or when the notice was collected.' CODEC(Delta, ZSTD(1)),
    `collected_at` DateTime64(3, 'UTC') COMMENT 'When the notice was collected.' CODEC(Delta, ZSTD(1)),
    `collector` LowCardinality(String) COMMENT 'What collected it, for example bluesky or import/twitter-v1.',
    `source` LowCardinality(String) COMMENT 'The source within the collector, as in coverage.',
    `imported_at` DateTime64(3, 'UTC') COMMENT 'When this installation read the event in; for live sources the same as collected_at.' CODEC(Delta, ZSTD(1)),
    `_partition` UInt32 COMMENT 'The partition of the log that the row came from.' CODEC(ZSTD(1)),
    `_offset` UInt64 COMMENT 'The offset in that partition.' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY account_id = toUUID('00000000-0000-0000-0000-000000000000')
ORDER BY (platform, post_id, account_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'Deletions. They are permanent: a post that arrives later, or is imported again, stays hidden.';

CREATE TABLE IF NOT EXISTS observatory_store.coverage_rows
(
    `source` String COMMENT 'What was read: a host and stream, a feed, a file by its content.' CODEC(ZSTD(1)),
    `minute` DateTime('UTC') COMMENT 'Start of the minute, in event time for archives.' CODEC(Delta, ZSTD(1)),
    `part` String COMMENT 'Tells apart records of the same minute, which add up.' CODEC(ZSTD(1)),
    `version` UInt128 COMMENT 'Orders the deliveries of one key: deletion, then revision, then time of collection, then content. A function of the content alone.' CODEC(ZSTD(1)),
    `collector` LowCardinality(String) COMMENT 'What collected it.',
    `platform` LowCardinality(String) COMMENT 'The platform; empty where a source has several.',
    `connected` Bool COMMENT 'The source answered in this minute.',
    `expected` Nullable(UInt64) COMMENT 'Events expected from the source\'s own history; null where there is none.',
    `received` UInt64 COMMENT 'Events read, rejects included.' CODEC(ZSTD(1)),
    `emitted` UInt64 COMMENT 'Events handed to the log.' CODEC(ZSTD(1)),
    `rejected` Map(LowCardinality(String), UInt64) COMMENT 'Rejects by reason.',
    `kinds` Map(LowCardinality(String), UInt64) COMMENT 'Events received by kind: post, repost, like, follow, delete and so on.',
    `late` UInt64 COMMENT 'Events older than the source\'s watermark.' CODEC(ZSTD(1)),
    `lag_s` Float64 COMMENT 'Median seconds from claimed to collected.' CODEC(ZSTD(1)),
    `gap_from` Nullable(DateTime64(3, 'UTC')) COMMENT 'Start of a gap that this record declares; null for none.',
    `gap_to` Nullable(DateTime64(3, 'UTC')) COMMENT 'End of that gap.',
    `gap_reason` LowCardinality(String) COMMENT 'Why there is a gap.',
    `imported_at` DateTime64(3, 'UTC') COMMENT 'When this installation read the event in; for live sources the same as collected_at.' CODEC(Delta, ZSTD(1)),
    `_partition` UInt32 COMMENT 'The partition of the log that the row came from.' CODEC(ZSTD(1)),
    `_offset` UInt64 COMMENT 'The offset in that partition.' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (source, minute, part)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'What each source delivered in each minute, and what is missing.';

CREATE TABLE IF NOT EXISTS observatory_store.reject_rows
(
    `reject_id` UUID COMMENT 'A function of source, position, reason and bytes.' CODEC(ZSTD(1)),
    `platform` LowCardinality(String) COMMENT 'The platform; empty where unknown.',
    `collector` LowCardinality(String) COMMENT 'What collected it.',
    `source` String COMMENT 'The source, as in coverage.' CODEC(ZSTD(1)),
    `position` String COMMENT 'Where in the source: a line, an offset.' CODEC(ZSTD(1)),
    `reason` LowCardinality(String) COMMENT 'Why it could not be used, from a closed list.',
    `detail` String COMMENT 'The same in words.' CODEC(ZSTD(3)),
    `raw` String COMMENT 'The input, cut to 64 KiB.' CODEC(ZSTD(3)),
    `raw_size` UInt64 COMMENT 'Its bytes before the cut; 0 where unknown.' CODEC(ZSTD(1)),
    `raw_sha256` String COMMENT 'SHA-256 of the kept bytes, or of the whole input where it was read whole, in hexadecimal.' CODEC(ZSTD(1)),
    `collected_at` DateTime64(3, 'UTC') COMMENT 'When it was collected.' CODEC(Delta, ZSTD(1)),
    `imported_at` DateTime64(3, 'UTC') COMMENT 'When this installation read the event in; for live sources the same as collected_at.' CODEC(Delta, ZSTD(1)),
    `_partition` UInt32 COMMENT 'The partition of the log that the row came from.' CODEC(ZSTD(1)),
    `_offset` UInt64 COMMENT 'The offset in that partition.' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (source, reject_id)
TTL toDateTime(imported_at) + INTERVAL 30 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'Outside input that could not be used. Restricted.';

CREATE TABLE IF NOT EXISTS observatory_store.hourly_rows
(
    `hour` DateTime('UTC') COMMENT 'Start of the hour of created_at.' CODEC(Delta, ZSTD(1)),
    `platform` LowCardinality(String) COMMENT 'The platform.',
    `lang` LowCardinality(String) COMMENT 'The language.',
    `query` LowCardinality(String) COMMENT 'A query of the study; empty in the rows that count every post once.',
    `source_class` LowCardinality(String) COMMENT 'The class of a source that the posts link to, as rated at their time; empty in the rows that count all posts.',
    `kind` LowCardinality(String) COMMENT 'The kind of post.',
    `posts` UInt64 COMMENT 'Posts; 0 in rows that an earlier computation left and this one does not have.' CODEC(ZSTD(1)),
    `accounts` UInt64 COMMENT 'Distinct accounts.' CODEC(ZSTD(1)),
    `links` UInt64 COMMENT 'Links in these posts; in rows of a class those to sources of that class.' CODEC(ZSTD(1)),
    `unresolved` UInt64 COMMENT 'Those of the links whose target is unknown; 0 in rows of a class.' CODEC(ZSTD(1)),
    `version` UInt64 COMMENT 'Number of the computation.' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (hour, platform, lang, query, source_class, kind)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'Counts per hour, computed again from the de-duplicated posts whenever an hour changes.';

CREATE TABLE IF NOT EXISTS observatory_store.source_rows
(
    `source` String COMMENT 'What is rated, as its list has it: a host, a host and the beginning of a path, the address of an account. Restricted.' CODEC(ZSTD(1)),
    `rater` LowCardinality(String) COMMENT 'Whose rating it is: the name of a list.',
    `valid_from` DateTime64(3, 'UTC') COMMENT 'From when it holds.' CODEC(Delta, ZSTD(1)),
    `domain_or_account` String COMMENT 'What is rated, as links show it: a host, a host and the beginning of a path; an account of a platform as its pseudonym, unless the study lists it as public. Hosts below a host and paths below a path share the rating.' CODEC(ZSTD(1)),
    `valid_to` Nullable(DateTime64(3, 'UTC')) COMMENT 'Until when it holds, excluded; null where it still does.',
    `backdated` Bool COMMENT 'The list does not say since when: valid_from is the beginning of the study.',
    `class` LowCardinality(String) COMMENT 'unreliable, conspiracy, satire, state-controlled, independent-public, imposter, fact-checker, mainstream, mixed or platform; empty for another address of a rated source.',
    `score` Nullable(Float64) COMMENT 'Reliability from 0 to 1, mapped from the rater\'s own scale; null where the rater gives none.',
    `criteria` String COMMENT 'The rater\'s own words: its category, typology or tags.' CODEC(ZSTD(3)),
    `network` LowCardinality(String) COMMENT 'The operation, owner or outlet that the source is a part of, where the rater says so.',
    `alias_of` String COMMENT 'The source that this is another address of; empty for none.' CODEC(ZSTD(1)),
    `list_version` LowCardinality(String) COMMENT 'The version of the list that brought the rating.',
    `licence` LowCardinality(String) COMMENT 'Under which the list is published.',
    `citation` String COMMENT 'On what the rating rests: an act, a docket, a report, a page.' CODEC(ZSTD(3)),
    `found` String COMMENT 'Where it was found that the rating is of this source.' CODEC(ZSTD(3)),
    `withdrawn` Bool COMMENT 'The rating was a mistake and never held.',
    `loaded_at` DateTime64(3, 'UTC') COMMENT 'When the list was loaded; the last one counts.' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(loaded_at)
ORDER BY (source, rater, valid_from)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'What raters say of sources, and from when to when. A list that arrives later rates the past as well; a correction is another interval.';

CREATE TABLE IF NOT EXISTS observatory_store.combined_rows
(
    `key` String COMMENT 'The source as links have it. Restricted.' CODEC(ZSTD(1)),
    `valid_from` DateTime64(3, 'UTC') COMMENT 'From when they say so.' CODEC(Delta, ZSTD(1)),
    `valid_to` Nullable(DateTime64(3, 'UTC')) COMMENT 'Until when, excluded; null where they still do.',
    `domain` String COMMENT 'The domain of links to it, as links.domain has it.' CODEC(ZSTD(1)),
    `source` String COMMENT 'What matched, as links show it: the source itself, or what it is a part of.' CODEC(ZSTD(1)),
    `rated_as` String COMMENT 'The source whose ratings these are, where the source is another address of it; else the same.' CODEC(ZSTD(1)),
    `class` LowCardinality(String) COMMENT 'The class that most raters give; among equals what says most of a source.',
    `classes` Array(LowCardinality(String)) COMMENT 'All classes that raters give; more than one is disagreement.',
    `score` Nullable(Float64) COMMENT 'Mean of the raters\' scores, from 0 to 1; null where none gives one.',
    `spread` Nullable(Float64) COMMENT 'Standard deviation of the raters\' scores; null for fewer than two.',
    `raters` Array(LowCardinality(String)) COMMENT 'Who rates it.',
    `network` LowCardinality(String) COMMENT 'The operation, owner or outlet that it is a part of, where a rater says so.',
    `backdated` Bool COMMENT 'Among the ratings is one that its list does not date.',
    `gone` Bool COMMENT 'This is no longer said of that time.',
    `loaded_at` DateTime64(3, 'UTC') COMMENT 'When it was computed; the last one counts.' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(loaded_at)
ORDER BY (key, valid_from)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'What all raters together say of a source, computed again whenever a list changes; links are joined with it by key and time.';

CREATE TABLE IF NOT EXISTS observatory_store.source_changes
(
    `loaded_at` DateTime64(3, 'UTC') COMMENT 'When the list was imported.' CODEC(Delta, ZSTD(1)),
    `rater` LowCardinality(String) COMMENT 'The list.',
    `list_version` LowCardinality(String) COMMENT 'The version that was imported.',
    `change` LowCardinality(String) COMMENT 'added, changed (another class or score from now on), corrected (another date), reworded or withdrawn (from now on).',
    `domain_or_account` String COMMENT 'The source, as links show it.' CODEC(ZSTD(1)),
    `before` String COMMENT 'What the list said of it before; empty for nothing.' CODEC(ZSTD(3)),
    `after` String COMMENT 'What it says now; empty for nothing.' CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree
ORDER BY (loaded_at, rater, domain_or_account, change)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'What each import of a list changed: added, changed, corrected, withdrawn. Appeals and corrections of lists can be followed here.';

CREATE TABLE IF NOT EXISTS observatory_store.lookalike_rows
(
    `host` String COMMENT 'The host that posts link to.' CODEC(ZSTD(1)),
    `domain` LowCardinality(String) COMMENT 'Its registrable domain.',
    `rule` LowCardinality(String) COMMENT 'R1 same name under another ending, R2 characters that look alike, R3 a slip of the pen, R4 the name and a word, R5 the whole name below another domain.',
    `target` LowCardinality(String) COMMENT 'The protected name that it looks like.',
    `evidence` String COMMENT 'What is alike, in words.' CODEC(ZSTD(3)),
    `first_seen` DateTime64(3, 'UTC') COMMENT 'The first post with a link to it.' CODEC(Delta, ZSTD(1)),
    `last_seen` DateTime64(3, 'UTC') COMMENT 'The last one.' CODEC(Delta, ZSTD(1)),
    `posts` UInt64 COMMENT 'Posts that link to it.' CODEC(ZSTD(1)),
    `accounts` UInt64 COMMENT 'Accounts that do.' CODEC(ZSTD(1)),
    `method_version` LowCardinality(String) COMMENT 'The version of the rules, with a hash of the protected names.',
    `found` Bool COMMENT 'False where a later computation no longer finds it.',
    `computed_at` DateTime64(3, 'UTC') COMMENT 'When it was computed; the last one counts.' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(computed_at)
ORDER BY host
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'Hosts that posts link to and whose names look like one of the study\'s protected names: candidates to look at, without a word on who is behind them.';

CREATE TABLE IF NOT EXISTS observatory_store.coding_rows
(
    `source` String COMMENT 'The source that was coded: a host, or a host and the beginning of a path.' CODEC(ZSTD(1)),
    `coder` LowCardinality(String) COMMENT 'Who coded it, under the name that the coder gives.',
    `coded_at` DateTime64(3, 'UTC') COMMENT 'When; of a coder\'s codings of a source the last one counts.' CODEC(Delta, ZSTD(1)),
    `professionalism` Bool COMMENT 'The criterion applies: No authors, editors, masthead or corrections.',
    `style` Bool COMMENT 'The criterion applies: Emotive language, hyperbole, misleading headlines.',
    `credibility` Bool COMMENT 'The criterion applies: Conspiracy theories, unchecked or unreliable sources.',
    `bias` Bool COMMENT 'The criterion applies: Hyper-partisan; opinion presented as news.',
    `counterfeit` Bool COMMENT 'The criterion applies: Mimics established media.',
    `class` LowCardinality(String) COMMENT 'What the coder calls a source that is not junk; empty for nothing.',
    `evidence` String COMMENT 'What the coder saw.' CODEC(ZSTD(3)),
    `notes` String COMMENT 'Anything else.' CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree
ORDER BY (source, coder, coded_at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'What coders found of sources, by the five criteria of the Oxford Internet Institute\'s typology of junk news; three of them make junk.';

CREATE TABLE IF NOT EXISTS observatory_store.agreement_rows
(
    `computed_at` DateTime64(3, 'UTC') COMMENT 'When it was computed.' CODEC(Delta, ZSTD(1)),
    `criterion` LowCardinality(String) COMMENT 'One of the five criteria, or label: junk by three of five.',
    `alpha` Nullable(Float64) COMMENT 'Krippendorff\'s alpha for nominal data; null where all gave the same value, which leaves it undefined.',
    `low` Nullable(Float64) COMMENT 'Lower end of its 95 % interval (bootstrap over sources).',
    `high` Nullable(Float64) COMMENT 'Upper end.',
    `agreement` Nullable(Float64) COMMENT 'Share of pairs of codings that agree; null where no source has two.',
    `sources` UInt64 COMMENT 'Sources that two or more coders coded.',
    `coders` UInt64 COMMENT 'Coders of these.',
    `method_version` LowCardinality(String) COMMENT 'The version of the method.'
)
ENGINE = ReplacingMergeTree
ORDER BY (computed_at, criterion)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'How far the study\'s coders agree: Krippendorff\'s alpha of each criterion and of the label, computed anew with each round.';

CREATE TABLE IF NOT EXISTS observatory_store.expansion_rows
(
    `url` String COMMENT 'The shortener\'s link, in canonical form.' CODEC(ZSTD(1)),
    `version` UInt128 COMMENT 'Orders the deliveries of one key: deletion, then revision, then time of collection, then content. A function of the content alone.' CODEC(ZSTD(1)),
    `expanded_at` DateTime64(3, 'UTC') COMMENT 'When it was followed.' CODEC(Delta, ZSTD(1)),
    `status` LowCardinality(String) COMMENT 'resolved; else why not: refused, not_found, failed, blocked (it leads into a private network or away from the web), too_many_hops or loop.',
    `target` String COMMENT 'Where it leads, in canonical form; of a profile or a post the platform and its pseudonym; empty where it was not resolved.' CODEC(ZSTD(1)),
    `domain` LowCardinality(String) COMMENT 'The registrable domain of the target.',
    `account` UUID COMMENT 'Pseudonym of the account whose profile or post the target is; zero for none.' CODEC(ZSTD(1)),
    `chain` Array(String) COMMENT 'The addresses in between, as evidence: each as links show it, from the first to the last.' CODEC(ZSTD(3)),
    `collector` LowCardinality(String) COMMENT 'What collected it, for example bluesky or import/twitter-v1.',
    `source` LowCardinality(String) COMMENT 'The source within the collector, as in coverage.',
    `imported_at` DateTime64(3, 'UTC') COMMENT 'When this installation read the event in; for live sources the same as collected_at.' CODEC(Delta, ZSTD(1)),
    `_partition` UInt32 COMMENT 'The partition of the log that the row came from.' CODEC(ZSTD(1)),
    `_offset` UInt64 COMMENT 'The offset in that partition.' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY url
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'Where links of shorteners lead, as followed on the collectors\' side; links themselves are never rewritten.';

CREATE TABLE IF NOT EXISTS observatory_store.query_rows
(
    `query_set` LowCardinality(String) COMMENT 'The version of all queries together: a hash of what they say.',
    `query` LowCardinality(String) COMMENT 'The query, as in posts.queries.',
    `list_version` LowCardinality(String) COMMENT 'The version of this query: a hash of what it says.',
    `terms` Array(String) COMMENT 'Any of these must be in a post.' CODEC(ZSTD(3)),
    `without` Array(String) COMMENT 'None of these may be.' CODEC(ZSTD(3)),
    `languages` Array(LowCardinality(String)) COMMENT 'Languages of the posts; empty for all.',
    `valid_from` Nullable(DateTime64(3, 'UTC')) COMMENT 'First time of the posts; null for no bound.',
    `valid_to` Nullable(DateTime64(3, 'UTC')) COMMENT 'Time before which the posts are; null for no bound.',
    `first_used` DateTime64(3, 'UTC') COMMENT 'When this version came into use.' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (query_set, query)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'The study\'s queries, in each version that posts were matched with.';

CREATE TABLE IF NOT EXISTS observatory_store.alert_rows
(
    `method` LowCardinality(String) COMMENT 'What raised it, for example silence.',
    `subject` String COMMENT 'What it is about; of a silence the source, as in coverage.' CODEC(ZSTD(1)),
    `from` DateTime64(3, 'UTC') COMMENT 'Since when.' CODEC(Delta, ZSTD(1)),
    `to` Nullable(DateTime64(3, 'UTC')) COMMENT 'Until when; null while it lasts.',
    `expected` Float64 COMMENT 'What was expected in that time.',
    `observed` Float64 COMMENT 'What was observed.',
    `reason` LowCardinality(String) COMMENT 'Why, where that is known: the outage that coverage states.',
    `evidence` String COMMENT 'In words, with the figures that it rests on.' CODEC(ZSTD(3)),
    `method_version` LowCardinality(String) COMMENT 'The version of the method.',
    `raised` Bool COMMENT 'False where a later computation no longer finds it.',
    `version` UInt64 COMMENT 'Number of the computation.' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (method, subject, from)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'What wants attention, computed again whenever what it rests on changes.';

CREATE TABLE IF NOT EXISTS observatory_store.changed_hours
(
    `log_id` LowCardinality(String) COMMENT 'The log that the batch came from.',
    `partition` UInt32 COMMENT 'The partition of posts.v1.',
    `next_offset` UInt64 COMMENT 'The offset after the batch.',
    `hour` DateTime('UTC') COMMENT 'An hour of created_at, before or after the batch.'
)
ENGINE = ReplacingMergeTree
ORDER BY (log_id, partition, next_offset, hour)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'Hours that a batch of the log changes, noted before its rows are written; a note is due once progress has passed it.';

CREATE TABLE IF NOT EXISTS observatory_store.progress
(
    `job` LowCardinality(String) COMMENT 'stored: rows are in their tables. matched: the posts in the hours that they change are matched. hourly: these hours are counted.',
    `log_id` LowCardinality(String) COMMENT 'The log.',
    `topic` LowCardinality(String) COMMENT 'The topic.',
    `partition` UInt32 COMMENT 'The partition.',
    `next_offset` SimpleAggregateFunction(max, UInt64) COMMENT 'The first offset that is not done.'
)
ENGINE = AggregatingMergeTree
ORDER BY (job, log_id, topic, partition)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'How far each job has come in the log.';

CREATE TABLE IF NOT EXISTS observatory_store.migrations
(
    `number` UInt32 COMMENT 'Number of the migration.',
    `name` String COMMENT 'Its name.',
    `applied_at` DateTime64(3, 'UTC') COMMENT 'When it was applied.'
)
ENGINE = ReplacingMergeTree
ORDER BY number
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'The migrations that were applied.';
