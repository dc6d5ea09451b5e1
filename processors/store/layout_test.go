package store

import (
	"strings"
	"testing"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
	"github.com/election-observatory/observatory/schema"
)

// The engine's parser takes the statements for clusters, and of every table there is
// a replicated engine. It has no Keeper, so that nothing carries them out here.
func TestStatementsForClusters(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	known, err := Migrations()
	if err != nil {
		t.Fatal(err)
	}
	for name, l := range map[string]Layout{"replicas": {Replicated: true}, "shards": {Replicated: true, Cluster: "c"}} {
		statements := l.databases()
		for _, m := range known {
			for _, statement := range m.Statements {
				statements = append(statements, l.statements(statement)...)
			}
		}
		for _, view := range schema.Views() {
			statements = append(statements, view.CreateForReaders())
		}
		tables, spread := 0, map[string]int{}
		for _, statement := range statements {
			got, err := e.Ask(engine.RoleOwner, "SELECT formatQuery("+Quote(statement)+") FORMAT TSVRaw")
			if err != nil {
				t.Errorf("%s: %v\n%s", name, err, statement)
			}
			switch at, _, isSpread := strings.Cut(got, "ENGINE = Distributed"); {
			case isSpread:
				spread[strings.Fields(strings.TrimPrefix(at, "CREATE OR REPLACE TABLE "))[0]]++
			case strings.HasPrefix(got, "CREATE TABLE"):
				tables++
				if !strings.Contains(got, "ENGINE = Replicated") || strings.Contains(got, "ReplicatedReplicated") {
					t.Errorf("%s: it is not replicated:\n%s", name, got)
				}
			}
		}
		if tables != len(schema.Tables()) {
			t.Errorf("%s: %d of %d tables", name, tables, len(schema.Tables()))
		}
		for _, table := range schema.Tables() {
			if want := l.Cluster != "" && table.Shard != ""; want != (spread[schema.StoreDatabase+"."+table.Name] > 0) {
				t.Errorf("%s: %s is spread: %v, want %v", name, table.Name, !want, want)
			}
		}
	}
}
