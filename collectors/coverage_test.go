package collectors

import (
	"encoding/json"
	"math"
	"testing"

	"google.golang.org/protobuf/proto"

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

// TestTallyGoesOnFromItsState counts a minute in two runs, and compares with one.
func TestTallyGoesOnFromItsState(t *testing.T) {
	t.Parallel()
	const at = 1_717_977_600_000
	fresh := func() *Tally { return &Tally{Source: "s", Collector: "c", Platform: schema.PlatformBluesky} }
	half := func(tally *Tally) {
		tally.Received(at, "post", 1)
		tally.Received(at+60_000, "like", 0)
		tally.Rejected(at+60_000, schema.ReasonSyntax)
	}
	whole := fresh()
	half(whole)
	half(whole)
	first := fresh()
	half(first)
	saved, err := json.Marshal(first.State())
	if err != nil {
		t.Fatal(err)
	}
	var state []*schema.Coverage
	if err := json.Unmarshal(saved, &state); err != nil {
		t.Fatal(err)
	}
	second := fresh()
	second.Restore(state)
	half(second)
	want, got := whole.Running("p"), second.Running("p")
	if len(want) != 2 || len(got) != 2 {
		t.Fatalf("%d and %d records", len(want), len(got))
	}
	for i := range want {
		if !proto.Equal(want[i], got[i]) {
			t.Errorf("one run says %v, two say %v", want[i], got[i])
		}
	}
	second.Close(at + 60_000)
	if left := second.Running("p"); len(left) != 1 || left[0].GetCoverage().GetMinuteMs() != at+60_000 {
		t.Errorf("after closing the first minute: %v", left)
	}
}

func TestTallyTellsTheMedianLag(t *testing.T) {
	t.Parallel()
	const at = 1_717_977_600_000
	tally := &Tally{}
	for _, seconds := range []int64{9, 1, 2, -5} { // One from the future says nothing.
		tally.Received(at, "post", 1)
		tally.Lag(at, at-seconds*1000, at)
	}
	if got := tally.Events("")[0].GetCoverage().GetLagS(); got != 2 {
		t.Errorf("median %v s, want 2", got)
	}
}
