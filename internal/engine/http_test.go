package engine_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	chcompress "github.com/ClickHouse/ch-go/compress"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
)

func basic(role engine.Role) string {
	r, _ := http.NewRequest(http.MethodGet, "/", nil)
	r.SetBasicAuth(string(role), enginetest.Password(role))
	return r.Header.Get("Authorization")
}

func TestHTTPAnswers(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	if _, err := e.Ask(engine.RoleOwner, "CREATE TABLE observatory.h (a UInt8) ENGINE = Memory"); err != nil {
		t.Fatal(err)
	}
	own := basic(engine.RoleOwner)
	const html = "text/html,application/xhtml+xml,*/*;q=0.8"
	for _, test := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		want                     string // What the body holds.
		sent                     map[string]string
	}{
		{name: "ping", method: "GET", path: "/ping", status: 200, want: "Ok.\n"},
		{name: "replicas", method: "GET", path: "/replicas_status", status: 200, want: "Ok.\n"},
		{name: "root", method: "GET", path: "/", status: 200, want: "Ok.\n"},
		{name: "get", method: "GET", path: "/?query=SELECT+40%2B2", status: 200, want: "42\n", sent: map[string]string{
			"Content-Type": "text/tab-separated-values; charset=UTF-8", "X-ClickHouse-Format": "TabSeparated", "X-ClickHouse-Timezone": "UTC", "X-ClickHouse-Server-Display-Name": "observatory",
		}},
		{name: "post", method: "POST", path: "/", body: "SELECT 1", status: 200, want: "1\n"},
		{name: "both", method: "POST", path: "/?query=SELECT", body: "1 + 1", status: 200, want: "2\n"},
		{name: "head", method: "HEAD", path: "/?query=SELECT+1", status: 200, sent: map[string]string{"X-ClickHouse-Format": "TabSeparated"}},
		{name: "query id", method: "GET", path: "/?query=SELECT+1&query_id=mine", status: 200, sent: map[string]string{"X-ClickHouse-Query-Id": "mine"}},
		{name: "summary", method: "POST", path: "/", body: "SELECT sum(number) FROM numbers(1000)", status: 200, sent: map[string]string{
			"X-ClickHouse-Summary": `{"read_rows":"1000","read_bytes":"8000","written_rows":"0","written_bytes":"0","total_rows_to_read":"0","result_rows":"1","result_bytes":"0","elapsed_ns":"0"}`,
		}},
		{name: "format header", method: "POST", path: "/", body: "SELECT 1 AS a", header: []string{"X-ClickHouse-Format", "JSONEachRow"}, status: 200, want: "{\"a\":1}\n", sent: map[string]string{"Content-Type": "application/x-ndjson; charset=UTF-8"}},
		{name: "format parameter", method: "POST", path: "/?default_format=CSVWithNames", body: "SELECT 1 AS a", status: 200, want: "\"a\"\n1\n", sent: map[string]string{"Content-Type": "text/csv; charset=UTF-8; header=present"}},
		{name: "format in the text", method: "POST", path: "/?default_format=CSV", body: "SELECT 1 AS a FORMAT jsoneachrow", status: 200, want: "{\"a\":1}\n"},
		{name: "setting", method: "POST", path: "/?output_format_json_quote_64bit_integers=1", body: "SELECT toUInt64(1) AS a FORMAT JSONEachRow", status: 200, want: `{"a":"1"}`},
		{name: "parameter", method: "POST", path: "/?param_a=x%5Cty", body: "SELECT {a:String}", status: 200, want: "x\\ty\n"},
		{name: "lowered limit", method: "POST", path: "/?max_result_rows=1", body: "SELECT number FROM numbers(10)", status: 500, want: "Code: 396."},
		{name: "raised limit", method: "POST", path: "/?max_threads=64&max_memory_usage=0", body: "SELECT getSetting('max_threads'), getSetting('max_memory_usage')", header: []string{"Authorization", own}, status: 200, want: "64\t0\n"},
		{name: "syntax", method: "POST", path: "/", body: "SELEC 1", status: 400, want: "Code: 62. DB::Exception: Syntax error", sent: map[string]string{"X-ClickHouse-Exception-Code": "62", "Content-Type": "text/plain; charset=UTF-8"}},
		{name: "unknown table", method: "POST", path: "/", body: "SELECT * FROM nosuch", status: 404, want: "Code: 60.", sent: map[string]string{"X-ClickHouse-Exception-Code": "60"}},
		{name: "unknown format", method: "POST", path: "/", body: "SELECT 1 FORMAT nosuch", status: 404, want: "Code: 73."},
		{name: "unknown setting", method: "POST", path: "/?nosuch=1", body: "SELECT 1", status: 404, want: "Code: 115."},
		{name: "bad value of a setting", method: "POST", path: "/?max_threads=many", body: "SELECT 1", status: 400, want: "Code: 36."},
		{name: "bad value of an owner's setting", method: "POST", path: "/?join_use_nulls=maybe", body: "SELECT 1", header: []string{"Authorization", own}, status: 400, want: "Code: 36."},
		{name: "missing parameter", method: "POST", path: "/", body: "SELECT {a:String}", status: 500, want: "Code: 456."},
		{name: "empty", method: "POST", path: "/", body: " \n", status: 400, want: "Empty query"},
		{name: "comment alone", method: "POST", path: "/", body: "-- nothing", status: 400, want: "Code: 62."},
		{name: "no such path", method: "GET", path: "/play", status: 404, want: "queries go to /"},
		{name: "no such method", method: "PUT", path: "/", status: 405, want: "POST", sent: map[string]string{"Allow": "GET, HEAD, POST, OPTIONS"}},
		{name: "external table", method: "POST", path: "/", body: "x", header: []string{"Content-Type", "multipart/form-data; boundary=x"}, status: 501, want: "Code: 48."},
		{name: "wrong password", method: "POST", path: "/?user=owner&password=x", body: "SELECT 1", status: 403, want: "Code: 516."},
		{name: "unknown user", method: "POST", path: "/", body: "SELECT 1", header: []string{"X-ClickHouse-User", "nobody"}, status: 403, want: "Code: 516."},
		{name: "user in headers", method: "POST", path: "/", body: "CREATE TABLE observatory.i (a UInt8) ENGINE = Memory", header: []string{"X-ClickHouse-User", "owner", "X-ClickHouse-Key", enginetest.Password("owner")}, status: 200},
		{name: "user in parameters", method: "POST", path: "/?user=owner&password=" + enginetest.Password("owner"), body: "EXISTS observatory.h2", status: 200, want: "0\n"},
		{name: "get does not change", method: "GET", path: "/?query=CREATE+TABLE+observatory.g+(a+UInt8)+ENGINE=Memory", header: []string{"Authorization", own}, status: 500, want: "Code: 164."},
		{name: "get does not insert", method: "GET", path: "/?query=INSERT+INTO+observatory.h+VALUES+(1)", header: []string{"Authorization", own}, status: 500, want: "Code: 164."},
		{name: "database", method: "POST", path: "/?database=system", body: "SELECT count() FROM one", header: []string{"Authorization", own}, status: 200, want: "1\n"},
		{name: "no such database", method: "POST", path: "/?database=nosuch", body: "SELECT 1", header: []string{"Authorization", own}, status: 404, want: "Code: 81."},
		{name: "two statements", method: "POST", path: "/", body: "SELECT 1; SELECT 2", header: []string{"Authorization", own}, status: 400, want: "Multi-statements are not allowed"},
		{name: "cut INSERT", method: "POST", path: "/", body: "INSERT INTO observatory.h", header: []string{"Authorization", own}, status: 400, want: "Code: 62."},
		{name: "browser", method: "GET", path: "/", header: []string{"Accept", html}, status: 200, want: "<form", sent: map[string]string{"Content-Type": "text/html; charset=UTF-8"}},
		{name: "browser's query", method: "GET", path: "/?query=SELECT+1+AS+a", header: []string{"Accept", html, "Accept-Encoding", "br"}, status: 200, want: "│ 1 │", sent: map[string]string{"Content-Type": "text/plain; charset=UTF-8"}},
		{name: "own origin", method: "GET", path: "/?query=SELECT+1", header: []string{"Origin", "http://127.0.0.1:8080"}, status: 200, want: "1\n", sent: map[string]string{"Access-Control-Allow-Origin": "http://127.0.0.1:8080"}},
		{name: "preflight", method: "OPTIONS", path: "/", header: []string{"Origin", "http://localhost:3000", "Access-Control-Request-Method", "POST"}, status: 204, sent: map[string]string{"Access-Control-Allow-Origin": "http://localhost:3000", "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS"}},
		{name: "other preflight", method: "OPTIONS", path: "/", header: []string{"Origin", "https://example.org"}, status: 204, sent: map[string]string{"Access-Control-Allow-Origin": ""}},
		{name: "other origin", method: "GET", path: "/?query=SELECT+1", header: []string{"Origin", "https://example.org"}, status: 403, want: "Code: 497.", sent: map[string]string{"Access-Control-Allow-Origin": ""}},
		{name: "rebound name", method: "GET", path: "/?query=SELECT+1", header: []string{"Host", "evil.example.org"}, status: 403, want: "Code: 497."},
		{name: "named host", method: "GET", path: "/?query=SELECT+1", header: []string{"Host", "observatory.example.org", "Authorization", own}, status: 200, want: "1\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			response, body := get(t, test.method, e.URL+test.path, test.body, test.header...)
			if response.StatusCode != test.status || !strings.Contains(body, test.want) {
				t.Errorf("status %d: %.300q", response.StatusCode, body)
			}
			for name, want := range test.sent {
				if got := response.Header.Get(name); got != want {
					t.Errorf("%s: %q", name, got)
				}
			}
		})
	}
}

