package assess_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
	"github.com/election-observatory/observatory/processors/assess"
	"github.com/election-observatory/observatory/processors/store/rows"
	"github.com/election-observatory/observatory/processors/tag"
)

// modelPairs are wide, since the posts of the model stand at hours.
var modelPairs = assess.PairsConfig{Window: 8 * time.Hour, Cap: 2}

type modelShare struct {
	object        string
	post, account uuid.UUID
	ms            int64
}

// pairs are the pairs and the mass shares that the visible posts make, each with
// each.
func (m *model) pairs() (pairs, mass string) {
	var shares []modelShare
	for _, p := range m.visible() {
		for i := range p.Links {
			shares = append(shares, modelShare{p.Links[i].URL, p.PostID, p.AccountID, p.CreatedMS})
		}
	}
	window := modelPairs.Window.Milliseconds()
	isMass := func(s modelShare) bool {
		before := -1 // Itself.
		for _, o := range shares {
			if o.object == s.object && o.ms <= s.ms && o.ms >= s.ms-window {
				before++
			}
		}
		return before > modelPairs.Cap
	}
	var lines []string
	hours := map[string]int{}
	for i, a := range shares {
		if isMass(a) {
			hours[fmt.Sprintf("%d\t%s", rows.Hour(a.ms), a.object)]++
			continue
		}
		for _, b := range shares[i+1:] {
			if a.object != b.object || a.post == b.post || max(a.ms-b.ms, b.ms-a.ms) > window || isMass(b) {
				continue
			}
			older, newer := a, b
			if b.ms < a.ms || b.ms == a.ms && (bytes.Compare(b.account[:], a.account[:]) < 0 || b.account == a.account && bytes.Compare(b.post[:], a.post[:]) < 0) {
				older, newer = b, a
			}
			lines = append(lines, fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%d\t%d\t%v", older.object, older.post, newer.post, older.account, newer.account, older.ms, newer.ms-older.ms, older.account == newer.account))
		}
	}
	slices.Sort(lines)
	var masses []string
	for at, n := range hours {
		masses = append(masses, fmt.Sprintf("%s\t%d", at, n))
	}
	slices.Sort(masses)
	return strings.Join(lines, "\n"), strings.Join(masses, "\n")
}

// paired asks the store for the same, of one world.
func paired(t fatal, e *enginetest.Engine, w world) (pairs, mass string) {
	from, to := w.span()
	lines := func(query string) string {
		got, err := e.Ask(engine.RoleOwner, query)
		if err != nil {
			t.Fatal(err)
		}
		list := strings.Split(strings.TrimSpace(got), "\n")
		slices.Sort(list)
		return strings.Join(list, "\n")
	}
	pairs = lines(fmt.Sprintf(`SELECT object_id, post_id, post_id_newer, account_id, account_id_newer, toUnixTimestamp64Milli(created_at), toUInt32(round(time_delta * 1000)), self
		FROM observatory.pairs WHERE created_at_newer >= fromUnixTimestamp64Milli(%d) AND created_at_newer < fromUnixTimestamp64Milli(%d)`, from, to))
	mass = lines(fmt.Sprintf(`SELECT toUInt32(hour), object_id, shares FROM observatory.mass_shares
		WHERE hour >= fromUnixTimestamp64Milli(%d) AND hour < fromUnixTimestamp64Milli(%d)`, from, to))
	return pairs, mass
}

// sharing is a post of an account of its own that links to one page, so many
// minutes into a day.
func sharing(n, minute int) tag.Post {
	p := linking(n, 0, "example.org")
	p.AccountID = uuid.UUID{1, byte(n), 0, 0, 0, 0, 0x80, 0, 0x80}
	ms := day(2000).UnixMilli() + int64(minute)*time.Minute.Milliseconds()
	p.ClaimedMS, p.CreatedMS, p.CollectedMS, p.ImportedMS = ms, ms, ms+1, ms+1
	return p
}

// What comes late changes the pairs of the hours after it, and what was shared
// long before says whether a share is one of many.
func TestPairsAcrossHours(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Minute)
	cfg := assess.DefaultConfig()
	cfg.Idle = 0
	runner, err := assess.New(cfg, b.store, assess.Work{Later: []assess.Method{assess.NewPairs(b.store.DB(), assess.PairsConfig{Window: time.Hour, Cap: 1})}}, zap.NewNop(), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	w := b.store.NewWriter()
	next := uint64(0)
	expect := func(pairs, mass string, minutes ...int) {
		t.Helper()
		for _, minute := range minutes {
			deliverPosts(t.Context(), t, w, "pairs", next, []tag.Post{sharing(int(next), minute)})
			next++
		}
		if _, err := runner.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
		const minute = "toString(dateDiff('minute', toStartOfDay(created_at), "
		if got := b.ask(t, "SELECT groupArray(p) FROM (SELECT concat("+minute+"created_at)), '-', "+minute+"created_at_newer))) AS p FROM observatory.pairs ORDER BY created_at, created_at_newer)"); got != pairs {
			t.Errorf("pairs are %s, not %s", got, pairs)
		}
		if got := b.ask(t, "SELECT groupArray(concat(toString(toHour(hour)), ':', toString(shares))) FROM (SELECT * FROM observatory.mass_shares ORDER BY hour)"); got != mass {
			t.Errorf("mass shares are %s, not %s", got, mass)
		}
	}
	expect("['650-670']", "[]", 650, 670)
	expect("['640-650']", "['11:1']", 640) // Late: two others are within the hour before 670 now.
	expect("['570-580','580-640','640-650']", "['11:1']", 570, 580)
	expect("['570-580']", "['10:3','11:1']", 620) // It has two before it, as all after it do now.
	const day = 24 * 60
	expect("['570-580','570-580']", "['10:3','11:1','10:1']", day+570, day+580, day+605)
	expect("['570-580','570-580']", "['10:3','11:1','10:1']", day+665) // Its one partner is a mass share, for what an hour that is not computed holds.
}
