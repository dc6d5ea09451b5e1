package fetch

import (
	"net"
	"net/http"
	"time"
)

// NewStream is a client for the API of a server that the study names: for answers that go
// on, and for pages. It connects to public addresses alone, unless it is told otherwise,
// and follows no redirects: a credential is for the server that it was given for.
func NewStream(allowPrivate bool) *http.Client {
	const patience = 15 * time.Second
	dialer := &net.Dialer{Timeout: patience}
	if !allowPrivate {
		dialer.Control = newGuard().control
	}
	return &http.Client{
		Transport:     &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: patience, ResponseHeaderTimeout: patience, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Failed is what went wrong on the way to an answer, or while reading it, in the terms
// of coverage.
func Failed(err error) *Error { return failed(err) }

// Answered is the error of an answer that brings nothing; nil for one that does.
func Answered(resp *http.Response, now time.Time) *Error {
	return ofStatus(resp.StatusCode, resp.Header, now)
}
