package main

import (
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Two people judge a look-alike, one on the page and one on the command line: nothing is
// agreed on before both have, and nobody is named without a citation.
func TestReview(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.env = append(p.env, "OBSERVATORY_CONFIG="+written(t, "study.yaml", "protected_names: [spiegel.de]\nreviewers: [anna, ben]\n"))
	link := `,"embed":{"$type":"app.bsky.embed.external","external":{"uri":"https://spiegel.ltd/politik/1","title":"","description":""}}`
	p.imports("jetstream", written(t, "a.jsonl", record(witness, "3kujzzjm22222", "see this", link)))
	ends, _ := p.up()
	if got := p.run("review"); !strings.Contains(got, "lookalike  spiegel.ltd") || !strings.Contains(got, "looks like spiegel.de (R1)") {
		t.Fatalf("what waits:\n%s", got)
	}
	code, _, body := got(t, ends.Page+"/judge?id=spiegel.ltd")
	if code != http.StatusOK || !strings.Contains(body, "looks like spiegel.de (R1)") || !strings.Contains(body, "<option>anna</option>") {
		t.Fatalf("the page to judge: %d\n%s", code, body)
	}
	password, err := os.ReadFile(filepath.Join(p.data, "keys", "password-reviewer-anna"))
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"id": {"spiegel.ltd"}, "reviewer": {"anna"}, "password": {strings.TrimSpace(string(password))}, "verdict": {"confirmed"}, "confidence": {"moderate"}, "note": {`<b>a "copy"</b>`}}
	with := func(change url.Values) url.Values {
		all := url.Values{}
		maps.Copy(all, form)
		maps.Copy(all, change)
		return all
	}
	for _, c := range []struct {
		change url.Values
		code   int
		says   string
	}{
		{url.Values{"password": {"guess"}}, 422, "The password is not that of this reviewer"},
		{url.Values{"reviewer": {"ben"}}, 422, "The password is not that of this reviewer"},
		{url.Values{"reviewer": {"nobody"}, "password": {""}}, 422, "The password is not that of this reviewer"},
		{url.Values{"actor_type": {"business"}}, 422, "Nobody is named without a citation"},
		{url.Values{"verdict": {"bot"}}, 422, "The verdict is one of"},
		{url.Values{"id": {"x' OR 1"}}, 400, "it is no id"},
		{url.Values{"id": {"other.example"}}, 404, "there is no network"},
		{url.Values{"note": {strings.Repeat("x", 1<<17)}}, 400, "too long"},
		{nil, 200, "&lt;b&gt;a &#34;copy&#34;&lt;/b&gt;"},
	} {
		if code, said := posted(t, ends.Page+"/judge", with(c.change)); code != c.code || !strings.Contains(said, c.says) {
			t.Errorf("%v: %d, without %q:\n%.600s", c.change, code, c.says, said)
		}
	}
	if got := p.ask("SELECT reviewer, verdict, status FROM judgements JOIN reviews USING (subject_kind, subject_id)"); got != "anna\tconfirmed\twaiting" {
		t.Errorf("one has judged: %q", got)
	}
	p.refused(exitUsage, "other explanation", "review", "judge", "spiegel.ltd", "--reviewer", "ben", "--verdict", "rejected", "--confidence", "low")
	p.refused(exitUsage, "there is no network, burst or look-alike x.example", "review", "judge", "x.example", "--reviewer", "ben", "--verdict", "unclear", "--confidence", "low")
	p.run("review", "judge", "spiegel.ltd", "--reviewer", "ben", "--verdict", "rejected", "--confidence", "low", "--note", "a shop")
	const state = "SELECT status, verdict, confidence, actor_type, reviewers FROM reviews"
	if got := p.ask(state); got != "disputed\t\tlow\t\t2" || !strings.Contains(p.run("review"), "disputed") {
		t.Errorf("two differ: %q", got)
	}
	p.run("review", "judge", "spiegel.ltd", "--reviewer", "ben", "--verdict", "confirmed", "--confidence", "low", "--actor", "business", "--citation", "a report")
	if got := p.ask(state); got != "agreed\tconfirmed\tlow\t\t2" { // One alone names nobody.
		t.Errorf("two agree: %q", got)
	}
	if got := p.run("review"); got != "nothing waits for review\n" {
		t.Errorf("what waits then: %q", got)
	}
	if got := p.run("review", "agree"); !strings.Contains(got, "undefined: all say the same") {
		t.Errorf("agreement: %q", got)
	}
	number := strings.TrimSpace(strings.TrimPrefix(p.run("review", "appeal", "lookalike", "spiegel.ltd", "It is a parody."), "case "))
	p.refused(exitUsage, "there is no case 00000000", "review", "decide", "00000000", "--outcome", "explained", "It stands.")
	p.refused(exitUsage, "--outcome is one of", "review", "decide", number, "It stands.")
	p.run("review", "decide", number, "--outcome", "explained", "A parody looks alike too.")
	if got := p.ask("SELECT event, outcome, subject_id, text FROM corrections ORDER BY at"); got != "appeal\t\tspiegel.ltd\tIt is a parody.\ndecision\texplained\tspiegel.ltd\tA parody looks alike too." {
		t.Errorf("the public log: %q", got)
	}
	for path, says := range map[string]string{"/corrections": "A parody looks alike too.", "/reviewed?lang=de": "confirmed"} {
		if code, _, body := got(t, ends.Page+path); code != http.StatusOK || !strings.Contains(body, says) {
			t.Errorf("%s: %d, without %q", path, code, says)
		}
	}
}

// posted sends a form, and follows where it leads.
func posted(t *testing.T, address string, form url.Values) (code int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // It was read.
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}
