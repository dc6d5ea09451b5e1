package engine

import (
	"errors"
	"io"
	"net/http"

	"github.com/election-observatory/observatory/internal/engine/chdb"
)

// insert hands the data to the engine as they come, and no faster than it
// stores them. What ends early is not acknowledged.
func (s *server) insert(w http.ResponseWriter, q *request, conn *chdb.Conn) error {
	data, none := empty(q.data)
	if none && q.insert.Format != "Values" {
		return s.acknowledge(w, chdb.Stats{}) // As ClickHouse: an INSERT of nothing is none.
	}
	insert, err := conn.Insert(q.insert.Statement, q.insert.Format, q.bound...)
	if err != nil {
		return err
	}
	if _, err := io.CopyBuffer(onlyWriter{insert}, onlyReader{data}, make([]byte, 1<<20)); err != nil {
		insert.Cancel()
		if exception, ok := errors.AsType[*chdb.Error](err); ok {
			return exception
		}
		return cutShort(err)
	}
	if err := q.http.Context().Err(); err != nil {
		insert.Cancel()
		return err
	}
	stats, err := insert.Done()
	if err != nil {
		return err
	}
	return s.acknowledge(w, stats)
}

func (s *server) acknowledge(w http.ResponseWriter, stats chdb.Stats) error {
	w.Header().Set("X-ClickHouse-Summary", summary(stats))
	w.WriteHeader(http.StatusOK)
	return nil
}
