package engine_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
)

// native is a block of the Native format: n numbers from first on, and a text for each.
func native(tb testing.TB, first, n int) []byte {
	tb.Helper()
	var a proto.ColUInt64
	var b proto.ColStr
	for i := range n {
		a.Append(uint64(first + i))
		b.Append(strings.Repeat("x", i%40))
	}
	var buffer proto.Buffer
	block := proto.Block{Columns: 2, Rows: n}
	if err := block.EncodeRawBlock(&buffer, 0, []proto.InputColumn{{Name: "a", Data: a}, {Name: "b", Data: b}}); err != nil {
		tb.Fatal(err)
	}
	return buffer.Buf
}

func table(tb testing.TB, e *enginetest.Engine, name string) (insert string) {
	tb.Helper()
	if _, err := e.Ask(engine.RoleOwner, "CREATE TABLE observatory."+name+" (a UInt64, b String) ENGINE = MergeTree ORDER BY a SETTINGS fsync_after_insert = 1, fsync_part_directory = 1"); err != nil {
		tb.Fatal(err)
	}
	return "/?query=" + url.QueryEscape("INSERT INTO observatory."+name+" (a, b) FORMAT Native")
}

func count(tb testing.TB, e *enginetest.Engine, name string) string {
	tb.Helper()
	n, err := e.Ask(engine.RoleOwner, "SELECT count() FROM observatory."+name)
	if err != nil {
		tb.Fatal(err)
	}
	return strings.TrimSpace(n)
}

func TestInsertForms(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	if _, err := e.Ask(engine.RoleOwner, "CREATE TABLE observatory.t (a UInt8, b String DEFAULT 'd') ENGINE = MergeTree ORDER BY a"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, query, body, params, want string
	}{
		{"values in the body", "", "INSERT INTO observatory.t VALUES (1, 'x'), (2, 'y')", "", "1\tx\n2\ty\n"},
		{"values after the query", "INSERT INTO t (a) VALUES", "(1), (2)", "", "1\td\n2\td\n"},
		{"expressions", "", "INSERT INTO t VALUES (1 + 1, concat('a', upper('b'))), (toUInt8('7'), 'c');", "", "2\taB\n7\tc\n"},
		{"quotes", "", `INSERT INTO t VALUES (1, 'it''s; FORMAT \' SELECT')`, "", "1\tit\\'s; FORMAT \\' SELECT\n"},
		{"format in the body", "", "INSERT INTO t FORMAT TSV\n1\tx\n2\ty\n", "", "1\tx\n2\ty\n"},
		{"format in lower case", "", "insert into t format csv\n1,x\n", "", "1\tx\n"},
		{"json", "INSERT INTO t FORMAT JSONEachRow", "{\"a\":1}\n{\"a\":2,\"b\":\"y\"}", "", "1\td\n2\ty\n"},
		{"columns named like words", "INSERT INTO t (`a`, \"b\") FORMAT CSV", "1,x\n", "", "1\tx\n"},
		{"settings", "INSERT INTO t SETTINGS input_format_null_as_default = 1 FORMAT JSONEachRow", `{"a":1,"b":null}`, "", "1\td\n"},
		{"comments", "/* FORMAT */ INSERT -- SELECT\n INTO t FORMAT CSV", "1,x\n", "", "1\tx\n"},
		{"parameters", "INSERT INTO {t:Identifier} FORMAT CSV", "1,x\n", "param_t=t", "1\tx\n"},
		{"select", "", "INSERT INTO t SELECT number, 's' FROM numbers(2) SETTINGS max_threads = 1", "", "0\ts\n1\ts\n"},
		{"with", "", "INSERT INTO t WITH 5 AS n SELECT n, 's'", "", "5\ts\n"},
		{"nothing", "INSERT INTO t FORMAT CSV", "", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			target := e.URL + "/?" + test.params + "&query=" + url.QueryEscape(test.query)
			if response, body := get(t, "POST", target, test.body, "Authorization", basic(engine.RoleOwner)); response.StatusCode != 200 || body != "" {
				t.Fatalf("%d %s", response.StatusCode, body)
			}
			if got, err := e.Ask(engine.RoleOwner, "SELECT * FROM t ORDER BY a"); err != nil || got != test.want {
				t.Errorf("%q %v", got, err)
			}
			if _, err := e.Ask(engine.RoleOwner, "TRUNCATE TABLE t"); err != nil {
				t.Fatal(err)
			}
		})
	}
	for name, body := range map[string]string{"INSERT INTO t FORMAT CSV": "1,x\nnine,y\n", "INSERT INTO nosuch FORMAT CSV": "1\n", "INSERT INTO t FORMAT Native": "\x01\x02", "INSERT INTO t FORMAT nosuch": "1", "INSERT INTO t VALUES": "(1, "} {
		response, answer := get(t, "POST", e.URL+"/?query="+url.QueryEscape(name), body, "Authorization", basic(engine.RoleOwner))
		if response.StatusCode < 400 || !strings.HasPrefix(answer, "Code: "+response.Header.Get("X-ClickHouse-Exception-Code")+".") {
			t.Errorf("%s: %d %s", name, response.StatusCode, answer)
		}
	}
	if n := count(t, e, "t"); n != "0" {
		t.Errorf("%s rows of refused inserts", n)
	}
}

