// Package fetch asks web servers that nobody vouches for: never inside private
// networks, never more than was agreed, and never more often than is polite.
package fetch

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// Config says how servers are asked.
type Config struct {
	// UserAgent names the program, and where its operator is found.
	UserAgent string
	// AllowPrivate switches the guard against private addresses off.
	AllowPrivate bool
	// Hosts are asked at the same time, at most.
	Hosts int
	// HostInterval is the least time between two requests to one host.
	HostInterval time.Duration
	// MaxBytes is the longest body, before and after it is decompressed.
	MaxBytes int
	// MaxRatio is how much longer than sent a decompressed body may be.
	MaxRatio int
	// MinRate is the slowest body, in bytes a second, over RateWindow.
	MinRate int
	// RateWindow is over how long the rate of a body is measured.
	RateWindow time.Duration
	// Timeout is how long all requests of one Get may take, waiting for turns apart.
	Timeout time.Duration
	// DialTimeout, TLSTimeout and HeaderTimeout bound the steps of a request.
	DialTimeout, TLSTimeout, HeaderTimeout time.Duration
}

// DefaultConfig is polite and bounded.
func DefaultConfig() Config {
	return Config{
		UserAgent: "election-observatory/1 (+https://github.com/election-observatory/observatory)",
		Hosts:     64, HostInterval: time.Second,
		MaxBytes: 4 << 20, MaxRatio: 100, MinRate: 512, RateWindow: 5 * time.Second,
		Timeout: 30 * time.Second, DialTimeout: 5 * time.Second, TLSTimeout: 5 * time.Second, HeaderTimeout: 10 * time.Second,
	}
}

// Validate says what is wrong, if anything.
func (c *Config) Validate() error {
	if c.UserAgent == "" || !httpguts.ValidHeaderFieldValue(c.UserAgent) || strings.ContainsAny(c.UserAgent, "\r\n") {
		return fmt.Errorf("the user agent %q cannot stand in a request: use printable characters", c.UserAgent)
	}
	if min(c.Hosts, c.MaxBytes, c.MaxRatio) < 1 || c.MinRate < 0 || c.HostInterval < 0 {
		return errors.New("hosts, bytes and ratio must be above zero, the interval between requests and the slowest rate not below it")
	}
	if min(c.Timeout, c.DialTimeout, c.TLSTimeout, c.HeaderTimeout, c.RateWindow) <= 0 {
		return errors.New("timeouts must be above zero")
	}
	return nil
}
