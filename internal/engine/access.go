package engine

import (
	"regexp"
	"strings"

	"github.com/election-observatory/observatory/internal/engine/chdb"
)

// access decides what readers may ask. It knows what is permitted and refuses
// everything else: a node, function or table that it has not heard of included.
type access struct {
	database  string
	relations map[string]bool // Of the database, as permitted to the role.
	functions map[string]bool // In lower case.
	tables    map[string]bool // Table functions, in lower case.
	system    map[string]bool // Relations of the database system.
	exists    map[string]bool // What the database holds, as of this request.
}

// newAccess reads the engine's own catalogue of functions and takes out of it
// what reads files, reaches other hosts, waits, or looks into the process.
func newAccess(conn *chdb.Conn, database string) (*access, error) {
	out, _, err := conn.Query("SELECT lower(name) FROM system.functions WHERE origin = 'System'", "TSV")
	if err != nil {
		return nil, err
	}
	a := &access{database: database, functions: map[string]bool{}, tables: set("numbers numbers_mt zeros zeros_mt generate_series generateseries values null primes"),
		system: set("one numbers numbers_mt zeros tables columns functions databases settings formats data_type_families time_zones keywords aggregate_function_combinators table_functions contributors licenses collations")}
	for name := range strings.Lines(string(out)) {
		if name = strings.TrimSpace(name); !dangerous(name) {
			a.functions[name] = true
		}
	}
	for _, name := range []string{"lambda", "tuple", "array", "map", "exists", "in", "notin", "globalin", "globalnotin", "cast", "interval", "untuple", "columns", "distinct", "any", "all"} {
		a.functions[name] = true
	}
	return a, nil
}

func set(words string) map[string]bool {
	s := map[string]bool{}
	for _, w := range strings.Fields(words) {
		s[w] = true
	}
	return s
}

// dangerous names scalar functions that no reader needs and that do more than compute.
func dangerous(name string) bool {
	for _, prefix := range []string{"dict", "joinget", "sleep", "file", "url_", "remote", "filesystem", "addressto", "tcpport", "hostname", "fqdn", "getserverport", "getmacro", "zookeeper", "keeper",
		"catboost", "evalml", "modelevaluate", "executable", "reversedns", "hascolumnintable", "showcertificate", "getclienthttp", "serveruuid", "buildid", "getoskernel", "globalvariable", "trap", "logtrace",
		"generateserialid", "mergetree", "transaction", "getsetting", "getserversetting", "initialquery", "queryid", "currentquery", "connectionid", "authenticated", "ai", "llm", "demangle", "nested", "uptime", "getmaxtablename", "partitionid", "tid", "wasm", "getservice", "structureto"} {
		if strings.HasPrefix(name, prefix) {
			return name != "aithmetic" && name != "nestedtypename"
		}
	}
	return false
}

// forRole is the access of a role.
func (a *access) forRole(role Role, cfg *Config) *access {
	b := *a
	b.relations = map[string]bool{}
	permitted := cfg.Relations
	if role == RolePublic {
		permitted = cfg.Aggregates
	}
	for _, name := range permitted {
		b.relations[name] = true
	}
	if role == RoleCustodian {
		for _, name := range cfg.Restricted {
			b.relations[name] = true
		}
	}
	return &b
}

