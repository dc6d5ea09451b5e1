-- The posts of an account are found without reading those of all others.

ALTER TABLE observatory_store.post_rows ADD INDEX IF NOT EXISTS author account_id TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE observatory_store.post_rows MATERIALIZE INDEX author;
