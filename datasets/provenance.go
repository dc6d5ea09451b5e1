package datasets

import (
	"context"
	"fmt"
	"time"

	"github.com/election-observatory/observatory/schema"
)

// provenance is what the numbers were made by and of.
type provenance struct {
	Methods []method `json:"methods"`
	Log     []offset `json:"log"`
}

// method is a method with the version, parameters included, that made results of the week.
type method struct {
	Name    string `json:"method"`
	Version string `json:"version"`
}

// offset says up to where, itself excluded, the store has a partition of the log.
type offset struct {
	Topic     string `json:"topic"`
	Partition uint32 `json:"partition"`
	Next      uint64 `json:"next_offset"`
}

func readProvenance(ctx context.Context, week Week, ask Ask) (p provenance, err error) {
	p.Methods, p.Log = []method{}, []offset{}
	err = ask(ctx, fmt.Sprintf("SELECT DISTINCT toString(method) AS name, toString(method_version) AS v FROM %s.%s FINAL WHERE hour >= '%s' AND hour < '%s' ORDER BY name, v",
		schema.StoreDatabase, schema.TableRuns, week.From().Format(time.DateTime), week.To().Format(time.DateTime)), func(scan func(...any) error) error {
		var m method
		err := scan(&m.Name, &m.Version)
		p.Methods = append(p.Methods, m)
		return err
	})
	if err != nil {
		return p, err
	}
	err = ask(ctx, fmt.Sprintf("SELECT toString(topic) AS name, toUInt32(partition) AS n, toUInt64(max(next_offset)) FROM %s.%s WHERE job = 'stored' GROUP BY name, n ORDER BY name, n", schema.StoreDatabase, schema.TableProgress), func(scan func(...any) error) error {
		var o offset
		err := scan(&o.Topic, &o.Partition, &o.Next)
		p.Log = append(p.Log, o)
		return err
	})
	return p, err
}

// provenance is the file that says so.
func (r *release) provenance([]file) ([]byte, error) {
	type list struct {
		Rater   any `json:"rater"`
		Version any `json:"version"`
	}
	lists := []list{}
	for _, row := range r.table("lists").Rows {
		lists = append(lists, list{row[0], row[1]})
	}
	return asJSON(map[string]any{
		"study": r.cfg.Study, "week": r.cfg.Week.String(), "tier": r.cfg.Tier, "release_version": r.number, "program": r.cfg.Program,
		"methods": r.made.Methods, "lists": lists, "log": r.made.Log, "withheld": sorted(r.cfg.withheld()),
	})
}
