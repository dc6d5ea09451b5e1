package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A directory that is restored answers as the one that was copied did, with the same
// pseudonyms, and goes on from there; a damaged copy is refused.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	p, folder := newProgram(t), t.TempDir()
	posts := func(from, n int) string {
		var b strings.Builder
		for i := from; i < from+n; i++ {
			fmt.Fprintf(&b, `{"did":"did:plc:fixture%03d","time_us":1717400000000000,"kind":"commit","commit":{"rev":"3ku","operation":"create","collection":"app.bsky.feed.post","rkey":"3kujzzjl%05d","cid":"c","record":{"$type":"app.bsky.feed.post","createdAt":"2024-06-03T08:00:00Z","text":"post %d https://a.example/%d"}}}`+"\n", i%7, i+22222, i, i%5)
		}
		return b.String()
	}
	p.imports("jetstream", written(t, "first.jsonl", posts(0, 300)))
	_, stop := p.up()
	out := p.run("backup", folder) // While it runs.
	backup, _, _ := strings.Cut(out, ":")
	const what = "SELECT count(), uniqExact(account_id), sum(cityHash64(toString(post_id), toString(account_id), text)), (SELECT sum(posts) FROM hourly WHERE query = ''), (SELECT count() FROM pairs) FROM posts"
	before := p.ask(what)
	p.imports("jetstream", written(t, "second.jsonl", posts(300, 50)))
	stop()
	if after := p.ask("SELECT count() FROM posts"); after != "350" || !strings.HasPrefix(before, "300\t7\t") {
		t.Fatalf("%s posts, and before %s", after, before)
	}
	q := newProgram(t)
	q.run("restore", backup)
	if diff := cmp.Diff(before, q.ask(what)); diff != "" {
		t.Errorf("restored it answers otherwise (-before +restored):\n%s", diff)
	}
	if got := q.ask("SELECT count() FROM post_refs WHERE native_id != ''", "--user", "custodian"); got != "300" {
		t.Errorf("the custodian sees %s posts", got)
	}
	q.imports("jetstream", written(t, "second.jsonl", posts(300, 50)))
	if got := q.ask("SELECT count(), sum(cityHash64(toString(post_id))) FROM posts"); got != p.ask("SELECT count(), sum(cityHash64(toString(post_id))) FROM posts") {
		t.Errorf("after the rest came it has %s", got)
	}
	q.refused(exitUsage, "has a store already", "restore", backup)
	damaged := newProgram(t)
	key := filepath.Join(backup, "keys", "study.key")
	text, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	text[0] ^= 1
	if err := os.WriteFile(key, text, 0o600); err != nil {
		t.Fatal(err)
	}
	damaged.refused(exitFailed, "keys/study.key is not what was copied", "restore", backup)
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	damaged.refused(exitFailed, "keys/study.key is missing", "restore", backup)
	damaged.refused(exitUsage, "is no backup", "restore", t.TempDir())
}
