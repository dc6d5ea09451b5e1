package access

import (
	"strings"

	"github.com/election-observatory/observatory/internal/engine/chdb"
	"github.com/election-observatory/observatory/internal/engine/sqltext"
)

// CheckIngest refuses what the writer of rows does not need: it inserts, reads,
// deletes and optimizes, in any relation but by no other table function and no
// other function than readers have.
func (c *Checker) CheckIngest(conn *chdb.Conn, class chdb.Class, text string, params []chdb.Param) error {
	word, _ := sqltext.NewScanner(text).Next()
	if class != chdb.ClassReadOnly && (class != chdb.ClassMutating || !word.Is("INSERT") && !word.Is("DELETE") && !word.Is("OPTIMIZE") && !word.Is("WITH")) {
		return Denied("ingest inserts, reads, deletes and optimizes")
	}
	query := sqltext.ParseQuery(text, true)
	if err := checkTokens(query.Tokens, params); err != nil {
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
	j := judge{Checker: c, tree: tree}
	for i, n := range tree {
		switch n.kind {
		case "InsertQuery", "DeleteQuery", "OptimizeQuery", "Partition", "Partition_ID":
		case "TableIdentifier", "Set":
		case "Identifier":
			if lower := strings.ToLower(n.name); j.exist[lower] && !j.functions[lower] {
				return Denied("function %s is not permitted", n.name)
			}
		case "Function":
			if n.parent >= 0 && tree[n.parent].kind == "TableExpression" {
				if err := j.tableFunction(n.name); err != nil {
					return err
				}
			} else if err := j.function(n.name); err != nil {
				return err
			}
		default:
			if err := j.node(i); err != nil {
				return err
			}
		}
	}
	return nil
}