// TestNotSupported holds what the reference page says of what there is not.
func TestNotSupported(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	own := basic(engine.RoleOwner)
	for _, test := range []struct {
		path, body, code string
		header           []string
	}{
		{"/?session_id=s", "SELECT 1", "", nil},
		{"/?wait_end_of_query=1&buffer_size=1000", "SELECT 1", "", nil},
		{"/", "x", "48", []string{"Content-Type", "multipart/form-data; boundary=x"}},
		{"/", "x", "48", []string{"Content-Encoding", "br"}},
		{"/", "SELECT 1; SELECT 2", "62", nil},
		{"/", "CREATE USER u", "497", nil},
		{"/", "CREATE ROW POLICY p ON observatory.x USING 1", "497", nil},
		{"/", "SELECT * FROM system.query_log", "60", nil},
		{"/", "CREATE TABLE observatory.r (a UInt8) ENGINE = ReplicatedMergeTree('/a', 'b') ORDER BY a", "225", nil},
		{"/", "CREATE TABLE observatory.r ON CLUSTER c (a UInt8) ENGINE = MergeTree ORDER BY a", "701", nil},
	} {
		response, body := get(t, "POST", e.URL+test.path, test.body, append([]string{"Authorization", own}, test.header...)...)
		if got := response.Header.Get("X-ClickHouse-Exception-Code"); got != test.code {
			t.Errorf("%s %s: code %q: %.200s", test.path, test.body, got, body)
		}
	}
	if _, err := e.Ask(engine.RoleOwner, "SET max_threads = 1", "session_id", "s"); err != nil {
		t.Error(err)
	}
	if got, err := e.Ask(engine.RoleOwner, "SELECT changed FROM system.settings WHERE name = 'max_threads'", "session_id", "s"); err != nil || got != "0\n" {
		t.Errorf("%q %v", got, err)
	}
}

