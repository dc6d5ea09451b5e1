-- Coordination: pairs of shares, shares that are too many, networks, and the runs that made them.

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

CREATE TABLE IF NOT EXISTS observatory_store.network_rows
(
    `object_kind` LowCardinality(String) COMMENT 'What was shared: url, repost, text, media, hashtags or reply.',
    `hour` DateTime('UTC') COMMENT 'Start of the last day of the period.' CODEC(Delta, ZSTD(1)),
    `network_id` String COMMENT 'The network; it keeps its id from day to day while half of its accounts stay.' CODEC(ZSTD(1)),
    `accounts` UInt64 COMMENT 'Accounts of the network.' CODEC(ZSTD(1)),
    `edges` UInt64 COMMENT 'Pairs of accounts that stand out.' CODEC(ZSTD(1)),
    `objects` UInt64 COMMENT 'Distinct objects that two of them shared within the window.' CODEC(ZSTD(1)),
    `posts` UInt64 COMMENT 'Distinct posts with which they did.' CODEC(ZSTD(1)),
    `pairs` UInt64 COMMENT 'Pairs of shares of its accounts.' CODEC(ZSTD(1)),
    `expected_pairs` Float64 COMMENT 'Pairs that chance explains, summed over its edges.',
    `first` DateTime64(3, 'UTC') COMMENT 'The first of these shares.' CODEC(Delta, ZSTD(1)),
    `last` DateTime64(3, 'UTC') COMMENT 'The last of them.' CODEC(Delta, ZSTD(1)),
    `method_version` LowCardinality(String) COMMENT 'The version of the method, with its parameters.',
    `run` UInt64 COMMENT 'The run that made the row.' CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (object_kind, hour, run, network_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'Accounts that shared the same objects within seconds of each other more often than chance explains, in the seven days up to a day.';

CREATE TABLE IF NOT EXISTS observatory_store.network_member_rows
(
    `object_kind` LowCardinality(String) COMMENT 'What was shared: url, repost, text, media, hashtags or reply.',
    `hour` DateTime('UTC') COMMENT 'Start of the last day of the period.' CODEC(Delta, ZSTD(1)),
    `network_id` String COMMENT 'The network; it keeps its id from day to day while half of its accounts stay.' CODEC(ZSTD(1)),
    `platform` LowCardinality(String) COMMENT 'The platform.',
    `account_id` UUID COMMENT 'Pseudonym of the account.' CODEC(ZSTD(1)),
    `edges` UInt64 COMMENT 'Accounts of the network that it stands out with.' CODEC(ZSTD(1)),
    `objects` UInt64 COMMENT 'Distinct objects that it shared within the window of another of the network.' CODEC(ZSTD(1)),
    `posts` UInt64 COMMENT 'Distinct posts with which it did.' CODEC(ZSTD(1)),
    `method_version` LowCardinality(String) COMMENT 'The version of the method, with its parameters.',
    `run` UInt64 COMMENT 'The run that made the row.' CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (object_kind, hour, run, network_id, account_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'The accounts of networks.';

CREATE TABLE IF NOT EXISTS observatory_store.network_edge_rows
(
    `object_kind` LowCardinality(String) COMMENT 'What was shared: url, repost, text, media, hashtags or reply.',
    `hour` DateTime('UTC') COMMENT 'Start of the last day of the period.' CODEC(Delta, ZSTD(1)),
    `network_id` String COMMENT 'The network; it keeps its id from day to day while half of its accounts stay.' CODEC(ZSTD(1)),
    `account_a` UUID COMMENT 'One account.' CODEC(ZSTD(1)),
    `account_b` UUID COMMENT 'The other.' CODEC(ZSTD(1)),
    `weight` UInt64 COMMENT 'Distinct objects that both shared within the window of each other.' CODEC(ZSTD(1)),
    `avg_time_delta` Float64 COMMENT 'Mean seconds between the shares of a pair.',
    `symmetry` Float64 COMMENT 'The smaller number of distinct posts by the larger, from 0 to 1.',
    `normalised_weight` Float64 COMMENT 'Objects, each weighing one by the other accounts that shared it.',
    `expected_pairs` Float64 COMMENT 'Pairs that chance explains: popularity of objects, activity of accounts in each hour.',
    `p_value` Float64 COMMENT 'The probability of as many objects by chance, at most.',
    `q_value` Float64 COMMENT 'The false discovery rate at which the edge stands out.',
    `method_version` LowCardinality(String) COMMENT 'The version of the method, with its parameters.',
    `run` UInt64 COMMENT 'The run that made the row.' CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (object_kind, hour, run, network_id, account_a)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'The pairs of accounts of networks that stand out.';
