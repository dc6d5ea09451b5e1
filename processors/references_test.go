package processors_test

import (
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/internal/engine/enginetest"
	"github.com/election-observatory/observatory/internal/eventlog"
	"github.com/election-observatory/observatory/processors/assess"
	"github.com/election-observatory/observatory/schema"
)

// reference reads a table of what the references answer for the fixture.
func reference(t *testing.T, name string) [][]string {
	t.Helper()
	f, err := os.Open(filepath.Join("coordination", "testdata", name+".csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // It was only read.
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return lines[1:]
}

// shareEvent is a share as an archive of shares has it.
func shareEvent(t *testing.T, row []string, kind string) *schema.Event {
	t.Helper()
	seconds, err := strconv.ParseInt(row[3], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	of := schema.KindPost
	platform := schema.PlatformX
	if kind == "repost" {
		of, platform = schema.KindRepost, schema.PlatformMastodon
	}
	ms, now := (1_717_372_800+seconds)*1000, time.Now().UnixMilli() // Native ids of what was collected long ago are gone.
	return &schema.Event{Kind: &schema.Event_Post{Post: &schema.Post{
		Platform: platform, NativeId: row[2], Kind: of, Author: &schema.AccountSnapshot{NativeId: row[1]}, ClaimedMs: ms, CollectedMs: now, ImportedMs: now, Archived: true, Collector: "test", Source: "fixture",
		Shares: []*schema.Share{{Kind: kind, Object: row[0], ClaimedMs: ms}},
	}}}
}

// What CooRTweet and QUT's toolkit answer for the fixture is what the store answers,
// in whatever order shares come, over however many partitions, and if it is begun
// anew in the middle.
func TestTheReferencesAreMetThroughTheStore(t *testing.T) {
	t.Parallel()
	for _, partitions := range []int{1, 6} {
		for _, anew := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d partitions, anew %t", partitions, anew), func(t *testing.T) {
				t.Parallel()
				p, _, e := newPipeline(t)
				rng := rand.New(rand.NewPCG(uint64(partitions), 3))
				batches := dealt(t, rng, partitions)
				for i, b := range batches {
					if err := p.Handle(t.Context(), b); err != nil {
						t.Fatal(err)
					}
					if anew && i == len(batches)/2 {
						pairUp(t, e, false)
						for _, again := range batches[max(0, i-3) : i+1] { // As after a crash before the commit.
							if err := p.Handle(t.Context(), again); err != nil {
								t.Fatal(err)
							}
						}
					}
				}
				pairUp(t, e, anew)
				metByThePairs(t, e)
				metByCooRTweet(t, e)
				metByQUT(t, e)
			})
		}
	}
}

// dealt are the shares of both kinds in any order, in batches of partitions, by
// author.
func dealt(t *testing.T, rng *rand.Rand, partitions int) []*eventlog.Batch {
	t.Helper()
	var events []*schema.Event
	for _, row := range reference(t, "coord_fixture") {
		events = append(events, shareEvent(t, row, "url"), shareEvent(t, row, "repost"))
	}
	rng.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	next := make([]int64, partitions)
	var batches []*eventlog.Batch
	for len(events) > 0 {
		n := min(1+rng.IntN(6), len(events))
		byPartition := map[int][][]byte{}
		for _, event := range events[:n] {
			at := int(event.GetPost().GetAuthor().GetNativeId()[0]) % partitions
			byPartition[at] = append(byPartition[at], encode(t, event))
		}
		events = events[n:]
		for at := range partitions {
			if values := byPartition[at]; len(values) > 0 {
				b := batchOf(schema.TopicPosts, next[at], values...)
				b.Partition = int32(at)
				next[at] += int64(len(values))
				batches = append(batches, b)
			}
		}
	}
	return batches
}