// TestLargeInsertsStream sends more than the engine may hold.
func TestLargeInsertsStream(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	insert := table(t, e, "large")
	before := peak(t, e)
	from, to := io.Pipe()
	const blocks, rows = 600, 40_000
	go func() {
		block := native(t, 0, rows)
		for range blocks {
			if _, err := to.Write(block); err != nil {
				return
			}
		}
		_ = to.Close()
	}()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.URL+insert, from)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("ingest", enginetest.Password("ingest"))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if response.StatusCode != 200 || !strings.Contains(response.Header.Get("X-ClickHouse-Summary"), fmt.Sprintf(`"written_rows":"%d"`, blocks*rows)) {
		t.Fatalf("%d %s %s", response.StatusCode, body, response.Header)
	}
	if n := count(t, e, "large"); n != fmt.Sprint(blocks*rows) {
		t.Errorf("%s rows", n)
	}
	if grown := peak(t, e) - before; grown > 500<<20 {
		t.Errorf("an insert of %d MB took %d MB", blocks*len(native(t, 0, rows))>>20, grown>>20)
	}
}

// TestCutInsertsAreNotAcknowledged ends the body of an insert early, in every
// way that a body can end.
func TestCutInsertsAreNotAcknowledged(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	insert := table(t, e, "cut")
	block := native(t, 0, 1000)
	head := "POST " + insert + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: " + basic(engine.RoleIngest) + "\r\n"
	large := native(t, 0, 100_000)
	chunk := fmt.Sprintf("%x\r\n%s\r\n", len(block), block)
	for name, text := range map[string]string{
		"length, at a block": fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, 2*len(block), block),
		"length, in a block": fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(block), block[:len(block)/2]),
		"length, after much": fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, 3*len(large), append(slices.Clone(large), large[:len(large)/2]...)),
		"chunks, after much": fmt.Sprintf("%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", head, len(large), large),
		"chunks, at a block": head + "Transfer-Encoding: chunked\r\n\r\n" + chunk,
		"chunks, in a block": head + "Transfer-Encoding: chunked\r\n\r\n" + chunk[:len(chunk)/2],
		"whole, but half":    fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(block)/2, block[:len(block)/2]),
		"gzip":               fmt.Sprintf("%sContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", head, 20, "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff0123456789"),
		"lz4":                fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", strings.Replace(head, "/?", "/?decompress=1&", 1), 20, bytes.Repeat([]byte{1}, 20)),
	} {
		if response := rawRequest(t, e, text, true); response != nil && response.StatusCode < 400 {
			t.Errorf("%s: acknowledged with %d", name, response.StatusCode)
		}
	}
	idle(t, e)
	if n := count(t, e, "cut"); n != "0" {
		t.Errorf("%s rows of inserts that were cut off", n)
	}
	if response := rawRequest(t, e, fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(block), block), false); response == nil || response.StatusCode != 200 {
		t.Errorf("a whole insert: %v", response)
	}
	if n := count(t, e, "cut"); n != "1000" {
		t.Errorf("%s rows of a whole insert", n)
	}
}

// TestSlowInsertsWait sends the data of an insert slowly: nothing breaks it off.
func TestSlowInsertsWait(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	insert := table(t, e, "slow")
	from, to := io.Pipe()
	go func() {
		block := native(t, 0, 10)
		for i := range block {
			_, _ = to.Write(block[i : i+1])
			time.Sleep(2 * time.Millisecond)
		}
		_ = to.Close()
	}()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.URL+insert, from)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("ingest", enginetest.Password("ingest"))
	response, err := http.DefaultClient.Do(request)
	if err != nil || response.StatusCode != 200 {
		t.Fatal(response, err)
	}
	_ = response.Body.Close()
	if n := count(t, e, "slow"); n != "10" {
		t.Errorf("%s rows", n)
	}
}
