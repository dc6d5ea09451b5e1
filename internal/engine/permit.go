package engine

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/internal/engine/access"
	"github.com/election-observatory/observatory/internal/engine/chdb"
)

// permit refuses what the role of a request may not do. It settles what kind of
// statement it is.
func (s *server) permit(q *request, conn *chdb.Conn) error {
	if !q.role.writes() {
		if q.insert != nil {
			return access.Denied("only reading statements are permitted")
		}
		return s.roles[q.role].Check(conn, q.query, q.bound)
	}
	text := q.text
	if q.insert != nil {
		text = q.insert.Statement + " VALUES"
	}
	class, statements, err := conn.Classify(text)
	if err != nil {
		return err
	}
	switch {
	case class == chdb.ClassUnknown:
		// Handed over as it is, the first of several statements would run.
		if err := access.Parse(conn, text); err != nil {
			return err
		}
	case statements != 1:
		return chdb.Exception(62, "SYNTAX_ERROR", "Syntax error (Multi-statements are not allowed)")
	}
	q.class = class
	if q.role == RoleIngest {
		return s.checker.CheckIngest(conn, class, text, q.bound)
	}
	return nil
}

// watch ends the query when the client goes. The query may not have begun when
// that happens, so it is asked to end until the returned function is called. It
// is not waited for: waiting has been seen never to return.
func (s *server) watch(client context.Context, tag string) (done func()) {
	ended, stop := context.WithCancel(context.WithoutCancel(client))
	context.AfterFunc(client, func() {
		for pause := 10 * time.Millisecond; ended.Err() == nil; pause = min(2*pause, time.Second) {
			s.kill(tag)
			select {
			case <-ended.Done():
			case <-time.After(pause):
			}
		}
	})
	return stop
}

func (s *server) kill(tag string) {
	conn, err := s.lib.Connect(s.path(), nil)
	if err != nil {
		return
	}
	defer conn.Close()
	if _, _, err := conn.Query("KILL QUERY WHERE Settings['log_comment'] = {tag:String} ASYNC", "Null", chdb.Param{Name: "tag", Value: tag}); err != nil {
		s.log.Debug("query not ended", zap.Error(err))
	}
}
