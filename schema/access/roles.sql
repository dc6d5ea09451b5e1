-- Roles of the observatory on a ClickHouse server: what the embedded engine's HTTP layer
-- enforces by itself. Generated from schema by make generate.
--
-- Run it as an administrator, after observatory migrate and after each of its upgrades:
--     clickhouse-client --multiquery < schema/access/roles.sql
-- Views are made with the rights of the user who migrates (SQL SECURITY DEFINER), so that
-- readers need no rights on the tables of rows and have none. Give people roles:
--     CREATE USER anna IDENTIFIED WITH sha256_password BY '…' DEFAULT ROLE researcher;
-- A server should have table_engines_require_grant, select_from_system_db_requires_grant and
-- select_from_information_schema_requires_grant on, and no network access for user default.

CREATE ROLE IF NOT EXISTS ingest;
CREATE ROLE IF NOT EXISTS researcher;
CREATE ROLE IF NOT EXISTS analyst;
CREATE ROLE IF NOT EXISTS dashboard;
CREATE ROLE IF NOT EXISTS public;
CREATE ROLE IF NOT EXISTS custodian;

-- Readers change nothing, and only lower their bounds. Grafana's plugin sends
-- max_execution_time with every query, which must be allowed for that.
CREATE SETTINGS PROFILE OR REPLACE observatory_reader SETTINGS
    readonly = 1, allow_ddl = 0, allow_introspection_functions = 0, distributed_product_mode = 'global',
    max_execution_time = 60 CHANGEABLE_IN_READONLY MAX 60,
    max_memory_usage = 3221225472 CHANGEABLE_IN_READONLY MAX 3221225472,
    max_threads = 2 CHANGEABLE_IN_READONLY MAX 2,
    max_concurrent_queries_for_user = 6,
    max_result_rows = 0 CHANGEABLE_IN_READONLY, max_result_bytes = 0 CHANGEABLE_IN_READONLY,
    max_rows_to_read = 0 CHANGEABLE_IN_READONLY, max_bytes_to_read = 0 CHANGEABLE_IN_READONLY
    TO researcher, analyst, dashboard, public, custodian;

CREATE QUOTA OR REPLACE observatory_reader KEYED BY user_name
    FOR INTERVAL 1 hour MAX queries = 60000, errors = 20000, execution_time = 10800
    TO researcher, analyst, dashboard, public, custodian;

-- Who writes and migrates the rows.
GRANT SELECT, INSERT, ALTER DELETE, OPTIMIZE ON observatory_store.* TO ingest;
GRANT SELECT, INSERT, ALTER DELETE, OPTIMIZE ON observatory_shard.* TO ingest;

-- Rows are for views alone: were they granted by mistake, readers would see none.
CREATE ROW POLICY OR REPLACE observatory_rows ON observatory_store.* AS RESTRICTIVE FOR SELECT USING 0 TO researcher, analyst, dashboard, public, custodian;
CREATE ROW POLICY OR REPLACE observatory_rows ON observatory_shard.* AS RESTRICTIVE FOR SELECT USING 0 TO researcher, analyst, dashboard, public, custodian;

