package fetch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/election-observatory/observatory/schema"
)

const maxRedirects = 5

// Client asks. Many goroutines may use it.
type Client struct {
	cfg       Config
	agent     string // As robots.txt names it.
	guard     *guard
	transport *http.Transport
	hosts     *hosts
	now       func() time.Time
}

// New is a client that has asked nothing yet.
func New(cfg Config, now func() time.Time) *Client { return newClient(cfg, now, newGuard(), nil) }

func newClient(cfg Config, now func() time.Time, g *guard, resolver *net.Resolver) *Client {
	c := &Client{cfg: cfg, agent: productToken(cfg.UserAgent), guard: g, now: now, hosts: newHosts(cfg.Hosts, cfg.HostInterval)}
	c.transport = newTransport(cfg, g, resolver)
	return c
}

// CloseIdle closes the connections that are kept for another request.
func (c *Client) CloseIdle() { c.transport.CloseIdleConnections() }

// Request is what to ask for.
type Request struct {
	URL          string
	Accept       string
	ETag         string // As it was given last; empty for none.
	LastModified string // Likewise.
	beginning    int    // Reads so many bytes at most, and leaves the rest; 0 for all or nothing.
	method       string // GET if empty.
}

// Result is an answer: a body, or that nothing is new.
type Result struct {
	Status    int
	Header    http.Header
	Body      []byte
	URL       string // Where it came from.
	Permanent string // Where to ask from now on; empty if where it was asked.
}

// Get asks, follows redirects and reads the answer. Its errors are *Error,
// except for that of ctx.
func (c *Client) Get(ctx context.Context, r Request) (*Result, error) {
	budget := c.cfg.Timeout
	result, err := c.follow(ctx, r, true, &budget)
	if err != nil && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, failed(err)
	}
	return result, nil
}

// follow asks hop by hop. A host's turn ends before the next host's is waited for.
func (c *Client) follow(ctx context.Context, r Request, robots bool, budget *time.Duration) (*Result, error) {
	at, err := url.Parse(r.URL)
	if err != nil {
		return nil, &Error{Outage: schema.OutageRedirects, Err: err}
	}
	permanent, stays := "", true
	for range maxRedirects + 1 {
		if err := c.checkURL(at); err != nil {
			return nil, err
		}
		result, err := c.hop(ctx, at, r, robots, budget)
		if err != nil {
			return nil, err
		}
		if result.Status < 300 || result.Status == http.StatusNotModified {
			result.URL, result.Permanent = at.String(), permanent
			return result, nil
		}
		next, err := redirect(at, result.Header.Get("Location"))
		if err != nil {
			return nil, &Error{Outage: schema.OutageRedirects, Status: result.Status, Err: err}
		}
		at = next
		stays = stays && (result.Status == http.StatusMovedPermanently || result.Status == http.StatusPermanentRedirect)
		if stays {
			permanent = at.String()
		}
	}
	return nil, &Error{Outage: schema.OutageRedirects, Status: http.StatusFound, Err: fmt.Errorf("more than %d redirects", maxRedirects)}
}

// redirect is where a Location leads from a URL.
func redirect(from *url.URL, location string) (*url.URL, error) {
	if location == "" {
		return nil, errors.New("a redirect to nowhere")
	}
	to, err := from.Parse(location)
	if err != nil {
		return nil, fmt.Errorf("a redirect to what is no URL: %w", err)
	}
	to.Fragment, to.User = "", nil
	if from.Scheme == "https" && to.Scheme == "http" {
		return nil, errors.New("a redirect from https to http")
	}
	return to, nil
}

// checkURL refuses what is not to be connected to, before anything is done.
func (c *Client) checkURL(u *url.URL) error {
	if (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return &Error{Outage: schema.OutageRedirects, Err: fmt.Errorf("%.200q is no URL of http or https", u.Redacted())}
	}
	if c.cfg.AllowPrivate {
		return nil
	}
	return c.guard.checkURL(u)
}

// hop asks one server once, when it is its turn.
func (c *Client) hop(ctx context.Context, u *url.URL, r Request, robots bool, budget *time.Duration) (*Result, error) {
	known := c.hosts.use(hostKey(u))
	defer c.hosts.leave(known)
	if robots {
		if err := c.checkRobots(ctx, known, u, budget); err != nil {
			return nil, err
		}
	}
	release, err := c.hosts.acquire(ctx, known)
	if err != nil {
		return nil, err
	}
	defer release()
	began := time.Now()
	defer func() { *budget -= time.Since(began) }()
	limited, cancel := context.WithTimeout(ctx, *budget)
	defer cancel()
	limited, stop := context.WithCancelCause(limited)
	defer stop(nil)
	result, err := c.ask(limited, u, r, stop)
	if cause := context.Cause(limited); err != nil && cause != nil {
		err = errors.Join(cause, err) // errSlow, or the time that is over.
	}
	return result, err
}

func (c *Client) ask(ctx context.Context, u *url.URL, r Request, stop context.CancelCauseFunc) (*Result, error) {
	method := r.method
	if method == "" {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{
		"User-Agent": c.cfg.UserAgent, "Accept-Encoding": encodings, "Accept": r.Accept,
		"If-None-Match": r.ETag, "If-Modified-Since": r.LastModified,
	} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	resp, err := c.transport.RoundTrip(req) // follow follows, and nobody keeps cookies.
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // Nothing more is wanted of it.
	result := &Result{Status: resp.StatusCode, Header: resp.Header}
	if isRedirect(resp.StatusCode) || resp.StatusCode == http.StatusNotModified {
		return result, nil
	}
	if e := ofStatus(resp.StatusCode, resp.Header, c.now()); e != nil {
		return nil, e
	}
	if method == http.MethodHead {
		return result, nil
	}
	result.Body, err = c.readBody(resp, r.beginning, stop)
	return result, err
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}
