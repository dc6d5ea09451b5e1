package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/election-observatory/observatory/schema"
)

const (
	robotsFor     = 24 * time.Hour   // How long a robots.txt counts.
	robotsFailed  = 10 * time.Second // How long it counts that there was none to be had.
	robotsBytes   = 500 << 10        // What is read of it.
	robotsRules   = 2000             // What is kept of it.
	robotsPattern = 1 << 10          // Longest rule.
)

// rule allows or disallows paths. '*' stands for anything, a final '$' for the end.
type rule struct {
	pattern string
	allow   bool
}

// robotsCache is a host's robots.txt as it is remembered.
type robotsCache struct {
	free  chan struct{} // Held by who reads or writes the rest.
	until time.Time
	rules []rule
	err   error
}

// robotsReader reads a robots.txt for one agent.
type robotsReader struct {
	agent           string
	own, general    []rule // Of the groups that name the agent, and of those for everybody.
	named           bool   // A group names the agent.
	isOwn, isForAll bool   // Whose rules the present group's are.
	inRules         bool   // The present group's agents have all been named.
}

// parseRobots reads the rules that a robots.txt has for an agent (RFC 9309):
// those of all groups that name it, or else of the groups for everybody.
func parseRobots(text []byte, agent string) []rule {
	text = bytes.TrimPrefix(text[:min(len(text), robotsBytes)], []byte("\xEF\xBB\xBF"))
	r := robotsReader{agent: strings.ToLower(agent), inRules: true}
	for line := range bytes.FieldsFuncSeq(text, func(c rune) bool { return c == '\n' || c == '\r' }) {
		line, _, _ = bytes.Cut(line, []byte("#"))
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || len(value) > robotsPattern {
			continue
		}
		r.line(strings.ToLower(string(bytes.TrimSpace(name))), string(bytes.TrimSpace(value)))
	}
	if r.named {
		return r.own
	}
	return r.general
}

func (r *robotsReader) line(name, value string) {
	switch name {
	case "user-agent":
		if r.inRules {
			r.isOwn, r.isForAll, r.inRules = false, false, false
		}
		r.isForAll = r.isForAll || value == "*"
		if token := productToken(value); token != "" && token == r.agent {
			r.isOwn, r.named = true, true
		}
	case "allow", "disallow":
		r.inRules = true
		if value == "" {
			return
		}
		if r.isOwn && len(r.own) < robotsRules {
			r.own = append(r.own, rule{value, name == "allow"})
		}
		if r.isForAll && len(r.general) < robotsRules {
			r.general = append(r.general, rule{value, name == "allow"})
		}
	}
}

// productToken is the name in a user agent, in lower case.
func productToken(agent string) string {
	end := strings.IndexFunc(agent, func(r rune) bool {
		return r != '-' && r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	if end >= 0 {
		agent = agent[:end]
	}
	return strings.ToLower(agent)
}

// allowed says whether rules allow a path with its query: the longest that
// matches decides, and of two as long the one that allows.
func allowed(rules []rule, path string) bool {
	longest, allow := -1, true
	for _, r := range rules {
		if len(r.pattern) < longest || (len(r.pattern) == longest && allow) || !matches(r.pattern, path) {
			continue
		}
		longest, allow = len(r.pattern), r.allow
	}
	return allow
}

// matches says whether a pattern matches from the start of a path, in time that
// grows with their lengths: what a star matches is never tried again.
func matches(pattern, path string) bool {
	pattern, ends := strings.CutSuffix(pattern, "$")
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(path, parts[0]) {
		return false
	}
	path = path[len(parts[0]):]
	for i, part := range parts[1:] {
		if ends && i == len(parts)-2 {
			return strings.HasSuffix(path, part)
		}
		at := strings.Index(path, part)
		if at < 0 {
			return false
		}
		path = path[at+len(part):]
	}
	return !ends || path == ""
}

// checkRobots says whether a URL may be asked, and reads the robots.txt of its
// host where that is not known.
func (c *Client) checkRobots(ctx context.Context, known *host, u *url.URL, budget *time.Duration) error {
	cache := &known.robots
	select {
	case cache.free <- struct{}{}:
		defer func() { <-cache.free }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if now := c.now(); !now.Before(cache.until) || cache.until.Sub(now) > robotsFor {
		rules, err := c.readRobots(ctx, u, budget)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		cache.rules, cache.err = rules, err
		cache.until = now.Add(robotsFor)
		if err != nil {
			cache.until = now.Add(robotsFailed)
		}
	}
	if cache.err != nil {
		return cache.err
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	if !allowed(cache.rules, path) {
		return &Error{Outage: schema.OutageRobots, Err: errors.New("its robots.txt disallows " + path)}
	}
	return nil
}

// readRobots fetches a robots.txt. That there is none allows everything; that
// the server fails allows nothing.
func (c *Client) readRobots(ctx context.Context, u *url.URL, budget *time.Duration) ([]rule, error) {
	robots := &url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/robots.txt"}
	result, err := c.follow(ctx, Request{URL: robots.String(), beginning: robotsBytes}, false, budget)
	if err == nil {
		return parseRobots(result.Body, c.agent), nil
	}
	e := failed(err)
	switch {
	case e.Status >= 300 && e.Status < 500 && e.Status != http.StatusTooManyRequests:
		return nil, nil
	case e.Outage == schema.OutageRedirects, e.Outage == schema.OutageContent:
		return nil, nil // As if there were none; the page itself is guarded as well.
	}
	return nil, &Error{Outage: e.Outage, Wait: e.Wait, Err: fmt.Errorf("robots.txt: %w", e.Err)}
}
