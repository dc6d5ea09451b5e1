package store_test

import (
	"strings"
	"testing"

	"go.uber.org/zap/zaptest"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/schema"
)

// The engine's parser takes every statement of the roles, and the bounds of readers
// are those of the embedded engine. It has no users, so that nothing runs them here.
func TestRolesAreSQL(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	n := 0
	for statement := range strings.SplitSeq(schema.Roles(), ";\n") {
		var lines []string
		for line := range strings.SplitSeq(statement, "\n") {
			if !strings.HasPrefix(line, "--") {
				lines = append(lines, line)
			}
		}
		if statement = strings.TrimSpace(strings.Join(lines, "\n")); statement == "" {
			continue
		}
		n++
		if _, err := e.Ask(engine.RoleOwner, "SELECT formatQuery("+store.Quote(statement)+")"); err != nil {
			t.Errorf("%v\n%s", err, statement)
		}
	}
	if n < 150 {
		t.Errorf("%d statements", n)
	}
	if q := engine.DefaultConfig().Quota; q.Queries != schema.QuotaQueries || q.Errors != schema.QuotaErrors || q.Time.Seconds() != schema.QuotaSeconds {
		t.Errorf("a server's quota is not that of the embedded engine: %+v", q)
	}
	if l := engine.DefaultConfig().Readers; l.Time.Seconds() != schema.ReaderSeconds || l.Memory != schema.ReaderMemory || l.Threads != schema.ReaderThreads || l.Concurrent != schema.ReaderConcurrent {
		t.Errorf("readers of the engine are bounded by %+v", l)
	}
}

// On a server views are read with the rights of who made them.
func TestViewsOfAServer(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	s := connect(t, config(e.URL))
	if _, err := store.MigrateServer(t.Context(), s.DB(), store.Layout{}, zaptest.NewLogger(t)); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, e, "SELECT countIf(create_table_query LIKE '%SQL SECURITY DEFINER%') = count() AND count() > 30 FROM system.tables WHERE database = 'observatory'"); got != "1" {
		t.Errorf("the views are\n%s", ask(t, e, "SELECT create_table_query FROM system.tables WHERE database = 'observatory' LIMIT 1"))
	}
	if got := ask(t, e, "SELECT count() FROM observatory.posts"); got != "0" {
		t.Errorf("%s posts", got)
	}
}