-- researcher
GRANT SELECT ON observatory.posts TO researcher;
GRANT SELECT ON observatory.links TO researcher;
GRANT SELECT ON observatory.actions TO researcher;
GRANT SELECT ON observatory.accounts TO researcher;
GRANT SELECT ON observatory.hourly TO researcher;
GRANT SELECT ON observatory.coverage TO researcher;
GRANT SELECT ON observatory.alerts TO researcher;
GRANT SELECT ON observatory.missing TO researcher;
GRANT SELECT ON observatory.sources TO researcher;
GRANT SELECT ON observatory.combined_ratings TO researcher;
GRANT SELECT ON observatory.source_changes TO researcher;
GRANT SELECT ON observatory.hourly_links TO researcher;
GRANT SELECT ON observatory.source_shares TO researcher;
GRANT SELECT ON observatory.hourly_shares TO researcher;
GRANT SELECT ON observatory.top_domains TO researcher;
GRANT SELECT ON observatory.spreaders TO researcher;
GRANT SELECT ON observatory.account_activity TO researcher;
GRANT SELECT ON observatory.rising_domains TO researcher;
GRANT SELECT ON observatory.lookalikes TO researcher;
GRANT SELECT ON observatory.codings TO researcher;
GRANT SELECT ON observatory.agreement TO researcher;
GRANT SELECT ON observatory.url_expansions TO researcher;
GRANT SELECT ON observatory.pairs TO researcher;
GRANT SELECT ON observatory.mass_shares TO researcher;
GRANT SELECT ON observatory.networks TO researcher;
GRANT SELECT ON observatory.network_members TO researcher;
GRANT SELECT ON observatory.network_edges TO researcher;
GRANT SELECT ON observatory.coordinated_network TO researcher;
GRANT SELECT ON observatory.coordinated_network_qut TO researcher;
GRANT SELECT ON observatory.text_clusters TO researcher;
GRANT SELECT ON observatory.text_cluster_members TO researcher;
GRANT SELECT ON observatory.account_scores TO researcher;
GRANT SELECT ON observatory.topics TO researcher;
GRANT SELECT ON observatory.bursts TO researcher;
GRANT SELECT ON observatory.labels TO researcher;
GRANT SELECT ON observatory.alert_log TO researcher;
GRANT SELECT ON observatory.annotations TO researcher;
GRANT SELECT ON observatory.releases TO researcher;
GRANT SELECT ON observatory.judgements TO researcher;
GRANT SELECT ON observatory.reviews TO researcher;
GRANT SELECT ON observatory.review_queue TO researcher;
GRANT SELECT ON observatory.corrections TO researcher;
GRANT SELECT ON observatory.queries TO researcher;
GRANT SELECT ON observatory.tombstones TO researcher;
GRANT SELECT ON system.one TO researcher;
GRANT SELECT ON system.numbers TO researcher;
GRANT SELECT ON system.tables TO researcher;
GRANT SELECT ON system.columns TO researcher;
GRANT SELECT ON system.databases TO researcher;
GRANT SELECT ON system.functions TO researcher;
GRANT SELECT ON system.settings TO researcher;
GRANT SELECT ON system.formats TO researcher;

-- analyst
GRANT SELECT ON observatory.posts TO analyst;
GRANT SELECT ON observatory.links TO analyst;
GRANT SELECT ON observatory.actions TO analyst;
GRANT SELECT ON observatory.accounts TO analyst;
GRANT SELECT ON observatory.hourly TO analyst;
GRANT SELECT ON observatory.coverage TO analyst;
GRANT SELECT ON observatory.alerts TO analyst;
GRANT SELECT ON observatory.missing TO analyst;
GRANT SELECT ON observatory.sources TO analyst;
GRANT SELECT ON observatory.combined_ratings TO analyst;
GRANT SELECT ON observatory.source_changes TO analyst;
GRANT SELECT ON observatory.hourly_links TO analyst;
GRANT SELECT ON observatory.source_shares TO analyst;
GRANT SELECT ON observatory.hourly_shares TO analyst;
GRANT SELECT ON observatory.top_domains TO analyst;
GRANT SELECT ON observatory.spreaders TO analyst;
GRANT SELECT ON observatory.account_activity TO analyst;
GRANT SELECT ON observatory.rising_domains TO analyst;
GRANT SELECT ON observatory.lookalikes TO analyst;
GRANT SELECT ON observatory.codings TO analyst;
GRANT SELECT ON observatory.agreement TO analyst;
GRANT SELECT ON observatory.url_expansions TO analyst;
GRANT SELECT ON observatory.pairs TO analyst;
GRANT SELECT ON observatory.mass_shares TO analyst;
GRANT SELECT ON observatory.networks TO analyst;
GRANT SELECT ON observatory.network_members TO analyst;
GRANT SELECT ON observatory.network_edges TO analyst;
GRANT SELECT ON observatory.coordinated_network TO analyst;
GRANT SELECT ON observatory.coordinated_network_qut TO analyst;
GRANT SELECT ON observatory.text_clusters TO analyst;
GRANT SELECT ON observatory.text_cluster_members TO analyst;
GRANT SELECT ON observatory.account_scores TO analyst;
GRANT SELECT ON observatory.topics TO analyst;
GRANT SELECT ON observatory.bursts TO analyst;
GRANT SELECT ON observatory.labels TO analyst;
GRANT SELECT ON observatory.alert_log TO analyst;
GRANT SELECT ON observatory.annotations TO analyst;
GRANT SELECT ON observatory.releases TO analyst;
GRANT SELECT ON observatory.judgements TO analyst;
GRANT SELECT ON observatory.reviews TO analyst;
GRANT SELECT ON observatory.review_queue TO analyst;
GRANT SELECT ON observatory.corrections TO analyst;
GRANT SELECT ON observatory.queries TO analyst;
GRANT SELECT ON observatory.tombstones TO analyst;
GRANT SELECT ON system.one TO analyst;
GRANT SELECT ON system.numbers TO analyst;
GRANT SELECT ON system.tables TO analyst;
GRANT SELECT ON system.columns TO analyst;
GRANT SELECT ON system.databases TO analyst;
GRANT SELECT ON system.functions TO analyst;
GRANT SELECT ON system.settings TO analyst;
GRANT SELECT ON system.formats TO analyst;

