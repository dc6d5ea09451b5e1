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