func TestAnonymousIsRefusedWithoutARole(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t, func(c *engine.Config) { c.Anonymous = "" })
	response, body := get(t, "GET", e.URL+"/?query=SELECT+1", "")
	if response.StatusCode != 401 || !strings.HasPrefix(body, "Code: 194.") || response.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}

// TestFormatsAreOneDocument asks for more than one block in formats that have a
// beginning and an end.
func TestFormatsAreOneDocument(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	const n = 200_000
	ask := func(t *testing.T, format string) string {
		t.Helper()
		response, body := get(t, "POST", e.URL, fmt.Sprintf("SELECT number, toString(number) AS s FROM numbers(%d) FORMAT %s", n, format))
		if response.StatusCode != 200 {
			t.Fatalf("%s: %d %.300s", format, response.StatusCode, body)
		}
		return body
	}
	var document struct {
		Data []struct{ S string }
		Rows int
	}
	if err := json.Unmarshal([]byte(ask(t, "JSON")), &document); err != nil || document.Rows != n || len(document.Data) != n {
		t.Errorf("JSON: %d rows, %d there, %v", document.Rows, len(document.Data), err)
	}
	if err := xml.Unmarshal([]byte(ask(t, "XML")), new(struct{ XMLName xml.Name })); err != nil {
		t.Errorf("XML: %v", err)
	}
	if body := ask(t, "CSVWithNames"); strings.Count(body, "number") != 1 || strings.Count(body, "\n") != n+1 {
		t.Errorf("CSV: %d names, %d lines", strings.Count(body, "number"), strings.Count(body, "\n"))
	}
	for format, marks := range map[string][2]string{"Parquet": {"PAR1", "PAR1"}, "Arrow": {"ARROW1", "ARROW1"}, "ORC": {"ORC", ""}, "Avro": {"Obj\x01", ""}, "ArrowStream": {"", "\xff\xff\xff\xff\x00\x00\x00\x00"}} {
		body := ask(t, format)
		if !strings.HasPrefix(body, marks[0]) || !strings.HasSuffix(body, marks[1]) {
			t.Errorf("%s: %.10q … %q", format, body, body[max(0, len(body)-10):])
		}
		again, err := e.Ask(engine.RoleOwner, "CREATE TABLE observatory.f_"+format+" (number UInt64, s String) ENGINE = MergeTree ORDER BY number")
		if err != nil {
			t.Fatal(again, err)
		}
		response, text := get(t, "POST", e.URL+"/?query="+url.QueryEscape("INSERT INTO observatory.f_"+format+" FORMAT "+format), body, "Authorization", basic(engine.RoleOwner))
		if response.StatusCode != 200 {
			t.Errorf("%s: %s", format, text)
		}
		if got, err := e.Ask(engine.RoleOwner, "SELECT count(), sum(number), sum(toUInt64(s)) FROM observatory.f_"+format); err != nil || got != "200000\t19999900000\t19999900000\n" {
			t.Errorf("%s: %s %v", format, got, err)
		}
	}
	for _, format := range []string{"Pretty", "PrettyCompact", "Vertical", "Markdown", "JSONCompact", "JSONEachRow", "JSONColumns", "Values", "RowBinary", "RowBinaryWithNamesAndTypes", "MsgPack", "SQLInsert", "TSKV", "Null", "BSONEachRow", "LineAsString"} {
		query := "SELECT number, toString(number) AS s FROM numbers(3) FORMAT " + format
		if format == "LineAsString" {
			query = "SELECT 'a' FORMAT " + format
		}
		if response, body := get(t, "POST", e.URL, query); response.StatusCode != 200 || format != "Null" && body == "" {
			t.Errorf("%s: %d %.200s", format, response.StatusCode, body)
		}
	}
}

