package assess_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/processors/assess"
	"github.com/election-observatory/observatory/processors/coordination"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

// linked is a post of an account with a link to a page.
func linked(n, account int, page string, ms int64) tag.Post {
	p := settledPost(0, n)
	p.PostID = uuid.UUID{byte(n), byte(n >> 8), 9, 0, 0, 0, 0x80, 0, 0x80, 15: 2}
	p.AccountID = uuid.UUID{byte(account), byte(account >> 8), 0, 0, 0, 0, 0x80, 0, 0x80, 15: 2}
	p.IDDay, p.IdentityMS, p.ClaimedMS, p.CreatedMS, p.CollectedMS, p.ImportedMS = uint16(ms/dayMS), ms, ms, ms, ms+1, ms
	p.Links = []tag.Link{{URL: "https://example.org/" + page}}
	return p
}

// networkWeek are posts of three days, most of which link to what is popular;
// eight accounts link to pages of their own within seconds, on the first and the
// second day.
func networkWeek() []tag.Post {
	rng := rand.New(rand.NewPCG(4, 0))
	begin := day(3000).UnixMilli()
	var posts []tag.Post
	for range 6000 {
		page := fmt.Sprintf("popular%d", int(math.Pow(rng.Float64(), 3)*800))
		posts = append(posts, linked(len(posts), 100+int(math.Pow(rng.Float64(), 2)*1500), page, begin+rng.Int64N(3*dayMS)))
	}
	for story := range 12 {
		at := begin + int64(story%2)*dayMS + rng.Int64N(20*3600_000)
		for account := range 8 {
			posts = append(posts, linked(len(posts), account, fmt.Sprintf("planted%d", story), at+rng.Int64N(20_000)))
		}
	}
	return posts
}

// Networks in the store are those that the shares themselves make.
func TestNetworksAreThoseOfTheShares(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Minute)
	cfg := assess.DefaultConfig()
	cfg.Idle = 0
	params := coordination.DefaultStrict()
	work := assess.Work{Later: []assess.Method{assess.NewPairs(b.store.DB(), assess.DefaultPairs()), assess.NewNetworks(b.store.DB(), params)}}
	runner, err := assess.New(cfg, b.store, work, zap.NewNop(), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	posts := networkWeek()
	w := b.store.NewWriter()
	deliverPosts(t.Context(), t, w, "networks", 0, posts)
	if _, err := runner.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	shares := &coordination.Shares{}
	for i := range posts {
		p := &posts[i]
		shares.Add(p.Links[0].URL, p.AccountID.String(), p.PostID.String(), float64(p.CreatedMS)/1000)
	}
	pairs, mass := coordination.Strict(shares, params)
	var want []string
	for i, network := 0, pairs.StrictNetwork(params, mass, nil); i < len(network.Edges); i++ {
		if e, s := network.Edges[i], network.Strict[i]; e.Above {
			want = append(want, fmt.Sprintf("%s %s %d %.6f %.6f %.9f %.3e", e.A, e.B, e.Weight, e.AvgTimeDelta, e.Symmetry, s.Expected, s.Q))
		}
	}
	var got []string
	for line := range strings.SplitSeq(b.ask(t, "SELECT account_a, account_b, weight, avg_time_delta, symmetry, expected_pairs, q_value FROM observatory.network_edges WHERE day = (SELECT max(day) FROM observatory.networks)"), "\n") {
		var a, c string
		var weight uint64
		var delta, symmetry, expected, q float64
		if _, err := fmt.Sscan(line, &a, &c, &weight, &delta, &symmetry, &expected, &q); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %s %d %.6f %.6f %.9f %.3e", a, c, weight, delta, symmetry, expected, q))
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || len(want) != 28 {
		t.Errorf("%d edges of the shares, %d in the store (-shares +store):\n%s", len(want), len(got), diff)
	}
	b.networksLast(t, runner, w, posts)
}

// networksLast checks that a network keeps its id, and goes with its posts.
func (b *bench) networksLast(t *testing.T, runner *assess.Runner, w *store.Writer, posts []tag.Post) {
	t.Helper()
	if got := b.ask(t, "SELECT count(), uniqExact(network_id), min(accounts), max(accounts), max(objects), max(posts), countIf(pairs < 28 * objects) FROM observatory.networks"); got != "3\t1\t8\t8\t12\t96\t0" {
		t.Errorf("networks are %s", got)
	}
	if got := b.ask(t, "SELECT count(), min(edges), max(edges), max(objects), max(posts) FROM observatory.network_members WHERE day = (SELECT max(day) FROM observatory.networks)"); got != "8\t7\t7\t12\t12" {
		t.Errorf("members are %s", got)
	}
	next := uint64(len(posts))
	w.Begin(store.Batch{Partition: store.Partition{Log: "networks", Topic: schema.TopicPosts}, First: next, Next: next + 1})
	for i := range posts {
		if p := &posts[i]; p.AccountID[0] == 0 && p.AccountID[1] == 0 { // All of one account.
			deletion := tag.Tombstone{Platform: p.Platform, IDDay: p.IDDay, PostID: p.PostID, AccountID: p.AccountID, Version: tag.Version{High: 1 << 63}, DeletedMS: p.CreatedMS, CollectedMS: p.CreatedMS + 1, ImportedMS: p.CreatedMS}
			if err := w.Add(&tag.Event{Tombstone: &deletion, Offset: next}, 1); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := runner.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := b.ask(t, "SELECT count(), uniqExact(network_id), min(accounts), max(accounts) FROM observatory.networks"); got != "3\t1\t7\t7" {
		t.Errorf("after an account deleted its posts networks are %s", got)
	}
	if got := b.ask(t, "SELECT count() FROM observatory.pairs WHERE toString(account_id) LIKE '0000%' OR toString(account_id_newer) LIKE '0000%'"); got != "0" {
		t.Errorf("%s pairs of deleted posts are left", got)
	}
}
