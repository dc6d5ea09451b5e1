package dashboards

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Range is what a reader of a dashboard looks at: a time, by the hour, and what was
// chosen of its variables.
type Range struct {
	From, To time.Time
	Chosen   map[string][]string
}

var (
	ofTime   = regexp.MustCompile(`\$__timeFilter\((\w+)\)`)
	inSteps  = regexp.MustCompile(`\$__timeInterval\((\w+)\)`)
	variable = regexp.MustCompile(`\$\{(\w+):singlequote\}`)
)

// Expand makes of macros and variables what the plugin makes of them
// (grafana-clickhouse-datasource, pkg/macros), to ask a query without Grafana.
func (r *Range) Expand(sql string) string {
	from, to := fmt.Sprintf("toDateTime(%d)", r.From.Unix()), fmt.Sprintf("toDateTime(%d)", r.To.Unix())
	sql = ofTime.ReplaceAllString(sql, "$1 >= "+from+" AND $1 <= "+to)
	sql = inSteps.ReplaceAllString(sql, "toStartOfInterval(toDateTime($1), INTERVAL 3600 second)")
	sql = strings.NewReplacer("$__fromTime", from, "$__toTime", to, "$__interval_s", "3600").Replace(sql)
	return variable.ReplaceAllStringFunc(sql, func(of string) string {
		return "'" + strings.Join(r.Chosen[variable.FindStringSubmatch(of)[1]], "','") + "'"
	})
}

// Choose chooses all values that a variable's query gives, or the first where it takes
// one. A value ends with the first tab.
func (r *Range) Choose(v *Variable, rows []string) {
	var values []string
	for _, row := range rows {
		value, _, _ := strings.Cut(row, "\t")
		values = append(values, value)
	}
	if !v.Multi && len(values) > 1 {
		values = values[:1]
	}
	if r.Chosen == nil {
		r.Chosen = map[string][]string{}
	}
	r.Chosen[v.Name] = values
}