// pairUp pairs what is stored, as a process of its own would; twice, if it is to.
func pairUp(t *testing.T, e *enginetest.Engine, twice bool) {
	t.Helper()
	s := storeOf(t, e)
	cfg := assess.DefaultConfig()
	cfg.Idle = 0
	for range map[bool]int{false: 1, true: 2}[twice] {
		runner, err := assess.New(cfg, s, assess.Work{Later: []assess.Method{assess.NewPairs(s.DB(), assess.DefaultPairs())}}, zap.NewNop(), prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := runner.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// names are the native ids of pseudonyms.
func names(t *testing.T, e *enginetest.Engine, query string) map[string]string {
	t.Helper()
	of := map[string]string{}
	for line := range strings.SplitSeq(ask(t, e, query), "\n") {
		id, name, _ := strings.Cut(line, "\t")
		of[id] = name
	}
	return of
}

func accountNames(t *testing.T, e *enginetest.Engine) map[string]string {
	t.Helper()
	return names(t, e, "SELECT account_id, native_id FROM observatory.identities")
}

// eitherWay puts the two sides of shares of the same moment in order: which is the
// older is nobody's to say. The object is left out, since a reposted post is a pseudonym.
func eitherWay(row []string) string {
	if delta, err := strconv.ParseFloat(row[3], 64); err == nil && delta == 0 && row[2] < row[1] {
		row = []string{row[0], row[2], row[1], row[3], row[5], row[4]}
	}
	return strings.Join(row[1:6], " ")
}

func metByThePairs(t *testing.T, e *enginetest.Engine) {
	t.Helper()
	account, post := accountNames(t, e), names(t, e, "SELECT post_id, native_id FROM observatory.post_refs")
	for name, where := range map[string]string{"loopskept": "true", "loopsremoved": "NOT self AND NOT original"} {
		var want, got []string
		for _, row := range reference(t, "expected_pairs_w10_mp1_"+name) {
			want = append(want, eitherWay(row))
		}
		for line := range strings.SplitSeq(ask(t, e, "SELECT object_id, post_id, post_id_newer, time_delta, account_id, account_id_newer FROM observatory.pairs WHERE object_kind = 'repost' AND time_delta <= 10 AND "+where), "\n") {
			f := strings.Split(line, "\t")
			got = append(got, eitherWay([]string{f[0], post[f[1]], post[f[2]], f[3], account[f[4]], account[f[5]]}))
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("pairs, %s (-reference +store):\n%s", name, diff)
		}
	}
}

func metByCooRTweet(t *testing.T, e *enginetest.Engine) {
	t.Helper()
	account := accountNames(t, e)
	for least := 1; least <= 3; least++ {
		var want, got []string
		for _, f := range reference(t, fmt.Sprintf("expected_edges_w10_mp%d", least)) {
			want = append(want, edge(t, f[0], f[1], f[2], f[3], f[len(f)-1]))
		}
		for line := range strings.SplitSeq(ask(t, e, fmt.Sprintf("SELECT account_a, account_b, weight, avg_time_delta, toUInt8(above_threshold) FROM observatory.coordinated_network(from = '2024-06-03', to = '2024-06-04', object = 'repost', window = 10, min_participation = %d, edge_weight = 0.5)", least)), "\n") {
			f := strings.Split(line, "\t")
			got = append(got, edge(t, account[f[0]], account[f[1]], f[2], f[3], f[4]))
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("edges of minimum participation %d (-reference +store):\n%s", least, diff)
		}
	}
}

func edge(t *testing.T, a, b, weight, delta, above string) string {
	t.Helper()
	mean, err := strconv.ParseFloat(delta, 64)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(min(a, b), " ", max(a, b), " ", weight, " ", math.Round(mean*1e9)/1e9, " ", above)
}

func metByQUT(t *testing.T, e *enginetest.Engine) {
	t.Helper()
	account := accountNames(t, e)
	for command, kind := range map[string]string{"co_link": "url", "co_retweet": "repost"} {
		for least := 1; least <= 2; least++ {
			var want, got []string
			for _, f := range reference(t, fmt.Sprintf("expected_qut_%s_w10_mw%d", command, least)) {
				want = append(want, strings.Join(f, " "))
			}
			for line := range strings.SplitSeq(ask(t, e, fmt.Sprintf("SELECT account_a, account_b, weight FROM observatory.coordinated_network_qut(from = '2024-06-03', to = '2024-06-04', object = '%s', window = 10, min_weight = %d)", kind, least)), "\n") {
				f := strings.Split(line, "\t")
				got = append(got, account[f[0]]+" "+account[f[1]]+" "+f[2])
			}
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s of minimum weight %d (-reference +store):\n%s", command, least, diff)
			}
		}
	}
}
