package engine

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	chcompress "github.com/ClickHouse/ch-go/compress"
	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/internal/engine/chdb"
)

// ServeHTTP answers one request. A panic ends the request and nothing else.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if fault := recover(); fault != nil {
			s.log.Error("request failed", zap.Any("fault", fault), zap.Stack("stack"))
			fail(w, chdb.Exception(49, "LOGICAL_ERROR", "This request met a fault of the server; it is logged"))
		}
	}()
	switch {
	case r.URL.Path == "/ping" || r.URL.Path == "/replicas_status":
		_, _ = io.WriteString(w, "Ok.\n")
		return
	case r.URL.Path != "/":
		http.Error(w, "There is no handle "+strconv.Quote(r.URL.Path)+": queries go to /, and /ping says whether the engine lives", http.StatusNotFound)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodPost && r.Method != http.MethodHead:
		http.Error(w, "use GET or POST", http.StatusMethodNotAllowed)
		return
	case r.Method == http.MethodGet && r.URL.RawQuery == "":
		_, _ = io.WriteString(w, "Ok.\n")
		return
	}
	if err := s.answer(w, r); err != nil {
		fail(w, err)
	}
}

// fail says an exception as ClickHouse does.
func fail(w http.ResponseWriter, err error) {
	var exception *chdb.Error
	if !errors.As(err, &exception) {
		exception = chdb.Exception(1002, "UNKNOWN_EXCEPTION", "%v", err)
	}
	h := w.Header()
	h.Del("Content-Encoding")
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	h.Set("X-ClickHouse-Exception-Code", strconv.Itoa(exception.Code))
	w.WriteHeader(status(exception))
	_, _ = io.WriteString(w, exception.Message+"\n")
}

func (s *server) answer(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("X-ClickHouse-Server-Display-Name", "observatory")
	q, err := s.read(r)
	if err != nil {
		return err
	}
	w.Header().Set("X-ClickHouse-Query-Id", q.id)
	w.Header().Set("X-ClickHouse-Timezone", "UTC")
	if r.Method == http.MethodGet && q.role.writes() && q.data == nil {
		// As ClickHouse: what is fetched by GET does not change anything.
		q.params.Set("readonly", "1")
	}
	if s.hello(w, q) {
		return nil
	}
	places := s.writers
	if !q.role.writes() {
		places = s.readers
	}
	release, err := acquire(r.Context(), places, s.cfg.Wait)
	if err != nil {
		return err
	}
	defer release()
	conn, err := s.connect(q)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(r.Context(), func() { s.kill(q.tag) })
	defer stop()
	if q.data != nil {
		return s.insert(w, q, conn)
	}
	return s.run(w, q, conn)
}

