package coordination_test

import (
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	co "github.com/election-observatory/observatory/processors/coordination"
)

// table reads a table of testdata by column.
func table(t *testing.T, name string) []map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name+".csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // It was only read.
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		of := map[string]string{}
		for i, name := range lines[0] {
			of[name] = line[i]
		}
		rows = append(rows, of)
	}
	return rows
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func fixture(t *testing.T) []row {
	t.Helper()
	var rows []row
	for _, r := range table(t, "coord_fixture") {
		rows = append(rows, row{r["object_id"], r["account_id"], r["content_id"], number(t, r["timestamp_share"])})
	}
	return rows
}

func pairsOf(t *testing.T, pairs *co.Pairs) []pairRow {
	t.Helper()
	var rows []pairRow
	err := pairs.Each(func(p *co.Pair) error {
		rows = append(rows, pairRow{p.Object, p.Content, p.ContentNewer, p.TimeDelta, p.Account, p.AccountNewer, p.WithinFastWindow})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func sorted(rows []pairRow) []string {
	texts := make([]string, len(rows))
	for i, r := range rows {
		texts[i] = fmt.Sprint(r)
	}
	slices.Sort(texts)
	return texts
}

func edgeRows(n *co.Network) []edgeRow {
	var rows []edgeRow
	for _, e := range n.Edges {
		rows = append(rows, edgeRow{e.A, e.B, e.Weight, e.AvgTimeDelta, e.Symmetry, e.Above})
	}
	return rows
}

var close12 = cmp.Options{cmp.AllowUnexported(edgeRow{}), cmpopts.EquateApprox(1e-12, 0)}

// What CooRTweet 2.1.3 and the toolkit answered for the fixture, row for row.
func TestTheFixtureIsAnsweredAsByTheReferences(t *testing.T) {
	t.Parallel()
	rows := fixture(t)
	for _, c := range []struct {
		name  string
		least int
		loops bool
		fast  float64
	}{
		{"pairs_w10_mp1_loopsremoved", 1, false, 0},
		{"pairs_w10_mp2_loopsremoved", 2, false, 0},
		{"pairs_w10_mp3_loopsremoved", 3, false, 0},
		{"pairs_w10_mp1_loopskept", 1, true, 0},
		{"pairs_w10_mp2_loopskept", 2, true, 0},
		{"pairs_w10_mp3_loopskept", 3, true, 0},
		{"pairs_w10_mp1_fast4", 1, false, 4},
		{"pairs_w10_mp2_fast4", 2, false, 4},
		{"pairs_w10_mp3_fast4", 3, false, 4},
	} {
		var want []pairRow
		for _, r := range table(t, "expected_"+c.name) {
			want = append(want, pairRow{r["object_id"], r["content_id"], r["content_id_y"], number(t, r["time_delta"]), r["account_id"], r["account_id_y"], r["time_window_4"] == "1"})
		}
		pairs, _ := co.CooRTweet(sharesOf(rows), co.CooRTweetParams{Window: 10, MinParticipation: c.least, KeepLoops: c.loops, FastWindow: c.fast})
		if diff := cmp.Diff(sorted(want), sorted(pairsOf(t, pairs))); diff != "" {
			t.Errorf("%s: (-reference +ours)\n%s", c.name, diff)
		}
	}
	for least := 1; least <= 3; least++ {
		var want []edgeRow
		for _, r := range table(t, fmt.Sprintf("expected_edges_w10_mp%d", least)) {
			want = append(want, edgeRow{r["from"], r["to"], uint64(number(t, r["weight"])), number(t, r["avg_time_delta"]), number(t, r["edge_symmetry_score"]), r["weight_threshold"] == "1"})
		}
		pairs, _ := co.CooRTweet(sharesOf(rows), co.CooRTweetParams{Window: 10, MinParticipation: least})
		if diff := cmp.Diff(want, edgeRows(pairs.CooRTweetNetwork(0.5)), close12); diff != "" {
			t.Errorf("edges of minimum participation %d: (-reference +ours)\n%s", least, diff)
		}
	}
	for _, command := range []string{"co_link", "co_retweet"} {
		for least := 1; least <= 2; least++ {
			var want, got []string
			for _, r := range table(t, fmt.Sprintf("expected_qut_%s_w10_mw%d", command, least)) {
				want = append(want, r["user_1"]+" "+r["user_2"]+" "+r["weight"])
			}
			for _, e := range co.QUT(sharesOf(rows), 10, least).Edges {
				got = append(got, fmt.Sprint(e.A, " ", e.B, " ", e.Weight))
			}
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s of minimum weight %d: (-reference +ours)\n%s", command, least, diff)
			}
		}
	}
}

// The sweep gives what comparing every row with every other gives.
func TestEverythingIsAsItIsDefined(t *testing.T) {
	t.Parallel()
	for seed := range uint64(150) {
		rng := rand.New(rand.NewPCG(seed, 2))
		rows := randomRows(seed, 4+rng.IntN(90))
		window, least, keep := float64(rng.IntN(20)), rng.IntN(4), rng.IntN(2) == 0
		fast := window / 3
		quantile := float64(rng.IntN(11)) / 10
		pairs, _ := co.CooRTweet(sharesOf(rows), co.CooRTweetParams{Window: window, MinParticipation: least, KeepLoops: keep, FastWindow: fast})
		d := define(rows, least)
		want := d.pairs(window, least, keep)
		if fast > 0 {
			d.flag(want, fast, least)
		}
		if diff := cmp.Diff(sorted(want), sorted(pairsOf(t, pairs))); diff != "" {
			t.Fatalf("seed %d: CooRTweet's pairs: (-definition +ours)\n%s", seed, diff)
		}
		network := pairs.CooRTweetNetwork(quantile)
		if diff := cmp.Diff(edgesOf(want, quantile), edgeRows(network), close12, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("seed %d: CooRTweet's edges: (-definition +ours)\n%s", seed, diff)
		}
		accounts := map[string]bool{}
		for _, p := range want {
			accounts[p.account], accounts[p.accountNewer] = true, true
		}
		if network.Pairs != uint64(len(want)) || network.Accounts != uint64(len(accounts)) {
			t.Fatalf("seed %d: %d pairs of %d accounts, not %d of %d", seed, network.Pairs, network.Accounts, len(want), len(accounts))
		}
		var got []edgeRow
		for _, e := range co.QUT(sharesOf(rows), window, least).Edges {
			got = append(got, edgeRow{a: e.A, b: e.B, weight: e.Weight})
		}
		if diff := cmp.Diff(toolkit(rows, window, least), got, close12, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("seed %d: QUT's edges: (-definition +ours)\n%s", seed, diff)
		}
		for i := range rows { // Few objects, so that the cap is met.
			if n := len(rows[i].object); n > 1 && rows[i].object != rows[i].content && rng.IntN(2) == 0 {
				rows[i].object = "o" + rows[i].object[n-1:n]
			}
		}
		params := co.StrictParams{Window: window, MinParticipation: least, MinWeight: 2, Cap: rng.IntN(6), Stratum: 30, FDR: 0.01}
		strict, mass := co.Strict(sharesOf(rows), params)
		got = edgeRows(&strict.StrictNetwork(params, mass, nil).Network)
		for i := range got {
			got[i].above = false
		}
		if diff := cmp.Diff(strictly(rows, params), got, close12, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("seed %d: strict edges: (-definition +ours)\n%s", seed, diff)
		}
	}
}

// Workers who divide the shares sum up what one alone does.
func TestWorkersSumUpWhatThereIs(t *testing.T) {
	t.Parallel()
	pairs, _ := co.CooRTweet(sharesOf(randomRows(9, 30_000)), co.CooRTweetParams{Window: 2_000, MinParticipation: 1})
	if diff := cmp.Diff(edgesOf(pairsOf(t, pairs), 0.5), edgeRows(pairs.CooRTweetNetwork(0.5)), close12); diff != "" {
		t.Errorf("edges: (-of the pairs +ours)\n%.2000s", diff)
	}
}

// No mode but CooRTweet's ties depends on the order of rows.
func TestTheOrderOfRowsChangesNothing(t *testing.T) {
	t.Parallel()
	rows := randomRows(3, 400)
	params := co.DefaultStrict()
	params.Cap = 5
	answer := func(rows []row) string {
		pairs, mass := co.Strict(sharesOf(rows), params)
		network := pairs.StrictNetwork(params, mass, nil)
		return fmt.Sprint(pairsOf(t, pairs), network.Edges, network.Strict, network.Mass)
	}
	want := answer(rows)
	for seed := range uint64(10) {
		shuffled := slices.Clone(rows)
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(rows), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if answer(shuffled) != want {
			t.Fatalf("seed %d: another order gives another answer", seed)
		}
	}
}

func TestNothingGivesNothing(t *testing.T) {
	t.Parallel()
	s := &co.Shares{}
	pairs, mass := co.CooRTweet(s, co.CooRTweetParams{Window: 10, MinParticipation: 2, FastWindow: 1})
	if n := pairs.CooRTweetNetwork(0.5); len(n.Edges) > 0 || len(mass) > 0 || n.Pairs > 0 || len(pairsOf(t, pairs)) > 0 {
		t.Errorf("pairs of nothing: %+v", n)
	}
	strict, mass := co.Strict(s, co.DefaultStrict())
	if n := strict.StrictNetwork(co.DefaultStrict(), mass, nil); len(n.Edges) > 0 {
		t.Errorf("edges of nothing: %+v", n)
	}
	if n := co.QUT(s, 10, 1); len(n.Edges) > 0 || !math.IsNaN(n.Threshold) {
		t.Errorf("edges of nothing: %+v", n)
	}
}

// A viral object is a mass share where more than the cap share it at a time, and
// costs no more than the cap for each share.
func TestAViralObjectIsAMassShare(t *testing.T) {
	t.Parallel()
	var rows []row
	for i := range 3000 {
		rows = append(rows, row{"viral", "a" + strconv.Itoa(i), "c" + strconv.Itoa(i), float64(i % 60)})
	}
	for i := range 4 { // Hours later a few share it again.
		rows = append(rows, row{"viral", "a" + strconv.Itoa(i), "late" + strconv.Itoa(i), 10_000 + float64(i)})
	}
	params := co.DefaultStrict()
	params.MinParticipation = 1
	pairs, mass := co.Strict(sharesOf(rows), params)
	if diff := cmp.Diff([]co.MassShare{{Object: "viral", Shares: 2800, From: 4, To: 59}}, mass); diff != "" {
		t.Errorf("mass shares: (-want +got)\n%s", diff)
	}
	if got := len(pairsOf(t, pairs)); got != 200*199/2+6 {
		t.Errorf("%d pairs, not those of the first 200 and of the four", got)
	}
	params.Cap = 0
	pairs, mass = co.Strict(sharesOf(rows[:500]), params)
	if got := len(pairsOf(t, pairs)); got != 500*499/2 || mass != nil {
		t.Errorf("without a cap %d pairs", got)
	}
}
