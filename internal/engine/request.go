package engine

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	chcompress "github.com/ClickHouse/ch-go/compress"
	"github.com/google/uuid"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"github.com/election-observatory/observatory/internal/engine/chdb"
)

// request is what one HTTP request asks.
type request struct {
	http     *http.Request
	params   url.Values
	role     Role
	id       string // What the client is told.
	tag      string // What the engine knows the query by.
	database string
	format   string
	query    string
	data     io.Reader // Data of an INSERT; nil for any other statement.
	insert   string    // The INSERT without its FORMAT clause.
	dataIn   string    // The format of the data.
	bound    []chdb.Param
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
		return s.cfg.Anonymous, nil
	}
	want, exists := s.cfg.Passwords[Role(user)]
	got, expected := sha256.Sum256([]byte(password)), sha256.Sum256([]byte(want))
	if subtle.ConstantTimeCompare(got[:], expected[:]) != 1 || !exists || want == "" {
		return "", chdb.Exception(516, "AUTHENTICATION_FAILED", "%s: Authentication failed: password is incorrect, or there is no user with such name", user)
	}
	return Role(user), nil
}

var (
	insertHead   = regexp.MustCompile(`(?is)^(?:\s|--[^\n]*\n|/\*.*?\*/)*INSERT\s`)
	insertFormat = regexp.MustCompile(`(?is)^(.*\S)\s+FORMAT\s+([A-Za-z0-9_]+)\s*;?\s*$`)
	insertInline = regexp.MustCompile(`(?is)^((?:\s|--[^\n]*\n|/\*.*?\*/)*INSERT\s+INTO\s+(?:TABLE\s+)?[^\s(]+\s*(?:\([^)]*\))?(?:\s+SETTINGS\s+[^\n]*?)?)\s+FORMAT\s+([A-Za-z0-9_]+)[ \t]*(?:\r?\n|$| )`)
	selects      = regexp.MustCompile(`(?is)^(?:\s|\(|--[^\n]*\n|/\*.*?\*/)*(?:SELECT|WITH|FROM)\b`)
	identifier   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

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
		format:   first(r.Header.Get("X-Clickhouse-Format"), params.Get("default_format"), "TabSeparated"),
	}
	if q.id == "" {
		q.id = q.tag
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		return nil, chdb.Exception(48, "NOT_IMPLEMENTED", "External tables are not supported")
	}
	if !identifier.MatchString(q.database) {
		return nil, chdb.Exception(81, "UNKNOWN_DATABASE", "Database %s does not exist", q.database)
	}
	if !role.writes() && q.database != s.cfg.Database {
		if q.database != "default" {
			return nil, denied("database %s is not permitted", q.database)
		}
		q.database = s.cfg.Database
	}
	for name, values := range params {
		if bound, ok := strings.CutPrefix(name, "param_"); ok {
			q.bound = append(q.bound, chdb.Param{Name: bound, Value: values[len(values)-1]})
		}
	}
	body, err := s.body(r, params)
	if err != nil {
		return nil, err
	}
	return q, s.readText(q, body)
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// body undoes the compressions of a request's body.
func (s *server) body(r *http.Request, params url.Values) (io.Reader, error) {
	body := io.Reader(r.Body)
	var err error
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
	case "gzip":
		body, err = gzip.NewReader(body)
	case "deflate":
		body, err = zlib.NewReader(body)
	case "zstd":
		body, err = zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
	default:
		return nil, chdb.Exception(48, "NOT_IMPLEMENTED", "Content-Encoding %s is not supported: use gzip, deflate or zstd", encoding)
	}
	if err != nil {
		return nil, chdb.Exception(354, "CANNOT_DECOMPRESS", "The body is not %s: %v", r.Header.Get("Content-Encoding"), err)
	}
	if params.Get("decompress") == "1" {
		body = chcompress.NewReader(body)
	}
	return body, nil
}

// readText separates the statement from the data that may follow it.
func (s *server) readText(q *request, body io.Reader) error {
	q.query = q.params.Get("query")
	if insertHead.MatchString(q.query) {
		if m := insertFormat.FindStringSubmatch(q.query); m != nil {
			q.insert, q.dataIn, q.data = m[1], m[2], body
			return nil
		}
	}
	text, err := io.ReadAll(io.LimitReader(body, s.cfg.QueryBytes+1))
	if err != nil {
		return chdb.Exception(23, "CANNOT_READ_FROM_ISTREAM", "The body cannot be read: %v", err)
	}
	if q.query != "" && len(text) > 0 {
		q.query += "\n"
	}
	q.query += string(text)
	if m := insertInline.FindStringSubmatchIndex(q.query); m != nil {
		q.insert, q.dataIn = q.query[m[2]:m[3]], q.query[m[4]:m[5]]
		q.data = io.MultiReader(strings.NewReader(q.query[m[1]:]), body)
		return nil
	}
	if int64(len(text)) > s.cfg.QueryBytes {
		return chdb.Exception(62, "SYNTAX_ERROR", "Max query size exceeded: more than %d bytes", s.cfg.QueryBytes)
	}
	if strings.TrimSpace(q.query) == "" {
		return chdb.Exception(62, "SYNTAX_ERROR", "Empty query")
	}
	return nil
}

// status is the HTTP status that ClickHouse gives an exception.
func status(err error) int {
	var exception *chdb.Error
	if !errors.As(err, &exception) {
		return http.StatusInternalServerError
	}
	switch exception.Code {
	case 194:
		return http.StatusUnauthorized
	case 192, 193, 497, 516:
		return http.StatusForbidden
	case 6, 26, 27, 36, 38, 41, 53, 62, 69, 72, 117, 164, 456, 457:
		return http.StatusBadRequest
	case 46, 47, 50, 56, 60, 63, 81, 107, 115:
		return http.StatusNotFound
	case 48:
		return http.StatusNotImplemented
	case 158, 396:
		return http.StatusRequestEntityTooLarge
	case 202:
		return http.StatusServiceUnavailable
	case 159:
		return http.StatusRequestTimeout
	}
	return http.StatusInternalServerError
}