-- dashboard
GRANT SELECT ON observatory.posts TO dashboard;
GRANT SELECT ON observatory.links TO dashboard;
GRANT SELECT ON observatory.actions TO dashboard;
GRANT SELECT ON observatory.accounts TO dashboard;
GRANT SELECT ON observatory.hourly TO dashboard;
GRANT SELECT ON observatory.coverage TO dashboard;
GRANT SELECT ON observatory.alerts TO dashboard;
GRANT SELECT ON observatory.missing TO dashboard;
GRANT SELECT ON observatory.sources TO dashboard;
GRANT SELECT ON observatory.combined_ratings TO dashboard;
GRANT SELECT ON observatory.source_changes TO dashboard;
GRANT SELECT ON observatory.hourly_links TO dashboard;
GRANT SELECT ON observatory.source_shares TO dashboard;
GRANT SELECT ON observatory.hourly_shares TO dashboard;
GRANT SELECT ON observatory.top_domains TO dashboard;
GRANT SELECT ON observatory.spreaders TO dashboard;
GRANT SELECT ON observatory.account_activity TO dashboard;
GRANT SELECT ON observatory.rising_domains TO dashboard;
GRANT SELECT ON observatory.lookalikes TO dashboard;
GRANT SELECT ON observatory.codings TO dashboard;
GRANT SELECT ON observatory.agreement TO dashboard;
GRANT SELECT ON observatory.url_expansions TO dashboard;
GRANT SELECT ON observatory.pairs TO dashboard;
GRANT SELECT ON observatory.mass_shares TO dashboard;
GRANT SELECT ON observatory.networks TO dashboard;
GRANT SELECT ON observatory.network_members TO dashboard;
GRANT SELECT ON observatory.network_edges TO dashboard;
GRANT SELECT ON observatory.coordinated_network TO dashboard;
GRANT SELECT ON observatory.coordinated_network_qut TO dashboard;
GRANT SELECT ON observatory.text_clusters TO dashboard;
GRANT SELECT ON observatory.text_cluster_members TO dashboard;
GRANT SELECT ON observatory.account_scores TO dashboard;
GRANT SELECT ON observatory.topics TO dashboard;
GRANT SELECT ON observatory.bursts TO dashboard;
GRANT SELECT ON observatory.labels TO dashboard;
GRANT SELECT ON observatory.alert_log TO dashboard;
GRANT SELECT ON observatory.annotations TO dashboard;
GRANT SELECT ON observatory.releases TO dashboard;
GRANT SELECT ON observatory.judgements TO dashboard;
GRANT SELECT ON observatory.reviews TO dashboard;
GRANT SELECT ON observatory.review_queue TO dashboard;
GRANT SELECT ON observatory.corrections TO dashboard;
GRANT SELECT ON observatory.queries TO dashboard;
GRANT SELECT ON observatory.tombstones TO dashboard;
GRANT SELECT ON system.one TO dashboard;
GRANT SELECT ON system.numbers TO dashboard;
GRANT SELECT ON system.tables TO dashboard;
GRANT SELECT ON system.columns TO dashboard;
GRANT SELECT ON system.databases TO dashboard;
GRANT SELECT ON system.functions TO dashboard;
GRANT SELECT ON system.settings TO dashboard;
GRANT SELECT ON system.formats TO dashboard;

