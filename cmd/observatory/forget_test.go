package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/election-observatory/observatory/processors/store"
)

const (
	objector = "did:plc:objector23456789abcdef"
	witness  = "did:plc:witness234567890abcdef"
)

// record is a post of Bluesky.
func record(did, rkey, text, more string) string {
	return fmt.Sprintf(`{"did":%q,"time_us":1717400000000000,"kind":"commit","commit":{"rev":"3ku","operation":"create","collection":"app.bsky.feed.post","rkey":%q,"cid":"c","record":{"$type":"app.bsky.feed.post","createdAt":"2024-06-03T08:00:00Z","text":%q%s}}}`+"\n", did, rkey, text, more)
}

// said are what the objector wrote, and others of and to them, among them input that
// cannot be used.
func said() string {
	var b strings.Builder
	for i := range 20 {
		link := fmt.Sprintf(`,"embed":{"$type":"app.bsky.embed.external","external":{"uri":"https://a.example/%d","title":"","description":""}}`, i)
		b.WriteString(record(objector, fmt.Sprintf("3kujzzjl%05d", 22222+i), fmt.Sprintf("a text of the objector that says more than a word, %d", i), link))
		b.WriteString(record(witness, fmt.Sprintf("3kujzzjm%05d", 22222+i), fmt.Sprintf("what the witness says of it, at some length, %d", i), link))
	}
	b.WriteString(record(witness, "3kujzzjn22222", "hello @objector.example",
		`,"facets":[{"index":{"byteStart":6,"byteEnd":23},"features":[{"$type":"app.bsky.richtext.facet#mention","did":"`+objector+`"}]}]`))
	b.WriteString(`{"did":"` + objector + `","time_us":"not a number"}` + "\n")
	return b.String()
}

// What is forgotten is in no relation and in no file, nor does it come back.
func TestForget(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	archive := written(t, "said.jsonl", said())
	p.imports("jetstream", archive)
	_, stop := p.up()
	const counts = "SELECT count(), uniqExact(account_id), (SELECT sum(posts) FROM hourly WHERE query = '' AND source_class = ''), (SELECT count() FROM actions), (SELECT count() FROM pairs) > 0 FROM posts"
	before := p.ask(counts)
	if before != "41\t2\t41\t81\t1" {
		t.Fatalf("before: %s", before)
	}
	if got := p.run("forget", "--check", "--account", "bluesky:"+objector); !strings.Contains(got, "posts    20") || p.ask(counts) != before {
		t.Errorf("a check says %q and leaves %s", got, p.ask(counts))
	}
	if !inFiles(t, p.data, objector) {
		t.Error("no file holds the account before: the test sees nothing")
	}
	var done forgotten
	if err := json.Unmarshal([]byte(p.run("forget", "--json", "--account", "bluesky:"+objector)), &done); err != nil {
		t.Fatal(err)
	}
	held := map[string]uint64{}
	for i, trace := range done.Before {
		held[trace.Relation] = trace.Rows
		if left := done.After[i]; left.Rows != 0 {
			t.Errorf("%s still holds %d", left.Relation, left.Rows)
		}
	}
	for _, relation := range []string{"posts", "links", "actions", "identities", "post_refs", "pairs", "account_scores", "rejects"} {
		if held[relation] == 0 {
			t.Errorf("%s held nothing before", relation)
		}
	}
	const after = "21\t1\t21\t41\t0"
	if got := p.ask(counts); got != after {
		t.Errorf("after: %s", got)
	}
	if got := p.ask("SELECT count(), countIf(text != ''), countIf(position(raw_text, 'objector.example') > 0) FROM posts JOIN post_refs USING (platform, post_id) WHERE hasAny(mentions, (SELECT groupArray(account_id) FROM tombstones))", "--user", "custodian"); got != "1\t1\t0" {
		t.Errorf("of the post that names them: %s", got)
	}
	if inFiles(t, filepath.Join(p.data, "log"), objector) {
		t.Error("the log's files still hold the account")
	}
	// It does not come back, by nothing.
	imported := p.imports("jetstream", "--json", written(t, "again.jsonl", said()+record(objector, "3kujzzjp22222", "something new", "")))
	if imported.Stored != 0 {
		t.Errorf("imported again, %d posts came back", imported.Stored)
	}
	p.run("assess", "--from", "2024-06-03", "--to", "2024-06-04")
	if got := p.ask(counts); got != after {
		t.Errorf("imported again: %s", got)
	}
	if got := p.ask("SELECT (SELECT count() FROM identities WHERE native_id = '"+objector+"'), (SELECT count() FROM rejects WHERE position(raw, '"+objector+"') > 0)", "--user", "custodian"); got != "0\t1" {
		t.Errorf("identities and rejects of what came again: %s", got)
	}
	stop()
	again := p.ask(counts)
	if again != after {
		t.Errorf("after a restart: %s", again)
	}
}

