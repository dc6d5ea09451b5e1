package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/election-observatory/observatory/schema"
)

// Next asks where an address leads, and goes one step: it is the address in the
// redirect that the server answers, empty where it answers none. No body is read.
// A server that does not answer HEAD is asked with GET. What the redirect leads to
// is not looked at: it may be no address of the web at all. With robots the server's
// robots.txt is kept to. Errors are *Error, except for that of ctx.
func (c *Client) Next(ctx context.Context, address string, robots bool) (string, error) {
	next, err := c.next(ctx, address, robots)
	if err != nil && ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err != nil {
		return "", failed(err)
	}
	return next, nil
}

func (c *Client) next(ctx context.Context, address string, robots bool) (string, error) {
	at, err := url.Parse(address)
	if err != nil {
		return "", &Error{Outage: schema.OutageRedirects, Err: err}
	}
	if err := c.checkURL(at); err != nil {
		return "", err
	}
	budget := c.cfg.Timeout
	result, err := c.hop(ctx, at, Request{URL: address, method: http.MethodHead}, robots, &budget)
	if refused, ok := errors.AsType[*Error](err); ok && headless(refused.Status) {
		result, err = c.hop(ctx, at, Request{URL: address, beginning: 1}, robots, &budget)
	}
	if err != nil {
		return "", err
	}
	location := result.Header.Get("Location")
	if !isRedirect(result.Status) || location == "" {
		return "", nil
	}
	to, err := at.Parse(location)
	if err != nil {
		return "", &Error{Outage: schema.OutageRedirects, Status: result.Status, Err: fmt.Errorf("a redirect to what is no URL: %w", err)}
	}
	to.User = nil
	return to.String(), nil
}

// headless says whether a status may be the answer of a server that knows GET alone.
func headless(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	}
	return false
}
