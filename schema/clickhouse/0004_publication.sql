-- What charts are marked with, and what was published.

CREATE TABLE IF NOT EXISTS observatory_store.annotation_rows
(
    `at` DateTime64(3, 'UTC') COMMENT 'When, or since when.' CODEC(Delta, ZSTD(1)),
    `until` Nullable(DateTime64(3, 'UTC')) COMMENT 'Until when; null for a moment.',
    `title` String COMMENT 'What it is called.' CODEC(ZSTD(3)),
    `text` String COMMENT 'What there is to say of it.' CODEC(ZSTD(3)),
    `citation` String COMMENT 'Where that is written; an address, as a rule.' CODEC(ZSTD(3)),
    `present` Bool COMMENT 'False where the study no longer says so.',
    `version` UInt64 COMMENT 'When it was read, in Unix milliseconds.' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (at, title)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'What happened when: election days, debates, results, as the study\'s configuration says.';

CREATE TABLE IF NOT EXISTS observatory_store.release_rows
(
    `week` LowCardinality(String) COMMENT 'The week, as 2024-W23 (ISO 8601).',
    `tier` LowCardinality(String) COMMENT 'public or vetted.',
    `release_version` UInt32 COMMENT '1 for the first, a larger number for each correction.' CODEC(ZSTD(1)),
    `from` DateTime64(3, 'UTC') COMMENT 'Start of the week.' CODEC(Delta, ZSTD(1)),
    `to` DateTime64(3, 'UTC') COMMENT 'Its end, excluded.' CODEC(Delta, ZSTD(1)),
    `released_at` DateTime64(3, 'UTC') COMMENT 'When it was complete.' CODEC(Delta, ZSTD(1)),
    `folder` String COMMENT 'Where it lies, below the folder of releases.' CODEC(ZSTD(3)),
    `files` UInt32 COMMENT 'Files.' CODEC(ZSTD(1)),
    `rows` UInt64 COMMENT 'Rows in all of its tables.' CODEC(ZSTD(1)),
    `checksum` String COMMENT 'SHA-256 of its SHA256SUMS, in hexadecimal digits.' CODEC(ZSTD(1)),
    `coverage_share` Float64 COMMENT 'Share of the minutes of its sources that nothing is missing of.',
    `superseded_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'When a later version took its place; null while it stands.',
    `note` String COMMENT 'Why there is this version, and what is special.' CODEC(ZSTD(3)),
    `version` UInt64 COMMENT 'When this was noted, in Unix milliseconds.' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (week, tier, release_version)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456
COMMENT 'The datasets that were published, one row for each version.';
