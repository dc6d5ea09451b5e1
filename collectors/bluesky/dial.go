package bluesky

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
	"github.com/coder/websocket"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/schema"
)

// dialPatience is how long a host may take to open a connection.
const dialPatience = 15 * time.Second

// failure is why there is no connection, or no longer.
type failure struct {
	outage schema.Outage
	name   string // Of an error of version 2; empty where there is none.
	past   int64  // A place of the stream that must be passed over; -1 where it is unknown, 0 for none.
	err    error
}

func (f *failure) Error() string { return string(f.outage) + ": " + f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// errPrivate is the refusal to connect into a private network.
var errPrivate = errors.New("the address lies inside a private network: set allow_private if that is meant")

// newClient opens connections to public addresses alone, unless it is told
// otherwise. It judges the address that it connects to, whatever the name
// resolved to before. It follows no redirects: a host is where it is.
func newClient(allowPrivate bool) *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	if !allowPrivate {
		rules := ssrf.New(ssrf.WithAnyPort())
		dialer.Control = func(network, address string, c syscall.RawConn) error {
			if err := rules.Safe(network, address, c); err != nil {
				return fmt.Errorf("%w: %s", errPrivate, address)
			}
			return nil
		}
	}
	return &http.Client{
		Transport:     &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: dialPatience, MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// address is what a connection asks for; a cursor of 0 asks for what comes from
// now on.
func (c *Config) address(host string, cursor int64, dictionary uint32) string {
	u, _ := url.Parse(host) // Validate has.
	q := url.Values{}
	names := [...]string{"wantedCollections", "wantedDids"}
	path := "/subscribe"
	if c.API == apiV2 {
		names, path = [...]string{"collections", "dids"}, "/xrpc/network.bsky.jetstream.subscribeEvents"
		if dictionary != 0 {
			q.Set("zstdDictionary", strconv.FormatUint(uint64(dictionary), 10))
		}
	}
	q[names[0]] = c.collections()
	if len(c.DIDs) > 0 {
		q[names[1]] = c.DIDs
	}
	if cursor != 0 {
		q.Set("cursor", strconv.FormatInt(cursor, 10))
	}
	u.Path, u.RawQuery = strings.TrimSuffix(u.Path, "/")+path, q.Encode()
	return u.String()
}

// dial opens a connection. Its error is a *failure.
func dial(ctx context.Context, client *http.Client, address string, pong func()) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	ws, resp, err := websocket.Dial(ctx, address, &websocket.DialOptions{
		HTTPClient: client, Subprotocols: []string{"xrpc.v1.json"}, OnPongReceived: func(context.Context, []byte) { pong() },
	})
	if err == nil {
		return ws, nil
	}
	if resp != nil && resp.StatusCode != http.StatusSwitchingProtocols {
		return nil, refusal(resp)
	}
	return nil, &failure{outage: outageOf(err), err: err}
}

// refusal reads why a host answered with something else than a stream.
func refusal(resp *http.Response) *failure {
	var said struct{ Error, Message string }
	if resp.Body != nil {
		if body, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10)); err == nil {
			_ = json.Unmarshal(body, &said) // What is no JSON says nothing more.
		}
		_ = resp.Body.Close()
	}
	f := &failure{outage: outageOfStatus(resp.StatusCode), name: said.Error, err: fmt.Errorf("it answered %d %.100q", resp.StatusCode, said.Error)}
	if f.name == errCursorTooOld {
		f.outage = schema.OutageCursorTooOld
	}
	if wait, err := time.ParseDuration(resp.Header.Get("Retry-After") + "s"); err == nil && wait > 0 {
		f.err = &collectors.WaitError{Wait: min(wait, time.Hour), Err: f.err}
	}
	return f
}

func outageOfStatus(status int) schema.Outage {
	switch {
	case status == http.StatusTooManyRequests:
		return schema.OutageRateLimited
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return schema.OutageUnauthorised
	case status == http.StatusNotFound:
		return schema.OutageNotFound
	case status == http.StatusGone:
		return schema.OutageGone
	case status >= 500:
		return schema.OutageServer
	case status >= 400:
		return schema.OutageRefused
	case status >= 300:
		return schema.OutageRedirects
	}
	return schema.OutageContent
}

// outageOf names what a network said.
func outageOf(err error) schema.Outage {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var timeout net.Error
	switch {
	case errors.Is(err, errPrivate):
		return schema.OutagePrivate
	case errors.As(err, &certificate) || errors.As(err, &record):
		return schema.OutageTLS
	case errors.Is(err, context.DeadlineExceeded) || (errors.As(err, &timeout) && timeout.Timeout()):
		return schema.OutageTimeout
	}
	return schema.OutageUnreachable
}
