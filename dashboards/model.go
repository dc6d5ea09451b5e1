package dashboards

import (
	"bytes"
	"encoding/json"
)

const plugin = "grafana-clickhouse-datasource"

type source struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

func chosenSource() source { return source{plugin, "${datasource}"} }

// Dashboard is a dashboard in Grafana's classic model.
type Dashboard struct {
	ID            *int        `json:"id"` // Null: its uid says which one it is.
	UID           string      `json:"uid"`
	Title         string      `json:"title"`
	Description   string      `json:"description"`
	Tags          []string    `json:"tags"`
	Editable      bool        `json:"editable"`
	GraphTooltip  int         `json:"graphTooltip"`
	Timezone      string      `json:"timezone"`
	Refresh       string      `json:"refresh"`
	SchemaVersion int         `json:"schemaVersion"`
	Version       int         `json:"version"`
	Time          timeRange   `json:"time"`
	Links         []link      `json:"links"`
	Annotations   annotations `json:"annotations"`
	Templating    templating  `json:"templating"`
	Panels        []*Panel    `json:"panels"`

	file string
}

type timeRange struct {
	From string `json:"from"`
	To   string `json:"to"`
}

type link struct {
	Title       string   `json:"title"`
	Type        string   `json:"type"`
	Tags        []string `json:"tags"`
	AsDropdown  bool     `json:"asDropdown"`
	IncludeVars bool     `json:"includeVars"`
	KeepTime    bool     `json:"keepTime"`
}

type annotations struct {
	List []annotation `json:"list"`
}

type annotation struct {
	Datasource source `json:"datasource"`
	Enable     bool   `json:"enable"`
	IconColor  string `json:"iconColor"`
	Name       string `json:"name"`
	Target     Target `json:"target"`
}

type templating struct {
	List []*Variable `json:"list"`
}

// Variable is what people choose.
type Variable struct {
	Type        string  `json:"type"`
	Name        string  `json:"name"`
	Label       string  `json:"label"`
	Description string  `json:"description,omitempty"`
	Datasource  *source `json:"datasource,omitempty"`
	Query       string  `json:"query"`
	Definition  string  `json:"definition,omitempty"`
	Refresh     int     `json:"refresh"`
	Multi       bool    `json:"multi"`
	IncludeAll  bool    `json:"includeAll"`
	Sort        int     `json:"sort"`
}

// Panel is a panel, or a row of them.
type Panel struct {
	ID          int            `json:"id"`
	Type        string         `json:"type"`
	Title       string         `json:"title"`
	Description string         `json:"description,omitempty"`
	Datasource  *source        `json:"datasource,omitempty"`
	GridPos     place          `json:"gridPos"`
	FieldConfig map[string]any `json:"fieldConfig,omitempty"`
	Options     map[string]any `json:"options,omitempty"`
	Targets     []Target       `json:"targets,omitempty"`
}

type place struct {
	H int `json:"h"`
	W int `json:"w"`
	X int `json:"x"`
	Y int `json:"y"`
}

// Target is a query of a panel.
type Target struct {
	RefID      string `json:"refId"`
	Datasource source `json:"datasource"`
	EditorType string `json:"editorType"`
	QueryType  string `json:"queryType"`
	Format     int    `json:"format"` // 0 for series of time, 1 for a table.
	RawSQL     string `json:"rawSql"`
}

func series(ref, sql string) Target {
	return Target{RefID: ref, Datasource: chosenSource(), EditorType: "sql", QueryType: "timeseries", RawSQL: sql}
}

func rows(ref, sql string) Target {
	return Target{RefID: ref, Datasource: chosenSource(), EditorType: "sql", QueryType: "table", Format: 1, RawSQL: sql}
}

// File is its name in this folder.
func (d *Dashboard) File() string { return d.file }

// JSON is the dashboard as Grafana reads it.
func (d *Dashboard) JSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(d)
	return b.Bytes(), err
}

const (
	tag     = "observatory"
	columns = 24
)

// newDashboard is one without panels. Its variables come after the data source.
func newDashboard(name, title, description string, variables ...*Variable) *Dashboard {
	d := &Dashboard{
		UID: "observatory-" + name, Title: title, Description: description, Tags: []string{tag}, GraphTooltip: 1, Timezone: "utc", Refresh: "1m", SchemaVersion: 39, Version: 1,
		Time:  timeRange{"now-7d", "now"},
		Links: []link{{Title: "Observatory", Type: "dashboards", Tags: []string{tag}, IncludeVars: false, KeepTime: true}},
		Annotations: annotations{[]annotation{
			{chosenSource(), true, "blue", "What happened", rows("Anno", `SELECT at AS time, if(until IS NULL, at, until) AS timeEnd, title, text FROM annotations WHERE at <= $__toTime AND ifNull(until, at) >= $__fromTime ORDER BY at`)},
			{chosenSource(), false, "orange", "Alerts", rows("Anno", `SELECT from AS time, ifNull(to, now64(3)) AS timeEnd, concat(toString(method), ' of ', subject) AS title, evidence AS text FROM alerts WHERE from <= $__toTime AND ifNull(to, now64(3)) >= $__fromTime ORDER BY from`)},
		}},
		file: name + ".json",
	}
	d.Templating.List = append([]*Variable{{Type: "datasource", Name: "datasource", Label: "Data source", Query: plugin, Refresh: 1}}, variables...)
	return d
}

