package mastodon

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/election-observatory/observatory/collectors/fetch"
	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// maxEvent is the largest event of a stream that is read into memory.
const maxEvent = 2 << 20

// message is an event of a stream. One that is too large has no data and says its size.
type message struct {
	event string
	data  []byte
	size  int
}

// address is where a stream or a timeline is asked for.
func (c *Collector) address(streaming bool, query url.Values) string {
	u := *c.server
	if streaming && c.streaming != nil {
		u = *c.streaming
	}
	path := "/api/v1/timelines"
	if streaming {
		path = "/api/v1/streaming"
	}
	switch {
	case c.stream == public:
		path += "/public"
	case c.stream == local && streaming:
		path += "/public/local"
	case c.stream == local:
		path += "/public"
		query.Set("local", "true")
	case streaming:
		path += "/hashtag"
		query.Set("tag", c.stream[1:])
	default:
		path += "/tag/" + url.PathEscape(c.stream[1:])
	}
	u.Path, u.RawQuery = "", query.Encode()
	address := u.String()
	if i := strings.IndexByte(address, '?'); i >= 0 {
		return address[:i] + path + address[i:]
	}
	return address + path
}

// ask asks the server. Its error is a *fetch.Error.
func (c *Collector) ask(ctx context.Context, address, accept string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, fetch.Failed(err)
	}
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Accept", accept)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, fetch.Failed(err)
	}
	failed := fetch.Answered(resp, c.now())
	if failed == nil && resp.StatusCode != http.StatusOK {
		failed = &fetch.Error{Outage: schema.OutageContent, Status: resp.StatusCode, Err: fmt.Errorf("it answered %d", resp.StatusCode)}
	}
	if failed != nil {
		_ = resp.Body.Close()
		return nil, failed
	}
	return resp, nil
}

// Check says whether the server opens the stream, as it would be asked for.
func (c *Collector) Check(ctx context.Context) error {
	resp, err := c.open(ctx)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

const userAgent = "election-observatory/1.0 (research on elections; +https://github.com/election-observatory/observatory)"

// open opens the stream.
func (c *Collector) open(ctx context.Context) (*http.Response, error) {
	resp, err := c.ask(ctx, c.address(true, url.Values{}), "text/event-stream")
	if err != nil {
		return nil, err
	}
	if kind := resp.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/event-stream") {
		_ = resp.Body.Close()
		return nil, &fetch.Error{Outage: schema.OutageContent, Err: fmt.Errorf("it answered with %.100q, not with a stream", kind)}
	}
	return resp, nil
}

// line adds a line of a stream of server-sent events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html) to an event, and says
// whether that is whole: the caller takes it and begins another.
func (m *message) line(line []byte, size int) (whole bool) {
	if len(line) == 0 {
		return true
	}
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(name) {
	case "event":
		m.event = mapping.Short(string(value))
	case "data":
		m.size += size
		if m.size > maxEvent {
			m.data = nil
			return false
		}
		if m.data != nil {
			m.data = append(m.data, '\n')
		}
		m.data = append(m.data, value...)
	}
	return false
}
