package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// Evidence of a network names its accounts, what they shared and with which posts.
func TestEvidence(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	rng := rand.New(rand.NewPCG(1, 1))
	var table strings.Builder
	table.WriteString("object_id,account_id,content_id,timestamp_share\n")
	const begin = 1_717_372_800 // 3 June 2024.
	for i := range 3000 {
		fmt.Fprintf(&table, "https://o.example/%d,a%d,c%d,%d\n", rng.IntN(400), rng.IntN(500), i, begin+rng.IntN(86_400))
	}
	for link := range 8 {
		at := begin + rng.IntN(80_000)
		for account := range 6 {
			fmt.Fprintf(&table, "https://planted.example/%d,n%d,p%d-%d,%d\n", link, account, link, account, at+rng.IntN(10))
		}
	}
	p.imports("shares-csv", "--platform", "x", "--object", "url", written(t, "shares.csv", table.String()))
	networks := p.ask("SELECT network_id, accounts, objects, posts FROM networks")
	id, rest, _ := strings.Cut(networks, "\t")
	if rest != "6\t8\t48" {
		t.Fatalf("networks are %s", networks)
	}
	var told struct {
		Parts []evidencePart `json:"parts"`
	}
	if err := json.Unmarshal([]byte(p.run("evidence", id, "--json")), &told); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{1, 6, 15, 8, 0, 0, 48} {
		if part := told.Parts[i]; len(part.Rows) != want && i != 4 {
			t.Errorf("%s: %d rows, not %d", part.Title, len(part.Rows), want)
		}
	}
	for _, part := range told.Parts { // The statement gives what is told.
		if got := p.ask("SELECT count() FROM (" + part.SQL + ")"); got != fmt.Sprint(len(part.Rows)) {
			t.Errorf("%s: the statement gives %s rows, told are %d", part.Title, got, len(part.Rows))
		}
	}
	account := told.Parts[1].Rows[0][1]
	if out := p.run("evidence", strings.ToUpper(account)); !strings.Contains(out, id) || !strings.Contains(out, "planted.example/3") || strings.Count(out, "## ") != 7 {
		t.Errorf("of an account it tells\n%s", out)
	}
	p.refused(2, "is neither", "evidence", "n1")
	p.refused(1, "has nothing that is called", "evidence", "0123456789abcdef")
}
