package store_test

import (
	"strings"
	"testing"

	"go.uber.org/zap/zaptest"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

// clusters describes a cluster of one shard, which is the engine itself, and one of two
// that both are: it has no port for another of its kind.
const clusters = `<tcp_port>9000</tcp_port><remote_servers>
<one><shard><internal_replication>true</internal_replication><replica><host>127.0.0.1</host><port>9000</port></replica></shard></one>
<two><shard><replica><host>127.0.0.1</host><port>9000</port></replica></shard><shard><replica><host>127.0.0.1</host><port>9000</port></replica></shard></two>
</remote_servers>`

// openOn is open for a layout.
func openOn(t *testing.T, layout store.Layout) (*store.Store, *enginetest.Engine) {
	t.Helper()
	e := enginetest.Start(t, func(c *engine.Config) { c.Further = clusters })
	cfg := config(e.URL)
	cfg.Layout = layout
	s := connect(t, cfg)
	if _, err := store.MigrateServer(t.Context(), s.DB(), layout, zaptest.NewLogger(t)); err != nil {
		t.Fatal(err)
	}
	return s, e
}

// onEachLayout runs a test on one server, and where posts are spread and gathered. It
// tells the database in which they lie.
func onEachLayout(t *testing.T, test func(t *testing.T, s *store.Store, e *enginetest.Engine, rows string)) {
	t.Helper()
	t.Run("one server", func(t *testing.T) {
		t.Parallel()
		s, e := open(t)
		test(t, s, e, schema.StoreDatabase)
	})
	t.Run("shards", func(t *testing.T) {
		t.Parallel()
		s, e := openOn(t, store.Layout{Cluster: "one"})
		test(t, s, e, schema.ShardDatabase)
	})
}

// Every view answers over two shards, whatever it joins and looks up: what is nested is
// asked once of all shards, not by each shard of itself.
func TestViewsOverTwoShards(t *testing.T) {
	t.Parallel()
	s, e := openOn(t, store.Layout{Cluster: "two"})
	w := s.NewWriter()
	for n := range 20 {
		write(t, w, uint64(n), tag.Event{Post: sharing(n)})
	}
	write(t, w, 20, deletion(numbered(1), numbered(1001)))
	if got := ask(t, e, "SELECT count() FROM observatory.posts"); got != "38" { // Either shard has all.
		t.Errorf("%s posts", got)
	}
	denied := 0
	for _, view := range schema.Views() {
		query := "SELECT count() FROM " + schema.Database + "." + view.Name
		if len(view.Params) > 0 {
			query += arguments(view)
		}
		var n uint64
		if err := s.DB().QueryRow(t.Context(), query).Scan(&n); err != nil {
			t.Errorf("%s: %v", view.Name, err)
		}
		if err := s.DB().QueryRow(t.Context(), query+" SETTINGS distributed_product_mode = 'deny'").Scan(&n); err != nil && strings.Contains(err.Error(), "distributed_product_mode") {
			denied++
		}
	}
	if denied == 0 {
		t.Error("no view nests what is spread: the test shows nothing")
	}
}