func TestCompression(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	if _, err := e.Ask(engine.RoleOwner, "CREATE TABLE observatory.z (a UInt64) ENGINE = MergeTree ORDER BY a"); err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for i := range 300_000 {
		fmt.Fprintln(&want, i)
	}
	own := basic(engine.RoleOwner)
	var zipped, blocks bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = io.WriteString(z, want.String())
	_ = z.Close()
	lz4 := chcompress.NewWriter(0, chcompress.LZ4)
	for rest := []byte(want.String()); len(rest) > 0; {
		piece := rest[:min(len(rest), 100_000)]
		rest = rest[len(piece):]
		if err := lz4.Compress(piece); err != nil {
			t.Fatal(err)
		}
		blocks.Write(lz4.Data)
	}
	insert := url.QueryEscape("INSERT INTO observatory.z FORMAT TSV")
	if response, body := get(t, "POST", e.URL+"/?query="+insert, zipped.String(), "Authorization", own, "Content-Encoding", "gzip"); response.StatusCode != 200 {
		t.Fatal(body)
	}
	if response, body := get(t, "POST", e.URL+"/?decompress=1&query="+insert, blocks.String(), "Authorization", own); response.StatusCode != 200 {
		t.Fatal(body)
	}
	const query = "SELECT DISTINCT a FROM z ORDER BY a"
	response, body := get(t, "POST", e.URL, query, "Authorization", own, "Accept-Encoding", "deflate, gzip")
	r, err := gzip.NewReader(strings.NewReader(body))
	if err != nil || response.Header.Get("Content-Encoding") != "gzip" {
		t.Fatal(err, response.Header)
	}
	if plain, err := io.ReadAll(r); err != nil || string(plain) != want.String() {
		t.Errorf("gzip: %d bytes, %v", len(plain), err)
	}
	_, body = get(t, "POST", e.URL+"/?compress=1", query, "Authorization", own)
	if plain, err := io.ReadAll(chcompress.NewReader(strings.NewReader(body))); !errors.Is(err, io.EOF) || string(plain) != want.String() {
		t.Errorf("lz4: %d bytes, %v", len(plain), err)
	}
	response, _ = get(t, "POST", e.URL+"/?enable_http_compression=0", query, "Authorization", own, "Accept-Encoding", "gzip")
	if got := response.Header.Get("Content-Encoding"); got != "" {
		t.Errorf("encoded: %s", got)
	}
	if response, body := get(t, "POST", e.URL, "x", "Content-Encoding", "gzip"); response.StatusCode != 500 || !strings.HasPrefix(body, "Code: 354.") {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}

// TestLateExceptionIsFramed reads a result that breaks off as a client of today does.
func TestLateExceptionIsFramed(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	response, body := get(t, "POST", e.URL, "SELECT number, throwIf(number = 1000000) FROM numbers(1500000)")
	tag := response.Header.Get("X-ClickHouse-Exception-Tag")
	if response.StatusCode != 200 || len(tag) != 16 {
		t.Fatalf("%d %q", response.StatusCode, tag)
	}
	rest, ok := strings.CutSuffix(body, " "+tag+"\r\n__exception__\r\n")
	at := strings.LastIndexByte(rest, '\n')
	size, err := strconv.Atoi(rest[at+1:])
	if !ok || err != nil {
		t.Fatalf("%.400q", body[max(0, len(body)-400):])
	}
	message := rest[at+1-size : at+1]
	if !strings.HasPrefix(message, "Code: 395. DB::Exception: ") || !strings.HasSuffix(rest[:at+1-size], "\r\n__exception__\r\n"+tag+"\r\n") {
		t.Errorf("%q", message)
	}
}

// TestResultsStream asks for more than the engine may hold.
func TestResultsStream(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t, func(c *engine.Config) { c.Readers.Time = 10 * time.Minute })
	if _, err := e.Ask("", "SELECT count() FROM numbers(1000000)"); err != nil {
		t.Fatal(err)
	}
	before := peak(t, e)
	for _, format := range []string{"JSON", "TSV", "Native"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.URL, strings.NewReader("SELECT number, toString(number) AS s FROM numbers(10000000) FORMAT "+format))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept-Encoding", "identity")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		if err != nil || n < 60<<20 {
			t.Errorf("%s: %d bytes, %v", format, n, err)
		}
	}
	if grown := peak(t, e) - before; grown > 120<<20 {
		t.Errorf("results of up to 250 MB took %d MB", grown>>20)
	}
}

