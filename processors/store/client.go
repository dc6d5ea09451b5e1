package store

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"
)

const (
	exceptionHeader = "X-ClickHouse-Exception-Code"
	maxAnswer       = 64 << 10 // Bytes read of an answer to an insert.
	maxMessage      = 600      // Bytes kept of what the store says.
)

func newTLS() *tls.Config { return &tls.Config{MinVersion: tls.VersionTLS12} }

// Client inserts encoded rows over ClickHouse's HTTP interface. It is safe for
// concurrent use.
type Client struct {
	cfg     Config
	base    string
	http    *http.Client
	log     *zap.Logger
	metrics *metrics
}

func newClient(cfg Config, log *zap.Logger, m *metrics) *Client {
	transport := &http.Transport{
		DialContext:           (&net.Dialer{Timeout: cfg.DialTimeout}).DialContext,
		TLSClientConfig:       newTLS(),
		TLSHandshakeTimeout:   cfg.DialTimeout,
		ResponseHeaderTimeout: cfg.InsertTimeout,
		MaxIdleConnsPerHost:   16,
		IdleConnTimeout:       time.Minute,
		DisableCompression:    true,
		WriteBufferSize:       256 << 10,
	}
	return &Client{
		cfg: cfg, base: strings.TrimSuffix(cfg.Addr, "/"), log: log, metrics: m,
		http: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// Insert runs an INSERT whose data is body, until the store says that the rows
// are in. An attempt whose outcome is unknown is simply made again: rows replace
// their equals. It returns an error when ctx ends, or when the store refuses the
// statement in a way that no repetition changes (a *RefusedError).
func (c *Client) Insert(ctx context.Context, table, statement string, body []byte) error {
	start := time.Now()
	pause := c.cfg.RetryFirst
	for attempt := 1; ; attempt++ {
		err := c.attempt(ctx, statement, body)
		if err == nil {
			c.metrics.insertSeconds.WithLabelValues(table).Observe(time.Since(start).Seconds())
			c.metrics.bytes.WithLabelValues(table).Add(float64(len(body)))
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("store: insert into %s: %w", table, context.Cause(ctx))
		}
		var refused *RefusedError
		if errors.As(err, &refused) && refused.permanent() {
			return fmt.Errorf("store: insert into %s: %w", table, err)
		}
		short := refused != nil && refused.shortage()
		if short {
			pause = max(pause, min(time.Second, c.cfg.RetryMax))
		}
		c.retried(table, attempt, short, err)
		if err := sleep(ctx, pause); err != nil {
			return fmt.Errorf("store: insert into %s: %w", table, err)
		}
		pause = min(2*pause, c.cfg.RetryMax)
	}
}

// retried counts a failed attempt and says so, less and less often.
func (c *Client) retried(table string, attempt int, short bool, err error) {
	reason := "unreachable"
	switch {
	case short:
		reason = "shortage"
	case errors.As(err, new(*RefusedError)):
		reason = "refused"
	}
	c.metrics.retries.WithLabelValues(reason).Inc()
	if attempt&(attempt-1) == 0 {
		c.log.Warn("insert is tried again", zap.String("table", table), zap.String("reason", reason), zap.Int("attempt", attempt), zap.Error(err))
	}
}

func (c *Client) attempt(ctx context.Context, statement string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.InsertTimeout)
	defer cancel()
	query := url.Values{
		"query":              {statement},
		"async_insert":       {"0"},
		"insert_deduplicate": {"0"}, // Keys make inserts repeatable; remembered blocks would only hide rows.
		"optimize_on_insert": {"0"}, // Collapsing a block as it comes triples the cost of its insert; FINAL and merges do it anyway.
		"wait_end_of_query":  {"1"}, // The status then tells the outcome.
	}
	for name, value := range c.cfg.Layout.settings() {
		query.Set(name, fmt.Sprint(value))
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/?"+query.Encode(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/octet-stream")
	request.Header.Set("X-ClickHouse-User", c.cfg.User)
	request.Header.Set("X-ClickHouse-Key", string(c.cfg.Password))
	response, err := c.http.Do(request)
	if err != nil {
		return withoutURL(err)
	}
	defer response.Body.Close() //nolint:errcheck // The answer is read whole or not trusted.
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return outcome(response, answer)
}

// outcome is nil only for an answer that says that all rows are in.
func outcome(response *http.Response, answer []byte) error {
	text := strings.TrimSpace(string(answer))
	code, _ := strconv.Atoi(response.Header.Get(exceptionHeader))
	if at := strings.Index(text, "Code: "); code == 0 && at >= 0 {
		digits, _, _ := strings.Cut(text[at+len("Code: "):], ".")
		code, _ = strconv.Atoi(digits)
	}
	if response.StatusCode == http.StatusOK && code == 0 {
		return nil
	}
	if len(text) > maxMessage {
		text = text[:maxMessage]
	}
	return &RefusedError{Status: response.StatusCode, Code: code, Message: text}
}

// withoutURL drops the address and statement that net/http puts before its
// errors.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c *Client) close() { c.http.CloseIdleConnections() }
