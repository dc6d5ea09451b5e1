package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/election-observatory/observatory/internal/replay"
)

// written writes a file for a command to read.
func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const ownList = `list: {name: our-list, version: 2017-09-01, licence: CC BY 4.0, citation: our report}
entries:
  - {source: bad.example, class: unreliable, score: 0.2, valid_from: 2017-09-20}
  - {source: news.example/satire, class: satire}
  - {source: t.me/our_channel, class: state-controlled}
`

// linkingPosts is an archive of posts with links, an hour per post.
func linkingPosts(links ...string) string {
	var b strings.Builder
	b.WriteString("author_id,content,region,language,publish_date,harvested_date,following,followers,updates,post_type,retweet\n")
	for i, link := range links {
		fmt.Fprintf(&b, "%d,post %d %s,Germany,German,9/%d/2017 %d:00,9/30/2017 0:00,1,1,%d,,0\n", 100+i%3, i, link, 19+i/12, i%12, i+1)
	}
	return b.String()
}

// What an editor does with lists and a researcher asks after: everything through
// the program.
func TestSourcesFromListToLinks(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	links := make([]string, 24)
	for i := range links {
		links[i] = []string{"https://bad.example/a", "https://news.example/satire/1", "https://unknown.example/x", "https://bit.ly/abc", "https://t.me/our_channel/7", "https://spiegel.ltd/n"}[i%6]
	}
	p.env = append(p.env, "OBSERVATORY_PROTECTED_NAMES=spiegel.de")
	p.imports("ira-csv", written(t, "posts.csv", linkingPosts(links...)))
	if got := p.ask("SELECT count(), countIf(source_class != '') FROM links"); got != "24\t0" {
		t.Fatalf("links are %s", got)
	}
	list := written(t, "list.yaml", ownList)
	if out := p.run("sources", "import", "--list", "yaml", list); !strings.Contains(out, "our-list of 2017-09-01: 3 added") {
		t.Errorf("says %s", out)
	}
	// bad.example holds from the second day on; the post of the channel is known by its account.
	want := "satire\t4\t0\nstate-controlled\t4\t0\nunreliable\t2\t0.2"
	if got := p.ask("SELECT source_class, count(), ifNull(any(score), 0) FROM links WHERE source_class != '' GROUP BY 1 ORDER BY 1"); got != want {
		t.Errorf("links are rated\n%s\nwant\n%s", got, want)
	}
	if got := p.ask("SELECT source_class, sum(links) FROM hourly WHERE query = '' AND source_class != '' GROUP BY 1 ORDER BY 1"); got != "satire\t4\nstate-controlled\t4\nunreliable\t2" {
		t.Errorf("hours are counted\n%s", got)
	}
	if got := p.ask("SELECT source_class, links, round(rated_share, 3), round(unresolved_share, 3) FROM source_shares(from = '2017-09-20', to = '2017-09-21', by = 'all') ORDER BY 1"); got != "12\t0.5\t0.167\nsatire\t2\t0.5\t0.167\nstate-controlled\t2\t0.5\t0.167\nunreliable\t2\t0.5\t0.167" {
		t.Errorf("shares are\n%s", got)
	}
	if got := p.ask("SELECT domain_or_account FROM sources WHERE rater = 'our-list' AND domain_or_account LIKE 'telegram%'"); !strings.HasPrefix(got, "telegram:account:") {
		t.Errorf("the channel is shown as %q", got)
	}
	if got := p.ask("SELECT host, rule, target, posts FROM lookalikes"); got != "spiegel.ltd\tR1\tspiegel.de\t4" {
		t.Errorf("look-alikes are %s", got)
	}
	p.editsAndWithdrawals(list)
	p.codes()
}

