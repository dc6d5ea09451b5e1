package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/election-observatory/observatory/schema"
)

// Error is why a Get brought nothing, in the terms of coverage.
type Error struct {
	Outage schema.Outage
	Status int           // What was answered; 0 for no answer.
	Wait   time.Duration // What it asked to wait; 0 where it did not.
	Err    error
}

func (e *Error) Error() string { return string(e.Outage) + ": " + e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// OutageOf is the outage that an error stands for.
func OutageOf(err error) schema.Outage {
	if known, ok := errors.AsType[*Error](err); ok {
		return known.Outage
	}
	return schema.OutageUnreachable
}

// failed wraps what went wrong on the way to an answer, or while reading it.
func failed(err error) *Error {
	if known, ok := errors.AsType[*Error](err); ok {
		return known
	}
	return &Error{Outage: classify(err), Err: err}
}

func classify(err error) schema.Outage {
	var (
		private   *PrivateError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		alert     tls.AlertError
		authority x509.UnknownAuthorityError
		timeout   net.Error
	)
	switch {
	case errors.As(err, &private):
		return schema.OutagePrivate
	case errors.As(err, &verify), errors.As(err, &record), errors.As(err, &alert), errors.As(err, &authority):
		return schema.OutageTLS
	case errors.Is(err, errSlow), errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return schema.OutageTimeout
	case errors.Is(err, ErrTooLarge), errors.Is(err, errEncoding):
		return schema.OutageContent
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return schema.OutageClosed
	case strings.Contains(err.Error(), "malformed HTTP"), strings.Contains(err.Error(), "response headers exceeded"):
		return schema.OutageContent // The standard library has no error of its own for these.
	}
	return schema.OutageUnreachable
}

// ofStatus is the error of an answer that brings nothing, and nil for one that
// does or that says that nothing is new.
func ofStatus(status int, header http.Header, now time.Time) *Error {
	if (status >= 200 && status < 300) || status == http.StatusNotModified {
		return nil
	}
	e := &Error{Status: status, Outage: refusal(status), Err: fmt.Errorf("it answered %d %s", status, http.StatusText(status))}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		if e.Wait = retryAfter(header.Get("Retry-After"), now); e.Wait > 0 {
			e.Outage = schema.OutageRateLimited
		}
	}
	return e
}

// refusal is the outage of a status that brings nothing.
func refusal(status int) schema.Outage {
	switch {
	case status >= 500:
		return schema.OutageServer
	case status >= 300 && status < 400:
		return schema.OutageRedirects
	}
	switch status {
	case http.StatusUnauthorized, http.StatusProxyAuthRequired:
		return schema.OutageUnauthorised
	case http.StatusPaymentRequired:
		return schema.OutageBudget
	case http.StatusNotFound:
		return schema.OutageNotFound
	case http.StatusGone:
		return schema.OutageGone
	case http.StatusRequestTimeout:
		return schema.OutageTimeout
	case http.StatusTooManyRequests:
		return schema.OutageRateLimited
	}
	return schema.OutageRefused
}

// retryAfter reads seconds or a date; 0 for what is neither or has passed.
func retryAfter(value string, now time.Time) time.Duration {
	if value = strings.TrimSpace(value); value == "" {
		return 0
	}
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
