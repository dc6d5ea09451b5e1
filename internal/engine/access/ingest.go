package access

import (
	"maps"

	"github.com/election-observatory/observatory/internal/engine/chdb"
	"github.com/election-observatory/observatory/internal/engine/sqltext"
)

// CheckIngest refuses what the writer of rows does not need: it inserts, reads,
// deletes and optimizes, in any relation but by no other table function and no
// other function than readers have.
func (c *Checker) CheckIngest(conn *chdb.Conn, class chdb.Class, text string, params []chdb.Param) error {
	word, _ := sqltext.NewScanner(text).Next()
	changes := word.Is("INSERT") || word.Is("DELETE") || word.Is("OPTIMIZE") || word.Is("WITH")
	if class != chdb.ClassReadOnly && (class != chdb.ClassMutating || !changes) {
		return Denied("ingest inserts, reads, deletes and optimizes")
	}
	query := sqltext.ParseQuery(text, true)
	if err := checkTokens(query.Tokens, params); err != nil {
		return err
	}
	nodes := maps.Clone(c.nodes)
	for _, kind := range []string{"InsertQuery", "DeleteQuery", "OptimizeQuery", "Partition", "Partition_ID"} {
		nodes[kind] = true
	}
	j := judge{Checker: c, nodes: nodes, writer: true}
	return j.statement(conn, query.Text, params)
}
