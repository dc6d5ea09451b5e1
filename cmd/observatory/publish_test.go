package main

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"crypto/sha256"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/mmcdole/gofeed"
	"github.com/parquet-go/parquet-go"

	"github.com/election-observatory/observatory/datasets"
	"github.com/election-observatory/observatory/internal/app"
)

// published reads the CSV of a release by its header.
func published(t *testing.T, folder, name string) (rows []map[string]string) {
	t.Helper()
	f, err := os.Open(filepath.Join(folder, name+".csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // It was only read.
	zipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(zipped).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range all[1:] {
		row := map[string]string{}
		for i, column := range all[0] {
			row[column] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// folderBytes are the files of a folder, but for some.
func folderBytes(t *testing.T, folder string, but ...string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if slices.Contains(but, entry.Name()) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[entry.Name()] = data
	}
	return files
}

// The demo's week is published, twice the same; nothing in it is of few accounts or names
// anybody; its numbers are those of the store; what is changed in it is found.
func TestPublish(t *testing.T) {
	t.Parallel()
	p, out := newBuilt(t), t.TempDir()
	p.run("demo", "--posts", "20000", "--seed", "3")
	began := time.Now()
	p.run("publish", "--week", "2024-W23", "--out", out)
	took := time.Since(began)
	folder := filepath.Join(out, "2024-W23-public")
	again := filepath.Join(t.TempDir(), "other")
	q := *p
	q.env = append(q.env, "TZ=Pacific/Auckland", "GOMAXPROCS=1")
	q.run("publish", "--week", "2024-W23", "--out", again)
	first := folderBytes(t, folder)
	for name, data := range folderBytes(t, filepath.Join(again, "2024-W23-public")) {
		if !bytes.Equal(data, first[name]) {
			t.Errorf("%s is another the second time", name)
		}
	}
	for name, data := range folderBytes(t, again, "2024-W23-public") { // Index, feed, the memo as PDF.
		if got, err := os.ReadFile(filepath.Join(out, name)); err != nil || !bytes.Equal(data, got) {
			t.Errorf("%s is another the second time: %v", name, err)
		}
	}
	if got := p.run("publish", "--week", "2024-W23", "--out", out); !strings.Contains(got, "nothing was changed") {
		t.Errorf("published over it: %q", got)
	}
	if got := p.ask("SELECT week, tier, files, checksum != '' FROM releases ORDER BY released_at LIMIT 1"); got != fmt.Sprintf("2024-W23\tpublic\t%d\t1", len(first)) {
		t.Errorf("the store knows of %q", got)
	}
	whenKilled(t, p, took, first)
	theNumbersAreTheStores(t, p, folder)
	nobodyIsNamed(t, p, first)
	theParquetIsTheCSV(t, folder)
	whatIsChangedIsFound(t, p, folder)
	defer theVettedTier(t, p) // It spoils the key.

	p.refused(exitUsage, "is no week", "publish", "--week", "2024-23")
	p.refused(exitUsage, "is no week", "publish")
	p.refused(exitUsage, "there is no tier", "publish", "--week", "2024-W23", "--tier", "secret")
	next := datasets.WeekOf(time.Now()).String()
	p.refused(exitUsage, "the week "+next+" is not over", "publish", "--week", next)
	p.refused(exitFailed, "2020-W01: there are no posts", "publish", "--week", "2020-W01", "--out", out)
	strict := written(t, "strict.yaml", "publication: {least_coverage: 1}\n")
	p.refused(exitFailed, "too much is missing", "publish", "--week", "2024-W23", "--config", strict, "--out", t.TempDir())
	gaps := t.TempDir()
	p.run("publish", "--week", "2024-W23", "--config", strict, "--out", gaps, "--gaps")
	if said := folderBytes(t, filepath.Join(gaps, "2024-W23-public")); !strings.Contains(string(said["memo.html"]), "Much is missing of this week") || !strings.Contains(string(said["datasheet.md"]), "below the 100.0 % that the study wants") {
		t.Error("a week with gaps does not say so")
	}
}

// whenKilled kills the program while it publishes, ever later: a release is not there, or
// complete. What was begun is made anew. Publishing took so long before.
func whenKilled(t *testing.T, p *program, took time.Duration, want map[string][]byte) {
	t.Helper()
	out := t.TempDir()
	folder := filepath.Join(out, "2024-W23-public")
	cut := 0
	for _, part := range []float64{0.4, 0.7, 0.85, 0.95} {
		publishing := p.start("publish", "--week", "2024-W23", "--out", out)
		select {
		case <-publishing.done:
		case <-time.After(time.Duration(part * float64(took))):
			cut++
			publishing.kill()
			<-publishing.done
		}
		if _, err := os.Stat(folder); err != nil {
			continue
		}
		if _, err := datasets.Verify(folder); err != nil {
			t.Errorf("cut off after %g of its time: %v", part, err)
		}
	}
	p.run("publish", "--week", "2024-W23", "--out", out)
	for name, data := range folderBytes(t, folder) {
		if !bytes.Equal(data, want[name]) {
			t.Errorf("%s is another after publishing was cut off %d times", name, cut)
		}
	}
	if cut == 0 {
		t.Error("nothing was cut off")
	}
}

func theNumbersAreTheStores(t *testing.T, p *program, folder string) {
	t.Helper()
	posts := 0
	for _, name := range []string{"posts_by_day", "posts_by_platform", "links_by_sphere", "shares_by_sphere", "domains", "queries"} {
		rows := published(t, folder, name)
		if len(rows) == 0 {
			t.Errorf("%s is empty", name)
		}
		for _, row := range rows {
			accounts, err := strconv.Atoi(row["accounts"])
			if err != nil || accounts < datasets.LeastAccounts {
				t.Errorf("%s: %v", name, row)
			}
			if name == "posts_by_day" {
				n, _ := strconv.Atoi(row["posts"])
				posts += n
			}
		}
	}
	if want := p.ask("SELECT count() FROM posts WHERE created_at >= '2024-06-03' AND created_at < '2024-06-10'"); strconv.Itoa(posts) != want {
		t.Errorf("%d posts are published, the store has %s", posts, want)
	}
	shares := map[string]string{}
	for line := range strings.Lines(p.ask("SELECT part || ' ' || source_class, links, accounts, round(share, 6), round(low, 6), round(high, 6) FROM source_shares(from = '2024-06-03', to = '2024-06-10', by = 'lang')")) {
		key, numbers, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		shares[key] = numbers
	}
	compared := 0
	for _, row := range published(t, folder, "shares_by_sphere") {
		if row["source_class"] == datasets.Other || row["sphere"] == datasets.Other {
			continue
		}
		if got, want := strings.Join([]string{row["links"], row["accounts"], row["share"], row["low"], row["high"]}, "\t"), shares[row["sphere"]+" "+row["source_class"]]; got != want {
			t.Errorf("%s, %s: %s, the store has %s", row["sphere"], row["source_class"], got, want)
		}
		compared++
	}
	if compared < 5 {
		t.Errorf("%d shares were compared", compared)
	}
}

// nobodyIsNamed looks for every id, handle and pseudonym of the store.
func nobodyIsNamed(t *testing.T, p *program, files map[string][]byte) {
	t.Helper()
	var all strings.Builder
	for name, data := range files {
		if zipped, err := gzip.NewReader(bytes.NewReader(data)); strings.HasSuffix(name, ".gz") && err == nil {
			if data, err = io.ReadAll(zipped); err != nil {
				t.Fatal(err)
			}
		}
		all.Write(data)
	}
	names := strings.Fields(p.ask("SELECT DISTINCT arrayJoin([native_id, handle, toString(account_id)]) AS x FROM identities WHERE length(x) > 5 UNION DISTINCT SELECT arrayJoin([native_id, toString(post_id)]) FROM post_refs WHERE platform != 'rss'", "--user", "custodian"))
	nothingExecutes(t, files)
	if len(names) < 20_000 {
		t.Errorf("only %d names were looked for", len(names))
	}
	// Names stand between what no id, handle or pseudonym has in it.
	words := map[string]bool{}
	for _, word := range strings.FieldsFunc(all.String(), func(r rune) bool { return strings.ContainsRune(" \t\r\n\x00,;\"'<>()[]{}|=", r) }) {
		words[word] = true
	}
	for _, name := range names {
		if words[name] {
			t.Errorf("the release has %q", name)
		}
	}
}

// nothingExecutes looks at every cell for what a spreadsheet would take for a formula.
func nothingExecutes(t *testing.T, files map[string][]byte) {
	t.Helper()
	cells := 0
	for name, data := range files {
		if !strings.HasSuffix(name, ".csv.gz") {
			continue
		}
		zipped, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		all, err := csv.NewReader(zipped).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range all {
			for _, cell := range line {
				if _, err := strconv.ParseFloat(cell, 64); err != nil && strings.ContainsAny(cell[:min(len(cell), 1)], "=+-@\t\r") {
					t.Errorf("%s has the cell %q", name, cell)
				}
				cells++
			}
		}
	}
	if cells == 0 {
		t.Error("there are no cells")
	}
}

func theParquetIsTheCSV(t *testing.T, folder string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, "domains.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	type domain struct {
		Domain   string `parquet:"domain"`
		Class    string `parquet:"source_class"`
		Links    int64  `parquet:"links"`
		Accounts int64  `parquet:"accounts"`
	}
	rows, err := parquet.Read[domain](bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	want := published(t, folder, "domains")
	if len(rows) != len(want) {
		t.Fatalf("%d rows in Parquet, %d in CSV", len(rows), len(want))
	}
	for i, row := range rows {
		if w := want[i]; row.Domain != w["domain"] || row.Class != w["source_class"] || strconv.FormatInt(row.Links, 10) != w["links"] || strconv.FormatInt(row.Accounts, 10) != w["accounts"] {
			t.Errorf("row %d: %+v and %v", i, row, w)
		}
	}
}

func whatIsChangedIsFound(t *testing.T, p *program, folder string) {
	t.Helper()
	if got := p.run("release", "verify", folder); !strings.Contains(got, "is complete") {
		t.Errorf("verify says %q", got)
	}
	for name, data := range folderBytes(t, folder) {
		path := filepath.Join(folder, name)
		data[len(data)/2] ^= 1
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := datasets.Verify(folder); err == nil || !strings.Contains(err.Error(), "is damaged") && name != datasets.Complete {
			t.Errorf("%s was changed, and verify says %v", name, err)
		}
		data[len(data)/2] ^= 1
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(folder, "memo.html")); err != nil {
		t.Fatal(err)
	}
	p.refused(exitFailed, "memo.html is missing", "release", "verify", folder)
	if err := os.Remove(filepath.Join(folder, datasets.Complete)); err != nil {
		t.Fatal(err)
	}
	p.refused(exitFailed, "has no file COMPLETE", "release", "verify", folder)
}

// theVettedTier holds what two reviewers agree on, under pseudonyms that nobody finds in
// the store; another key is noticed.
func theVettedTier(t *testing.T, p *program) {
	t.Helper()
	out := t.TempDir()
	p.run("publish", "--week", "2024-W23", "--tier", "vetted", "--out", out)
	if rows := published(t, filepath.Join(out, "2024-W23-vetted"), "network_posts"); len(rows) != 0 {
		t.Errorf("%d posts are published that nobody has reviewed", len(rows))
	}
	network := p.ask("SELECT network_id FROM networks GROUP BY network_id ORDER BY max(accounts) DESC, network_id LIMIT 1")
	for _, reviewer := range []string{"anna", "ben"} {
		p.run("review", "judge", network, "--reviewer", reviewer, "--verdict", "confirmed", "--confidence", "high")
	}
	reviewed := t.TempDir()
	p.run("publish", "--week", "2024-W23", "--tier", "vetted", "--out", reviewed)
	folder := filepath.Join(reviewed, "2024-W23-vetted")
	if got := published(t, folder, "reviewed"); len(got) != 1 || got[0]["subject"] != network || got[0]["verdict"] != "confirmed" {
		t.Errorf("reviewed are %v", got)
	}
	members, accounts := published(t, folder, "network_members"), map[string]bool{}
	for _, row := range members {
		accounts[row["account_id"]] = true
	}
	if want := p.ask("SELECT count(), uniqExact(account_id) FROM network_members WHERE network_id = '" + network + "' AND day >= '2024-06-03' AND day < '2024-06-10'"); fmt.Sprintf("%d\t%d", len(members), len(accounts)) != want {
		t.Errorf("%d rows of %d accounts, the store has %s", len(members), len(accounts), want)
	}
	pairs, posts := published(t, folder, "network_pairs"), map[string]string{}
	for _, row := range published(t, folder, "network_posts") {
		posts[row["post_id"]] = row["account_id"]
	}
	if len(pairs) < 10 || len(posts) < 10 {
		t.Errorf("%d pairs of %d posts", len(pairs), len(posts))
	}
	for _, row := range pairs {
		if !accounts[row["account_id"]] || !accounts[row["account_id_newer"]] || posts[row["post_id"]] != row["account_id"] || posts[row["post_id_newer"]] != row["account_id_newer"] {
			t.Fatalf("a pair of others, or of posts that are not there: %v", row)
		}
	}
	nobodyIsNamed(t, p, folderBytes(t, folder))
	memo := string(folderBytes(t, folder)["memo.html"])
	for account := range accounts {
		if strings.Contains(memo, account) {
			t.Fatalf("the page of the vetted tier has the pseudonym %s", account)
		}
	}
	noDictionaryReverses(t, p, accounts, posts)
	public := signedAndRead(t, p, reviewed)
	whatIsWithdrawnGoes(t, p, reviewed, members[0]["account_id"])
	theSiteHasWhatAnybodyMaySee(t, p, reviewed)
	if err := os.WriteFile(filepath.Join(reviewed, "2024-W23-public", "SHA256SUMS.sig"), make([]byte, 64), 0o600); err != nil {
		t.Fatal(err)
	}
	p.refused(exitFailed, "is not signed with the key of", "release", "verify", filepath.Join(reviewed, "2024-W23-public"), "--key", public)

	key := filepath.Join(p.data, "keys", "study.key")
	text, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	text[0] = map[bool]byte{true: 'b', false: 'a'}[text[0] == 'a']
	if err := os.WriteFile(key, text, 0o600); err != nil {
		t.Fatal(err)
	}
	p.refused(exitFailed, "is not the key under which the store's pseudonyms were made", "publish", "--week", "2024-W23", "--tier", "vetted", "--out", t.TempDir())
}

// A week that is over is published by itself.
func TestPublishByItself(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	week := datasets.WeekOf(time.Now()).Before()
	at := week.From().Add(36 * time.Hour)
	var posts strings.Builder
	for i := range 12 {
		posts.WriteString(strings.NewReplacer("1717400000000000", strconv.FormatInt(at.UnixMicro(), 10), "2024-06-03T08:00:00Z", at.Format(time.RFC3339)).Replace(record(fmt.Sprintf("did:plc:fixture%03d", i), fmt.Sprintf("3kujzzjm%05d", 22222+i), "a post", "")))
	}
	p.imports("jetstream", written(t, "a.jsonl", posts.String()))
	p.env = append(p.env, "OBSERVATORY_CONFIG="+written(t, "study.yaml", "publication: {tiers: [public, vetted], after: 1ns}\n"))
	_, stop := p.up()
	folder := filepath.Join(p.data, "releases", week.String())
	waitFor(t, "both tiers", func() bool {
		_, public := os.Stat(folder + "-public/COMPLETE")
		_, vetted := os.Stat(folder + "-vetted/COMPLETE")
		return public == nil && vetted == nil
	})
	stop()
	if got := p.ask("SELECT tier FROM releases ORDER BY tier"); got != "public\nvetted" {
		t.Errorf("the store knows of %q", got)
	}
	if rows := published(t, folder+"-public", "posts_by_day"); len(rows) != 1 || rows[0]["posts"] != "12" || rows[0]["accounts"] != "12" {
		t.Errorf("posts by day: %v", rows)
	}
}

// noDictionaryReverses makes the pseudonyms that somebody without the key could, of every
// id, handle and pseudonym of the store, and finds none of the release.
func noDictionaryReverses(t *testing.T, p *program, accounts map[string]bool, posts map[string]string) {
	t.Helper()
	tried := 0
	keyless, err := datasets.ReleaseKey(nil, datasets.Week{Year: 2024, Number: 23})
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(p.ask("SELECT DISTINCT toString(platform), arrayJoin([native_id, handle, toString(account_id)]) FROM identities UNION DISTINCT SELECT toString(platform), arrayJoin([native_id, toString(post_id)]) FROM post_refs", "--user", "custodian")) {
		platform, id, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		guesses := []string{datasets.ReleaseID(keyless, "account", platform, id), datasets.ReleaseID(keyless, "post", platform, id)}
		for _, text := range []string{id, platform + "\x1f" + id} {
			sum, short := sha256.Sum256([]byte(text)), md5.Sum([]byte(text))
			for _, guess := range append(guesses, uuid.UUID(sum[:16]).String(), uuid.UUID(short).String()) {
				if _, isPost := posts[guess]; isPost || accounts[guess] {
					t.Fatalf("%s is found from %q", guess, text)
				}
				tried++
			}
		}
	}
	if tried < 200_000 {
		t.Errorf("only %d guesses", tried)
	}
}

// whatIsWithdrawnGoes forgets an account of a vetted release: a new version is made
// without it, says so, and takes the data files of the first, whose page stays.
func whatIsWithdrawnGoes(t *testing.T, p *program, out, pseudonym string) {
	t.Helper()
	correct := []string{"publish", "--week", "2024-W23", "--tier", "vetted", "--correct", "--out", out}
	if got := p.run(correct...); !strings.Contains(got, "nothing of the vetted releases of 2024-W23 has to be withdrawn") {
		t.Errorf("with nothing to withdraw: %q", got)
	}
	p.refused(exitUsage, "only the vetted tier has versions", "publish", "--week", "2024-W23", "--correct", "--out", out)
	first, second := filepath.Join(out, "2024-W23-vetted"), filepath.Join(out, "2024-W23-vetted.2")
	before := map[string]bool{}
	for _, row := range published(t, first, "network_posts") {
		if row["account_id"] == pseudonym {
			before[row["post_id"]] = true
		}
	}
	key, err := datasets.ReleaseKey(studyKey(t, p), datasets.Week{Year: 2024, Number: 23})
	if err != nil {
		t.Fatal(err)
	}
	forgotten := ""
	for account := range strings.FieldsSeq(p.ask("SELECT DISTINCT toString(platform) || '/' || toString(account_id) FROM network_members")) {
		platform, stored, _ := strings.Cut(account, "/")
		if datasets.ReleaseID(key, "account", platform, stored) == pseudonym {
			forgotten = stored
			p.run("forget", "--account", stored)
		}
	}
	if forgotten == "" || len(before) == 0 {
		t.Fatalf("no account of the store is %s, or none of its posts is in the release", pseudonym)
	}
	if got := p.run(correct...); !strings.Contains(got, second) {
		t.Errorf("the correction says %q", got)
	}
	withdrawn := published(t, second, "withdrawn")
	kinds := map[string]int{}
	for _, row := range withdrawn {
		kinds[row["kind"]]++
		if row["kind"] == "account" && row["id"] != pseudonym || row["kind"] == "post" && !before[row["id"]] {
			t.Errorf("withdrawn is %v", row)
		}
	}
	if kinds["account"] != 1 || kinds["post"] != len(before) {
		t.Errorf("%v are withdrawn, of one account with %d posts", kinds, len(before))
	}
	for _, table := range []string{"network_posts", "network_members", "network_pairs"} {
		for _, row := range published(t, second, table) {
			if row["account_id"] == pseudonym || row["account_id_newer"] == pseudonym {
				t.Errorf("%s of the second version has %v", table, row)
			}
		}
	}
	left := folderBytes(t, first)
	for name := range left {
		if strings.HasSuffix(name, ".parquet") || strings.HasSuffix(name, ".csv.gz") {
			t.Errorf("%s is left of the first version", name)
		}
	}
	if left["memo.html"] == nil || left["SHA256SUMS"] == nil || left["datapackage.json"] == nil {
		t.Error("page, metadata or checksums of the first version went")
	}
	if got := p.run("release", "verify", first); !strings.Contains(got, "was withdrawn, and 2024-W23-vetted.2 took its place") {
		t.Errorf("verify says %q", got)
	}
	p.run("release", "verify", second)
	if got := p.ask("SELECT release_version, superseded_at IS NOT NULL, note != '' FROM releases WHERE tier = 'vetted' AND folder LIKE '%vetted%' ORDER BY release_version"); got != "1\t1\t0\n2\t0\t1" {
		t.Errorf("the store knows of %q", got)
	}
}

// signedAndRead publishes the public tier beside, signed, and lets others read both. It
// returns the file of the public key.
func signedAndRead(t *testing.T, p *program, out string) (public string) {
	t.Helper()
	private, public := filepath.Join(t.TempDir(), "study.key"), filepath.Join(t.TempDir(), "study.pub")
	for _, args := range [][]string{{"genpkey", "-algorithm", "ed25519", "-out", private}, {"pkey", "-in", private, "-pubout", "-out", public}} {
		if said, err := exec.CommandContext(t.Context(), "openssl", args...).CombinedOutput(); err != nil {
			t.Fatalf("openssl %v: %v: %s", args, err, said)
		}
	}
	p.run("publish", "--week", "2024-W23", "--out", out, "--config", written(t, "study.yaml", "publication: {signing_key: "+private+"}\n"))
	folder := filepath.Join(out, "2024-W23-public")
	if got := p.run("release", "verify", folder, "--key", public); !strings.Contains(got, "signed with the key of") {
		t.Errorf("verify says %q", got)
	}
	check := exec.CommandContext(t.Context(), "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-in", filepath.Join(folder, "SHA256SUMS"), "-sigfile", filepath.Join(folder, "SHA256SUMS.sig"))
	if said, err := check.CombinedOutput(); err != nil {
		t.Errorf("openssl: %v: %s", err, said)
	}
	othersReadIt(t, out, folder, filepath.Join(out, "2024-W23-vetted"))
	areAccessible(t, "file://"+folder+"/memo.html", "file://"+folder+"/memo.de.html", "file://"+out+"/index.html")
	for name, text := range folderBytes(t, folder) {
		if strings.HasPrefix(name, "memo") && strings.Contains(string(text), "%!") {
			t.Errorf("%s lacks what it should be filled with", name)
		}
	}
	return public
}

// theSiteHasWhatAnybodyMaySee makes a site of both tiers.
func theSiteHasWhatAnybodyMaySee(t *testing.T, p *program, out string) {
	t.Helper()
	site := t.TempDir()
	config := written(t, "study.yaml", "title: Fixture & Sons\n")
	if got := p.run("release", "site", out, "--to", site, "--config", config); !strings.Contains(got, "3 releases copied") {
		t.Errorf("site says %q", got)
	}
	for name, want := range map[string]bool{
		"2024-W23-public/domains.parquet": true, "2024-W23-public/COMPLETE": true, "2024-W23-vetted.2/memo.html": true, "2024-W23-vetted.2/SHA256SUMS": true, "2024-W23-vetted/SUPERSEDED": true,
		"2024-W23-vetted.2/network_posts.parquet": false, "2024-W23-vetted.2/network_posts.csv.gz": false, "2024-W23-vetted.2/COMPLETE": false,
	} {
		if _, err := os.Stat(filepath.Join(site, name)); (err == nil) != want {
			t.Errorf("the site has %s: %v, want %v", name, err == nil, want)
		}
	}
	if info, err := os.Stat(filepath.Join(out, "2024-W23-vetted.2", "network_posts.parquet")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("who may read the vetted tier: %v, %v", info.Mode(), err)
	}
	index := folderFile(t, filepath.Join(site, "index.html"))
	for _, want := range []string{"Fixture &amp; Sons", "2024-W23-public/memo.html", "2024-W23-vetted/memo.html", "<strong>Withdrawn: <a href=\"2024-W23-vetted.2/memo.html\">", "posts_by_day"} {
		if !strings.Contains(index, want) {
			t.Errorf("the index has no %q", want)
		}
	}
	feed, err := gofeed.NewParser().ParseString(folderFile(t, filepath.Join(site, "feed.atom")))
	if err != nil || len(feed.Items) != 3 || feed.Items[0].GUID == feed.Items[1].GUID || feed.Items[0].UpdatedParsed.Format(time.DateOnly) != "2024-06-10" {
		t.Errorf("the feed is %v, %v", feed, err)
	}
	if err := os.RemoveAll(filepath.Join(site, "2024-W23-public")); err != nil {
		t.Fatal(err)
	}
	if got := p.run("release", "site", out, "--to", site, "--config", config); !strings.Contains(got, "1 releases copied") || folderFile(t, filepath.Join(site, "index.html")) != index {
		t.Errorf("copied again: %q, or the index is another", got)
	}
}

func folderFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// studyKey is the study's key, by which pseudonyms are made.
func studyKey(t *testing.T, p *program) []byte {
	t.Helper()
	key, err := app.Dir(p.data).StudyKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// What was deleted on platforms is withdrawn once, thirty days after the release.
func TestWhenReleasesAreCorrected(t *testing.T) {
	t.Parallel()
	first := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	day := func(n int) time.Time { return first.AddDate(0, 0, n) }
	for _, c := range []struct {
		last, now int
		want      bool
	}{{0, 29, false}, {0, 30, true}, {7, 29, false}, {7, 31, true}, {30, 31, false}, {31, 400, false}} {
		if got := correctNow(first, day(c.last), day(c.now)); got != c.want {
			t.Errorf("the last version of day %d, on day %d: %v", c.last, c.now, got)
		}
	}
}