// peak is the most memory that the engine has held so far, in bytes.
func peak(tb testing.TB, e *enginetest.Engine) int64 {
	tb.Helper()
	return memory(tb, e, "VmHWM:")
}

func memory(tb testing.TB, e *enginetest.Engine, what string) int64 {
	tb.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", e.PID()))
	if err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); fields[0] == what {
			n, _ := strconv.ParseInt(fields[1], 10, 64)
			return n << 10
		}
	}
	tb.Fatal("no memory in ", string(text))
	return 0
}

// TestClientsThatGoEndTheirQueries sends queries that would take for ever, and goes.
func TestClientsThatGoEndTheirQueries(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	for range 20 { // A thread that writes to nobody may be of Go or of the engine.
		response, err := http.Get(e.URL + "/?query=SELECT+number+FROM+numbers(100000000)")
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
	}
	for name, query := range map[string]string{
		"computing": "SELECT count() FROM numbers(1000000000000)",
		"sorting":   "SELECT number FROM numbers(1000000000000) ORDER BY sipHash64(number) LIMIT 1",
		"writing":   "SELECT number FROM numbers(1000000000000)",
		"beginning": "SELECT 1 FROM system.one WHERE sleepEachRow(3)",
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(e.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST /?max_execution_time=600 HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n%s", basic(engine.RoleOwner), len(query), query)
		if name != "beginning" {
			time.Sleep(300 * time.Millisecond)
		}
		_ = conn.Close()
		idle(t, e)
	}
}

func TestCaps(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t, func(c *engine.Config) {
		c.Readers = engine.Limits{Time: time.Minute, Memory: 400 << 20, Disk: 20 << 20, Threads: 1, Concurrent: 1}
		c.Wait, c.QueryBytes = 300*time.Millisecond, 1<<20
	})
	for query, code := range map[string]string{
		"SELECT count() FROM numbers(1000000000000) SETTINGS max_execution_time = 1":              "159",
		"SELECT groupArray(number) FROM numbers(100000000)":                                       "241",
		"SELECT toString(number) AS a, count() FROM numbers(20000000) GROUP BY a FORMAT Null":     "396",
		"SELECT '" + strings.Repeat("x", 2<<20) + "'":                                             "62",
		"SELECT " + strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000):                   "306",
		"SELECT 1" + strings.Repeat("+1", 60_000):                                                 "167",
		"SELECT [" + strings.Repeat("x,", 60_000) + "1]":                                          "168",
		"WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT count() FROM r": "306",
		"SELECT range(1000000000)":                                                                "69",
	} {
		response, body := get(t, "POST", e.URL, query)
		if got := response.Header.Get("X-ClickHouse-Exception-Code"); got != code {
			t.Errorf("%.80s: code %s, %.300s", query, got, body)
		}
	}
	if got, err := e.Ask("", "SELECT value FROM system.settings WHERE name IN ('max_execution_time', 'max_threads') ORDER BY name SETTINGS max_execution_time = 1000, max_threads = 64"); err != nil || got != "60\n1\n" {
		t.Errorf("limits were raised: %q %v", got, err)
	}
	var wait sync.WaitGroup
	answers := make(chan string, 2)
	for range 2 {
		wait.Go(func() {
			response, _ := get(t, "POST", e.URL, "SELECT count() FROM numbers(1000000000000) SETTINGS max_execution_time = 2")
			answers <- response.Header.Get("X-ClickHouse-Exception-Code")
		})
	}
	wait.Wait()
	if a, b := <-answers, <-answers; a != "202" || b != "159" {
		t.Errorf("%s, %s", a, b)
	}
}