// editsAndWithdrawals imports later versions of the list.
func (p *program) editsAndWithdrawals(list string) {
	p.t.Helper()
	shorter := written(p.t, "shorter.yaml", strings.Replace(ownList, "  - {source: news.example/satire, class: satire}\n", "", 1))
	p.refused(2, "imported already", "sources", "import", "--list", "yaml", "--version", "2016-01-01", list)
	out := p.run("sources", "import", "--list", "yaml", "--version", "2017-09-20", shorter)
	if !strings.Contains(out, "withdrawn  news.example/satire") || !strings.Contains(out, "0 added, 0 changed, 0 corrected, 0 reworded, 1 withdrawn, 2 as before") {
		p.t.Errorf("says %s", out)
	}
	if got := p.ask("SELECT toDate(created_at), count() FROM links WHERE source_class = 'satire' GROUP BY 1"); got != "2017-09-19\t2" {
		p.t.Errorf("what was withdrawn rates %s", got)
	}
	if got := p.ask("SELECT change, domain_or_account FROM source_changes WHERE change != 'added'"); got != "withdrawn\tnews.example/satire" {
		p.t.Errorf("the log of changes has %s", got)
	}
	var answer looked
	for at, class := range map[string]string{"2017-09-19": "satire", "2017-09-21": "unrated"} {
		e := p.runWith("https://news.example/satire/9\n\n", "sources", "lookup", "--json", "--at", at)
		if err := json.Unmarshal([]byte(e.out), &answer); err != nil || answer.Class != class {
			p.t.Errorf("at %s it is %s: %v %s", at, answer.Class, err, e.errs)
		}
	}
}

// codes lets two coders judge what nobody rates.
func (p *program) codes() {
	p.t.Helper()
	p.refused(1, "nothing is coded yet", "sources", "agree")
	for coder, judged := range map[string]string{"anna": "1,1,1,0,0,,no imprint,", "ben": "1,0,1,1,0,,\"nobody, named\","} {
		sheet := p.run("sources", "queue", "--least", "4", "--coder", coder)
		if !strings.Contains(sheet, "unknown.example,de,4,") || strings.Contains(sheet, "bad.example") || strings.Contains(sheet, "t.me") {
			p.t.Fatalf("the sheet is\n%s", sheet)
		}
		filled := strings.Replace(sheet, "https://unknown.example/x,,,,,,,,", "https://unknown.example/x,"+judged, 1)
		if out := p.run("sources", "code", "--coder", coder, written(p.t, coder+".csv", filled)); !strings.Contains(out, "1 sources coded by "+coder) {
			p.t.Errorf("says %s", out)
		}
	}
	if out := p.run("sources", "agree"); !strings.Contains(out, "1 sources rated as study-coders (1 new, 0 changed); 0 wait") || !strings.Contains(out, "label") {
		p.t.Errorf("says %s", out)
	}
	if got := p.ask("SELECT source_class, round(score, 1), raters, count() FROM links WHERE source = 'unknown.example' GROUP BY ALL"); got != "unreliable\t0.4\t['study-coders']\t4" {
		p.t.Errorf("what was coded rates %s", got)
	}
	if got := p.ask("SELECT count(), countIf(agreement = 1) FROM agreement"); got != "6\t4" {
		p.t.Errorf("the agreement noted is %s", got)
	}
	if sheet := p.run("sources", "queue", "--least", "4"); strings.Contains(sheet, "unknown.example") {
		p.t.Errorf("what two have coded is in the queue: %s", sheet)
	}
}

func TestSourcesRefuse(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.refused(2, "--list", "sources", "lint", "x.csv")
	p.refused(2, "dima, cred1", "sources", "lint", "--list", "nothing", "x.csv")
	p.refused(2, "cannot be read", "sources", "import", "--list", "dima", "/nowhere/x.csv")
	p.refused(1, "no column", "sources", "import", "--list", "dima", written(t, "x.csv", "a,b\n1,2\n"))
	p.refused(1, "none of its 1 rows", "sources", "import", "--list", "dima", written(t, "x.csv", "domain,operation,identified_date,report_url\nyoutube.com,x,2024-01,y\n"))
	p.refused(2, "--at", "sources", "lookup", "--at", "May", "x.org")
	p.refused(2, "--coder", "sources", "code", "x.csv")
	p.refused(2, "there is no command", "sources", "nothing")
	if out := p.run("sources", "lookup", "--at", "2022-03-02", "rt.com", "bit.ly/x"); !strings.Contains(out, "rt.com is state-controlled") || !strings.Contains(out, "it is a shortener") {
		t.Errorf("what comes with the program is looked up as\n%s", out)
	}
	p.env = append(p.env, "OBSERVATORY_PROTECTED_NAMES=co.uk")
	p.refused(2, "protected_names", "sources", "lookup", "x.org")
}

