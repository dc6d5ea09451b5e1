package engine

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/election-observatory/observatory/internal/engine/chdb"
)

// handled are URL parameters that mean something to this layer or to no one:
// clients send them, and none is a setting of the engine.
func handled(name string) bool {
	switch name {
	case "query", "database", "default_format", "user", "password", "query_id", "quota_key", "session_id", "session_timeout", "session_check",
		"compress", "decompress", "client_protocol_version", "enable_http_compression", "http_zlib_compression_level", "wait_end_of_query", "buffer_size",
		"send_progress_in_http_headers", "http_headers_progress_interval_ms", "cancel_http_readonly_queries_on_client_close", "add_http_cors_header",
		"http_write_exception_in_output_format", "http_response_headers", "role", "stacktrace", "client_name", "readonly", "log_comment", "use_query_cache":
		return true
	}
	return strings.HasPrefix(name, "param_")
}

// readable are settings that a reader may give: they shape the answer.
func readable(name string) bool {
	for _, prefix := range []string{"output_format_", "format_", "date_time_output_format", "join_", "group_by_", "optimize_", "input_format_"} {
		if strings.HasPrefix(name, prefix) {
			return name != "format_schema" && name != "format_schema_source" && name != "format_schema_rows_template" && !strings.HasPrefix(name, "format_template_") && !strings.HasPrefix(name, "format_avro_schema")
		}
	}
	switch name {
	case "max_block_size", "extremes", "limit", "offset", "prefer_column_name_to_alias", "session_timezone", "any_join_distinct_right_table_keys",
		"result_overflow_mode", "read_overflow_mode", "timeout_overflow_mode", "allow_experimental_analyzer", "enable_analyzer", "final", "cast_keep_nullable",
		"decimal_check_overflow", "async_insert", "wait_for_async_insert", "allow_suspicious_low_cardinality_types", "max_query_size", "connect_timeout", "receive_timeout", "send_timeout":
		return true
	}
	return false
}

// readerSettings are the settings of a reader's connection: the role's limits,
// which a request may lower, and what else it may ask for.
func readerSettings(limits Limits, params url.Values) (map[string]string, error) {
	settings := map[string]string{
		"readonly": "1", "allow_ddl": "0", "allow_introspection_functions": "0",
		"max_execution_time": seconds(limits.Time), "max_memory_usage": strconv.FormatUint(limits.Memory, 10),
		"max_threads": strconv.Itoa(limits.Threads), "max_result_bytes": strconv.FormatUint(limits.ResultBytes, 10),
		"max_ast_elements": "50000", "max_expanded_ast_elements": "500000", "max_bytes_before_external_group_by": strconv.FormatUint(limits.Memory/2, 10),
		"max_bytes_before_external_sort": strconv.FormatUint(limits.Memory/2, 10), "timeout_overflow_mode": "throw",
		"output_format_parallel_formatting": "0",
	}
	for name, values := range params {
		value := values[len(values)-1]
		switch {
		case handled(name):
		case settings[name] != "" && strings.HasPrefix(name, "max_"):
			lowered, err := lower(settings[name], value)
			if err != nil {
				return nil, chdb.Exception(36, "BAD_ARGUMENTS", "Setting %s should be a number", name)
			}
			settings[name] = lowered
		case name == "max_result_rows" || name == "max_rows_to_read" || name == "max_bytes_to_read" || readable(name):
			settings[name] = value
		default:
			return nil, chdb.Exception(164, "READONLY", "Cannot modify '%s' setting in readonly mode: readers may not give it", name)
		}
	}
	return settings, nil
}

// writerSettings passes every setting on.
func writerSettings(params url.Values) map[string]string {
	settings := map[string]string{"async_insert": "0"}
	for name, values := range params {
		if !handled(name) {
			settings[name] = values[len(values)-1]
		}
	}
	return settings
}

// lower is the smaller of a limit and what is asked for, where 0 asks for none.
func lower(limit, asked string) (string, error) {
	want, err := strconv.ParseFloat(asked, 64)
	if err != nil {
		return "", err
	}
	have, err := strconv.ParseFloat(limit, 64)
	if err != nil || want <= 0 || (have > 0 && want >= have) {
		return limit, err
	}
	return strconv.FormatFloat(want, 'f', -1, 64), nil
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }
