package engine

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"
	"gopkg.in/natefinch/lumberjack.v2"

	"github.com/election-observatory/observatory/internal/engine/chdb"
)

// Bounds of the audit log. What readers ask may hold what they know of people, so that
// it is kept no longer than other restricted input.
const (
	auditMegabytes = 64
	auditFiles     = 8
	auditDays      = 30
	auditText      = 4 << 10 // Bytes kept of a statement.
	auditSaid      = 500     // And of what the engine said.
)

// audited is one line of the audit log: what a reader asked, and how it ended.
type audited struct {
	Time       time.Time `json:"time"`
	User       string    `json:"user"` // Empty where nobody logged in.
	Address    string    `json:"address"`
	ID         string    `json:"query_id,omitempty"`
	Statement  string    `json:"statement,omitempty"`
	Parameters int       `json:"parameters,omitempty"` // How many; not what they hold.
	Code       int       `json:"code"`                 // ClickHouse's code of an exception; 0 where there was none.
	Said       string    `json:"said,omitempty"`
	Seconds    float64   `json:"seconds"`
	ReadRows   uint64    `json:"read_rows"`
	ResultRows uint64    `json:"result_rows"`
}

// newAudit writes to a file that is replaced when it is large, or to nowhere.
func newAudit(path string) io.WriteCloser {
	if path == "" {
		return nil
	}
	return &lumberjack.Logger{Filename: path, MaxSize: auditMegabytes, MaxBackups: auditFiles, MaxAge: auditDays}
}

// note writes a line. Where it cannot, the request is answered all the same, and the
// log of the engine says so.
func (s *server) note(r *http.Request, q *request, started time.Time, err error) {
	if s.audit == nil {
		return
	}
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	line := audited{Time: started.UTC().Truncate(time.Millisecond), Address: host, Seconds: time.Since(started).Round(time.Millisecond).Seconds()}
	if q != nil {
		line.User, line.ID, line.Statement, line.Parameters = string(q.role), cutText(q.id, auditSaid), cutText(q.text, auditText), len(q.bound)
		line.ReadRows, line.ResultRows = q.ended.stats.ReadRows, q.ended.stats.ResultRows
		if err == nil {
			err = q.ended.err
		}
	}
	if err != nil {
		line.Code, line.Said = 1002, cutText(err.Error(), auditSaid)
		if exception, ok := errors.AsType[*chdb.Error](err); ok {
			line.Code = exception.Code
		}
	}
	text, err := json.Marshal(line)
	if err == nil {
		_, err = s.audit.Write(append(text, '\n'))
	}
	if err != nil {
		s.log.Error("the audit log cannot be written", zap.Error(err))
	}
}

// cutText keeps the beginning of a text.
func cutText(text string, bytes int) string {
	if len(text) <= bytes {
		return text
	}
	return text[:bytes] + "…"
}
