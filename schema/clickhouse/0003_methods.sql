-- Clusters of texts, scores of accounts, bursts of topics, what became of alerts, and the
-- significance of networks.

ALTER TABLE observatory_store.tombstone_rows ADD COLUMN IF NOT EXISTS `written_at` DateTime64(3, 'UTC') COMMENT 'When the post was written, as its id says; 1970 where it does not say.' CODEC(Delta, ZSTD(1)) AFTER `collected_at`;

ALTER TABLE observatory_store.network_rows ADD COLUMN IF NOT EXISTS `p_value` Float64 COMMENT 'The probability that chance makes any set of pairs of accounts as extreme, at most: the harmonic mean of the edges\' (Wilson 2019).' AFTER `expected_pairs`;

ALTER TABLE observatory_store.network_rows ADD COLUMN IF NOT EXISTS `q_value` Float64 COMMENT 'The false discovery rate at which it stands out among the networks of the day and kind of object.' AFTER `p_value`;

CREATE TABLE IF NOT EXISTS observatory_store.text_cluster_rows
(
    `hour` DateTime('UTC') COMMENT 'Start of the day.' CODEC(Delta, ZSTD(1)),
    `cluster_id` String COMMENT 'The lowest hash of its texts, in 16 hexadecimal digits: the same on every day that has this text.' CODEC(ZSTD(1)),
    `posts` UInt64 COMMENT 'Posts with one of its texts.' CODEC(ZSTD(1)),
    `accounts` UInt64 COMMENT 'Distinct accounts that wrote them.' CODEC(ZSTD(1)),
    `texts` UInt64 COMMENT 'Distinct texts.' CODEC(ZSTD(1)),
    `platforms` Array(LowCardinality(String)) COMMENT 'Platforms of the posts, in alphabetical order.',
    `lang` LowCardinality(String) COMMENT 'The most frequent language of the posts.',
    `text` String COMMENT 'The representative text: that of most posts; of these, that which came first.' CODEC(ZSTD(3)),
    `text_hash` UInt64 COMMENT 'Its hash, as in posts.' CODEC(ZSTD(1)),
    `similarity` Float64 COMMENT 'Mean similarity of the posts\' texts to the representative: Jaccard of runs of five characters, from 0 to 1.',
    `first` DateTime64(3, 'UTC') COMMENT 'The first of the posts.' CODEC(Delta, ZSTD(1)),
    `last` DateTime64(3, 'UTC') COMMENT 'The last of them.' CODEC(Delta, ZSTD(1)),
    `left_out` UInt64 COMMENT 'Distinct texts of the day that were compared with none, because there were more than the cap: those with the highest hashes.' CODEC(ZSTD(1)),
    `capped` UInt64 COMMENT 'Times that a text of the day was not compared with all that looked like it.' CODEC(ZSTD(1)),
    `method_version` LowCardinality(String) COMMENT 'The version of the method, with its parameters.',
    `run` UInt64 COMMENT 'The run that made the row.' CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (hour, run, cluster_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'Texts of a day that are copies of each other but for a few words or signs.';

CREATE TABLE IF NOT EXISTS observatory_store.text_cluster_member_rows
(
    `hour` DateTime('UTC') COMMENT 'Start of the day.' CODEC(Delta, ZSTD(1)),
    `cluster_id` String COMMENT 'The cluster.' CODEC(ZSTD(1)),
    `platform` LowCardinality(String) COMMENT 'The platform.',
    `post_id` UUID COMMENT 'The post.' CODEC(ZSTD(1)),
    `account_id` UUID COMMENT 'Pseudonym of the account that wrote it.' CODEC(ZSTD(1)),
    `created_at` DateTime64(3, 'UTC') COMMENT 'When.' CODEC(Delta, ZSTD(1)),
    `text_hash` UInt64 COMMENT 'Hash of its text, as in posts.' CODEC(ZSTD(1)),
    `similarity` Float64 COMMENT 'Similarity of its text to the representative of the cluster.',
    `method_version` LowCardinality(String) COMMENT 'The version of the method, with its parameters.',
    `run` UInt64 COMMENT 'The run that made the row.' CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (hour, run, cluster_id, created_at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'The posts of clusters of texts.';

CREATE TABLE IF NOT EXISTS observatory_store.score_rows
(
    `hour` DateTime('UTC') COMMENT 'Start of the last day of the period.' CODEC(Delta, ZSTD(1)),
    `platform` LowCardinality(String) COMMENT 'The platform.',
    `account_id` UUID COMMENT 'Pseudonym of the account.' CODEC(ZSTD(1)),
    `status` LowCardinality(String) COMMENT 'scored, insufficient data (fewer than 36 posts, or posts on fewer than three days), or declared automation: the account says so itself, and gets no score.',
    `score` Nullable(Float64) COMMENT 'The index: the sum of the components, each with weight one. Null where there is none.',
    `posts` UInt64 COMMENT 'Posts, replies, quotes and reposts in the period.' CODEC(ZSTD(1)),
    `days` UInt64 COMMENT 'Days of the period with any of them.' CODEC(ZSTD(1)),
    `high_frequency` Bool COMMENT 'Fifty or more of them a day, over all days of the period that the study holds posts of (Oxford Internet Institute). It describes volume.',
    `volume` Float64 COMMENT 'Component: ln(1 + posts_24h_max / 50).',
    `regularity` Float64 COMMENT 'Component: -burstiness where that is negative, else 0.',
    `periodicity` Float64 COMMENT 'Component: 1 if its times stick to a period of 1, 5, 10, 15, 30 or 60 minutes (Rayleigh\'s z above 10); once, since what sticks to an hour sticks to all of them.',
    `sleepless` Float64 COMMENT 'Component: 1 if no hour of the day is quiet, with at least 200 posts and seven days.',
    `duplicates` Float64 COMMENT 'Component: share of its posts with text of its own that are in a cluster of texts.',
    `fast_deletes` Float64 COMMENT 'Component: share of its posts that were deleted within ten minutes.',
    `youth` Float64 COMMENT 'Component: 1 - age / 30 days, at least 0.',
    `repost_delay` Float64 COMMENT 'Component: share of its reposts that follow the original after the same number of seconds, give or take one; of at least ten reposts of posts that the store has.',
    `posts_24h_max` UInt64 COMMENT 'Most posts in any 24 hours.' CODEC(ZSTD(1)),
    `burstiness` Float64 COMMENT 'Of the times between posts, from -1 (regular) over 0 (at random) to 1 (in bursts), corrected for few posts (Kim and Jo 2016).',
    `memory` Float64 COMMENT 'Correlation of each time between posts with the next (Goh and Barabási 2008).',
    `interval_entropy` Float64 COMMENT 'Entropy of the times between posts in bins of powers of two seconds, from 0 to 1, corrected for few posts (Miller and Madow).',
    `hour_entropy` Nullable(Float64) COMMENT 'Entropy of the hours of the day (UTC), from 0 to 1, corrected likewise; null below 100 posts.',
    `dead_hours` UInt8 COMMENT 'Hours of the day (UTC) with fewer than a tenth of the posts that an even spread gives.',
    `quiet_hours` Float64 COMMENT 'Median over the days with posts of the longest time without one, in hours.',
    `periods` Array(UInt32) COMMENT 'The periods, in seconds, that its times stick to; 86400 is usual for people, and no component.',
    `interval_mode` Float64 COMMENT 'Share of the times between posts within a second of the most frequent one.',
    `resolution_s` UInt32 COMMENT 'How finely the source states times, in seconds: 60 where all are of whole minutes; shorter periods are not looked at then.',
    `texts` UInt64 COMMENT 'Posts with text of its own.' CODEC(ZSTD(1)),
    `deleted` UInt64 COMMENT 'Posts of the period that were deleted, where the platform\'s ids say when they were written.' CODEC(ZSTD(1)),
    `deleted_fast` UInt64 COMMENT 'Those deleted within ten minutes.' CODEC(ZSTD(1)),
    `delays` UInt64 COMMENT 'Reposts of posts that the store has.' CODEC(ZSTD(1)),
    `age_days` Nullable(Float64) COMMENT 'Age of the account at the end of the period, in days; null where unknown.',
    `method_version` LowCardinality(String) COMMENT 'The version of the method, with its parameters.',
    `run` UInt64 COMMENT 'The run that made the row.' CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (hour, run, platform, account_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'How automated the posting of accounts looks, over seven days: an index with its components, no probability and no verdict.';

CREATE TABLE IF NOT EXISTS observatory_store.topic_rows
(
    `topic_kind` LowCardinality(String) COMMENT 'What it is: hashtag, domain, url, repost or query.',
    `topic` String COMMENT 'The hashtag, domain, canonical URL, pseudonym of the post, or query.' CODEC(ZSTD(1)),
    `hour` DateTime('UTC') COMMENT 'Start of the hour.' CODEC(Delta, ZSTD(1)),
    `posts` UInt32 COMMENT 'Posts.' CODEC(ZSTD(1)),
    `ticks` Array(UInt8) COMMENT 'Those five minutes of the hour, from 0 to 11, that have posts.' CODEC(ZSTD(1)),
    `tick_posts` Array(UInt32) COMMENT 'Posts in each.' CODEC(ZSTD(1)),
    `tick_accounts` Array(UInt32) COMMENT 'Distinct accounts in each.' CODEC(ZSTD(1)),
    `method_version` LowCardinality(String) COMMENT 'The version of the method, with its parameters.',
    `run` UInt64 COMMENT 'The run that made the row.' CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (topic_kind, topic, hour, run)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'What is talked about, by hour: hashtags, domains, links, reposted posts and queries, with at least two posts.';

CREATE TABLE IF NOT EXISTS observatory_store.burst_rows
(
    `hour` DateTime('UTC') COMMENT 'Start of the day. A burst that lasts over midnight is one of each day.' CODEC(Delta, ZSTD(1)),
    `burst_id` String COMMENT 'Follows from topic and beginning.' CODEC(ZSTD(1)),
    `topic_kind` LowCardinality(String) COMMENT 'What it is: hashtag, domain, url, repost or query.',
    `topic` String COMMENT 'The topic.' CODEC(ZSTD(1)),
    `from` DateTime64(3, 'UTC') COMMENT 'Start of the first five minutes that stand out.' CODEC(Delta, ZSTD(1)),
    `to` DateTime64(3, 'UTC') COMMENT 'End of the last ones.' CODEC(Delta, ZSTD(1)),
    `expected` Float64 COMMENT 'Posts that the history lets expect in that time.',
    `history_hours` UInt32 COMMENT 'Hours of the study before the day that this rests on, at most eight weeks.',
    `peak` UInt64 COMMENT 'Most posts in five minutes.',
    `p_value` Float64 COMMENT 'The probability of as many by chance in the five minutes that stand out most.',
    `q_value` Float64 COMMENT 'The false discovery rate, over all topics, at which these stand out.',
    `posts` UInt64 COMMENT 'Posts.' CODEC(ZSTD(1)),
    `accounts` UInt64 COMMENT 'Distinct accounts.' CODEC(ZSTD(1)),
    `flagged_posts` UInt64 COMMENT 'Posts of accounts that stand in a network, have high frequency, or an index of at least 3.' CODEC(ZSTD(1)),
    `networked_posts` UInt64 COMMENT 'Posts of accounts that stand in a network.' CODEC(ZSTD(1)),
    `new_posts` UInt64 COMMENT 'Posts of accounts younger than 30 days.' CODEC(ZSTD(1)),
    `aged_posts` UInt64 COMMENT 'Posts of accounts whose age is known.' CODEC(ZSTD(1)),
    `deleted_fast` UInt64 COMMENT 'Posts that its accounts wrote in that time and deleted within ten minutes, whatever they were about: what a deleted post said is not kept.' CODEC(ZSTD(1)),
    `top10_share` Float64 COMMENT 'Share of the posts by the ten accounts with most.',
    `gini` Float64 COMMENT 'Gini coefficient of the posts by account.',
    `method_version` LowCardinality(String) COMMENT 'The version of the method, with its parameters.',
    `run` UInt64 COMMENT 'The run that made the row.' CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (hour, run, topic_kind, topic, from)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'Topics that many more wrote about than their history explains.';

CREATE TABLE IF NOT EXISTS observatory_store.alert_log_rows
(
    `alert_id` String COMMENT 'The alert, as in alerts.' CODEC(ZSTD(1)),
    `at` DateTime64(3, 'UTC') COMMENT 'When.' CODEC(Delta, ZSTD(1)),
    `event` LowCardinality(String) COMMENT 'sent, failed, held back (another alert of the same subject was sent within the cool-down) or acknowledged.',
    `channel` LowCardinality(String) COMMENT 'webhook or email; empty for an acknowledgement.',
    `note` String COMMENT 'Why it failed; what the acknowledgement says.' CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree
ORDER BY (alert_id, at, event, channel)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'What became of alerts: who was told, what failed, who has seen to it.';

