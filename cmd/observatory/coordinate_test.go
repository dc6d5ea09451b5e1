package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// coordinates runs coordinate and returns its summary.
func (p *program) coordinates(args ...string) coordinated {
	p.t.Helper()
	var sum coordinated
	if err := json.Unmarshal([]byte(p.run(append([]string{"coordinate", "--json"}, args...)...)), &sum); err != nil {
		p.t.Fatal(err)
	}
	return sum
}

// What CooRTweet 2.1.3 answers for the shares of its package.
func TestCoordinateAnswersAsCooRTweet(t *testing.T) {
	t.Parallel()
	p, file := newProgram(t), testData(t, shares)
	for _, c := range []struct {
		window, least          string
		pairs, accounts, above uint64
		edges                  int
	}{
		{"10s", "1", 1098, 1525, 5, 1092},
		{"10", "2", 447, 525, 4, 442},
		{"10s", "5", 22, 23, 1, 20},
		{"1m", "1", 6281, 3954, 63, 6206},
		{"60", "2", 3791, 2110, 60, 3721},
		{"60s", "5", 1235, 772, 36, 1193},
	} {
		got := p.coordinates(file, "--mode", "coortweet", "--window", c.window, "--min-participation", c.least)
		if got.Pairs != c.pairs || got.Accounts != c.accounts || got.Edges != c.edges || *got.Above != c.above || got.Rows != 35_125 {
			t.Errorf("window %s, minimum participation %s: %+v, above %d", c.window, c.least, got, *got.Above)
		}
	}
	if got := p.coordinates(file, "--mode", "qut", "--window", "60", "--min-weight", "1"); got.Edges < 2*6206-63 || got.Above != nil {
		t.Errorf("the toolkit's edges: %+v", got)
	}
}

func TestCoordinateWritesAndRefuses(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	table := written(t, "shares.csv", "content_id,account_id,object_id,timestamp_share,more\nc1,a,o,2024-06-09T20:00:00Z,x\nc2,b,o,1717963205,x\nc3,b,,1,x\nc4,,o,1,x\nc5,b,o,soon,x\nshort,row\n")
	e := p.runWith("", "coordinate", table, "--mode", "coortweet", "--min-participation", "1", "--pairs", at("p.csv"), "--edges", at("e.csv"), "--graph", at("g.gexf"))
	if e.code != 0 || !strings.Contains(e.out, "rows left out") || strings.Count(e.errs, "is left out") != 4 {
		t.Errorf("it ends with %d and says\n%s%s", e.code, e.out, e.errs)
	}
	for name, want := range map[string]string{
		"p.csv": "object_id,content_id,content_id_y,time_delta,account_id,account_id_y\no,c1,c2,5,a,b\n",
		"e.csv": "account_a,account_b,weight,avg_time_delta,symmetry,above_threshold\na,b,1,5,1,0\n",
	} {
		if got, err := os.ReadFile(at(name)); err != nil || string(got) != want {
			t.Errorf("%s: %v: %s", name, err, got)
		}
	}
	for says, args := range map[string][]string{
		"no column timestamp_share": {written(t, "x.csv", "object_id,account_id,content_id\n")},
		"is empty":                  {written(t, "y.csv", "")},
	} {
		p.refused(1, says, append([]string{"coordinate"}, args...)...)
	}
	for says, args := range map[string][]string{
		"absent.csv": {"absent.csv"}, "--window": {table, "--window", "soon"}, "--mode": {table, "--mode", "loose"}, "--graph": {table, "--graph", "x.png"},
		"--pairs": {table, "--mode", "qut", "--pairs", "x"}, "--cap": {table, "--mode", "qut", "--cap", "3"}, "--edge-weight": {table, "--edge-weight", "2"},
		"--fast-window": {table, "--fast-window", "3"}, "shorter": {table, "--mode", "coortweet", "--fast-window", "3h"}, "cannot be written": {table, "--edges", "/nowhere/e.csv"},
		"--min-weight": {table, "--min-weight", "0"}, "--min-participation": {table, "--min-participation=-1"},
	} {
		p.refused(2, says, append([]string{"coordinate"}, args...)...)
	}
}
