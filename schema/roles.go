package schema

import (
	"fmt"
	"slices"
	"strings"
)

// ReaderSeconds and the others bound a reader's query on a ClickHouse server, as
// the embedded engine bounds it by default.
const (
	ReaderSeconds    = 60
	ReaderMemory     = 3 << 30
	ReaderThreads    = 2
	ReaderConcurrent = 6

	QuotaQueries = 60_000 // In an hour, for each user.
	QuotaErrors  = 20_000
	QuotaSeconds = 3 * 3600 // Of execution.
)

// aggregates are the relations that the role public reads.
func aggregates() []string { return []string{"hourly", "coverage"} }

// Roles are the statements that make the roles of the contract on a ClickHouse
// server, where the embedded engine's HTTP layer enforces the same. They may be
// repeated.
func Roles() string {
	var b strings.Builder
	b.WriteString(`-- Roles of the observatory on a ClickHouse server: what the embedded engine's HTTP layer
-- enforces by itself. Generated from schema by make generate.
--
-- Run it as an administrator, after observatory migrate and after each of its upgrades:
--     clickhouse-client --multiquery < schema/access/roles.sql
-- Views are made with the rights of the user who migrates (SQL SECURITY DEFINER), so that
-- readers need no rights on the tables of rows and have none. Give people roles:
--     CREATE USER anna IDENTIFIED WITH sha256_password BY '…' DEFAULT ROLE researcher;
-- A server should have table_engines_require_grant, select_from_system_db_requires_grant and
-- select_from_information_schema_requires_grant on, and no network access for user default.

`)
	readers := []string{"researcher", "analyst", "dashboard", "public", "custodian"}
	for _, role := range append([]string{"ingest"}, readers...) {
		fmt.Fprintf(&b, "CREATE ROLE IF NOT EXISTS %s;\n", role)
	}
	all := strings.Join(readers, ", ")
	fmt.Fprintf(&b, `
-- Readers change nothing, and only lower their bounds. Grafana's plugin sends
-- max_execution_time with every query, which must be allowed for that.
CREATE SETTINGS PROFILE OR REPLACE observatory_reader SETTINGS
    readonly = 1, allow_ddl = 0, allow_introspection_functions = 0, distributed_product_mode = 'global',
    max_execution_time = %[1]d CHANGEABLE_IN_READONLY MAX %[1]d,
    max_memory_usage = %[2]d CHANGEABLE_IN_READONLY MAX %[2]d,
    max_threads = %[3]d CHANGEABLE_IN_READONLY MAX %[3]d,
    max_concurrent_queries_for_user = %[4]d,
    max_result_rows = 0 CHANGEABLE_IN_READONLY, max_result_bytes = 0 CHANGEABLE_IN_READONLY,
    max_rows_to_read = 0 CHANGEABLE_IN_READONLY, max_bytes_to_read = 0 CHANGEABLE_IN_READONLY
    TO %[5]s;

CREATE QUOTA OR REPLACE observatory_reader KEYED BY user_name
    FOR INTERVAL 1 hour MAX queries = %[6]d, errors = %[7]d, execution_time = %[8]d
    TO %[5]s;

`, ReaderSeconds, ReaderMemory, ReaderThreads, ReaderConcurrent, all, QuotaQueries, QuotaErrors, QuotaSeconds)
	b.WriteString("-- Who writes and migrates the rows.\n")
	for _, rows := range []string{StoreDatabase, ShardDatabase} {
		fmt.Fprintf(&b, "GRANT SELECT, INSERT, ALTER DELETE, OPTIMIZE ON %s.* TO ingest;\n", rows)
	}
	b.WriteString("\n-- Rows are for views alone: were they granted by mistake, readers would see none.\n")
	for _, rows := range []string{StoreDatabase, ShardDatabase} {
		fmt.Fprintf(&b, "CREATE ROW POLICY OR REPLACE observatory_rows ON %s.* AS RESTRICTIVE FOR SELECT USING 0 TO %s;\n", rows, all)
	}
	for _, role := range readers {
		fmt.Fprintf(&b, "\n-- %s\n", role)
		for _, view := range Views() {
			if mayRead(role, view) {
				fmt.Fprintf(&b, "GRANT SELECT ON %s.%s TO %s;\n", Database, view.Name, role)
			}
		}
		for _, name := range []string{"one", "numbers", "tables", "columns", "databases", "functions", "settings", "formats"} {
			fmt.Fprintf(&b, "GRANT SELECT ON system.%s TO %s;\n", name, role)
		}
	}
	return b.String()
}

func mayRead(role string, view View) bool {
	switch role {
	case "custodian":
		return true
	case "public":
		return slices.Contains(aggregates(), view.Name)
	}
	return !view.Restricted
}
