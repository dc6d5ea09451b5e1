package engine

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/election-observatory/observatory/internal/engine/access"
	"github.com/election-observatory/observatory/internal/engine/chdb"
	"github.com/election-observatory/observatory/internal/engine/sqltext"
)

// request is what one HTTP request asks.
type request struct {
	http     *http.Request
	params   url.Values
	role     Role
	id       string // What the client is told.
	tag      string // What the engine knows the query by.
	database string
	format   string // Of a result where the text names none.
	text     string // The statement as it came, without the data of an INSERT.
	query    sqltext.Query
	insert   *sqltext.Insert // Of an INSERT whose data follow.
	data     io.Reader
	bound    []chdb.Param
	class    chdb.Class
	ended    outcome // Once it has.
}

// authenticate says who asks. Credentials come as Basic, as X-ClickHouse
// headers, or as parameters.
func (s *server) authenticate(r *http.Request, params url.Values) (Role, error) {
	user, password, given := r.BasicAuth()
	if !given {
		user, password = r.Header.Get("X-Clickhouse-User"), r.Header.Get("X-Clickhouse-Key")
	}
	if user == "" {
		user, password = params.Get("user"), params.Get("password")
	}
	if (user == "" || user == "default" || user == string(s.cfg.Anonymous)) && password == "" {
		if s.cfg.Anonymous == "" {
			return "", chdb.Exception(194, "REQUIRED_PASSWORD", "Give a user and a password")
		}
		if err := ownPage(r); err != nil {
			return "", err
		}
		return s.cfg.Anonymous, nil
	}
	want, exists := s.cfg.Passwords[Role(user)]
	got, expected := sha256.Sum256([]byte(password)), sha256.Sum256([]byte(want))
	if subtle.ConstantTimeCompare(got[:], expected[:]) != 1 || !exists || want == "" {
		return "", chdb.Exception(516, "AUTHENTICATION_FAILED", "%s: Authentication failed: password is incorrect, or there is no user with such name", user)
	}
	return Role(user), nil
}

// read takes a request apart. The text of a statement may come in the URL, in
// the body or in both; the data of an INSERT follows it in the body.
func (s *server) read(r *http.Request) (*request, error) {
	params := r.URL.Query()
	role, err := s.authenticate(r, params)
	if err != nil {
		return nil, err
	}
	q := &request{
		http: r, params: params, role: role, id: params.Get("query_id"), tag: uuid.NewString(),
		database: first(params.Get("database"), r.Header.Get("X-Clickhouse-Database"), s.cfg.Database),
		format:   first(r.Header.Get("X-Clickhouse-Format"), params.Get("default_format"), defaultFormat(r)),
	}
	if q.id == "" {
		q.id = q.tag
	}
	switch {
	case strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/"):
		return nil, chdb.Exception(48, "NOT_IMPLEMENTED", "External tables are not supported")
	case !identifier(q.format):
		return nil, chdb.Exception(73, "UNKNOWN_FORMAT", "Unknown format %q", q.format)
	case !identifier(q.database):
		return nil, chdb.Exception(81, "UNKNOWN_DATABASE", "Database %s does not exist", q.database)
	}
	if !role.writes() && q.database != s.cfg.Database {
		if q.database != "default" {
			return nil, access.Denied("database %s is not permitted", q.database)
		}
		q.database = s.cfg.Database
	}
	q.bound = bound(params)
	body, err := decode(r, params)
	if err != nil {
		return nil, err
	}
	if err := s.readText(q, body); err != nil {
		return nil, err
	}
	return q, nil
}

// bound are the parameters of the statement.
func bound(params url.Values) []chdb.Param {
	var list []chdb.Param
	for name, values := range params {
		if cut, ok := strings.CutPrefix(name, "param_"); ok {
			list = append(list, chdb.Param{Name: cut, Value: values[len(values)-1]})
		}
	}
	return list
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// defaultFormat shows people tables and gives programs ClickHouse's default.
func defaultFormat(r *http.Request) string {
	if browser(r) {
		return "PrettyCompactMonoBlock"
	}
	return "TabSeparated"
}

// headBytes is how much of a body is read before it is clear whether it holds data.
const headBytes = 256 << 10

// readText separates the statement from the data that may follow it.
func (s *server) readText(q *request, body io.Reader) error {
	text := q.params.Get("query")
	if text != "" {
		text += "\n"
	}
	for limit := int64(headBytes); ; limit = s.cfg.QueryBytes + 1 - int64(len(text)) {
		more, err := io.ReadAll(io.LimitReader(body, limit))
		if err != nil {
			return cutShort(err)
		}
		text += string(more)
		insert, ok, open := sqltext.ParseInsert(text)
		if ok {
			q.text, q.insert = text[:insert.Data], &insert
			q.data = io.MultiReader(strings.NewReader(text[insert.Data:]), body)
			return nil
		}
		if int64(len(more)) < limit { // All of the body.
			if open && insertHead(text) {
				return chdb.Exception(62, "SYNTAX_ERROR", "Syntax error: the INSERT ends before VALUES, FORMAT or SELECT")
			}
			break
		}
		if int64(len(text)) > s.cfg.QueryBytes {
			return chdb.Exception(62, "SYNTAX_ERROR", "Max query size exceeded: more than %d bytes", s.cfg.QueryBytes)
		}
	}
	if strings.TrimSpace(text) == "" {
		return chdb.Exception(62, "SYNTAX_ERROR", "Empty query")
	}
	q.text = text
	q.query = sqltext.ParseQuery(text, true)
	return nil
}

func insertHead(text string) bool {
	t, _ := sqltext.NewScanner(text).Next()
	return t.Is("INSERT")
}

// cutShort is the error of a body that ended before its end.
func cutShort(err error) error {
	return chdb.Exception(23, "CANNOT_READ_FROM_ISTREAM", "The body ended early or cannot be read: %v", err)
}

// resultFormat is the format of the result: that of the statement, or the default.
func (q *request) resultFormat() string { return first(q.query.Format, q.format) }

// begins says whether the statement begins with one of some words.
func (q *request) begins(words ...string) bool {
	for _, t := range q.query.Tokens {
		if !t.Mark("(") {
			return slices.ContainsFunc(words, t.Is)
		}
	}
	return false
}

// selects says whether the statement may be one whose result the engine writes
// as it computes it.
func (q *request) selects() bool { return q.begins("SELECT", "WITH", "FROM") }

// empty says whether a reader is at its end.
func empty(r io.Reader) (io.Reader, bool) {
	b := make([]byte, 1)
	n, err := io.ReadFull(r, b)
	if errors.Is(err, io.EOF) {
		return r, true
	}
	if err != nil {
		return io.MultiReader(bytes.NewReader(b[:n]), failing{err}), false
	}
	return io.MultiReader(bytes.NewReader(b), r), false
}

// failing is a reader that fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