// Short links are followed as they come in, and those of archives when asked for;
// what they lead to is rated in links and counted.
func TestShortLinksAreFollowed(t *testing.T) {
	t.Parallel()
	shortener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/a" || r.URL.Path == "/b" {
			http.Redirect(w, r, "http://127.0.0.1:1/news"+r.URL.Path, http.StatusMovedPermanently) // Where nobody answers: the target is known all the same.
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(shortener.Close)
	short := strings.Replace(shortener.URL, "127.0.0.1", "localhost", 1)
	feeds := replay.NewFeeds(time.Now)
	server := httptest.NewServer(feeds)
	t.Cleanup(server.Close)
	feeds.Set("/feed.xml", []replay.FeedItem{{ID: "1", Title: "A report", Text: "text", Link: short + "/a", Published: time.Now().Add(-2 * time.Hour)}})
	p := newProgram(t)
	config := written(t, "study.yaml", fmt.Sprintf("shorteners: [localhost]\nexpand: {allow_private: true}\nfetch: {allow_private: true, min_interval: 1s, max_interval: 3s}\nfeeds:\n  - url: %s/feed.xml\n", server.URL))
	p.env = append(p.env, "OBSERVATORY_CONFIG="+config)
	_, stop := p.up()
	waitFor(t, "the link of the feed to be followed", func() bool { return p.ask("SELECT count() FROM links WHERE expanded != '' AND NOT unresolved") == "1" })
	if got := p.ask("SELECT status, length(chain), source FROM url_expansions"); got != "resolved\t2\texpand" {
		t.Errorf("the expansion is %s", got)
	}
	stop()
	p.imports("ira-csv", written(t, "posts.csv", linkingPosts(short+"/b", short+"/b", short+"/gone")))
	if got := p.ask("SELECT count() FROM links WHERE unresolved"); got != "3" {
		t.Fatalf("%s links are unresolved", got)
	}
	if out := p.run("sources", "expand"); !strings.Contains(out, "2 links followed: 1 not_found, 1 resolved") {
		t.Errorf("says %s", out)
	}
	if got := p.ask("SELECT countIf(unresolved), countIf(expanded LIKE '%/news/b') FROM links"); got != "1\t2" {
		t.Errorf("links are %s", got)
	}
	if got := p.ask("SELECT sum(unresolved) FROM hourly WHERE query = '' AND source_class = '' AND platform = 'x'"); got != "1" {
		t.Errorf("hours count %s unresolved links", got)
	}
	if out := p.run("sources", "expand"); !strings.Contains(out, "0 links followed") {
		t.Errorf("says %s", out)
	}
}

