// Package rss collects news feeds: RSS, Atom and JSON Feed.
//
// A feed is asked again and again; what is new or changed in its document is
// emitted, each item under an id that follows from the feed's address and from
// what the item calls itself. Documents come from anybody: every bound is kept
// before the parser sees them.
package rss

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/election-observatory/observatory/collectors/fetch"
	"github.com/election-observatory/observatory/collectors/mapping"
)

// Config is what observatory.yaml says of feeds.
type Config struct {
	Feeds []FeedConfig `yaml:"feeds" doc:"News feeds that are collected: RSS, Atom or JSON Feed."`
	Fetch FetchConfig  `yaml:"fetch" doc:"How servers of feeds are asked."`
}

// FeedConfig is one feed.
type FeedConfig struct {
	URL   string `yaml:"url" doc:"Its address; coverage names the feed by it."`
	Title string `yaml:"title,omitempty" doc:"Its name, in place of the one that it gives itself."`
	Lang  string `yaml:"lang,omitempty" doc:"Its language, as en or pt-BR, where neither it nor its items say theirs."`
}

// FetchConfig says how servers are asked.
type FetchConfig struct {
	AllowPrivate bool          `yaml:"allow_private" doc:"Also ask servers inside private networks: for tests and intranets only."`
	MinInterval  time.Duration `yaml:"min_interval" doc:"Least time between two requests for a feed; 15m if left out. Less than a minute is asked only of servers in private networks."`
	MaxInterval  time.Duration `yaml:"max_interval" doc:"Most time between two requests for a feed; 24h if left out."`
	Hosts        int           `yaml:"hosts" doc:"Servers that are asked at the same time; 64 if left out."`
	HostInterval time.Duration `yaml:"host_interval" doc:"Least time between two requests to one server; 1s if left out, none with allow_private."`
	UserAgent    string        `yaml:"user_agent" doc:"How the program names itself to servers; say in it how to reach you."`
	MaxBytes     int           `yaml:"max_bytes" doc:"Longest document, decompressed; 4194304 if left out."`
}

// Bounds of the configuration.
const (
	maxFeedURL   = 1 << 10
	maxBodyBytes = 8 << 20
	politeLeast  = time.Minute

	usualInterval = 15 * time.Minute
)

// DefaultConfig watches no feed.
func DefaultConfig() Config { return Config{Fetch: FetchConfig{}.complete()} }

// complete fills in what was left out.
func (f FetchConfig) complete() FetchConfig {
	polite := fetch.DefaultConfig()
	f.MinInterval = either(f.MinInterval, usualInterval)
	f.MaxInterval = either(f.MaxInterval, max(24*time.Hour, f.MinInterval))
	f.Hosts = either(f.Hosts, polite.Hosts)
	f.UserAgent = either(f.UserAgent, polite.UserAgent)
	f.MaxBytes = either(f.MaxBytes, polite.MaxBytes)
	if !f.AllowPrivate { // Servers of others.
		f.MinInterval = max(f.MinInterval, politeLeast)
		f.MaxInterval = max(f.MaxInterval, f.MinInterval)
		f.HostInterval = either(f.HostInterval, polite.HostInterval)
	}
	return f
}

// gap is the least time between two requests for a feed whose hub has news.
func (f FetchConfig) gap() time.Duration {
	if f.AllowPrivate {
		return 0
	}
	return politeLeast
}

func either[T comparable](given, otherwise T) T {
	var left T
	if given == left {
		return otherwise
	}
	return given
}

// client is the configuration of the client that asks.
func (f FetchConfig) client() fetch.Config {
	c := fetch.DefaultConfig()
	c.UserAgent, c.AllowPrivate, c.Hosts, c.HostInterval, c.MaxBytes = f.UserAgent, f.AllowPrivate, f.Hosts, f.HostInterval, f.MaxBytes
	return c
}

// Validate says what is wrong, if anything.
func (c *Config) Validate() error {
	if err := c.Fetch.Validate(); err != nil {
		return err
	}
	first := make(map[string]int, len(c.Feeds))
	for i := range c.Feeds {
		if err := c.Feeds[i].Validate(); err != nil {
			return fmt.Errorf("feeds[%d].%w", i, err)
		}
		if other, twice := first[c.Feeds[i].URL]; twice {
			return fmt.Errorf("feeds[%d].url: it is that of feeds[%d] too: remove one", i, other)
		}
		first[c.Feeds[i].URL] = i
	}
	return nil
}

// Validate says what is wrong with one feed, if anything.
func (f *FeedConfig) Validate() error {
	u, err := url.Parse(f.URL)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"):
		return fmt.Errorf("url: %.200q is not like https://example.org/feed", f.URL)
	case len(f.URL) > maxFeedURL || mapping.Clean(f.URL, maxFeedURL) != f.URL:
		return fmt.Errorf("url: %.40q… is longer than %d bytes or has control characters", f.URL, maxFeedURL)
	case u.User != nil:
		return fmt.Errorf("url: leave out the user and the password of %s: they would stand in every row", u.Redacted())
	case u.Fragment != "":
		return fmt.Errorf("url: leave out #%s: servers do not see it", u.Fragment)
	case f.Lang != "" && language(f.Lang) == "":
		return fmt.Errorf("lang: %.40q is no language, as en or pt-BR", f.Lang)
	}
	return nil
}

// Validate says what is wrong, if anything.
func (f FetchConfig) Validate() error {
	if f.MinInterval < 0 || f.MaxInterval < 0 || f.HostInterval < 0 || f.Hosts < 0 || f.MaxBytes < 0 {
		return errors.New("fetch: times, hosts and bytes must not be below zero")
	}
	least := either(f.MinInterval, usualInterval)
	if f.MaxInterval != 0 && f.MaxInterval < least {
		return fmt.Errorf("fetch.max_interval: it is %v, and fetch.min_interval is longer: %v", f.MaxInterval, least)
	}
	f = f.complete()
	switch {
	case f.MaxBytes > maxBodyBytes:
		return fmt.Errorf("fetch.max_bytes: use at most %d", maxBodyBytes)
	}
	client := f.client()
	if err := client.Validate(); err != nil {
		return fmt.Errorf("fetch: %w", err)
	}
	return nil
}
