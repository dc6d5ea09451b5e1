package access

import (
	"errors"
	"slices"
	"strings"

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
	j := judge{Checker: r.c, permitted: r.permitted, known: known, nodes: r.c.nodes}
	return j.statement(conn, query.Text, params)
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
