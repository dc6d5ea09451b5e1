-- Coordination: pairs of shares, shares that are too many, and the runs that made them.

CREATE TABLE IF NOT EXISTS observatory_store.run_rows
(
    `method` LowCardinality(String) COMMENT 'The method.',
    `hour` DateTime('UTC') COMMENT 'Start of the hour.' CODEC(Delta, ZSTD(1)),
    `run` UInt64 COMMENT 'The run, as in the rows that it made.' CODEC(ZSTD(1)),
    `method_version` LowCardinality(String) COMMENT 'The version of the method, with its parameters.',
    `version` UInt64 COMMENT 'Number of the computation.' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (method, hour)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'Which run of a method counts for an hour: rows of its tables that are of other runs are left over.';

CREATE TABLE IF NOT EXISTS observatory_store.pair_rows
(
    `object_kind` LowCardinality(String) COMMENT 'What was shared: url, repost, text, media, hashtags or reply, as in actions.',
    `hour` DateTime('UTC') COMMENT 'Start of the hour of the newer share.' CODEC(Delta, ZSTD(1)),
    `object_id` String COMMENT 'The object, as in actions.' CODEC(ZSTD(1)),
    `platform` LowCardinality(String) COMMENT 'The platform of the older share.',
    `post_id` UUID COMMENT 'The post of the older share.' CODEC(ZSTD(1)),
    `account_id` UUID COMMENT 'The account of the older share.' CODEC(ZSTD(1)),
    `created_at` DateTime64(3, 'UTC') COMMENT 'When the older share was made.' CODEC(Delta, ZSTD(1)),
    `platform_newer` LowCardinality(String) COMMENT 'The platform of the newer share; another only for url, text and media.',
    `post_id_newer` UUID COMMENT 'The post of the newer share.' CODEC(ZSTD(1)),
    `account_id_newer` UUID COMMENT 'The account of the newer share.' CODEC(ZSTD(1)),
    `delta_ms` UInt32 COMMENT 'Milliseconds between the two.' CODEC(ZSTD(1)),
    `self` Bool COMMENT 'Both are of one account.',
    `original` Bool COMMENT 'One of them is the object itself.',
    `method_version` LowCardinality(String) COMMENT 'The version of the method, with its parameters.',
    `run` UInt64 COMMENT 'The run that made the row.' CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (object_kind, hour, run, object_id, created_at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'Two shares of one object within the study\'s widest window, whoever made them, computed again whenever one of them changes.';

CREATE TABLE IF NOT EXISTS observatory_store.mass_rows
(
    `object_kind` LowCardinality(String) COMMENT 'What was shared, as in actions.',
    `hour` DateTime('UTC') COMMENT 'Start of the hour.' CODEC(Delta, ZSTD(1)),
    `object_id` String COMMENT 'The object, as in actions.' CODEC(ZSTD(1)),
    `platform` LowCardinality(String) COMMENT 'The platform; empty for url, text and media, which are looked at across platforms.',
    `shares` UInt64 COMMENT 'Shares of the hour that have more than the cap of others within the window before them.' CODEC(ZSTD(1)),
    `first` DateTime64(3, 'UTC') COMMENT 'The first of them.' CODEC(Delta, ZSTD(1)),
    `last` DateTime64(3, 'UTC') COMMENT 'The last of them.' CODEC(Delta, ZSTD(1)),
    `method_version` LowCardinality(String) COMMENT 'The version of the method, with its parameters.',
    `run` UInt64 COMMENT 'The run that made the row.' CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (object_kind, hour, run, object_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'Objects that so many shared within the window that who shares them says nothing: shares after the first so many are in no pair.';