// A single post goes by its id, its address or its pseudonym, and what is not known is
// hidden should it come.
func TestForgetPosts(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	archive := written(t, "said.jsonl", said())
	p.imports("jetstream", archive)
	at := func(rkey string) string { return "at://" + objector + "/app.bsky.feed.post/" + rkey }
	pseudonym := p.ask("SELECT post_id FROM post_refs WHERE native_id = '"+at("3kujzzjl22224")+"'", "--user", "custodian")
	address := p.ask("SELECT permalink FROM post_refs WHERE native_id = '"+at("3kujzzjl22223")+"'", "--user", "custodian")
	list := written(t, "objections.txt", "# From two letters\npost bluesky:"+at("3kujzzjl22222")+"\npost\t"+address+"\n\npost, "+pseudonym+"\npost bluesky:"+at("3kuzzzzzzzzzz")+"\n")
	out := p.run("forget", "--file", list)
	if !strings.Contains(out, "posts       3    0") || !strings.Contains(out, "nothing was known of bluesky:"+at("3kuzzzzzzzzzz")) {
		t.Errorf("it reports\n%s", out)
	}
	p.imports("jetstream", written(t, "late.jsonl", said()+record(objector, "3kuzzzzzzzzzz", "late", "")))
	if got := p.ask("SELECT count(), (SELECT sum(posts) FROM hourly WHERE query = '' AND source_class = '') FROM posts"); got != "38\t38" {
		t.Errorf("left: %s", got)
	}
	p.refused(exitUsage, "say who or what", "forget")
	p.refused(exitUsage, "line 1: begin it with the word account or post", "forget", "--file", written(t, "bad.txt", "x:@somebody\n"))
	p.refused(exitUsage, "nothing is known of somebody: say the platform", "forget", "--account", "somebody")
}

// inFiles says whether a file below a directory holds a text.
func inFiles(t *testing.T, dir, text string) bool {
	t.Helper()
	found := false
	if err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil //nolint:nilerr // The engine removes files meanwhile.
		}
		if data, err := os.ReadFile(path); err == nil {
			found = found || strings.Contains(string(data), text)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestWhoIsMeant(t *testing.T) {
	t.Parallel()
	list, err := readWanted([]string{"x:@Somebody", "telegram/-100123", "did:plc:abc", "x: 42"}, []string{"bluesky:at://did:plc:abc/app.bsky.feed.post/1", "https://x.com/a/status/1"}, "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range list {
		got = append(got, fmt.Sprintf("%v %v %s %q", w.post, w.handle, w.platform.Name(), w.name))
	}
	want := []string{
		`false true x "Somebody"`, `false false telegram "-100123"`, `false false  "did:plc:abc"`, `false false x "42"`,
		`true false bluesky "at://did:plc:abc/app.bsky.feed.post/1"`, `true false  "https://x.com/a/status/1"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if known := oneplatform(&list[2], []store.Subject{{Platform: "bluesky"}, {Platform: "x"}}); known == nil || !strings.Contains(known.Error(), "several platforms") {
		t.Errorf("a name of two platforms: %v", known)
	}
}
