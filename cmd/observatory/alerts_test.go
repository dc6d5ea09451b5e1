package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/election-observatory/observatory/internal/app"
	"github.com/election-observatory/observatory/processors/store"
)

// Who is told of an alert sees to it, and it is listed no more.
func TestAlertsReachPeople(t *testing.T) {
	t.Parallel()
	texts := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		texts <- string(text)
	}))
	t.Cleanup(server.Close)
	p := newProgram(t)
	p.refused(exitUsage, "the study tells nobody", "alerts", "test")
	p.env = append(p.env, "OBSERVATORY_ALERTS_WEBHOOK="+server.URL)
	if out := p.run("alerts", "test"); out != "webhook has taken the message\n" || !strings.Contains(<-texts, "Somebody has asked") {
		t.Errorf("a test says %q", out)
	}
	ends, stop := p.up()
	raise(t, p, ends)
	if got := <-texts; !strings.Contains(got, "planted.example") { // At the latest half a minute later.
		t.Errorf("told is %s", got)
	}
	p.refused(exitUsage, "there is no alert nonsense", "alerts", "ack", "nonsense")
	p.refused(exitUsage, "nonsense", "alerts", "nonsense")
	p.refused(exitUsage, "at least 1", "alerts", "ack")
	var open []store.KnownAlert
	waitFor(t, "it to be noted", func() bool {
		if err := json.Unmarshal([]byte(p.run("alerts", "--json")), &open); err != nil {
			t.Fatal(err)
		}
		return len(open) == 1 && open[0].SentAt != nil
	})
	if out := p.run("alerts"); !strings.Contains(out, open[0].ID+"  network  planted.example  2024-06-03 00:00  -   ") || !strings.Contains(out, "  in words\n") {
		t.Errorf("it shows\n%s", out)
	}
	p.run("alerts", "ack", open[0].ID, "--note", "a petition")
	stop()
	if out := p.run("alerts"); out != "no alerts\n" { // Without anybody who runs.
		t.Errorf("it shows\n%s", out)
	}
	if out := p.run("alerts", "--all"); !strings.Contains(out, "  a petition\n") {
		t.Errorf("it shows\n%s", out)
	}
}

func raise(t *testing.T, p *program, ends app.Endpoints) {
	t.Helper()
	password, err := app.Dir(p.data).Password(ownerUser)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, ends.ClickHouse, strings.NewReader(`INSERT INTO observatory_store.alert_rows (method, subject, from, to, expected, observed, reason, evidence, method_version, raised, version)
SELECT 'network', 'planted.example', toDateTime64('2024-06-03 00:00:00', 3, 'UTC'), NULL, 1, 20, 'url', 'in words', '1', true, 1`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-ClickHouse-User", ownerUser)
	request.Header.Set("X-ClickHouse-Key", password)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // It was read.
	if said, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusOK {
		t.Fatal(fmt.Sprint(response.Status, string(said)))
	}
}

// An hour in which a query has as many posts as somebody wants to know of is an alert,
// which goes when they go.
func TestSearchesRaiseAlerts(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.env = append(p.env, "OBSERVATORY_CONFIG="+written(t, "study.yaml", "queries:\n  - {name: ballots, terms: [ballots], alert: 2}\n  - {name: votes, terms: [votes], alert: 3}\n"))
	p.imports("jetstream", written(t, "a.jsonl", record(witness, "3kujzzjm22222", "ballots and votes", "")+record(objector, "3kujzzjm22223", "ballots and votes", "")))
	if got := p.ask("SELECT method, subject, from, to, expected, observed FROM alerts"); got != "search\tballots\t2024-06-03 08:00:00.000\t2024-06-03 09:00:00.000\t2\t2" {
		t.Errorf("alerts: %q", got)
	}
	p.imports("jetstream", written(t, "b.jsonl", `{"did":"`+objector+`","time_us":1717400100000000,"kind":"commit","commit":{"rev":"3ku","operation":"delete","collection":"app.bsky.feed.post","rkey":"3kujzzjm22223"}}`+"\n"))
	if got := p.run("alerts"); got != "no alerts\n" {
		t.Errorf("after a deletion: %q", got)
	}
	p.refused(exitUsage, "alert is a number of posts", "alerts", "--config", written(t, "bad.yaml", "queries: [{name: x, terms: [y], alert: -1}]\n"))
}
