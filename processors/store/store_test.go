package store_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap/zaptest"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
	"github.com/election-observatory/observatory/processors/store"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// config is for a store behind an engine of the test.
func config(url string) store.Config {
	cfg := store.DefaultConfig()
	cfg.Addr, cfg.User, cfg.Password = url, string(engine.RoleOwner), store.Secret(enginetest.Password(engine.RoleOwner))
	return cfg
}

// open starts an engine and migrates it.
func open(tb testing.TB) (*store.Store, *enginetest.Engine) {
	tb.Helper()
	e := enginetest.Start(tb)
	s := connect(tb, config(e.URL))
	if _, err := store.Migrate(tb.Context(), s.DB(), zaptest.NewLogger(tb)); err != nil {
		tb.Fatal(err)
	}
	return s, e
}

func connect(tb testing.TB, cfg store.Config) *store.Store {
	tb.Helper()
	s, err := store.New(cfg, zaptest.NewLogger(tb), prometheus.NewRegistry())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}
