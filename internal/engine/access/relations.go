package access

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/election-observatory/observatory/internal/engine/chdb"
	"github.com/election-observatory/observatory/internal/engine/sqltext"
)

// relation is a table or a view that exists.
type relation struct{ database, name string }

func (r relation) String() string { return r.database + "." + r.name }

// relations is what exists in the engine's databases but its own, and of views
// their text.
type relations struct {
	conn  *chdb.Conn // Without filters, and of no one else.
	mu    sync.Mutex
	fresh bool
	known map[relation]string
}

// forget makes the next request look again.
func (r *relations) forget() {
	r.mu.Lock()
	r.fresh = false
	r.mu.Unlock()
}

// get returns what exists. The map is not changed once it was returned.
func (r *relations) get() (map[relation]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fresh {
		return r.known, nil
	}
	out, _, err := r.conn.Query("SELECT database, name, as_select FROM system.tables WHERE lower(database) NOT IN ('system', 'information_schema')", "JSONCompactEachRow")
	if err != nil {
		return nil, err
	}
	known := map[relation]string{}
	for line := range bytes.Lines(out) {
		var row [3]string
		if err := json.Unmarshal(line, &row); err != nil {
			return nil, fmt.Errorf("access: read the list of relations: %w", err)
		}
		known[relation{row[0], row[1]}] = row[2]
	}
	r.known, r.fresh = known, true
	return known, nil
}

// filters is the setting that empties what a role may not read and lists only
// what it may. A table that a permitted view reads stays readable: the view
// could not be read otherwise, and its name is refused.
func filters(database string, permitted map[string]bool, known map[relation]string) string {
	needed := map[string]bool{}
	for r := range known {
		if r.database == database && permitted[r.name] {
			need(r, known, needed)
		}
	}
	rules := map[string]string{
		"system.databases": in("name", database, "system"),
		"system.tables":    fmt.Sprintf("database = 'system' OR database = %s AND %s", quote(database), in("name", sorted(permitted)...)),
		"system.columns":   fmt.Sprintf("database = 'system' OR database = %s AND %s", quote(database), in("table", sorted(permitted)...)),
	}
	for r := range known {
		if !needed[r.String()] {
			rules[r.String()] = "0"
		}
	}
	entries := make([]string, 0, len(rules))
	for _, name := range sorted(rules) {
		entries = append(entries, quote(name)+":"+quote(rules[name]))
	}
	return "{" + strings.Join(entries, ",") + "}"
}

// need notes a relation and, of a view, every relation whose name its text holds.
func need(r relation, known map[relation]string, needed map[string]bool) {
	if needed[r.String()] {
		return
	}
	needed[r.String()] = true
	if known[r] == "" {
		return
	}
	words := map[string]bool{}
	for _, token := range sqltext.Scan(known[r]) {
		words[strings.Trim(token.Text, "`\"")] = true
	}
	for other := range known {
		if words[other.database] && words[other.name] {
			need(other, known, needed)
		}
	}
}

func in(column string, values ...string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = quote(v)
	}
	if len(quoted) == 0 {
		return "0"
	}
	return column + " IN (" + strings.Join(quoted, ",") + ")"
}

func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
