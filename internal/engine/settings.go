package engine

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/election-observatory/observatory/internal/engine/chdb"
	"github.com/election-observatory/observatory/internal/engine/sqltext"
)

// handled are URL parameters that mean something to this layer or to no one:
// clients send them, and none is passed to the engine.
func handled(name string) bool {
	switch name {
	case "query", "database", "default_format", "user", "password", "query_id", "quota_key", "session_id", "session_timeout", "session_check",
		"compress", "decompress", "client_protocol_version", "enable_http_compression", "http_zlib_compression_level", "wait_end_of_query", "buffer_size",
		"send_progress_in_http_headers", "http_headers_progress_interval_ms", "cancel_http_readonly_queries_on_client_close", "add_http_cors_header",
		"http_write_exception_in_output_format", "http_response_headers", "role", "stacktrace", "client_name", "readonly", "log_comment", "use_query_cache",
		"network_compression_method", "network_zstd_compression_level":
		return true
	}
	return strings.HasPrefix(name, "param_")
}

// asked are the settings of a request: of its URL, then of its text.
func asked(params url.Values, clause []sqltext.Setting) []sqltext.Setting {
	var list []sqltext.Setting
	for name, values := range params {
		if !handled(name) {
			list = append(list, sqltext.Setting{Name: name, Value: values[len(values)-1]})
		}
	}
	return append(list, clause...)
}

// engineSettings are the options of the engine itself, which its first connection sets.
func (s *server) engineSettings() map[string]string {
	settings := map[string]string{
		"mark_cache_size":          strconv.Itoa(256 << 20),
		"primary_index_cache_size": strconv.Itoa(256 << 20),
		"index_mark_cache_size":    strconv.Itoa(64 << 20),
		// What a statement may name by a relative path lies in an empty directory.
		"user_files_path":    s.path() + "/user_files",
		"user_scripts_path":  s.path() + "/user_scripts",
		"format_schema_path": s.path() + "/format_schemas",
		"tmp_path":           s.path() + "/tmp",
	}
	if s.cfg.Memory > 0 {
		settings["max_server_memory_usage"] = strconv.FormatUint(s.cfg.Memory, 10)
	}
	return settings
}

// readerSettings are the settings of a reader's connection: the role's limits,
// which a request may lower, and what else it may ask for.
func (s *server) readerSettings(filters string, list []sqltext.Setting) (map[string]string, error) {
	limits := s.cfg.Readers
	settings := map[string]string{
		"readonly": "1", "implicit_select": "0", "allow_ddl": "0", "allow_introspection_functions": "0", "additional_table_filters": filters,
		"max_execution_time": seconds(limits.Time), "max_memory_usage": strconv.FormatUint(limits.Memory, 10),
		"max_threads": strconv.Itoa(limits.Threads), "max_result_bytes": strconv.FormatUint(limits.ResultBytes, 10),
		"max_result_rows": "0", "max_rows_to_read": "0", "max_bytes_to_read": "0",
		"max_ast_elements": "50000", "max_expanded_ast_elements": "500000", "timeout_overflow_mode": "throw",
		"max_bytes_before_external_group_by": spill(limits), "max_bytes_before_external_sort": spill(limits),
		"max_temporary_data_on_disk_size_for_query": strconv.FormatUint(limits.Disk, 10),
		"max_hyperscan_regexp_length":               "1000", "max_hyperscan_regexp_total_length": "10000",
		"max_query_size": strconv.FormatInt(s.cfg.QueryBytes+100, 10), "output_format_pretty_color": "0",
	}
	for _, ask := range list {
		switch limit, limited := settings[ask.Name]; {
		case limited && strings.HasPrefix(ask.Name, "max_"):
			lowered, err := lower(limit, ask.Value)
			if err != nil {
				return nil, chdb.Exception(36, "BAD_ARGUMENTS", "Setting %s should be a number", ask.Name)
			}
			settings[ask.Name] = lowered
		case s.readable[ask.Name]:
			settings[ask.Name] = ask.Value
		case !s.settings[ask.Name]:
			return nil, unknownSetting(ask.Name)
		default:
			return nil, chdb.Exception(164, "READONLY", "Cannot modify '%s' setting in readonly mode: readers may not give it", ask.Name)
		}
	}
	return settings, nil
}

// spill is from how much memory on a query uses files; 0 where it may not.
func spill(limits Limits) string {
	if limits.Disk == 0 {
		return "0"
	}
	return strconv.FormatUint(limits.Memory/2, 10)
}

// writerSettings passes on every setting that the engine knows.
func (s *server) writerSettings(list []sqltext.Setting) (map[string]string, error) {
	settings := map[string]string{
		"async_insert": "0", "implicit_select": "0", "output_format_pretty_color": "0", "max_query_size": strconv.FormatInt(s.cfg.QueryBytes+100, 10),
	}
	for _, ask := range list {
		if !s.settings[ask.Name] {
			return nil, unknownSetting(ask.Name)
		}
		settings[ask.Name] = ask.Value
	}
	return settings, nil
}

func unknownSetting(name string) error {
	return chdb.Exception(115, "UNKNOWN_SETTING", "Setting %s is neither a builtin setting nor started with the prefix 'SQL_' registered for user-defined settings", name)
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
