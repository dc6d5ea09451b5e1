package access

import (
	"slices"
	"strings"

	"github.com/election-observatory/observatory/internal/engine/chdb"
)

// judge looks at the nodes of one statement.
type judge struct {
	*Checker
	permitted map[string]bool
	known     map[relation]string
	nodes     map[string]bool // That need no closer look.
	writer    bool            // Any relation may be named.
	tree      []node
}

// statement has the engine parse a statement, with its parameters in place, and
// looks at every node.
func (j *judge) statement(conn *chdb.Conn, text string, params []chdb.Param) error {
	out, _, err := conn.Query("EXPLAIN AST "+text, "TSVRaw", params...)
	if err != nil {
		return err
	}
	var ok bool
	if j.tree, ok = parseTree(string(out)); !ok {
		return Denied("the statement cannot be read")
	}
	for i := range j.tree {
		if err := j.node(i); err != nil {
			return err
		}
	}
	return nil
}

func (j *judge) node(i int) error {
	switch n := j.tree[i]; n.kind {
	case "Function":
		return j.call(i)
	case "TableIdentifier":
		return j.table(n.name)
	case "Identifier":
		return j.identifier(n.name)
	case "ShowCreateTableQuery", "ShowCreateViewQuery", "ExistsTableQuery", "ExistsViewQuery":
		return j.table(strings.Join(childNames(j.tree, i), "."))
	case "ShowTables": // Databases and settings too.
		return j.listed(childNames(j.tree, i))
	case "Explain":
		if !slices.Contains(strings.Split(explains, "|"), n.name) {
			return Denied("%s is not permitted", n.name)
		}
	case "Set":
		return j.settings(i)
	default:
		if !j.nodes[n.kind] {
			return Denied("%s is not permitted", n.kind)
		}
	}
	return nil
}

// settings permits the options of EXPLAIN. Settings of a query come off its end
// before; those of a subquery would hold in spite of all limits.
func (j *judge) settings(i int) error {
	if !j.writer && (i != 1 || j.tree[0].kind != "Explain") {
		return Denied("SETTINGS stand at the end of a query alone, and hold names and literals")
	}
	return nil
}

// listed looks at the database whose relations are asked for.
func (j *judge) listed(names []string) error {
	if len(names) > 0 && names[0] != j.database && names[0] != "system" && !j.writer {
		return Denied("database %s is not permitted", names[0])
	}
	return nil
}

// call looks at a function with its arguments, or at a table function.
func (j *judge) call(i int) error {
	n := j.tree[i]
	if n.parent >= 0 && j.tree[n.parent].kind == "TableExpression" {
		return j.tableFunction(n.name)
	}
	if err := j.function(n.name); err != nil {
		return err
	}
	return j.comparison(i)
}

// comparison looks at the right side of IN, where a name may be a relation.
func (j *judge) comparison(function int) error {
	if !j.compare[strings.ToLower(j.tree[function].name)] {
		return nil
	}
	for _, n := range j.tree[function+1:] {
		if n.kind == "Identifier" && n.place == 1 && n.parent >= 0 && j.tree[n.parent].parent == function {
			return j.table(n.name)
		}
	}
	return nil
}

// function permits what is listed, aggregate functions with combinators too,
// and lambdas to which the statement gives a name that no function has.
func (j *judge) function(name string) error {
	name = strings.ToLower(name)
	if j.functions[name] {
		return nil
	}
	base := name
	for range len(j.combinators) {
		if j.aggregates[base] {
			return nil
		}
		for _, suffix := range j.combinators {
			if cut, ok := strings.CutSuffix(base, suffix); ok && cut != "" {
				base = cut
				break
			}
		}
	}
	if !j.exist[name] && slices.ContainsFunc(j.tree, func(n node) bool {
		return n.name == "lambda" && n.kind == "Function" && strings.ToLower(n.alias) == name
	}) {
		return nil
	}
	return Denied("function %s is not permitted", name)
}

// tableFunction permits what is listed, and parameterised views.
func (j *judge) tableFunction(name string) error {
	if j.tables[strings.ToLower(name)] {
		return nil
	}
	if _, relation, qualified := strings.Cut(name, "."); qualified || j.permitted[name] {
		if !qualified {
			relation = name
		}
		if database, _, _ := strings.Cut(name, "."); j.permitted[relation] && (!qualified || database == j.database) {
			return nil
		}
	}
	return Denied("table function %s is not permitted", name)
}

// table looks at a name where a relation is meant. A bare name that is no
// relation of the database can only be what WITH defines, or nothing at all.
func (j *judge) table(name string) error {
	if j.writer {
		return nil
	}
	database, table, qualified := strings.Cut(name, ".")
	if !qualified {
		if _, exists := j.known[relation{j.database, name}]; exists && !j.permitted[name] {
			return Denied("relation %s is not permitted", name)
		}
		return nil
	}
	switch {
	case database == j.database && j.permitted[table]:
	case database == "system" && j.system[table]:
	case strings.EqualFold(database, "information_schema") && j.schema[strings.ToLower(table)]:
	default:
		return Denied("relation %s is not permitted", name)
	}
	return nil
}

// identifier looks at a name in an expression. A function's name without its
// arguments is a lambda to functions that take one.
func (j *judge) identifier(name string) error {
	lower := strings.ToLower(name)
	if j.exist[lower] && !j.functions[lower] {
		return Denied("function %s is not permitted; put the table's name before a column of that name", name)
	}
	database, rest, qualified := strings.Cut(name, ".")
	table, _, _ := strings.Cut(rest, ".")
	if !qualified || j.writer {
		return nil
	}
	for r := range j.known {
		if r.database == database && r.name == table && (database != j.database || !j.permitted[table]) {
			return Denied("relation %s is not permitted", name)
		}
	}
	return nil
}