// Lists that the study names are read in with the start of whoever runs the processors.
func TestListsOfTheStudy(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	dir := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("study.yaml", "period: {from: 2017-09-01}\nlists:\n  - {list: yaml, file: own.yaml}\n")
	put("own.yaml", ownList+"  - {source: youtube.com, class: satire}\n")
	p.env = append(p.env, "OBSERVATORY_CONFIG="+filepath.Join(dir, "study.yaml"))
	posts := written(t, "posts.csv", linkingPosts("https://bad.example/a", "https://news.example/satire/1"))
	out := p.runWith("", "import", "--format", "ira-csv", posts)
	if out.code != 0 || !strings.Contains(out.errs, "row refused") || !strings.Contains(out.errs, `"line": 6`) {
		t.Errorf("with a broken row it ends with %d and says\n%s", out.code, out.errs)
	}
	rated := "SELECT source_class, count() FROM links GROUP BY 1 ORDER BY 1"
	if got := p.ask(rated); got != "1\nsatire\t1" { // bad.example holds from the next day on.
		t.Errorf("links are rated\n%s", got)
	}
	put("own.yaml", strings.ReplaceAll(strings.ReplaceAll(ownList, "version: 2017-09-01", "version: 2017-09-02"), "valid_from: 2017-09-20", "valid_from: 2017-09-01"))
	p.run("import", "--format", "ira-csv", posts)
	if got := p.ask(rated); got != "satire\t1\nunreliable\t1" {
		t.Errorf("after a correction links are rated\n%s", got)
	}
	put("own.yaml", ownList)
	if out := p.runWith("", "import", "--format", "ira-csv", posts); out.code != 0 || !strings.Contains(out.errs, "newer version") {
		t.Errorf("with an older version it ends with %d and says\n%s", out.code, out.errs)
	}
	if got := p.ask(rated); got != "satire\t1\nunreliable\t1" {
		t.Errorf("after an older version links are rated\n%s", got)
	}
	put("own.yaml", "list: {name: our-list, licence: CC0, version: 2018-01-01}\nentries:\n  - {source: youtube.com, class: satire}\n")
	p.refused(2, "none of its 1 rows can be used", "import", "--format", "ira-csv", posts)
	if err := os.Remove(filepath.Join(dir, "own.yaml")); err != nil {
		t.Fatal(err)
	}
	p.refused(2, "the list cannot be read", "import", "--format", "ira-csv", posts)
	put("study.yaml", "lists:\n  - {list: mine, file: own.yaml}\n")
	p.refused(2, "lists[0]: there is no list", "status")
}

// The order in which lists are imported changes no answer.
func TestListsInAnyOrder(t *testing.T) {
	t.Parallel()
	files := map[string]string{"dima": testData(t, "sources/dima_domains.csv"), "cred1": testData(t, "sources/cred1_current.csv"), "asd": testData(t, "sources/state_media_matrix.csv")}
	var links []string
	for _, domain := range []string{"rt.com", "arabic.rt.com", "news-front.info", "infowars.com", "tass.ru", "dw.com", "naturalnews.com", "reseauinternational.net", "bbc.co.uk", "pravda-de.com", "sputniknews.com", "unknown.example"} {
		links = append(links, "https://"+domain+"/2017/story")
	}
	posts := written(t, "posts.csv", linkingPosts(links...))
	answers := map[string]string{}
	var before *program
	for _, order := range [][]string{{"dima", "cred1", "asd"}, {"asd", "dima", "cred1"}, {"cred1", "asd", "dima"}} {
		p := newBuilt(t)
		if before != nil {
			if err := os.CopyFS(filepath.Join(p.data, "keys"), os.DirFS(filepath.Join(before.data, "keys"))); err != nil {
				t.Fatal(err)
			}
		}
		before = p
		for i, name := range order {
			p.run("sources", "import", "--list", name, "--version", "2017-09-01", files[name])
			if i == 1 { // Posts come between lists.
				p.imports("ira-csv", posts)
			}
		}
		for _, sql := range []string{
			"SELECT * FROM combined_ratings ORDER BY source, valid_from, rated_as",
			"SELECT * FROM links ORDER BY post_id, url",
			"SELECT * FROM source_shares(from = '2017-09-01', to = '2017-10-01', by = 'day') ORDER BY part, source_class",
			"SELECT hour, lang, source_class, sum(links), sum(unresolved) FROM hourly GROUP BY ALL ORDER BY ALL",
		} {
			got := p.ask(sql)
			if want, ok := answers[sql]; ok && got != want {
				t.Errorf("%s: imported as %s it answers otherwise", sql, strings.Join(order, ", "))
			}
			answers[sql] = got
		}
	}
	if got := before.ask("SELECT count() - uniqExact(source, valid_from) FROM combined_ratings"); got != "0" {
		t.Errorf("%s sources are rated twice at a time", got)
	}
	if rated := strings.Count(answers["SELECT * FROM links ORDER BY post_id, url"], "cred1"); rated < 2 {
		t.Errorf("only %d links are rated by cred1", rated)
	}
}
