package access

import (
	"errors"
	"slices"
	"strings"
	"unicode"

	"github.com/election-observatory/observatory/internal/engine/chdb"
	"github.com/election-observatory/observatory/internal/engine/sqltext"
)

// Checker judges statements. It is safe for concurrent use.
type Checker struct {
	database    string
	conn        *chdb.Conn
	relations   relations
	functions   map[string]bool // That readers may call, in lower case.
	exist       map[string]bool // All that the engine has.
	aggregates  map[string]bool // Those of functions that take combinators.
	combinators []string
	tables      map[string]bool // Table functions.
	system      map[string]bool
	schema      map[string]bool
	nodes       map[string]bool
	compare     map[string]bool
}

// New reads the engine's catalogue over a connection that the checker keeps.
// database is the one whose relations readers may be permitted.
func New(conn *chdb.Conn, database string) (*Checker, error) {
	c := &Checker{
		database: database, conn: conn, relations: relations{conn: conn},
		functions: set(functions), exist: map[string]bool{}, aggregates: map[string]bool{},
		tables: set(tableFunctions), system: set(systemTables), schema: set(schemaTables), nodes: set(nodes), compare: set(comparisons),
	}
	out, _, err := conn.Query("SELECT lower(name), is_aggregate FROM system.functions", "TSV")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(out)) {
		name, aggregate, _ := strings.Cut(strings.TrimSpace(line), "\t")
		c.exist[name] = true
		if aggregate == "1" && c.functions[name] {
			c.aggregates[name] = true
		}
	}
	out, _, err = conn.Query("SELECT lower(name) FROM system.aggregate_function_combinators", "TSV")
	c.combinators = strings.Fields(string(out))
	slices.SortFunc(c.combinators, func(a, b string) int { return len(b) - len(a) })
	return c, err
}

// Close closes the checker's connection.
func (c *Checker) Close() { c.conn.Close() }

// Forget is told that relations may have come or gone.
func (c *Checker) Forget() { c.relations.forget() }

// Reader is what one role may read.
type Reader struct {
	c         *Checker
	permitted map[string]bool
}

// Reader returns the access of a role that may read some relations of the database.
func (c *Checker) Reader(permitted []string) *Reader {
	return &Reader{c: c, permitted: set(strings.Join(permitted, " "))}
}

// Filters is the value of additional_table_filters for connections of the role.
func (r *Reader) Filters() (string, error) {
	known, err := r.c.relations.get()
	if err != nil {
		return "", err
	}
	return filters(r.c.database, r.permitted, known), nil
}

// Denied is the engine's exception for what is not permitted.
func Denied(format string, args ...any) error {
	return chdb.Exception(497, "ACCESS_DENIED", "Not enough privileges: "+format, args...)
}

// Check refuses a query that is not one reading statement of permitted things.
// conn is the connection on which it will run, so that the same parser decides.
func (r *Reader) Check(conn *chdb.Conn, query sqltext.Query, params []chdb.Param) error {
	class, statements, err := conn.Classify(query.Text)
	switch {
	case err != nil:
		return err
	case class == chdb.ClassUnknown:
		if err := Parse(conn, query.Text); err != nil {
			return err
		}
		return Denied("this kind of statement is not permitted")
	case class != chdb.ClassReadOnly:
		return Denied("only reading statements are permitted")
	case statements != 1:
		return Denied("one statement at a time")
	}
	if err := checkTokens(query.Tokens, params); err != nil {
		return err
	}
	known, err := r.c.relations.get()
	if err != nil {
		return err
	}
	out, _, err := conn.Query("EXPLAIN AST "+query.Text, "TSVRaw", params...)
	if err != nil {
		return err
	}
	tree, ok := parseTree(string(out))
	if !ok {
		return Denied("the statement cannot be read")
	}
	j := judge{Checker: r.c, permitted: r.permitted, known: known, tree: tree}
	for i := range tree {
		if err := j.node(i); err != nil {
			return err
		}
	}
	return nil
}

