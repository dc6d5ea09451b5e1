package bluesky

import (
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/collectortest"
	"github.com/election-observatory/observatory/internal/replay"
)

// TestConformance runs the suite of all collectors over both wires.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, api := range []string{apiV1, apiV2} {
		t.Run(api, func(t *testing.T) {
			t.Parallel()
			source := replay.Generated{Seed: 1, PerSecond: 1, Start: start(), End: 200} // Over three minutes.
			host := serve(t, replay.NewJetstream(source, fixed(start().Add(time.Hour)), 36*time.Hour, 1000))
			cfg := config(api, host)
			cfg.Likes, cfg.BatchEvents = askCount, 30
			collectortest.Run(t, collectortest.Subject{
				New: func(t *testing.T, cursors *collectors.Cursors) collectors.Collector {
					t.Helper()
					c, err := New(cfg, nil, cursors, fixed(start()), zap.NewNop())
					if err != nil {
						t.Fatal(err)
					}
					return c
				},
				Events: contentsOf(source, 0, source.End).events(), Endless: true, MaxCuts: 5,
			})
		})
	}
}
