package engine_test

import (
	"fmt"
	"testing"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
	"github.com/election-observatory/observatory/schema"
)

func TestFirst(t *testing.T) {
	e := enginetest.Start(t)
	do := func(role engine.Role, q string, p ...string) {
		out, err := e.Ask(role, q, p...)
		fmt.Printf("%-10s %.70s => %.200q %v\n", role, q, out, err)
	}
	do("owner", "CREATE DATABASE IF NOT EXISTS observatory_store")
	for _, x := range schema.Tables() { if _, err := e.Ask("owner", x.Create()); err != nil { t.Fatal(err) } }
	for _, x := range schema.Views() { if _, err := e.Ask("owner", x.Create()); err != nil { t.Fatal(err) } }
	do("researcher", "SELECT count() FROM posts")
	do("", "SELECT 40 + 2")
	do("", "SELECT {a:UInt8} + 1 FORMAT JSONEachRow", "param_a", "5")
	for _, bad := range []string{"DROP TABLE posts", "INSERT INTO posts SELECT * FROM posts", "SELECT * FROM file('/etc/passwd', 'LineAsString')", "SELECT * FROM identities", "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
		"SET readonly = 0", "CREATE TABLE t (a UInt8) ENGINE = Memory", "SYSTEM SHUTDOWN", "SELECT count() FROM remote('127.0.0.1', system.one)", "SELECT broken FROM nowhere", "SELECT file('/etc/passwd')", "SELECT * FROM observatory_store.post_rows",
		"SELECT 1 INTO OUTFILE '/tmp/zzz'", "SELECT 1 WHERE 1 IN identities", "SELECT 1 WHERE 1 IN observatory_store.post_rows", "SELECT * FROM {t:Identifier}"} {
		do("", bad, "param_t", "identities")
	}
	do("", "WITH c AS (SELECT 1 AS a) SELECT * FROM c")
	do("custodian", "SELECT count() FROM identities")
	do("ingest", "INSERT INTO observatory_store.progress VALUES ('a','b','c',1,2)")
	do("ingest", "DROP TABLE observatory_store.progress")
	do("ingest", "INSERT INTO observatory_store.progress FORMAT TSV\na\tb\tc\t1\t5\n")
	do("owner", "SELECT * FROM observatory_store.progress FINAL")
	do("owner", "SELECT name FROM system.functions WHERE origin='System' AND (name ILIKE '%file%' OR name ILIKE '%host%' OR name ILIKE '%dict%')")
}
