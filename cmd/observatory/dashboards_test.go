package main

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/election-observatory/observatory/dashboards"
	"github.com/election-observatory/observatory/internal/app"
	"github.com/election-observatory/observatory/internal/engine"
)

// grafana asks as the plugin does, at a week by the hour.
type grafana struct {
	t        *testing.T
	address  string
	password string
	dashboards.Range
}

// theDashboardsAnswer asks for every panel, variable and annotation of every
// dashboard; panels have rows.
func theDashboardsAnswer(t *testing.T, p *program, ends app.Endpoints) {
	t.Helper()
	password, err := app.Dir(p.data).Password(string(engine.RoleDashboard))
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2024, 6, 3, 0, 0, 0, 0, time.UTC)
	week := dashboards.Range{From: from, To: from.Add(7 * 24 * time.Hour)}
	asked := 0
	for _, d := range dashboards.All() {
		g := &grafana{t: t, address: ends.ClickHouse, password: password, Range: week}
		for _, v := range d.Templating.List {
			if v.Type == "query" {
				g.choose(d.File()+": "+v.Name, v)
			}
		}
		for i := range d.Annotations.List {
			g.ask(d.File()+": "+d.Annotations.List[i].Name, d.Annotations.List[i].Target.RawSQL)
		}
		for _, panel := range d.Panels {
			for _, target := range panel.Targets {
				asked++
				if len(g.ask(d.File()+": "+panel.Title, target.RawSQL)) == 0 {
					t.Errorf("%s: %q, query %s has no rows", d.File(), panel.Title, target.RefID)
				}
			}
		}
	}
	g := &grafana{t: t, address: ends.ClickHouse, password: password, Range: week}
	for title, sql := range alertRules(t) {
		if len(g.ask("alert rule "+title, sql)) != 1 {
			t.Errorf("the alert rule %q gives no number", title)
		}
	}
	if asked < 60 {
		t.Errorf("%d queries were asked", asked)
	}
}

// alertRules are the queries of Grafana's alert rules by their titles.
func alertRules(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../dashboards/provisioning/alerting.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct {
				UID, Title, Condition string
				Annotations           map[string]string
				Data                  []struct {
					RefID         string `yaml:"refId"`
					DatasourceUID string `yaml:"datasourceUid"`
					Model         struct {
						RawSQL     string `yaml:"rawSql"`
						Expression string
					}
				}
			}
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			if len(rule.Data) != 2 || rule.Data[1].RefID != rule.Condition || rule.Data[1].Model.Expression != rule.Data[0].RefID || rule.Data[0].DatasourceUID != "observatory-clickhouse" || rule.UID == "" || rule.Annotations["summary"] == "" {
				t.Errorf("the alert rule %q is not complete", rule.Title)
				continue
			}
			found[rule.Title] = rule.Data[0].Model.RawSQL
		}
	}
	if len(found) < 4 {
		t.Errorf("%d alert rules", len(found))
	}
	return found
}

// choose chooses all values of a variable, or the first of one that takes one.
func (g *grafana) choose(where string, v *dashboards.Variable) {
	rows := g.ask(where, v.Query)
	if len(rows) == 0 {
		g.t.Errorf("%s offers nothing", where)
	}
	g.Choose(v, rows)
}

func (g *grafana) ask(where, sql string) []string {
	g.t.Helper()
	answer, err := g.send(g.Expand(sql))
	if err != nil {
		g.t.Errorf("%s: %v\n%s", where, err, g.Expand(sql))
	}
	if answer == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(answer, "\n"), "\n")
}

func (g *grafana) send(sql string) (string, error) {
	request, err := http.NewRequestWithContext(g.t.Context(), http.MethodPost, g.address+"/?default_format=TSV&max_execution_time=60", strings.NewReader(sql))
	if err != nil {
		return "", err
	}
	request.Header.Set("X-ClickHouse-User", string(engine.RoleDashboard))
	request.Header.Set("X-ClickHouse-Key", g.password)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close() //nolint:errcheck // It was read.
	said, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(string(said))
	}
	return string(said), err
}
