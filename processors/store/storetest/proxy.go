// Package storetest stands between a test's store and its engine, and makes
// inserts fail in the ways that networks and servers do.
package storetest

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Fault is what happens to one insert.
type Fault int

// The faults. Those from LostAnswer on happen after the rows are in.
const (
	None       Fault = iota
	Refused          // The connection ends before the engine hears of it.
	Overloaded       // The engine has no memory for it (code 241).
	Full             // The engine's disk is full (code 243).
	LostAnswer       // Applied, and the connection ends without an answer.
	Applied500       // Applied, and answered with an error.
	HalfAnswer       // Applied, and the answer is cut.
	Slow             // Applied, answered later than the client waits.
	faults
)

// Faults is how many faults there are, None included.
const Faults = int(faults)

// Proxy passes requests on to an engine.
type Proxy struct {
	URL    string
	target string
	client *http.Client
	decide atomic.Pointer[func(table string) Fault]
	delay  time.Duration
}

// Start starts a proxy before the engine at target. delay is how long a slow
// answer takes.
func Start(tb testing.TB, target string, delay time.Duration) *Proxy {
	tb.Helper()
	p := &Proxy{target: target, client: &http.Client{}, delay: delay}
	server := httptest.NewServer(p)
	p.URL = server.URL
	tb.Cleanup(server.Close)
	return p
}

// Decide sets what happens to inserts from now on; nil lets all pass. It is
// called at the same time for inserts that run at the same time.
func (p *Proxy) Decide(f func(table string) Fault) {
	if f == nil {
		p.decide.Store(nil)
		return
	}
	p.decide.Store(&f)
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	fault := None
	if f := p.decide.Load(); f != nil {
		query := r.URL.Query().Get("query")
		if query == "" { // A statement without data is the body.
			query = string(body[:min(len(body), maxStatement)])
		}
		if table, ok := inserted(query); ok {
			fault = (*f)(table)
		}
	}
	switch fault {
	case Refused:
		panic(http.ErrAbortHandler)
	case Overloaded:
		refuse(w, "241", "Memory limit exceeded")
		return
	case Full:
		refuse(w, "243", "Cannot reserve space")
		return
	default:
	}
	p.pass(w, r, body, fault)
}

func refuse(w http.ResponseWriter, code, text string) {
	w.Header().Set("X-ClickHouse-Exception-Code", code)
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = io.WriteString(w, "Code: "+code+". DB::Exception: "+text)
}

// pass has the engine answer, and then answers as the fault says.
func (p *Proxy) pass(w http.ResponseWriter, r *http.Request, body []byte, fault Fault) {
	request, err := http.NewRequestWithContext(r.Context(), r.Method, p.target+r.URL.RequestURI(), bytes.NewReader(body)) //nolint:gosec // The test sends its own requests to its own engine.
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	request.Header = r.Header.Clone()
	response, err := p.client.Do(request) //nolint:gosec // The test sends its own requests to its own engine.
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer response.Body.Close() //nolint:errcheck // It was read.
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	switch fault {
	case LostAnswer:
		panic(http.ErrAbortHandler)
	case Applied500:
		http.Error(w, "the server stumbled", http.StatusInternalServerError)
		return
	case HalfAnswer:
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte("x"))
		panic(http.ErrAbortHandler)
	case Slow:
		time.Sleep(p.delay)
	default:
	}
	maps.Copy(w.Header(), response.Header)
	w.WriteHeader(response.StatusCode)
	_, _ = w.Write(answer)
}

// maxStatement is how much of a body is looked at for the table that it is
// about.
const maxStatement = 256

// inserted is the table of an INSERT.
func inserted(query string) (string, bool) {
	rest, ok := strings.CutPrefix(query, "INSERT INTO ")
	if !ok {
		return "", false
	}
	name, _, _ := strings.Cut(rest, " ")
	_, table, _ := strings.Cut(name, ".")
	return table, true
}