// connect opens the request's own connection, with its role's limits.
func (s *server) connect(q *request) (*chdb.Conn, error) {
	settings := writerSettings(q.params)
	if !q.role.writes() {
		var err error
		if settings, err = readerSettings(s.cfg.Readers, q.params); err != nil {
			return nil, err
		}
	}
	if q.params.Get("readonly") == "1" {
		settings["readonly"] = "1"
	}
	settings["log_comment"] = q.tag
	conn, err := s.lib.Connect(s.path(), settings)
	if err != nil {
		return nil, chdb.Exception(36, "BAD_ARGUMENTS", "The settings were not accepted: %v", err)
	}
	if _, _, err := conn.Query("USE "+q.database, "TSV"); err != nil {
		conn.Close()
		return nil, err
	}
	switch {
	case !q.role.writes():
		err = s.access.forRole(q.role, &s.cfg).check(conn, q.query, q.bound)
	case q.role == RoleIngest:
		err = checkIngest(conn, q)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// checkIngest lets the writer insert, look up and clean up, and nothing else.
func checkIngest(conn *chdb.Conn, q *request) error {
	text := q.query
	if q.data != nil {
		text = q.insert + " VALUES"
	}
	class, statements, err := conn.Classify(text)
	if err != nil {
		return err
	}
	word := strings.ToUpper(first(strings.Fields(text)...))
	if class == chdb.ClassUnknown || statements == 1 && (class == chdb.ClassReadOnly || class == chdb.ClassMutating && (word == "INSERT" || word == "DELETE" || word == "OPTIMIZE")) {
		return nil
	}
	return denied("ingest inserts, reads and deletes rows, one statement at a time")
}

// kill ends the query of a client that went away. It does not wait for the
// end: waiting has been seen never to return.
func (s *server) kill(tag string) {
	conn, err := s.lib.Connect(s.path(), nil)
	if err != nil {
		return
	}
	defer conn.Close()
	if _, _, err := conn.Query("KILL QUERY WHERE Settings['log_comment'] = {tag:String} ASYNC", "TSV", chdb.Param{Name: "tag", Value: tag}); err != nil {
		s.log.Debug("query not ended", zap.Error(err))
	}
}

// pieces are the parts of a result, in order; nil ends them.
type pieces interface {
	Next() ([]byte, chdb.Stats, error)
	Close()
}

// whole is a result that the engine gives in one piece.
type whole struct {
	out   []byte
	stats chdb.Stats
}

func (p *whole) Next() ([]byte, chdb.Stats, error) {
	out := p.out
	p.out = nil
	return out, p.stats, nil
}

func (p *whole) Close() {}

// start runs a statement. The engine streams what selects, and nothing else.
func start(conn *chdb.Conn, q *request) (pieces, error) {
	if selects.MatchString(q.query) {
		return conn.Stream(q.query, q.format, q.bound...)
	}
	out, stats, err := conn.Query(q.query, q.format, q.bound...)
	if err != nil {
		return nil, err
	}
	return &whole{out, stats}, nil
}

// run writes the result of a statement. An error before the first byte is an
// answer of its own; a later one is appended, announced by a header.
func (s *server) run(w http.ResponseWriter, q *request, conn *chdb.Conn) error {
	stream, err := start(conn, q)
	if err != nil {
		return err
	}
	defer stream.Close()
	piece, stats, err := stream.Next()
	if err != nil {
		return err
	}
	tag := strings.ReplaceAll(uuid.NewString(), "-", "")[:16]
	h := w.Header()
	h.Set("X-ClickHouse-Exception-Tag", tag)
	h.Set("X-ClickHouse-Format", q.resultFormat())
	h.Set("X-ClickHouse-Summary", summary(stats))
	h.Set("Content-Type", contentType(q.resultFormat()))
	out, finish := q.encoder(w)
	for piece != nil {
		if _, err := out.Write(piece); err != nil {
			return nil //nolint:nilerr // The client has gone; there is nobody to tell.
		}
		if f, ok := w.(http.Flusher); ok && len(piece) > 1<<16 {
			f.Flush()
		}
		if piece, _, err = stream.Next(); err != nil {
			_, _ = fmt.Fprintf(out, "\r\n__exception__\r\n%s\r\n%s\r\n%d %s\r\n__exception__\r\n", tag, err.Error(), len(err.Error())+2, tag)
			break
		}
	}
	finish()
	return nil
}

// insert hands the body to the engine as it comes.
func (s *server) insert(w http.ResponseWriter, q *request, conn *chdb.Conn) error {
	insert, err := conn.Insert(q.insert, q.dataIn)
	if err != nil {
		return err
	}
	if _, err := io.CopyBuffer(writerOnly{insert}, q.data, make([]byte, 1<<20)); err != nil {
		insert.Cancel()
		var exception *chdb.Error
		if errors.As(err, &exception) {
			return exception
		}
		return chdb.Exception(23, "CANNOT_READ_FROM_ISTREAM", "The data ended early: %v", err)
	}
	if err := q.http.Context().Err(); err != nil {
		insert.Cancel()
		return err
	}
	stats, err := insert.Done()
	if err != nil {
		return err
	}
	w.Header().Set("X-ClickHouse-Summary", summary(stats))
	w.WriteHeader(http.StatusOK)
	return nil
}

// writerOnly keeps io.Copy from asking for anything but Write.
type writerOnly struct{ io.Writer }

func summary(s chdb.Stats) string {
	return fmt.Sprintf(`{"read_rows":"%d","read_bytes":"%d","written_rows":"%d","written_bytes":"%d","total_rows_to_read":"0","result_rows":"%d","result_bytes":"0","elapsed_ns":"0"}`,
		s.ReadRows, s.ReadBytes, s.WrittenRows, s.WrittenBytes, s.ResultRows)
}

// resultFormat is the format of the result: that of the statement, or the default.
func (q *request) resultFormat() string {
	if m := trailingFormat.FindString(q.query); m != "" {
		fields := strings.Fields(strings.TrimRight(m, "; \t\r\n"))
		return fields[len(fields)-1]
	}
	return q.format
}

func contentType(format string) string {
	switch {
	case strings.HasPrefix(format, "JSON") && !strings.Contains(format, "EachRow"):
		return "application/json; charset=UTF-8"
	case strings.Contains(format, "JSON"):
		return "application/x-ndjson; charset=UTF-8"
	case strings.HasPrefix(format, "CSV"):
		return "text/csv; charset=UTF-8"
	case strings.HasPrefix(format, "TabSeparated"), strings.HasPrefix(format, "TSV"):
		return "text/tab-separated-values; charset=UTF-8"
	case strings.HasPrefix(format, "Pretty"), strings.HasPrefix(format, "Vertical"), strings.HasPrefix(format, "Markdown"), strings.HasPrefix(format, "XML"):
		return "text/plain; charset=UTF-8"
	}
	return "application/octet-stream"
}

// encoder compresses what the client asked to be compressed.
func (q *request) encoder(w http.ResponseWriter) (out io.Writer, finish func()) {
	if q.params.Get("compress") == "1" {
		return &blocks{to: w, lz4: chcompress.NewWriter(0, chcompress.LZ4)}, func() {}
	}
	if strings.Contains(q.http.Header.Get("Accept-Encoding"), "gzip") && q.params.Get("enable_http_compression") != "0" {
		w.Header().Set("Content-Encoding", "gzip")
		z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
		return z, func() { _ = z.Close() }
	}
	return w, func() {}
}

// blocks writes ClickHouse's own compressed blocks.
type blocks struct {
	to  io.Writer
	lz4 *chcompress.Writer
}

func (b *blocks) Write(p []byte) (int, error) {
	const limit = 1 << 20
	for at := 0; at < len(p); at += limit {
		if err := b.lz4.Compress(p[at:min(at+limit, len(p))]); err != nil {
			return at, err
		}
		if _, err := b.to.Write(b.lz4.Data); err != nil {
			return at, err
		}
	}
	return len(p), nil
}
