package rows_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/election-observatory/observatory/processors/store/rows"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

func TestBuildersHaveTheColumnsOfTheSchema(t *testing.T) {
	t.Parallel()
	builders := map[string]*rows.Table{}
	for _, b := range []*rows.Table{
		&rows.NewPosts().Table, &rows.NewShares().Table, &rows.NewAccounts().Table, &rows.NewIdentities().Table, &rows.NewTombstones().Table,
		&rows.NewCoverage().Table, &rows.NewRejects().Table, &rows.NewHours().Table, &rows.NewProgress().Table, &rows.NewExpansions().Table,
	} {
		builders[b.Name()] = b
	}
	// What is computed in the store, or is few rows, is written as SQL.
	bySQL := []string{
		schema.TableHourly, schema.TableMigrations, schema.TableSources, schema.TableQueries, schema.TableAlerts,
		schema.TableCombined, schema.TableChanges, schema.TableLookalikes, schema.TableCodings, schema.TableAgreement,
		schema.TableRuns, schema.TablePairs, schema.TableMass, schema.TableNetworks, schema.TableMembers, schema.TableNetworkEdges,
		schema.TableClusters, schema.TableClusterMembers, schema.TableScores, schema.TableTopics, schema.TableBursts, schema.TableAlertLog, schema.TableAnnotations, schema.TableReleases, schema.TableLinks, schema.TableJudgements, schema.TableCorrections,
	}
	for _, table := range schema.Tables() {
		b := builders[table.Name]
		if b == nil {
			if !slices.Contains(bySQL, table.Name) {
				t.Errorf("nothing builds %s", table.Name)
			}
			continue
		}
		want := map[string]string{}
		for _, c := range table.Columns {
			want[c.Name] = c.Type
		}
		if diff := cmp.Diff(want, b.Types()); diff != "" {
			t.Errorf("%s (-schema +builder):\n%s", table.Name, diff)
		}
	}
}

func TestAnUnsettledDeliveryWinsOverOneThatIsNot(t *testing.T) {
	t.Parallel()
	const hour = 3_600_000
	late := tag.Post{IdentityMS: 2 * hour, ClaimedMS: 2*hour + 60_000, CreatedMS: 2*hour + 60_000, CollectedMS: 9 * hour, Version: tag.Version{Low: 9 * hour << 20}}
	if rows.Unsettled(&late) {
		t.Error("a post in the hour of its id is unsettled")
	}
	early := late
	early.Version.Low = 1
	for name, change := range map[string]func(*tag.Post){
		"clamped":          func(p *tag.Post) { p.Clamped = true },
		"without a claim":  func(p *tag.Post) { p.ClaimedMS = p.CollectedMS },
		"of another hour":  func(p *tag.Post) { p.CreatedMS = 3 * hour },
		"an id of no time": func(p *tag.Post) { p.IdentityMS = 0 },
	} {
		p := early
		change(&p)
		if a, b := rows.PostVersion(&p), rows.PostVersion(&late); !rows.Unsettled(&p) || a.Low <= b.Low {
			t.Errorf("%s: the delivery has %v, the later one %v", name, a, b)
		}
	}
	early.Clamped = true
	edit := late
	edit.Revision, edit.Version.High = 1, 1
	if a, b := rows.PostVersion(&early), rows.PostVersion(&edit); a.High >= b.High {
		t.Error("a clamped delivery wins over an edit")
	}
}

func TestRejectsOfTheSameInputShareAnID(t *testing.T) {
	t.Parallel()
	a := &schema.Reject{Source: "a", Position: "1", Reason: "syntax", Raw: []byte("x"), ImportedMs: 1}
	b := &schema.Reject{Source: "a", Position: "1", Reason: "syntax", Raw: []byte("x"), ImportedMs: 2}
	if rows.RejectID(a) != rows.RejectID(b) {
		t.Error("the time of import is part of the id")
	}
	for _, other := range []*schema.Reject{
		{Source: "a1", Reason: "syntax", Raw: []byte("x")},
		{Source: "a", Position: "2", Reason: "syntax", Raw: []byte("x")},
		{Source: "a", Position: "1", Reason: "syntax", Raw: []byte("y")},
	} {
		if rows.RejectID(a) == rows.RejectID(other) {
			t.Errorf("%v has the same id", other)
		}
	}
}