// many is a variable of which several can be chosen.
func many(name, label, query string) *Variable {
	at := chosenSource()
	return &Variable{Type: "query", Name: name, Label: label, Datasource: &at, Query: query, Definition: query, Refresh: 2, Multi: true, IncludeAll: true, Sort: 1}
}

// one is a variable of which one is chosen.
func one(name, label, query string) *Variable {
	v := many(name, label, query)
	v.Multi, v.IncludeAll, v.Sort = false, false, 0
	return v
}

// add puts panels of a height one beside the other, below what is there.
func (d *Dashboard) add(height int, panels ...*Panel) {
	y := 0
	for _, p := range d.Panels {
		y = max(y, p.GridPos.Y+p.GridPos.H)
	}
	x := 0
	for _, p := range panels {
		p.ID = len(d.Panels) + 1
		if p.GridPos.W == 0 {
			p.GridPos.W = columns / len(panels)
		}
		p.GridPos.H, p.GridPos.X, p.GridPos.Y = height, x, y
		x += p.GridPos.W
		d.Panels = append(d.Panels, p)
	}
}

func (p *Panel) wide(width int) *Panel {
	p.GridPos.W = width
	return p
}

func panel(kind, title, description string, targets ...Target) *Panel {
	at := chosenSource()
	for i := range targets {
		if targets[i].RefID == "" {
			targets[i].RefID = string(rune('A' + i))
		}
	}
	return &Panel{Type: kind, Title: title, Description: description, Datasource: &at, Targets: targets, FieldConfig: map[string]any{"defaults": map[string]any{}, "overrides": []any{}}, Options: map[string]any{}}
}

func (p *Panel) defaults() map[string]any {
	of, _ := p.FieldConfig["defaults"].(map[string]any)
	return of
}

// unit says what numbers are.
func (p *Panel) unit(unit string) *Panel {
	p.defaults()["unit"] = unit
	return p
}

// override changes how a column is shown.
func (p *Panel) override(column string, properties ...[2]any) *Panel {
	list := make([]any, len(properties))
	for i, property := range properties {
		list[i] = map[string]any{"id": property[0], "value": property[1]}
	}
	overrides, _ := p.FieldConfig["overrides"].([]any)
	p.FieldConfig["overrides"] = append(overrides, map[string]any{"matcher": map[string]any{"id": "byName", "options": column}, "properties": list})
	return p
}

// overTime is a series of time with coverage below it, as a band of its own axis
// that is full where all sources were watched.
func overTime(title, description, unit, sql string) *Panel {
	p := panel("timeseries", title, description, series("A", sql), series("B", coverage)).unit(unit)
	p.defaults()["custom"] = map[string]any{"drawStyle": "line", "lineWidth": 1, "fillOpacity": 10, "showPoints": "never", "spanNulls": false}
	p.Options = map[string]any{"legend": map[string]any{"displayMode": "table", "placement": "right", "calcs": []string{"sum", "max"}}, "tooltip": map[string]any{"mode": "multi", "sort": "desc"}}
	return p.override("coverage",
		[2]any{"unit", "percentunit"}, [2]any{"min", 0}, [2]any{"max", 1}, [2]any{"color", map[string]any{"mode": "fixed", "fixedColor": "light-green"}},
		[2]any{"custom.axisPlacement", "right"}, [2]any{"custom.lineWidth", 0}, [2]any{"custom.fillOpacity", 15}, [2]any{"custom.axisLabel", "coverage"})
}

// coverage is the share of the minutes in which the sources answered.
const coverage = `SELECT $__timeInterval(minute) AS time, avg(connected) AS coverage
FROM coverage
WHERE $__timeFilter(minute)
GROUP BY time ORDER BY time`

// number is one number.
func number(title, description, unit, sql string) *Panel {
	p := panel("stat", title, description, rows("A", sql)).unit(unit)
	p.Options = map[string]any{"reduceOptions": map[string]any{"calcs": []string{"lastNotNull"}, "fields": "", "values": false}, "colorMode": "none", "graphMode": "none", "textMode": "auto"}
	return p
}

// table shows rows as they are.
func table(title, description, sql string) *Panel {
	p := panel("table", title, description, rows("A", sql))
	p.Options = map[string]any{"showHeader": true, "cellHeight": "sm"}
	p.defaults()["custom"] = map[string]any{"align": "auto", "filterable": true}
	return p
}

// bars compares categories.
func bars(title, description, unit, category, sql string) *Panel {
	p := panel("barchart", title, description, rows("A", sql)).unit(unit)
	p.Options = map[string]any{"xField": category, "orientation": "auto", "showValue": "auto", "legend": map[string]any{"showLegend": false}}
	return p
}

// percent shows columns as shares.
func (p *Panel) percent(names ...string) *Panel {
	for _, name := range names {
		p.override(name, [2]any{"unit", "percentunit"}, [2]any{"decimals", 1})
	}
	return p
}

// leads makes a column a link to another dashboard.
func (p *Panel) leads(column, dashboard, variable string) *Panel {
	return p.override(column, [2]any{"links", []any{map[string]any{
		"title": "Show", "url": "/d/observatory-" + dashboard + "?var-" + variable + "=${__value.raw:percentencode}&${__url_time_range}",
	}}})
}

// days is a range as parameters of a view.
const days = "from = $__fromTime, to = $__toTime"
