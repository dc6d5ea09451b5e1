package engine_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/chdb"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
)

// post sends a request and throws the answer away.
func post(b *testing.B, e *enginetest.Engine, role engine.Role, path, body string) int64 {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, e.URL+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	request.SetBasicAuth(string(role), enginetest.Password(role))
	request.Header.Set("Accept-Encoding", "identity")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	n, err := io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	if err != nil || response.StatusCode != http.StatusOK {
		b.Fatal(response.Status, err)
	}
	return n
}

// BenchmarkQuery compares a small and a large result over HTTP, as the owner
// and with the check of a researcher, with the library alone.
func BenchmarkQuery(b *testing.B) {
	e := enginetest.Start(b)
	for name, query := range map[string]string{"small": "SELECT 1", "large": "SELECT number, toString(number) FROM numbers(1000000) FORMAT Native"} {
		for _, role := range []engine.Role{engine.RoleOwner, engine.RoleResearcher} {
			b.Run(fmt.Sprintf("%s/http/%s", name, role), func(b *testing.B) {
				for b.Loop() {
					b.SetBytes(post(b, e, role, "/", query))
				}
			})
		}
	}
	libraryAlone(b, func(b *testing.B, conn *chdb.Conn) {
		b.Helper()
		for name, query := range map[string]string{"small": "SELECT 1", "large": "SELECT number, toString(number) FROM numbers(1000000)"} {
			b.Run(name+"/library", func(b *testing.B) {
				for b.Loop() {
					out, _, err := conn.Query(query, "Native")
					if err != nil {
						b.Fatal(err)
					}
					b.SetBytes(int64(len(out)))
				}
			})
		}
	})
}

// BenchmarkInsert compares inserts of 50,000 rows.
func BenchmarkInsert(b *testing.B) {
	block := string(native(b, 0, 50_000))
	const create = "CREATE OR REPLACE TABLE observatory.bench (a UInt64, b String) ENGINE = Null"
	e := enginetest.Start(b)
	if _, err := e.Ask(engine.RoleOwner, create); err != nil {
		b.Fatal(err)
	}
	b.Run("http", func(b *testing.B) {
		b.SetBytes(int64(len(block)))
		for b.Loop() {
			post(b, e, engine.RoleIngest, "/?query=INSERT+INTO+observatory.bench+FORMAT+Native", block)
		}
	})
	libraryAlone(b, func(b *testing.B, conn *chdb.Conn) {
		b.Helper()
		for _, statement := range []string{"CREATE DATABASE IF NOT EXISTS observatory", create} {
			if _, _, err := conn.Query(statement, "Null"); err != nil {
				b.Fatal(err)
			}
		}
		b.Run("library", func(b *testing.B) {
			b.SetBytes(int64(len(block)))
			for b.Loop() {
				insert, err := conn.Insert("INSERT INTO observatory.bench", "Native")
				if err != nil {
					b.Fatal(err)
				}
				if _, err := insert.Write([]byte(block)); err != nil {
					b.Fatal(err)
				}
				if _, err := insert.Done(); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

// libraryAlone runs benchmarks on the library in this process. Its path lasts
// as long as the process, since a process has one.
func libraryAlone(b *testing.B, run func(*testing.B, *chdb.Conn)) {
	b.Helper()
	lib, err := chdb.Load(enginetest.Library(b))
	if err != nil {
		b.Fatal(err)
	}
	conn, err := lib.Connect(":memory:", nil)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	run(b, conn)
}
