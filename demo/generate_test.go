package demo

import (
	"context"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/zeebo/xxh3"
	"google.golang.org/protobuf/proto"

	"github.com/election-observatory/observatory/processors/sources"
	"github.com/election-observatory/observatory/schema"
)

var update = flag.Bool("update", false, "write the golden files anew")

const imported = 1_700_000_000_000

func week(tb testing.TB, seed uint64, posts int) *Week {
	tb.Helper()
	w, err := New(Config{Seed: seed, Posts: posts})
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

// events are the events of a week, in any order.
func events(t *testing.T, w *Week, workers int) ([]*schema.Event, Counts) {
	t.Helper()
	var mu sync.Mutex
	var all []*schema.Event
	counts, err := w.Generate(t.Context(), workers, imported, func(_ context.Context, batch []*schema.Event) error {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, batch...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all, counts
}

// encoded are events as bytes, sorted. The keys of maps have an order in them,
// which the log's encoder leaves open.
func encoded(t *testing.T, all []*schema.Event) []string {
	t.Helper()
	values := make([]string, len(all))
	for i, e := range all {
		encode := proto.MarshalOptions{Deterministic: true}.Marshal
		if e.GetCoverage() == nil {
			encode = func(proto.Message) ([]byte, error) { return e.MarshalVT() }
		}
		value, err := encode(e)
		if err != nil {
			t.Fatal(err)
		}
		values[i] = string(value)
	}
	slices.Sort(values)
	return values
}

func digest(all []string) string {
	h := xxh3.New()
	for _, value := range all {
		_, _ = h.WriteString(value)
	}
	sum := h.Sum128().Bytes()
	return hex.EncodeToString(sum[:])
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what it was; if that is meant, change the version of the plan and run with -update:\n%s", path, got)
	}
}

func TestASeedGivesTheSameBytesWhoeverMakesThem(t *testing.T) {
	t.Parallel()
	made, counts := events(t, week(t, 7, 5_000), 1)
	alone := encoded(t, made)
	made, same := events(t, week(t, 7, 5_000), 7)
	many := encoded(t, made)
	if !slices.Equal(alone, many) || !reflect.DeepEqual(counts, same) {
		t.Errorf("one worker makes %d events and seven make %d, or others:\n%+v\n%+v", len(alone), len(many), counts, same)
	}
	made, _ = events(t, week(t, 8, 5_000), 3)
	if shared := overlap(alone, encoded(t, made)); shared > len(alone)/100 {
		t.Errorf("seeds 7 and 8 have %d of %d events in common", shared, len(alone))
	}
	golden(t, "seed7.txt", digest(alone)+"\n"+strconv.Itoa(len(alone))+" events\n")
}

// overlap is how many events two weeks have in common, coverage of quiet minutes
// apart, which every week has.
func overlap(a, b []string) int {
	n := 0
	for _, value := range a {
		if _, found := slices.BinarySearch(b, value); found && !strings.Contains(value[:min(len(value), 24)], "demo/") {
			n++
		}
	}
	return n
}

// tell hands each event to whoever wants its kind.
func tell(all []*schema.Event, post func(*schema.Post), other func(*schema.Event)) {
	for _, e := range all {
		if p := e.GetPost(); p != nil {
			post(p)
		} else if other != nil {
			other(e)
		}
	}
}

func TestAWeekIsWhatItSaysItIs(t *testing.T) {
	t.Parallel()
	for _, posts := range []int{5_000, 20_000} {
		w := week(t, 3, posts)
		all, counts := events(t, w, 2)
		ids, byHour := map[string]uint64{}, map[int64]int{}
		refs, edits, twice := 0, uint64(0), uint64(0)
		seen := map[string]bool{}
		tell(all, func(p *schema.Post) {
			if p.GetClaimedMs() < Start().UnixMilli() || p.GetClaimedMs() >= End().UnixMilli() {
				t.Errorf("%s is not of the week", p.GetNativeId())
			}
			if at := schema.IdentityTime(p.GetPlatform(), p.GetNativeId()); at != 0 && at != p.GetClaimedMs() {
				t.Errorf("%s says %d, not %d", p.GetNativeId(), at, p.GetClaimedMs())
			}
			key := p.GetNativeId() + " " + strconv.FormatUint(p.GetRevision(), 10)
			if seen[key] {
				twice++
				return
			}
			seen[key] = true
			if p.GetRevision() > 0 {
				edits++
				return
			}
			if _, known := ids[p.GetNativeId()]; known {
				t.Errorf("two posts are %s", p.GetNativeId())
			}
			ids[p.GetNativeId()]++
			byHour[p.GetClaimedMs()/hourMS]++
		}, nil)
		tell(all, func(p *schema.Post) {
			for _, ref := range []*schema.Reference{p.GetReplyTo(), p.GetRepostOf(), p.GetQuoteOf()} {
				if ref != nil {
					if refs++; ids[ref.GetNativeId()] == 0 {
						t.Errorf("%s refers to %s, which nobody wrote", p.GetNativeId(), ref.GetNativeId())
					}
				}
			}
		}, nil)
		if len(ids) != posts || uint64(len(ids)) != counts.Written || len(byHour) != hours || refs < posts/5 || edits != counts.Edits || twice != counts.Twice {
			t.Errorf("%d posts in %d hours with %d references, %d edits and %d twice, against %+v", len(ids), len(byHour), refs, edits, twice, counts)
		}
	}
}

func TestPlannedOutagesDeliverNothing(t *testing.T) {
	t.Parallel()
	w := week(t, 5, 30_000)
	all, _ := events(t, w, 2)
	gaps := 0
	tell(all, func(p *schema.Post) {
		for _, o := range w.outages {
			if platforms()[o.platform] == p.GetPlatform() && o.holds(p.GetClaimedMs()) {
				t.Errorf("%s was written while its source delivered nothing", p.GetNativeId())
			}
		}
	}, func(e *schema.Event) {
		c := e.GetCoverage()
		for _, o := range w.outages {
			if c != nil && c.GetSource() == w.sources[o.platform] && o.holds(c.GetMinuteMs()) && (c.GetReceived() > 0 || c.GetConnected() != (o.reason == "")) {
				t.Errorf("%s received %d at %d, connected: %v", c.GetSource(), c.GetReceived(), c.GetMinuteMs(), c.GetConnected())
			}
		}
		if c.GetGapToMs() != 0 {
			gaps++
		}
	})
	if gaps != 2 {
		t.Errorf("%d gaps are declared, not 2", gaps)
	}
}

func TestThePlanNamesWhoDidWhat(t *testing.T) {
	t.Parallel()
	w := week(t, 11, 40_000)
	all, _ := events(t, w, 2)
	plan := w.Plan()
	if len(plan.Campaigns) != 5 || len(plan.Bursts) != 5 {
		t.Fatalf("%d campaigns and %d bursts", len(plan.Campaigns), len(plan.Bursts))
	}
	byAuthor := map[string]int{}
	tell(all, func(p *schema.Post) { byAuthor[p.GetAuthor().GetNativeId()]++ }, nil)
	for _, c := range plan.Campaigns {
		sum := 0
		for _, id := range c.Accounts {
			sum += byAuthor[id]
		}
		if sum != c.Posts || len(c.Objects) == 0 || !c.From.Before(c.To) || c.From.Before(plan.From) || c.To.After(plan.To) {
			t.Errorf("%s: its accounts have %d posts, the plan %d, from %s to %s", c.Name, sum, c.Posts, c.From, c.To)
		}
	}
	for _, c := range slices.Concat(plan.Campaigns, plan.Bursts) {
		if len(looked(c.Name)) == 0 {
			t.Errorf("nothing is said of %q", c.Name)
		}
	}
}

// What links count as follows from the lists that come with the program.
func TestRatedDomainsAreRatedInThatWeek(t *testing.T) {
	t.Parallel()
	ratings, err := sources.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]sources.Rating{}
	for _, r := range ratings {
		of[r.Source] = r
	}
	for _, domain := range stateDomains() {
		if r, ok := of[domain]; !ok || r.ValidFrom.After(Start()) || (!r.ValidTo.IsZero() && r.ValidTo.Before(End())) {
			t.Errorf("%s is not rated in all of the week: %+v", domain, r)
		}
	}
	for _, domain := range laterDomains() {
		if r, ok := of[domain]; !ok || r.ValidFrom.Before(End()) {
			t.Errorf("%s is not rated after the week only: %+v", domain, r)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for posts, ok := range map[int]bool{4_999: false, 5_000: true, 1_000_000: true, most + 1: false} {
		if err := (Config{Posts: posts}).Validate(); (err == nil) != ok {
			t.Errorf("%d posts: %v", posts, err)
		}
	}
}

func BenchmarkGenerate(b *testing.B) {
	w := week(b, 1, 200_000)
	b.ReportAllocs()
	made := 0
	for b.Loop() {
		if _, err := w.Generate(b.Context(), 1, imported, func(_ context.Context, batch []*schema.Event) error {
			made += len(batch)
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(made), "ns/event")
}
