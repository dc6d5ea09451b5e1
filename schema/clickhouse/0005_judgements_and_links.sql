-- What people judge, what is to be forgotten, and links as kept for each hour.

ALTER TABLE observatory_store.tombstone_rows
    COMMENT COLUMN post_id 'Pseudonym of the deleted post; zero where the account was forgotten with all that it wrote.';

-- A post is found by its id alone, without its day.
ALTER TABLE observatory_store.post_rows ADD INDEX IF NOT EXISTS post post_id TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE observatory_store.post_rows MATERIALIZE INDEX post;

CREATE TABLE IF NOT EXISTS observatory_store.judgement_rows
(
    `subject_kind` LowCardinality(String) COMMENT 'network, burst or lookalike.',
    `subject_id` String COMMENT 'Its network_id or burst_id; of a look-alike the host.' CODEC(ZSTD(1)),
    `reviewer` LowCardinality(String) COMMENT 'Who judged, under the name that the study gives.',
    `at` DateTime64(3, 'UTC') COMMENT 'When.' CODEC(Delta, ZSTD(1)),
    `verdict` LowCardinality(String) COMMENT 'confirmed: it is what the method takes it for. rejected: it has another explanation, which the note gives. unclear: what is there does not say.',
    `confidence` LowCardinality(String) COMMENT 'low, moderate or high, as analysts state it (ICD 203).',
    `actor_type` LowCardinality(String) COMMENT 'Who is behind it, where a citation says so: government-agency, politician-or-party, private-contractor, civil-society, citizens-or-influencers, media-outlet or business; empty otherwise.',
    `citation` String COMMENT 'Where that is written: an address, a docket, a report.' CODEC(ZSTD(3)),
    `note` String COMMENT 'What was seen, in words.' CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree
ORDER BY (subject_kind, subject_id, reviewer, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'What reviewers say of networks, bursts and look-alikes; of a reviewer\'s judgements of one the last counts.';

CREATE TABLE IF NOT EXISTS observatory_store.correction_rows
(
    `case_id` String COMMENT 'Follows from subject and time of the appeal.' CODEC(ZSTD(1)),
    `at` DateTime64(3, 'UTC') COMMENT 'When.' CODEC(Delta, ZSTD(1)),
    `event` LowCardinality(String) COMMENT 'appeal or decision.',
    `subject_kind` LowCardinality(String) COMMENT 'network, burst, lookalike, source or release.',
    `subject_id` String COMMENT 'Which one.' CODEC(ZSTD(1)),
    `outcome` LowCardinality(String) COMMENT 'Of a decision: corrected, explained or rejected; empty of an appeal.',
    `text` String COMMENT 'What is said of it in public, without names of persons.' CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree
ORDER BY (case_id, at, event)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'Appeals against what the observatory says, and what became of them: a public log.';

CREATE TABLE IF NOT EXISTS observatory_store.link_rows
(
    `hour` DateTime('UTC') COMMENT 'Start of the hour of created_at.' CODEC(Delta, ZSTD(1)),
    `platform` LowCardinality(String) COMMENT 'The platform.',
    `domain` LowCardinality(String) COMMENT 'The registrable domain, as in links.',
    `source_class` LowCardinality(String) COMMENT 'Class of the linked source at the time of the post; empty where it is not rated.',
    `source` String COMMENT 'The rated source that the link is of; empty where there is none.' CODEC(ZSTD(1)),
    `account_id` UUID COMMENT 'Pseudonym of who posted it.' CODEC(ZSTD(1)),
    `post_id` UUID COMMENT 'Pseudonym of the post.' CODEC(ZSTD(1)),
    `created_at` DateTime64(3, 'UTC') COMMENT 'When, in event time.' CODEC(Delta, ZSTD(1)),
    `lang` LowCardinality(String) COMMENT 'The post\'s language.',
    `kind` LowCardinality(String) COMMENT 'The kind of post.',
    `queries` Array(LowCardinality(String)) COMMENT 'The study\'s queries that the post matched.',
    `unresolved` Bool COMMENT 'The URL is a shortener\'s and its target is unknown.',
    `method_version` LowCardinality(String) COMMENT 'The version of the method, with its parameters.',
    `run` UInt64 COMMENT 'The run that made the row.' CODEC(ZSTD(1)),
    INDEX created created_at TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
ORDER BY (hour, run, domain)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'Links of each hour with the ratings of their sources at that time, joined again whenever one of them changes.';
