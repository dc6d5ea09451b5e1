package engine

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/internal/engine/chdb"
)

// ServeHTTP answers one request. A panic ends the request and nothing else.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer s.survive(w)
	allowOrigin(w, r)
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	if r.Method == http.MethodOptions {
		preflight(w, r)
		return
	}
	switch {
	case r.URL.Path == "/ping" || r.URL.Path == "/replicas_status":
		_, _ = io.WriteString(w, "Ok.\n")
	case r.URL.Path != "/":
		http.Error(w, "There is no handle "+strconv.Quote(r.URL.Path)+": queries go to /, and /ping says whether the engine lives", http.StatusNotFound)
	case !read && r.Method != http.MethodPost:
		w.Header().Set("Allow", "GET, HEAD, POST, OPTIONS")
		http.Error(w, "Use GET for reading, or POST", http.StatusMethodNotAllowed)
	case read && r.URL.RawQuery == "":
		s.welcome(w, r)
	default:
		if err := s.answer(w, r); err != nil {
			fail(w, err)
		}
	}
}

// survive ends a request that panics.
func (s *server) survive(w http.ResponseWriter) {
	if fault := recover(); fault != nil {
		s.log.Error("request failed", zap.Any("fault", fault), zap.Stack("stack"))
		fail(w, chdb.Exception(49, "LOGICAL_ERROR", "This request met a fault of the server; it is logged"))
	}
}

// fail says an exception as ClickHouse does.
func fail(w http.ResponseWriter, err error) {
	var exception *chdb.Error
	if !errors.As(err, &exception) {
		exception = chdb.Exception(1002, "UNKNOWN_EXCEPTION", "%v", err)
	}
	if exception.Code == 0 {
		exception = chdb.Exception(1002, "UNKNOWN_EXCEPTION", "%s", exception.Message)
	}
	h := w.Header()
	h.Del("Content-Encoding")
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	h.Set("X-ClickHouse-Exception-Code", strconv.Itoa(exception.Code))
	if exception.Code == 194 {
		h.Set("WWW-Authenticate", `Basic realm="observatory"`)
	}
	w.WriteHeader(status(exception.Code))
	_, _ = io.WriteString(w, exception.Message+"\n")
}

func (s *server) answer(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("X-ClickHouse-Server-Display-Name", "observatory")
	started := time.Now()
	q, err := s.read(r)
	if err != nil {
		s.note(r, nil, started, err)
		return err
	}
	w.Header().Set("X-ClickHouse-Query-Id", q.id)
	w.Header().Set("X-ClickHouse-Timezone", "UTC")
	if s.hello(w, q) {
		return nil
	}
	if q.role.writes() {
		return s.carryOut(w, r, q)
	}
	if err = s.quotas.take(q.role); err == nil {
		err = s.carryOut(w, r, q)
		s.quotas.ended(q.role, time.Since(started), err != nil || q.ended.err != nil)
	}
	s.note(r, q, started, err)
	return err
}

// carryOut has the engine answer, in its turn.
func (s *server) carryOut(w http.ResponseWriter, r *http.Request, q *request) error {
	s.markSettings(q)
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
	if err := s.permit(q, conn); err != nil {
		return err
	}
	if err := s.room(q); err != nil {
		return err
	}
	defer s.watch(r.Context(), q.tag)()
	if q.insert != nil {
		return s.insert(w, q, conn)
	}
	return s.run(w, q, conn)
}

// connect opens the request's own connection, with its role's limits.
func (s *server) connect(q *request) (*chdb.Conn, error) {
	settings, err := s.connSettings(q)
	if err != nil {
		return nil, err
	}
	conn, err := s.lib.Connect(s.path(), settings)
	if err != nil {
		return nil, chdb.Exception(36, "BAD_ARGUMENTS", "A setting has a value that it cannot have")
	}
	if _, _, err := conn.Query("USE "+q.database, "TSV"); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

func (s *server) connSettings(q *request) (map[string]string, error) {
	list := asked(q.params, q.query.Settings)
	if !q.role.writes() {
		filters, err := s.roles[q.role].Filters()
		if err != nil {
			return nil, err
		}
		settings, err := s.readerSettings(filters, list)
		if err == nil {
			settings["log_comment"] = q.tag
		}
		return settings, err
	}
	if !q.selects() && !q.begins("EXPLAIN", "DESCRIBE", "DESC", "SHOW", "EXISTS") { // The clause may be the statement's own, such as that of a table.
		list = asked(q.params, nil)
	}
	settings, err := s.writerSettings(list)
	if err != nil {
		return nil, err
	}
	settings["log_comment"] = q.tag
	if q.http.Method != http.MethodPost || q.params.Get("readonly") != "" {
		settings["readonly"] = "2" // As ClickHouse: what is fetched by GET does not change anything.
	}
	return settings, nil
}

func summary(s chdb.Stats) string {
	return fmt.Sprintf(`{"read_rows":"%d","read_bytes":"%d","written_rows":"%d","written_bytes":"%d","total_rows_to_read":"0","result_rows":"%d","result_bytes":"0","elapsed_ns":"0"}`,
		s.ReadRows, s.ReadBytes, s.WrittenRows, s.WrittenBytes, s.ResultRows)
}
