package assess

import (
	"context"
	"errors"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/election-observatory/observatory/schema"
)

// inserter inserts rows in blocks; the first error is kept, and told at the end.
type inserter struct {
	ctx       context.Context
	db        driver.Conn
	statement string
	batch     driver.Batch
	rows      int
	err       error
}

// rowsPerInsert bounds what is held in memory before it is sent.
const rowsPerInsert = 200_000

func newInserter(ctx context.Context, db driver.Conn, table, columns string) *inserter {
	return &inserter{ctx: ctx, db: db, statement: "INSERT INTO " + schema.StoreDatabase + "." + table + " (" + columns + ")"}
}

func (i *inserter) add(values ...any) {
	if i.err != nil {
		return
	}
	if i.batch == nil {
		if i.batch, i.err = i.db.PrepareBatch(i.ctx, i.statement); i.err != nil {
			return
		}
	}
	if i.err = i.batch.Append(values...); i.err != nil {
		return
	}
	if i.rows++; i.rows >= rowsPerInsert {
		i.send()
	}
}

func (i *inserter) send() {
	i.err = i.batch.Send()
	i.batch, i.rows = nil, 0
}

// end sends what is left.
func (i *inserter) end() error {
	switch {
	case i.batch == nil:
		return i.err
	case i.err != nil:
		return errors.Join(i.err, i.batch.Abort())
	}
	i.send()
	return i.err
}
