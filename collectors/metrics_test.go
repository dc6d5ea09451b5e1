package collectors

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/election-observatory/observatory/schema"
)

func TestWhatTheLogTookIsMeasured(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	refuse := errors.New("refused")
	var answer error
	emit := Metered(func(context.Context, []*schema.Event) error { return answer }, reg)
	batch := []*schema.Event{
		{Kind: &schema.Event_Post{Post: &schema.Post{Collector: "rss"}}},
		{Kind: &schema.Event_Post{Post: &schema.Post{Collector: "rss"}}},
		{Kind: &schema.Event_Action{Action: &schema.Action{Collector: "bluesky"}}},
		{Kind: &schema.Event_Delete{Delete: &schema.Delete{Collector: "bluesky"}}},
		{Kind: &schema.Event_Account{Account: &schema.AccountSnapshot{Collector: "bluesky"}}},
		{Kind: &schema.Event_Reject{Reject: &schema.Reject{Collector: "rss", Reason: "syntax"}}},
		{Kind: &schema.Event_Coverage{Coverage: &schema.Coverage{Collector: "rss", MinuteMs: 60_000, Connected: true, Received: 3}}},
		{Kind: &schema.Event_Coverage{Coverage: &schema.Coverage{Collector: "rss", MinuteMs: 120_000, GapReason: "timeout"}}},
	}
	if err := emit(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	answer = refuse
	if err := emit(t.Context(), batch); !errors.Is(err, refuse) {
		t.Errorf("error %v", err)
	}
	want := `
# HELP observatory_collected_events_total Events that the log took, by collector and kind: post, action, delete, account.
# TYPE observatory_collected_events_total counter
observatory_collected_events_total{collector="bluesky",kind="account"} 1
observatory_collected_events_total{collector="bluesky",kind="action"} 1
observatory_collected_events_total{collector="bluesky",kind="delete"} 1
observatory_collected_events_total{collector="rss",kind="post"} 2
# HELP observatory_collected_newest_seconds Start of the minute in which a source of the collector delivered events last, in Unix seconds.
# TYPE observatory_collected_newest_seconds gauge
observatory_collected_newest_seconds{collector="rss"} 60
# HELP observatory_collected_rejects_total Outside input that could not be used, by collector and reason.
# TYPE observatory_collected_rejects_total counter
observatory_collected_rejects_total{collector="rss",reason="syntax"} 1
# HELP observatory_coverage_records_total Records of coverage, by collector and outage; empty where the source was connected.
# TYPE observatory_coverage_records_total counter
observatory_coverage_records_total{collector="rss",outage=""} 1
observatory_coverage_records_total{collector="rss",outage="timeout"} 1
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "observatory_collected_events_total", "observatory_collected_newest_seconds", "observatory_collected_rejects_total", "observatory_coverage_records_total"); err != nil {
		t.Error(err)
	}
}
