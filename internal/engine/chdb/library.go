package chdb

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// FileName is the name of the library's file.
const FileName = "libchdb.so"

// Version is the version of the library that this program is made for: what
// readers may call is listed for it.
const Version = "26.7.3"

// EnvLibrary names the library's file, and nothing else is then tried.
const EnvLibrary = "OBSERVATORY_ENGINE"

// Library is the loaded engine. There is one per process.
type Library struct {
	start sync.Once // The first connection.

	setSignalHandlers func(enabled int32)
	connect           func(argc int32, argv **byte) uintptr
	closeConn         func(conn uintptr)
	shutdown          func()
	version           func() string

	classify func(conn uintptr, query *byte, size uintptr, database *byte, databaseSize uintptr, out *analysis) int32

	query          func(conn uintptr, query *byte, size uintptr, format *byte, formatSize uintptr, names **byte, nameSizes *uintptr, values **byte, valueSizes *uintptr, count uintptr) uintptr
	destroyResult  func(result uintptr)
	streamInsert   func(conn uintptr, query *byte, size uintptr, format *byte, formatSize uintptr, names **byte, nameSizes *uintptr, values **byte, valueSizes *uintptr, count uintptr) uintptr
	streamAppend   func(stream uintptr, data *byte, size uintptr) int32
	streamDone     func(stream uintptr) uintptr
	cancelInsert   func(stream uintptr)
	insertError    func(stream uintptr) string
	destroyInsert  func(stream uintptr)
	resultBuffer   func(result uintptr) unsafe.Pointer
	resultLength   func(result uintptr) uintptr
	resultError    func(result uintptr) string
	resultRows     func(result uintptr) uint64
	resultBytes    func(result uintptr) uint64
	resultScanned  func(result uintptr) uint64
	resultScannedB func(result uintptr) uint64
	resultWritten  func(result uintptr) uint64
	resultWrittenB func(result uintptr) uint64
}

// Find returns the path of the library: that in OBSERVATORY_ENGINE and no
// other, or given, or one beside the program. The error lists what was tried.
func Find(given string) (string, error) {
	var tried []string
	if path := os.Getenv(EnvLibrary); path != "" {
		tried = append(tried, path)
	} else {
		if given != "" {
			tried = append(tried, given)
		}
		if program, err := os.Executable(); err == nil {
			tried = append(tried, filepath.Join(filepath.Dir(program), FileName))
		}
	}
	for _, path := range tried {
		//nolint:gosec // The user who runs the program names the file.
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", fmt.Errorf("chdb: no engine at %s: run 'make build', or let %s name the file", strings.Join(tried, " or "), EnvLibrary)
}

// Load loads the library and leaves the process's signal handlers alone: the
// engine's own would turn a nil dereference in Go into the end of the process.
func Load(path string) (*Library, error) {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, fmt.Errorf("chdb: %s is not a library that can be loaded (%s): run 'make build' again", path, strings.ReplaceAll(err.Error(), "\n", " "))
	}
	lib := &Library{}
	for name, fn := range map[string]any{
		"chdb_set_signal_handlers_enabled": &lib.setSignalHandlers,
		"chdb_connect":                     &lib.connect,
		"chdb_close_conn":                  &lib.closeConn,
		"chdb_shutdown":                    &lib.shutdown,
		"chdb_version":                     &lib.version,
		"chdb_classify_query_n":            &lib.classify,
		"chdb_query_with_params_n":         &lib.query,
		"chdb_destroy_query_result":        &lib.destroyResult,
		"chdb_stream_insert_with_params_n": &lib.streamInsert,
		"chdb_stream_append":               &lib.streamAppend,
		"chdb_stream_done":                 &lib.streamDone,
		"chdb_stream_cancel_insert":        &lib.cancelInsert,
		"chdb_stream_insert_error":         &lib.insertError,
		"chdb_destroy_insert_stream":       &lib.destroyInsert,
		"chdb_result_buffer":               &lib.resultBuffer,
		"chdb_result_length":               &lib.resultLength,
		"chdb_result_error":                &lib.resultError,
		"chdb_result_rows_read":            &lib.resultRows,
		"chdb_result_bytes_read":           &lib.resultBytes,
		"chdb_result_storage_rows_read":    &lib.resultScanned,
		"chdb_result_storage_bytes_read":   &lib.resultScannedB,
		"chdb_result_rows_written":         &lib.resultWritten,
		"chdb_result_bytes_written":        &lib.resultWrittenB,
	} {
		symbol, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, fmt.Errorf("chdb: %s has no %s: it is not the engine that this program needs: run 'make build' again", path, name)
		}
		purego.RegisterFunc(fn, symbol)
	}
	if have := lib.version(); have != Version {
		return nil, fmt.Errorf("chdb: %s is version %s and this program needs %s: run 'make build' again", path, have, Version)
	}
	lib.setSignalHandlers(0)
	symbol, err := purego.Dlsym(handle, "chdb_version")
	if err == nil {
		err = guardWrites(path, symbol)
	}
	if err != nil {
		return nil, fmt.Errorf("chdb: %s would pass over a full disk (%w): it is not the engine that this program needs: run 'make build' again", path, err)
	}
	return lib, nil
}

// Shutdown ends the engine after the last connection was closed.
func (l *Library) Shutdown() { l.shutdown() }

// errNoConnection is what the engine says when it cannot open its path.
var errNoConnection = errors.New("the engine did not open its data: another process holds it, or it cannot be read or written")
