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
func open(t testing.TB) (*store.Store, *enginetest.Engine) {
	t.Helper()
	e := enginetest.Start(t)
	s := connect(t, config(e.URL))
	if _, err := store.Migrate(t.Context(), s.DB(), zaptest.NewLogger(t)); err != nil {
		t.Fatal(err)
	}
	return s, e
}

func connect(t testing.TB, cfg store.Config) *store.Store {
	t.Helper()
	s, err := store.New(cfg, zaptest.NewLogger(t), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