var (
	trailingFormat = regexp.MustCompile(`(?is)\s+FORMAT\s+[A-Za-z0-9_]+[\s;]*$`)
	plainName      = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$`)
)

// check refuses a text that is not one reading statement of permitted things.
// conn is the connection on which it will run, so that the same parser decides.
func (a *access) check(conn *chdb.Conn, query string, params []chdb.Param) error {
	class, statements, err := conn.Classify(query)
	if err != nil {
		return err
	}
	if class == chdb.ClassUnknown || (class == chdb.ClassReadOnly && statements == 0) {
		return nil // It does not parse; the engine says so best, and runs nothing.
	}
	if class != chdb.ClassReadOnly {
		return denied("only reading statements are permitted")
	}
	if statements != 1 {
		return denied("one statement at a time")
	}
	if err := a.list(conn); err != nil {
		return err
	}
	out, _, err := conn.Query("EXPLAIN AST "+trailingFormat.ReplaceAllString(query, ""), "TSV", params...)
	if err != nil {
		return err
	}
	return a.checkTree(strings.Split(strings.TrimRight(string(out), "\n"), "\n"))
}

// list reads what the database holds now.
func (a *access) list(conn *chdb.Conn) error {
	out, _, err := conn.Query("SELECT name FROM system.tables WHERE database = {database:String}", "TSV", chdb.Param{Name: "database", Value: a.database})
	a.exists = set(string(out))
	return err
}

func denied(format string, args ...any) error {
	return chdb.Exception(497, "ACCESS_DENIED", "Not enough privileges: "+format, args...)
}

// checkTree walks the lines of EXPLAIN AST. The depth of a node is the number
// of blanks before it.
func (a *access) checkTree(lines []string) error {
	var path []string
	for _, line := range lines {
		node := strings.TrimLeft(line, " ")
		depth := len(line) - len(node)
		if depth > len(path) {
			return denied("the statement cannot be read")
		}
		kind, rest, _ := strings.Cut(node, " ")
		path = append(path[:depth], kind)
		parent := ""
		if depth > 0 {
			parent = path[depth-1]
		}
		name, _, _ := strings.Cut(rest, " (")
		if err := a.checkNode(kind, name, parent); err != nil {
			return err
		}
	}
	return nil
}

func (a *access) checkNode(kind, name, parent string) error {
	switch kind {
	case "Function":
		if parent == "TableExpression" {
			if !a.tables[strings.ToLower(name)] {
				return denied("table function %s is not permitted", name)
			}
			return nil
		}
		if !a.functions[strings.ToLower(name)] {
			return denied("function %s is not permitted", name)
		}
	case "TableIdentifier":
		return a.checkTable(name)
	case "Identifier":
		return a.checkIdentifier(name)
	case "ShowCreateTableQuery", "ExistsTableQuery", "ExistsViewQuery", "ShowCreateViewQuery", "DescribeQuery", "ShowTables", "Explain":
	default:
		if !permittedNode(kind) {
			return denied("%s is not permitted", kind)
		}
	}
	return nil
}

func permittedNode(kind string) bool {
	switch kind {
	case "SelectWithUnionQuery", "SelectIntersectExceptQuery", "ExpressionList", "SelectQuery", "Subquery", "TablesInSelectQuery", "TablesInSelectQueryElement", "TableExpression",
		"TableJoin", "ArrayJoin", "Literal", "Asterisk", "QualifiedAsterisk", "ColumnsRegexpMatcher", "ColumnsListMatcher", "QualifiedColumnsRegexpMatcher", "QualifiedColumnsListMatcher",
		"ColumnsExceptTransformer", "ColumnsReplaceTransformer", "ColumnsReplaceTransformer::Replacement", "ColumnsTransformerList", "OrderByElement", "StorageOrderByElement", "WithElement",
		"WindowDefinition", "WindowListElement", "InterpolateElement", "SampleRatio", "Set", "NameTypePair", "DataType", "CollationAST", "Collation", "TTLElement", "StarElement", "GroupingSets":
		return true
	}
	return false
}

// checkTable looks at a name where a table is meant. A bare name that is no
// relation of the database can only be what WITH defines, or nothing at all.
func (a *access) checkTable(name string) error {
	if !plainName.MatchString(name) {
		return denied("relation %q is not permitted", name)
	}
	database, relation, qualified := strings.Cut(name, ".")
	switch {
	case !qualified && (a.relations[name] || !a.exists[name]):
	case qualified && database == a.database && a.relations[relation]:
	case qualified && strings.EqualFold(database, "system") && a.system[relation]:
	default:
		return denied("relation %s is not permitted", name)
	}
	return nil
}

// checkIdentifier looks at a name that may be a column or, after IN, a table.
func (a *access) checkIdentifier(name string) error {
	database, relation, qualified := strings.Cut(name, ".")
	switch lower := strings.ToLower(database); {
	case lower == "system" && qualified && !a.system[relation], strings.HasPrefix(lower, a.database+"_"), lower == "information_schema" && qualified:
		return denied("relation %s is not permitted", name)
	case database == a.database && qualified:
		relation, _, _ = strings.Cut(relation, ".")
		if !a.relations[relation] {
			return denied("relation %s is not permitted", name)
		}
	case a.exists[database] && !a.relations[database]:
		return denied("relation %s is not permitted", database)
	}
	return nil
}
