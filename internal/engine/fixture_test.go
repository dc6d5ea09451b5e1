package engine_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
	"github.com/election-observatory/observatory/schema"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// canaries are what must not leave: a word in a file and in every restricted
// column, and a listener that nothing may call.
type canaries struct {
	*enginetest.Engine
	file   string // A file that holds the word.
	absent string // A path that nothing may create.
	listen string // The listener's address.
	called *atomic.Int64
}

const canary = "kanarienvogel-7c1e"

// guard starts an engine with the contract's relations and the canaries in place.
func guard(tb testing.TB) *canaries {
	tb.Helper()
	c := &canaries{Engine: enginetest.Start(tb), called: &atomic.Int64{}}
	dir := tb.TempDir()
	c.file, c.absent = filepath.Join(dir, "canary.csv"), filepath.Join(dir, "absent")
	if err := os.WriteFile(c.file, []byte(canary+"\n"), 0o600); err != nil {
		tb.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = ln.Close() })
	c.listen = ln.Addr().String()
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			c.called.Add(1)
			_ = conn.Close()
		}
	}()
	contract(tb, c.Engine)
	c.own(tb, "INSERT INTO observatory_store.identity_rows (platform, account_id, native_id, handle, name, collected_at) VALUES ('x', generateUUIDv4(), '"+canary+"', '"+canary+"', '"+canary+"', now64(3))")
	c.own(tb, "INSERT INTO observatory_store.reject_rows (platform, detail, raw, collected_at) VALUES ('x', '"+canary+"', '"+canary+"', now64(3))")
	c.own(tb, `INSERT INTO observatory_store.post_rows (platform, id_day, post_id, account_id, kind, created_at, collected_at, lang, text, native_id, permalink, raw_text, hashtags, likes, "links.url", "links.domain", "links.unresolved")
		SELECT ['x', 'bluesky', 'mastodon'][number % 3 + 1], toDate('2024-06-01') + number % 7, generateUUIDv4(), toUUID('00000000-0000-8000-8000-00000000000' || toString(number % 5)), ['post', 'reply', 'repost'][number % 3 + 1],
		toDateTime64('2024-06-01 00:00:00', 3, 'UTC') + INTERVAL number HOUR, toDateTime64('2024-06-01 00:00:00', 3, 'UTC') + INTERVAL number HOUR, ['de', 'en'][number % 2 + 1], 'text ' || toString(number), '`+canary+`', '`+canary+`', '`+canary+`',
		['wahl', 'euro'], number, ['https://example.org/a', 'https://example.com/b'], ['example.org', 'example.com'], [false, false] FROM numbers(200)`)
	c.own(tb, "INSERT INTO observatory_store.hourly_rows (hour, platform, lang, kind, posts) SELECT toDateTime('2024-06-01 00:00:00', 'UTC') + INTERVAL number HOUR, 'x', 'de', 'post', number + 1 FROM numbers(48)")
	c.own(tb, "CREATE VIEW observatory.unlisted AS SELECT native_id FROM observatory_store.post_rows")
	c.own(tb, "CREATE TABLE default.other (a String) ENGINE = MergeTree ORDER BY a")
	c.own(tb, "INSERT INTO default.other VALUES ('"+canary+"')")
	return c
}

// contract makes the relations of the contract.
func contract(tb testing.TB, e *enginetest.Engine) {
	tb.Helper()
	own := func(statement string) {
		if _, err := e.Ask(engine.RoleOwner, statement); err != nil {
			tb.Fatal(err)
		}
	}
	own("CREATE DATABASE IF NOT EXISTS " + schema.StoreDatabase)
	for _, x := range schema.Tables() {
		own(x.Create())
	}
	for _, x := range schema.Views() {
		own(x.Create())
	}
}

func (c *canaries) own(tb testing.TB, statement string) string {
	tb.Helper()
	out, err := c.Ask(engine.RoleOwner, statement)
	if err != nil {
		tb.Fatalf("%s: %v", statement, err)
	}
	return out
}

// fill puts the canaries' places into a statement.
func (c *canaries) fill(statement string) string {
	host, port, _ := net.SplitHostPort(c.listen)
	return strings.NewReplacer("$FILE", c.file, "$ABSENT", c.absent, "$LISTEN", c.listen, "$HOST", host, "$PORT", port).Replace(statement)
}

// safe says what got out, if anything did.
func (c *canaries) safe(answer string) error {
	if strings.Contains(answer, canary) {
		return fmt.Errorf("the canary left")
	}
	if _, err := os.Stat(c.absent); err == nil {
		return fmt.Errorf("a file was written")
	}
	if n := c.called.Load(); n > 0 {
		return fmt.Errorf("%d connections were made", n)
	}
	return nil
}

// get sends a request with headers, given as names and values.
func get(tb testing.TB, method, url, body string, header ...string) (*http.Response, string) {
	tb.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			request.Host = header[i+1]
		}
		request.Header.Set(header[i], header[i+1])
	}
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		tb.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // The body is read.
	var b strings.Builder
	buffer := make([]byte, 1<<16)
	for {
		n, err := response.Body.Read(buffer)
		b.Write(buffer[:n])
		if err != nil {
			return response, b.String()
		}
	}
}