// Parse returns the error of a text that is no statement. The text is handed to
// the engine as a value: run as a statement, the first of several would run
// although the second does not parse.
func Parse(conn *chdb.Conn, text string) error {
	_, _, err := conn.Query("SELECT formatQuery({query:String})", "Null", chdb.Param{Name: "query", Value: escape(text)})
	var exception *chdb.Error
	if !errors.As(err, &exception) {
		return err
	}
	message, rest, cut := strings.Cut(exception.Message, ": In scope SELECT formatQuery(")
	if at := strings.LastIndex(rest, " ("); cut && at >= 0 {
		message += "." + rest[at:]
	}
	return &chdb.Error{Code: exception.Code, Message: message}
}

// escape writes a value as parameters of the type String are read.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\x00", `\0`).Replace(text)
}

// checkTokens refuses what the syntax tree does not show: a relation named by
// its UUID, output into a file, and names that could pass for lines of the tree.
func checkTokens(tokens []sqltext.Token, params []chdb.Param) error {
	for i, t := range tokens {
		var next sqltext.Token
		if i+1 < len(tokens) {
			next = tokens[i+1]
		}
		switch {
		case t.Is("UUID") && next.Kind == sqltext.String:
			return Denied("relations are named, not given by UUID")
		case t.Is("INTO") && next.Is("OUTFILE"):
			return Denied("results do not go into files")
		case t.Kind == sqltext.Quoted && strings.ContainsFunc(t.Text, unprintable):
			return Denied("names in quotation marks hold no control characters and no backslashes")
		case t.Mark(":") && next.Is("Identifier") && i > 0:
			for _, p := range params {
				if p.Name == strings.Trim(tokens[i-1].Text, "`\"") && strings.ContainsFunc(p.Value, unprintable) {
					return Denied("names hold no control characters and no backslashes")
				}
			}
		}
	}
	return nil
}

func unprintable(r rune) bool { return r == '\\' || unicode.IsControl(r) }

// judge looks at the nodes of one statement.
type judge struct {
	*Checker
	permitted map[string]bool
	known     map[relation]string
	tree      []node
}

func (j *judge) node(i int) error {
	n := j.tree[i]
	parent := ""
	if n.parent >= 0 {
		parent = j.tree[n.parent].kind
	}
	switch n.kind {
	case "Function":
		if parent == "TableExpression" {
			return j.tableFunction(n.name)
		}
		if err := j.function(n.name); err != nil {
			return err
		}
		return j.comparison(i)
	case "TableIdentifier":
		return j.table(n.name)
	case "Identifier":
		return j.identifier(n.name)
	case "ShowCreateTableQuery", "ShowCreateViewQuery", "ExistsTableQuery", "ExistsViewQuery":
		return j.table(strings.Join(childNames(j.tree, i), "."))
	case "ShowTables":
		if names := childNames(j.tree, i); len(names) > 0 && names[0] != j.database && names[0] != "system" {
			return Denied("database %s is not permitted", names[0])
		}
	case "Explain":
		if !slices.Contains(strings.Split(explains, "|"), n.name) {
			return Denied("%s is not permitted", n.name)
		}
	case "Set":
		// The options of EXPLAIN. Settings of a query come off its end before;
		// those of a subquery would hold in spite of all limits.
		if i != 1 || j.tree[0].kind != "Explain" {
			return Denied("SETTINGS stand at the end of a query alone, and hold names and literals")
		}
	default:
		if !j.nodes[n.kind] {
			return Denied("%s is not permitted", n.kind)
		}
	}
	return nil
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
	if !qualified {
		return nil
	}
	for r := range j.known {
		if r.database == database && r.name == table && (database != j.database || !j.permitted[table]) {
			return Denied("relation %s is not permitted", name)
		}
	}
	return nil
}
