package store

import (
	"strings"
	"testing"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
	"github.com/election-observatory/observatory/schema"
)

// The engine's parser takes the statements for replicas, and of every table there is
// a replicated engine. It has no Keeper, so that nothing carries them out here.
func TestStatementsForReplicas(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	known, err := Migrations()
	if err != nil {
		t.Fatal(err)
	}
	d := dialect{view: schema.View.CreateForReaders, replicated: true}
	statements := []string{d.database(schema.Database), d.database(schema.StoreDatabase)}
	for _, m := range known {
		for _, statement := range m.Statements {
			statements = append(statements, d.table(statement))
		}
	}
	for _, view := range schema.Views() {
		statements = append(statements, d.view(view))
	}
	tables := 0
	for _, statement := range statements {
		got, err := e.Ask(engine.RoleOwner, "SELECT formatQuery("+Quote(statement)+") FORMAT TSVRaw")
		if err != nil {
			t.Errorf("%v\n%s", err, statement)
		}
		if strings.HasPrefix(got, "CREATE TABLE") {
			tables++
			if !strings.Contains(got, "ENGINE = Replicated") || strings.Contains(got, "ReplicatedReplicated") {
				t.Errorf("it is not replicated:\n%s", got)
			}
		}
	}
	if tables != len(schema.Tables()) {
		t.Errorf("%d of %d tables", tables, len(schema.Tables()))
	}
}
