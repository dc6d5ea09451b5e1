package main

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	ira       = "campaign/ira_german_2017.csv.gz"
	twitterV1 = "platforms/twitter_v11_stream.jsonl.gz"
	jetstream = "platforms/jetstream_v1_events.jsonl"
	shares    = "coordination/russian_coord_tweets.csv.gz"
)

func TestTheIRAArchiveLeavesItsPostsOnceHoweverOftenItIsRead(t *testing.T) {
	t.Parallel()
	p, file := newBuilt(t), testData(t, ira)
	first := p.imports("ira-csv", file)
	if first.Read != 55834 || first.Stored != 55646 || first.Duplicate != 188 || len(first.Rejected) > 0 {
		t.Errorf("%+v", first)
	}
	if again := p.imports("ira-csv", file); again.Read != 55834 || again.Stored != 0 {
		t.Errorf("again: %+v", again)
	}
	if got := p.ask("SELECT count(), countIf(platform = 'x'), toDate(min(created_at)), toDate(max(created_at)) FROM posts"); got != "55646\t55646\t2017-01-01\t2017-09-30" {
		t.Error(got)
	}
	if got := p.ask("SELECT sum(posts) FROM hourly WHERE query = '' AND source_class = ''"); got != "55646" {
		t.Errorf("hourly counts %s posts", got)
	}
	// All but two of its links are shortened: nothing can be said of shares, and the answer says so.
	got := p.ask("SELECT links, share IS NULL, rated_share, round(unresolved_share, 4), note FROM source_shares(from = '2017-01-01', to = '2017-10-01', by = 'all')")
	if !strings.HasPrefix(got, "94574\t1\t0\t1\tNo link leads to a rated source; of ") || !strings.HasSuffix(got, "nothing can be said of shares.") {
		t.Errorf("shares are %s", got)
	}
	theCookbookIsAnswered(t, p)
}

