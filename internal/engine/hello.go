package engine

import (
	"encoding/binary"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/election-observatory/observatory/internal/engine/chdb"
	"github.com/election-observatory/observatory/internal/engine/sqltext"
)

// The revisions from which a block of the Native format begins with block
// information, and from which each column says how it is serialised.
const (
	revisionBlockInfo = 1
	revisionColumns   = 54454
)

// hello answers clickhouse-go's first question by hand. The client decodes the
// answer by its own revision and everything after it by the revision that it is
// told: told 0, it takes plain Native, which is what the engine writes.
func (s *server) hello(w http.ResponseWriter, q *request) bool {
	if q.insert != nil || strings.Join(strings.Fields(q.query.Text), " ") != "SELECT displayName(), version(), revision(), timezone()" || q.resultFormat() != "Native" {
		return false
	}
	revision, _ := strconv.Atoi(q.params.Get("client_protocol_version"))
	var b []byte
	if revision >= revisionBlockInfo {
		b = append(b, 1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0)
	}
	b = append(b, 4, 1) // Four columns, one row.
	column := func(name, kind string, value []byte) {
		b = appendString(appendString(b, name), kind)
		if revision >= revisionColumns {
			b = append(b, 0)
		}
		b = append(b, value...)
	}
	column("displayName()", "String", appendString(nil, "observatory"))
	column("version()", "String", appendString(nil, s.version))
	column("revision()", "UInt32", binary.LittleEndian.AppendUint32(nil, 0))
	column("timezone()", "String", appendString(nil, "UTC"))
	q.announce(w, chdb.Stats{ResultRows: 1})
	out := q.encode(w)
	_, _ = out.Write(b)
	_ = out.Close()
	return true
}

// This is what clickhouse-connect asks first. It refuses to send any
// setting that is marked as read-only, and for readers the engine marks all.
const (
	pythonSettings    = "SELECT name, value, readonly FROM system.settings LIMIT 10000"
	oldPythonSettings = "SELECT name, value, readonly as readonly FROM system.settings LIMIT 10000"
)

// markSettings changes that question into one whose answer says which settings
// a reader may give.
func (s *server) markSettings(q *request) {
	text := strings.Join(strings.Fields(q.query.Text), " ")
	if q.role.writes() || q.insert != nil || text != pythonSettings && text != oldPythonSettings {
		return
	}
	names := make([]string, 0, len(s.readable))
	for name := range s.readable {
		names = append(names, name)
	}
	slices.Sort(names)
	limits, _ := s.readerSettings("{}", nil)
	for name := range limits {
		if strings.HasPrefix(name, "max_") {
			names = append(names, name)
		}
	}
	q.query = sqltext.ParseQuery("SELECT name, value, toUInt8(name NOT IN ('"+strings.Join(names, "', '")+"')) AS readonly FROM system.settings LIMIT 10000 FORMAT "+q.resultFormat(), true)
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
