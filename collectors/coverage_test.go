package collectors

import (
	"math"
	"testing"

	"github.com/election-observatory/observatory/schema"
)

func TestATallyAddsUpByMinute(t *testing.T) {
	t.Parallel()
	tally := Tally{Source: "s", Collector: "c", Platform: schema.PlatformBluesky}
	tally.Received(60_000, "post", 1)
	tally.Received(119_999, "like", 0)
	tally.Rejected(60_001, schema.ReasonSyntax)
	tally.Received(0, "post", 2)
	tally.Received(math.MinInt64, "post", 1)
	tally.Received(math.MaxInt64, "post", 1)
	events := tally.Events("7")
	if len(events) != 3 {
		t.Fatalf("%d records", len(events))
	}
	first, second, last := events[0].GetCoverage(), events[1].GetCoverage(), events[2].GetCoverage()
	if first.GetMinuteMs() != 0 || first.GetReceived() != 2 || first.GetEmitted() != 3 {
		t.Errorf("%v", first)
	}
	if second.GetMinuteMs() != 60_000 || second.GetReceived() != 3 || second.GetEmitted() != 1 || second.GetKinds()["like"] != 1 || second.GetRejected()["syntax"] != 1 ||
		second.GetPart() != "7" || second.GetSource() != "s" || second.GetCollector() != "c" || !second.GetConnected() || second.GetPlatform() != schema.PlatformBluesky {
		t.Errorf("%v", second)
	}
	if ms := last.GetMinuteMs(); ms%60_000 != 0 || ms >= 4102444800000 || ms < 4102444000000 {
		t.Errorf("the end of time is at %d", ms)
	}
	if again := tally.Events("8"); len(again) != 0 {
		t.Errorf("%d records of what was told already", len(again))
	}
}