// TestEngineMemoryIsBounded asks for more than the whole engine may take.
func TestEngineMemoryIsBounded(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t, func(c *engine.Config) { c.Memory = 700 << 20 })
	response, body := get(t, "POST", e.URL, "SELECT groupArray(number) FROM numbers(300000000)", "Authorization", basic(engine.RoleOwner))
	if got := response.Header.Get("X-ClickHouse-Exception-Code"); got != "241" {
		t.Errorf("code %s: %.300s", got, body)
	}
	if held := peak(t, e); held > 1<<30 {
		t.Errorf("%d MB", held>>20)
	}
	if got, err := e.Ask("", "SELECT 1"); err != nil || got != "1\n" {
		t.Error(got, err)
	}
}

// TestRequestsLeaveNothing sends many requests, failing ones too.
func TestRequestsLeaveNothing(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	ask := func(n int) {
		for i := range n {
			_, _ = e.Ask("", []string{"SELECT 1", "SELECT nosuch", "SELECT throwIf(1)", "SHOW TABLES", "DROP TABLE x", "SELEC"}[i%6])
		}
	}
	ask(300)
	before, files := memory(t, e, "VmRSS:"), descriptors(t, e)
	ask(1500)
	if grown := memory(t, e, "VmRSS:") - before; grown > 60<<20 {
		t.Errorf("1500 requests left %d MB", grown>>20)
	}
	if now := descriptors(t, e); now > files+20 {
		t.Errorf("%d files open, %d before", now, files)
	}
}

func descriptors(tb testing.TB, e *enginetest.Engine) int {
	tb.Helper()
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", e.PID()))
	if err != nil {
		tb.Fatal(err)
	}
	return len(list)
}

// rawRequest writes a request by hand and returns the answer, if one comes.
// ends says that the connection carries no more than that.
func rawRequest(tb testing.TB, e *enginetest.Engine, text string, ends bool) *http.Response {
	tb.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(e.URL, "http://"))
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // Nothing was lost.
	if _, err := io.WriteString(conn, text); err != nil {
		tb.Fatal(err)
	}
	if ends {
		_ = conn.(*net.TCPConn).CloseWrite()
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil
	}
	return response
}
