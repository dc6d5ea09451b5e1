package assess_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
	"github.com/election-observatory/observatory/processors/assess"
	"github.com/election-observatory/observatory/processors/store/rows"
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