-- public
GRANT SELECT ON observatory.hourly TO public;
GRANT SELECT ON observatory.coverage TO public;
GRANT SELECT ON system.one TO public;
GRANT SELECT ON system.numbers TO public;
GRANT SELECT ON system.tables TO public;
GRANT SELECT ON system.columns TO public;
GRANT SELECT ON system.databases TO public;
GRANT SELECT ON system.functions TO public;
GRANT SELECT ON system.settings TO public;
GRANT SELECT ON system.formats TO public;

-- custodian
GRANT SELECT ON observatory.posts TO custodian;
GRANT SELECT ON observatory.links TO custodian;
GRANT SELECT ON observatory.actions TO custodian;
GRANT SELECT ON observatory.accounts TO custodian;
GRANT SELECT ON observatory.hourly TO custodian;
GRANT SELECT ON observatory.coverage TO custodian;
GRANT SELECT ON observatory.alerts TO custodian;
GRANT SELECT ON observatory.missing TO custodian;
GRANT SELECT ON observatory.sources TO custodian;
GRANT SELECT ON observatory.combined_ratings TO custodian;
GRANT SELECT ON observatory.source_changes TO custodian;
GRANT SELECT ON observatory.hourly_links TO custodian;
GRANT SELECT ON observatory.source_shares TO custodian;
GRANT SELECT ON observatory.hourly_shares TO custodian;
GRANT SELECT ON observatory.top_domains TO custodian;
GRANT SELECT ON observatory.spreaders TO custodian;
GRANT SELECT ON observatory.account_activity TO custodian;
GRANT SELECT ON observatory.rising_domains TO custodian;
GRANT SELECT ON observatory.lookalikes TO custodian;
GRANT SELECT ON observatory.codings TO custodian;
GRANT SELECT ON observatory.agreement TO custodian;
GRANT SELECT ON observatory.url_expansions TO custodian;
GRANT SELECT ON observatory.pairs TO custodian;
GRANT SELECT ON observatory.mass_shares TO custodian;
GRANT SELECT ON observatory.networks TO custodian;
GRANT SELECT ON observatory.network_members TO custodian;
GRANT SELECT ON observatory.network_edges TO custodian;
GRANT SELECT ON observatory.coordinated_network TO custodian;
GRANT SELECT ON observatory.coordinated_network_qut TO custodian;
GRANT SELECT ON observatory.text_clusters TO custodian;
GRANT SELECT ON observatory.text_cluster_members TO custodian;
GRANT SELECT ON observatory.account_scores TO custodian;
GRANT SELECT ON observatory.topics TO custodian;
GRANT SELECT ON observatory.bursts TO custodian;
GRANT SELECT ON observatory.labels TO custodian;
GRANT SELECT ON observatory.alert_log TO custodian;
GRANT SELECT ON observatory.annotations TO custodian;
GRANT SELECT ON observatory.releases TO custodian;
GRANT SELECT ON observatory.judgements TO custodian;
GRANT SELECT ON observatory.reviews TO custodian;
GRANT SELECT ON observatory.review_queue TO custodian;
GRANT SELECT ON observatory.corrections TO custodian;
GRANT SELECT ON observatory.queries TO custodian;
GRANT SELECT ON observatory.tombstones TO custodian;
GRANT SELECT ON observatory.rejects TO custodian;
GRANT SELECT ON observatory.identities TO custodian;
GRANT SELECT ON observatory.post_refs TO custodian;
GRANT SELECT ON system.one TO custodian;
GRANT SELECT ON system.numbers TO custodian;
GRANT SELECT ON system.tables TO custodian;
GRANT SELECT ON system.columns TO custodian;
GRANT SELECT ON system.databases TO custodian;
GRANT SELECT ON system.functions TO custodian;
GRANT SELECT ON system.settings TO custodian;
GRANT SELECT ON system.formats TO custodian;
