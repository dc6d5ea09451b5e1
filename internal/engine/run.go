package engine

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"

	"github.com/election-observatory/observatory/internal/engine/chdb"
)

// outcome is how a statement ended.
type outcome struct {
	stats chdb.Stats
	err   error
}

// run writes the result of a statement. An error before anything was sent is
// an answer of its own; a later one is appended, announced by a header.
func (s *server) run(w http.ResponseWriter, q *request, conn *chdb.Conn) error {
	if q.class != chdb.ClassReadOnly || !q.selects() {
		return s.runWhole(w, q, conn)
	}
	// The library gives results in pieces only as documents of their own, which
	// no format with a beginning and an end survives. Written into a pipe, a
	// result of any format is one document, and a slow client slows the query.
	from, to, err := os.Pipe()
	if err != nil {
		return err
	}
	// A larger pipe saves turns between the two; the default does as well.
	_, _ = unix.FcntlInt(to.Fd(), unix.F_SETPIPE_SZ, 1<<20)
	ended := make(chan outcome, 1)
	go func() {
		_, stats, err := conn.Query(fmt.Sprintf("%s\nINTO OUTFILE '/proc/self/fd/%d' APPEND FORMAT %s", q.query.Text, to.Fd(), q.resultFormat()), "Null", q.bound...)
		_ = to.Close()
		ended <- outcome{stats, err}
	}()
	result := &result{pipe: from, ended: ended}
	defer func() {
		result.close()
		q.ended = result.wait()
	}()
	return result.send(w, q)
}

// result is the result of a running query.
type result struct {
	pipe  *os.File
	ended chan outcome
	last  *outcome
}

// wait waits for the end of the query.
func (r *result) wait() outcome {
	if r.last == nil {
		last := <-r.ended
		r.last = &last
	}
	return *r.last
}

// close makes a query that still writes fail, and waits for its end.
func (r *result) close() {
	_ = r.pipe.Close()
	r.wait()
}

// bufferBytes is how much of a result is held back to see whether the query
// ends well.
const bufferBytes = 256 << 10

// send passes the result on as it comes.
func (r *result) send(w http.ResponseWriter, q *request) error {
	buffer := make([]byte, bufferBytes)
	n, err := io.ReadFull(r.pipe, buffer)
	whole := err != nil
	var stats chdb.Stats
	if whole {
		last := r.wait()
		if last.err != nil {
			return last.err
		}
		stats = last.stats
	}
	tag := q.announce(w, stats)
	out := q.encode(w)
	_, err = out.Write(buffer[:n])
	if !whole && err == nil {
		_, err = io.CopyBuffer(flushing{out, w}, onlyReader{r.pipe}, buffer)
	}
	if err != nil {
		return nil //nolint:nilerr // The client has gone; there is nobody to tell.
	}
	if last := r.wait(); last.err != nil {
		_, _ = fmt.Fprintf(out, "\r\n__exception__\r\n%s\r\n%s\n%d %s\r\n__exception__\r\n", tag, last.err.Error(), len(last.err.Error())+1, tag)
	}
	_ = out.Close()
	return nil
}

// runWhole runs what does not select; its result is short.
func (s *server) runWhole(w http.ResponseWriter, q *request, conn *chdb.Conn) error {
	text := q.query.Text
	if q.class != chdb.ClassReadOnly {
		text = q.text
		defer s.checker.Forget()
	}
	out, stats, err := conn.Query(text, q.resultFormat(), q.bound...)
	q.ended = outcome{stats, err}
	if err != nil {
		return err
	}
	q.announce(w, stats)
	body := q.encode(w)
	_, _ = body.Write(out)
	_ = body.Close()
	return nil
}

// announce sets the headers of a result. It returns the mark of a late exception.
func (q *request) announce(w http.ResponseWriter, stats chdb.Stats) (tag string) {
	tag = strings.ReplaceAll(uuid.NewString(), "-", "")[:16]
	h := w.Header()
	h.Set("X-ClickHouse-Exception-Tag", tag)
	h.Set("X-ClickHouse-Format", q.resultFormat())
	h.Set("X-ClickHouse-Summary", summary(stats))
	h.Set("Content-Type", contentType(q.resultFormat(), browser(q.http)))
	return tag
}

// flushing hands on each piece at once.
type flushing struct {
	out flushWriter
	w   http.ResponseWriter
}

func (f flushing) Write(p []byte) (int, error) {
	n, err := f.out.Write(p)
	if err == nil {
		err = f.out.Flush()
	}
	if flusher, ok := f.w.(http.Flusher); ok {
		flusher.Flush()
	}
	return n, err
}

// onlyReader and onlyWriter keep io.Copy to the buffer that it was given.
type (
	onlyReader struct{ io.Reader }
	onlyWriter struct{ io.Writer }
)

func contentType(format string, browser bool) string {
	format = strings.ToLower(format)
	switch {
	case strings.HasPrefix(format, "json") && strings.Contains(format, "eachrow"):
		return "application/x-ndjson; charset=UTF-8"
	case strings.HasPrefix(format, "json"):
		return "application/json; charset=UTF-8"
	case browser && format != "xml":
		return "text/plain; charset=UTF-8"
	case strings.HasPrefix(format, "csvwithnames"):
		return "text/csv; charset=UTF-8; header=present"
	case strings.HasPrefix(format, "csv"):
		return "text/csv; charset=UTF-8; header=absent"
	case strings.HasPrefix(format, "tabseparated"), strings.HasPrefix(format, "tsv"):
		return "text/tab-separated-values; charset=UTF-8"
	case format == "xml":
		return "application/xml; charset=UTF-8"
	case strings.HasPrefix(format, "pretty"), strings.HasPrefix(format, "vertical"), strings.HasPrefix(format, "markdown"), strings.HasPrefix(format, "values"):
		return "text/plain; charset=UTF-8"
	}
	return "application/octet-stream"
}
