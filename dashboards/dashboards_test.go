package dashboards_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/election-observatory/observatory/dashboards"
)

var update = flag.Bool("update", false, "write the dashboards' files anew")

// The files are what the code makes.
func TestFiles(t *testing.T) {
	t.Parallel()
	for _, d := range dashboards.All() {
		got, err := d.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(d.File(), got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(d.File())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the code makes: run go test ./dashboards -update", d.File())
		}
	}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file.Name(), ".json") && !slices.ContainsFunc(dashboards.All(), func(d *dashboards.Dashboard) bool { return d.File() == file.Name() }) {
			t.Errorf("nothing makes %s", file.Name())
		}
	}
}

var (
	macro = regexp.MustCompile(`\$__(\w+)`)
	known = []string{"timeFilter", "timeInterval", "interval_s", "fromTime", "toTime"} // To every version of the plugin.
	board = regexp.MustCompile(`/d/([\w-]+)`)
)

func TestRules(t *testing.T) {
	t.Parallel()
	uids := map[string]bool{}
	for _, d := range dashboards.All() {
		if uids[d.UID] || d.UID == "" || d.Title == "" || d.Description == "" || d.ID != nil || d.Editable || d.Timezone != "utc" {
			t.Errorf("%s: uid %q, title %q, description %q", d.File(), d.UID, d.Title, d.Description)
		}
		uids[d.UID] = true
	}
	for _, d := range dashboards.All() {
		text, err := d.JSON()
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range board.FindAllSubmatch(text, -1) {
			if !uids[string(link[1])] {
				t.Errorf("%s: there is no dashboard %s", d.File(), link[1])
			}
		}
		for _, v := range d.Templating.List {
			if v.Type == "query" && (v.Refresh != 2 || v.Datasource.UID != "${datasource}" || v.Label == "") {
				t.Errorf("%s: variable %s", d.File(), v.Name)
			}
		}
		ids := map[int]bool{}
		for _, p := range d.Panels {
			if ids[p.ID] || p.Title == "" || p.GridPos.X+p.GridPos.W > 24 || p.GridPos.W < 1 || p.GridPos.H < 1 {
				t.Errorf("%s: %q: id %d at %+v", d.File(), p.Title, p.ID, p.GridPos)
			}
			ids[p.ID] = true
			if p.Type != "row" {
				checkPanel(t, d, p)
			}
		}
	}
}

func checkPanel(t *testing.T, d *dashboards.Dashboard, p *dashboards.Panel) {
	t.Helper()
	field, err := json.Marshal(p.FieldConfig)
	if err != nil {
		t.Fatal(err)
	}
	if p.Description == "" || len(p.Targets) == 0 || p.Datasource.UID != "${datasource}" {
		t.Errorf("%s: %q lacks a description, a query or the data source", d.File(), p.Title)
	}
	if !slices.Contains([]string{"table", "nodeGraph"}, p.Type) && !strings.Contains(string(field), `"unit"`) {
		t.Errorf("%s: %q has no unit", d.File(), p.Title)
	}
	covered, refs := false, map[string]bool{}
	for _, target := range p.Targets {
		covered = covered || strings.Contains(target.RawSQL, "FROM coverage")
		if refs[target.RefID] || target.Datasource.UID != "${datasource}" {
			t.Errorf("%s: %q: query %s", d.File(), p.Title, target.RefID)
		}
		refs[target.RefID] = true
		for _, m := range macro.FindAllStringSubmatch(target.RawSQL, -1) {
			if !slices.Contains(known, m[1]) {
				t.Errorf("%s: %q uses $__%s", d.File(), p.Title, m[1])
			}
		}
	}
	if p.Type == "timeseries" && !covered {
		t.Errorf("%s: %q has no coverage beside it", d.File(), p.Title)
	}
}