func TestTheTwitterStreamIsTheSameInAnyOrderOfFiles(t *testing.T) {
	t.Parallel()
	file := testData(t, twitterV1)
	whole := newProgram(t)
	if sum := whole.imports("twitter-v1", file); sum.Read != 478 || sum.Deleted != 4 || sum.Stored != 471 {
		t.Errorf("%+v", sum)
	}
	const counts = "SELECT (SELECT count() FROM posts), (SELECT count() FROM tombstones), (SELECT sum(posts) FROM hourly WHERE query = '' AND source_class = '')"
	if got := whole.ask(counts); got != "471\t4\t471" {
		t.Error(got)
	}
	lines := readLines(t, file)
	rand.New(rand.NewPCG(7, 0)).Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	parts := newProgram(t)
	if err := os.CopyFS(filepath.Join(parts.data, "keys"), os.DirFS(filepath.Join(whole.data, "keys"))); err != nil {
		t.Fatal(err)
	}
	var files []string
	for n := range 3 {
		path := filepath.Join(t.TempDir(), "part.jsonl")
		var b strings.Builder
		for i := n; i < len(lines); i += 3 {
			b.WriteString(lines[i] + "\n")
		}
		if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	parts.imports("twitter-v1", files[2], files[0], files[1])
	for _, table := range []string{"posts", "links", "actions", "tombstones", "hourly"} {
		query := "SELECT * EXCEPT " + map[string]string{
			"posts": "(source, imported_at, _partition, _offset)", "tombstones": "(source)", "links": "('')", "actions": "('')", "hourly": "('')",
		}[table] + " FROM " + table + " ORDER BY ALL"
		query = strings.ReplaceAll(query, " EXCEPT ('')", "")
		if diff := cmp.Diff(whole.ask(query), parts.ask(query)); diff != "" {
			t.Errorf("%s differs", table)
		}
	}
}

func TestEveryJetstreamEventIsAccountedFor(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	sum := p.imports("jetstream", testData(t, jetstream))
	var kinds uint64
	for _, n := range sum.Kinds {
		kinds += n
	}
	if sum.Read != 152 || kinds != 152 || sum.Kinds["like"] != 105 || sum.Kinds["follow"] != 6 || len(sum.Rejected) > 0 {
		t.Errorf("%+v", sum)
	}
	if got := p.ask("SELECT countIf(kind != 'repost'), countIf(kind = 'repost') FROM posts"); got != "17\t15" {
		t.Error(got)
	}
	if got := p.ask("SELECT sum(received) FROM coverage"); got != "152" {
		t.Errorf("coverage has %s events", got)
	}
}

func TestSharesBecomePostsAndActions(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	sum := p.imports("shares-csv", "--platform", "x", "--object", "url", testData(t, shares))
	if sum.Read != 35125 || sum.Stored+sum.Duplicate != 35125 || sum.Duplicate < 40 {
		t.Errorf("%+v", sum)
	}
	posts := p.ask("SELECT count() FROM posts")
	if posts != fmt.Sprint(sum.Stored) {
		t.Errorf("%s posts, and %d were stored", posts, sum.Stored)
	}
	if got := p.ask("SELECT uniqExact(object_id, account_id, post_id, created_at) = count() AND count() >= " + posts + " FROM actions WHERE kind = 'url'"); got != "1" {
		t.Error("actions repeat, or are missing")
	}
}

func TestWhatCannotBeReadIsCountedOrSaid(t *testing.T) {
	t.Parallel()
	p, dir := newProgram(t), t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `{"did":"did:plc:fixture","time_us":1717400000000000,"kind":"commit","commit":{"rev":"3ku","operation":"create","collection":"app.bsky.feed.post","rkey":"3kujzzjl%05d","cid":"c","record":{"$type":"app.bsky.feed.post","createdAt":"2024-06-03T08:00:00Z","text":"x"}}}`+"\n", i+22222)
		}
		return b.String()
	}
	broken := write("broken.jsonl", good(3)+"{\"did\": 1\nnot json\n[]\n"+strings.Repeat(`{"a":`, 3000)+"\n"+good(5))
	sum := p.imports("jetstream", broken)
	if n := total(sum.Rejected); n != 4 || sum.Read != 8 || sum.Stored != 5 {
		t.Errorf("%+v", sum)
	}
	if got := p.ask("SELECT count(), uniqExact(reason) > 1 FROM rejects", "--user", "custodian"); got != "4\t1" {
		t.Errorf("rejects: %s", got)
	}
	p.refused(3, "4 records were rejected", "import", "--format", "jetstream", "--strict", broken)
	p.refused(2, "nonsense", "import", "--format", "nonsense", broken)
	p.refused(2, "absent.jsonl", "import", "--format", "jetstream", filepath.Join(dir, "absent.jsonl"))
	p.refused(2, "--platform", "import", "--format", "shares-csv", broken)
	p.refused(1, "broken.jsonl", "import", "--format", "twitter-v1", write("other/../broken.jsonl", strings.Repeat("no tweet\n", 50)))
	huge := write("huge.jsonl", good(2)+strings.Repeat("x", 300<<20)+"\n"+good(4))
	if sum := p.imports("jetstream", huge); sum.Rejected["too_large"] != 1 || sum.Read != 6 {
		t.Errorf("a line of 300 MB: %+v", sum)
	}
}

func TestATruncatedArchiveIsSaidAndWhatStandsBeforeIsKept(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	whole, err := os.ReadFile(testData(t, twitterV1))
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.jsonl.gz")
	if err := os.WriteFile(cut, whole[:100_000], 0o600); err != nil {
		t.Fatal(err)
	}
	p.refused(1, "cut.jsonl.gz", "import", "--format", "twitter-v1", cut)
	if got := p.ask("SELECT count() >= 50 FROM posts"); got != "1" {
		t.Error("what stands before the cut is not kept")
	}
}

func TestAnImportThatIsKilledGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	calm, file := newBuilt(t), testData(t, ira)
	calm.imports("ira-csv", file)
	const rows = "SELECT count(), sum(cityHash64(toString(post_id), toString(account_id), text, toString(created_at))) FROM posts"
	p := newBuilt(t)
	if err := os.CopyFS(filepath.Join(p.data, "keys"), os.DirFS(filepath.Join(calm.data, "keys"))); err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Log("seed", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 3 {
		cmd := p.command("import", "--format", "ira-csv", file)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(300+rng.IntN(3000)) * time.Millisecond)
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	}
	p.imports("ira-csv", file)
	if diff := cmp.Diff(calm.ask(rows), p.ask(rows)); diff != "" {
		t.Error(diff)
	}
}

func readLines(t *testing.T, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // It was only read.
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	scanner := bufio.NewScanner(z)
	scanner.Buffer(nil, 4<<20)
	for scanner.Scan() {
		lines = append(lines, scanner.Text())
	}
	return lines
}
