package bluesky

import (
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/collectortest"
	"github.com/election-observatory/observatory/internal/replay"
)

// TestConformance runs the suite of all collectors over both wires, with likes
// counted and with likes and follows one by one.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ api, likes, follows string }{
		"v1": {apiV1, askCount, askOff}, "v2": {apiV2, askCount, askOff},
		"v1, one by one": {apiV1, askActions, askActions}, "v2, one by one": {apiV2, askActions, askActions},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := replay.Generated{Seed: 1, PerSecond: 1, Start: start(), End: 200} // Over three minutes.
			host := serve(t, replay.NewJetstream(source, fixed(start().Add(time.Hour)), 36*time.Hour, 1000))
			cfg := config(c.api, host)
			cfg.Likes, cfg.Follows, cfg.BatchEvents = c.likes, c.follows, 30
			has := contentsOf(source, 0, source.End)
			events := has.events()
			if c.likes == askActions {
				events += has.actions
			}
			collectortest.Run(t, collectortest.Subject{
				New: func(t *testing.T, cursors *collectors.Cursors) collectors.Collector {
					t.Helper()
					c, err := New(cfg, nil, cursors, fixed(start()), zap.NewNop())
					if err != nil {
						t.Fatal(err)
					}
					return c
				},
				Events: events, Endless: true, MaxCuts: 5,
			})
		})
	}
}
