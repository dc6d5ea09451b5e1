package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/election-observatory/observatory/demo"
	"github.com/election-observatory/observatory/internal/app"
)

var update = flag.Bool("update", false, "write the golden files anew")

const demoPosts = "5000"

// layout is a report without its figures: what stays when another week is told.
func layout(out string) string {
	out, _, _ = strings.Cut(out, "\nNext\n")
	for _, r := range [][2]string{{`[0-9][0-9,.:]*`, "0"}, {`[█▏▎▍▌▋▊▉▄][█▏▎▍▌▋▊▉▄_! ]*`, "█ "}, {`( 0)+( 0)`, " 0"}, {` {2,}`, "  "}, {` +\n`, "\n"}} {
		out = regexp.MustCompile(r[0]).ReplaceAllString(out, r[1])
	}
	return out
}

var checked = regexp.MustCompile(`(?m)^  ([a-z -]+?) +([0-9,]+) +(!?=) +([0-9,]+)`)

func TestTheDemoFindsWhatItPlanted(t *testing.T) {
	t.Parallel()
	p := newBuilt(t)
	out := p.run("demo", "--posts", demoPosts, "--seed", "7")
	checks := checked.FindAllStringSubmatch(out, -1)
	if len(checks) != 21 {
		t.Errorf("%d lines of planted against found, not 21", len(checks))
	}
	for _, c := range checks {
		if c[3] != "=" || c[2] != c[4] || c[2] == "0" {
			t.Errorf("%s: %s planted, %s found", c[1], c[2], c[4])
		}
	}
	for i, line := range strings.Split(out, "\n") {
		if n := len([]rune(line)); n > 100 && !strings.Contains(line, p.data) {
			t.Errorf("line %d has %d columns: %s", i+1, n, line)
		}
	}
	path := filepath.Join("testdata", "demo.golden")
	if *update {
		if err := os.WriteFile(path, []byte(layout(out)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if layout(out) != string(want) {
		t.Errorf("the report is laid out as\n%s\nnot as in %s", layout(out), path)
	}
	p.checkDemo()
	again := p.run("demo")
	before, _, _ := strings.Cut(out, "\nTimes\n")
	after, _, _ := strings.Cut(again, "\nTimes\n")
	if before != after || strings.Contains(again, "in the log") {
		t.Errorf("told again it is\n%s", again)
	}
	p.serveDemo()
	p.refused(2, "holds the demo of seed 7 with 5000 posts", "demo", "--seed", "8")
	p.refused(2, "give another directory", "demo", "--posts", "6000")
}

// checkDemo compares the store with the plan by other ways than the report's.
func (p *program) checkDemo() {
	p.clusterHasItsEvidence()
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.data, "demo", "plan.json"))
	if err != nil {
		p.t.Fatal(err)
	}
	var plan demo.Plan
	if err := json.Unmarshal(text, &plan); err != nil {
		p.t.Fatal(err)
	}
	if !plan.Complete || plan.Seed != 7 || plan.Wanted != 5_000 || plan.Counts.Written != 5_000 {
		p.t.Errorf("the plan says %+v", plan.Counts)
	}
	for sql, want := range map[string]uint64{
		"SELECT sum(posts) FROM hourly WHERE query = '' AND source_class = ''":                                                    plan.Counts.Posts,
		"SELECT sum(links) FROM hourly WHERE query = '' AND source_class != ''":                                                   plan.Counts.Rated,
		"SELECT count() FROM links WHERE source_class = 'conspiracy' AND lang = 'es'":                                             sumOf(plan.Counts.ByHour["es"]["conspiracy"]),
		"SELECT count() FROM links WHERE domain = 'prawda-na-dzis.example' AND (source_class = '') = (created_at < '2024-06-07')": 0,
		"SELECT uniqExact(network) FROM links WHERE domain IN ('la-controvoce.example', 'controvoce-libera.example')":             1,
		"SELECT count() FROM links WHERE domain = 'wakker-nieuws.example' AND length(raters) != 2":                                0,
		"SELECT count() > 0 FROM links WHERE source_class = 'unreliable' AND domain = 't.me'":                                     1,
		"SELECT uniqExact(source_class) FROM links WHERE domain = 'abendpost.example'":                                            2,
		"SELECT uniqExact(hour) FROM hourly":                                                                                      7 * 24,
		"SELECT count() FROM posts WHERE created_at < '2024-06-03' OR created_at >= '2024-06-10'":                                 0,
		"SELECT count() FROM coverage":                                                         5 * 7 * 24 * 60,
		"SELECT sum(received) - sum(emitted) FROM coverage":                                    0,
		"SELECT count() > 100 FROM accounts WHERE followers > 0":                               1,
		"SELECT uniqExact(arrayJoin(queries)) FROM posts":                                      10,
		"SELECT count() > 5 FROM (SELECT lang FROM posts GROUP BY lang HAVING count() >= 100)": 1,
	} {
		if got := p.ask(sql); got != strconv.FormatUint(want, 10) {
			p.t.Errorf("%s: %s, not %d", sql, got, want)
		}
	}
	ring := plan.Campaigns[1]
	quoted := "'" + strings.Join(ring.Accounts, "', '") + "'"
	if got := p.ask("SELECT count() FROM posts WHERE account_id IN (SELECT account_id FROM identities WHERE native_id IN ("+quoted+"))", "--user", "custodian"); got != strconv.Itoa(ring.Posts) {
		p.t.Errorf("the accounts of the %s have %s posts, not %d", ring.Name, got, ring.Posts)
	}
}

// serveDemo keeps the demo up, asks it, and ends it.
func (p *program) serveDemo() {
	p.t.Helper()
	cmd := p.command("demo", "--serve", "--listen-clickhouse=127.0.0.1:0", "--listen-page=127.0.0.1:0", "--listen-kafka=127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	told := ""
	for lines := bufio.NewScanner(out); told == "" && lines.Scan(); {
		if strings.Contains(lines.Text(), "stays up") {
			told = lines.Text()
		}
	}
	ends, ok := app.Dir(p.data).ReadEndpoints()
	if !ok || !strings.Contains(told, ends.ClickHouse) || !strings.Contains(told, ends.Page) || !answers(p.t.Context(), ends.ClickHouse+"/ping") {
		p.t.Errorf("it says %q, and its addresses are %+v", told, ends)
	}
	if got := p.ask("SELECT count() > 4000 FROM posts"); got != "1" {
		p.t.Errorf("asked while it is up, it answers %s", got)
	}
	_ = cmd.Process.Signal(syscall.SIGINT)
	if err := cmd.Wait(); err != nil {
		p.t.Errorf("it ends with %v", err)
	}
}

func TestTheDemoLeavesAStudyAlone(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.refused(2, "from 5000 to", "demo", "--posts", "4999")
	archive, err := filepath.Abs("../../collectors/archive/testcases/twitter-v1-posts/in.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	p.imports("twitter-v1", archive)
	p.refused(2, "holds a study and no demo", "demo", "--posts", demoPosts)
	if _, err := os.Stat(filepath.Join(p.data, "demo")); err == nil {
		t.Error("it left something behind")
	}
}

func sumOf(series demo.Series) uint64 {
	sum := uint64(0)
	for _, n := range series {
		sum += n
	}
	return sum
}

// clusterHasItsEvidence checks that the posts of a cluster are told, with their texts.
func (p *program) clusterHasItsEvidence() {
	p.t.Helper()
	id, posts, _ := strings.Cut(p.ask("SELECT cluster_id, sum(posts) FROM text_clusters GROUP BY cluster_id ORDER BY sum(posts) DESC, cluster_id LIMIT 1"), "\t")
	var told struct {
		Parts []evidencePart `json:"parts"`
	}
	if err := json.Unmarshal([]byte(p.run("evidence", id, "--json")), &told); err != nil {
		p.t.Fatal(err)
	}
	rows := told.Parts[len(told.Parts)-1].Rows
	if fmt.Sprint(len(rows)) != posts || rows[0][len(rows[0])-1] == "" {
		p.t.Errorf("cluster %s has %s posts, told are %d", id, posts, len(rows))
	}
}
