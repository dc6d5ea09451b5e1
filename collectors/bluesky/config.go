package bluesky

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Versions of Jetstream's wire.
const (
	apiV1 = "v1"
	apiV2 = "v2"
)

// What a study asks of likes and follows.
const (
	askOff     = "off"
	askCount   = "count"
	askActions = "actions"
)

// maxDIDs is how many accounts fit into the URL that asks for them.
const maxDIDs = 150

// Config says what to collect from Bluesky's Jetstream. What is left out is as
// in DefaultConfig.
type Config struct {
	Hosts        []string      `yaml:"hosts" doc:"Jetstream hosts, as wss://jetstream1.us-east.bsky.network; two public ones if left out. The first is collected from, the next stands by."`
	API          string        `yaml:"api" doc:"Version of the wire: v1 (if left out) or v2."`
	Likes        string        `yaml:"likes" doc:"off (if left out: not asked for), count (by minute, in coverage) or actions (counted, and each like of a post a row of actions)."`
	Follows      string        `yaml:"follows" doc:"As likes."`
	DIDs         []string      `yaml:"dids" doc:"Only these accounts, at most 150; all if left out."`
	Compare      *bool         `yaml:"compare" doc:"Whether the host that stands by is read too and compared, so that a host that delivers too little is noticed; true if left out and there are two hosts."`
	Rewind       time.Duration `yaml:"rewind" doc:"How far to go back in time when the connection is made anew or the host changes; 10s if left out."`
	Compress     bool          `yaml:"compress" doc:"Ask for compressed frames, of v2 alone: the dictionary comes from the host. Dictionaries of v1 are not shipped."`
	Profiles     int           `yaml:"profiles" doc:"Accounts a day whose profile is fetched, among those that post; 0, if left out, for none."`
	ProfilesHost string        `yaml:"profiles_host" doc:"The AppView that is asked for profiles; https://public.api.bsky.app if left out."`
	AllowPrivate bool          `yaml:"allow_private" doc:"Allow hosts inside private networks: for tests and intranets."`

	// FailoverAfter is how long the host may be unreachable before another takes over.
	FailoverAfter time.Duration `yaml:"failover_after" doc:"How long the host may be out of reach before another takes over; 1m if left out."`

	// MaxMessage is the largest frame that is read into memory, in bytes.
	MaxMessage int `yaml:"-"`
	// BatchEvents and BatchEvery bound a batch; every BatchEvery the collector
	// also looks at how its hosts do.
	BatchEvents int           `yaml:"-"`
	BatchEvery  time.Duration `yaml:"-"`
	// Silence is how long a host may send nothing, not even an answer to a ping.
	Silence time.Duration `yaml:"-"`
	// RetryFirst and RetryLast bound the pause before a connection is made anew.
	RetryFirst, RetryLast time.Duration `yaml:"-"`
}

// DefaultConfig is what a study gets that says nothing else.
func DefaultConfig() Config {
	var c Config
	c.complete()
	return c
}

// complete fills in what was left out.
func (c *Config) complete() {
	text := func(field *string, otherwise string) {
		if *field == "" {
			*field = otherwise
		}
	}
	number := func(field *int, otherwise int) {
		if *field == 0 {
			*field = otherwise
		}
	}
	span := func(field *time.Duration, otherwise time.Duration) {
		if *field == 0 {
			*field = otherwise
		}
	}
	text(&c.API, apiV1)
	text(&c.Likes, askOff)
	text(&c.Follows, askOff)
	text(&c.ProfilesHost, "https://public.api.bsky.app")
	if len(c.Hosts) == 0 {
		c.Hosts = []string{"wss://jetstream2.us-east.bsky.network", "wss://jetstream1.us-west.bsky.network"}
		if c.API == apiV2 {
			c.Hosts = []string{"wss://jetstream.us-east.bsky.network", "wss://jetstream.us-west.bsky.network"}
		}
	}
	if c.Compare == nil {
		compare := len(c.Hosts) > 1
		c.Compare = &compare
	}
	span(&c.Rewind, 10*time.Second)
	span(&c.FailoverAfter, time.Minute)
	number(&c.MaxMessage, 2<<20)
	number(&c.BatchEvents, 2000)
	span(&c.BatchEvery, time.Second)
	span(&c.Silence, 30*time.Second)
	span(&c.RetryFirst, time.Second)
	span(&c.RetryLast, time.Minute)
}

// Validate says what is wrong, if anything.
func (c *Config) Validate() error {
	full := *c
	full.complete()
	return errors.Join(full.validateHosts(), full.validateAsked(), full.validateBounds())
}

func (c *Config) validateHosts() error {
	seen := map[string]bool{}
	for _, host := range c.Hosts {
		u, err := c.server(host, "wss", "ws")
		if err != nil {
			return fmt.Errorf("bluesky.hosts: %w, as wss://jetstream1.us-east.bsky.network", err)
		}
		if seen[u.Host] {
			return fmt.Errorf("bluesky.hosts: %s is named twice", u.Host)
		}
		seen[u.Host] = true
	}
	if _, err := c.server(c.ProfilesHost, "https", "http"); err != nil {
		return fmt.Errorf("bluesky.profiles_host: %w, as https://public.api.bsky.app", err)
	}
	if *c.Compare && len(c.Hosts) < 2 {
		return errors.New("bluesky.compare: there is one host alone: name a second one, or leave compare out")
	}
	return nil
}

// server takes the address of a server apart. It must be encrypted, but for
// tests and intranets.
func (c *Config) server(address, secure, plain string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q is no address of a server", address)
	}
	if schemes := []string{secure, "https"}; !slices.Contains(schemes, u.Scheme) && (!c.AllowPrivate || !slices.Contains([]string{plain, "http"}, u.Scheme)) {
		return nil, fmt.Errorf("%q must begin with %s://", address, secure)
	}
	return u, nil
}

func (c *Config) validateAsked() error {
	if c.API != apiV1 && c.API != apiV2 {
		return fmt.Errorf("bluesky.api: there is no version %q: use v1 or v2", c.API)
	}
	if c.Compress && c.API != apiV2 {
		return errors.New("bluesky.compress: v1 has a dictionary that is not shipped: use api: v2, or leave compress out")
	}
	for key, asked := range map[string]string{"likes": c.Likes, "follows": c.Follows} {
		switch asked {
		case askOff, askCount, askActions:
		default:
			return fmt.Errorf("bluesky.%s: %q is not off, count or actions", key, asked)
		}
	}
	return c.validateDIDs()
}

func (c *Config) validateDIDs() error {
	if len(c.DIDs) > maxDIDs {
		return fmt.Errorf("bluesky.dids: %d accounts do not fit into one request: name at most %d, or none for all", len(c.DIDs), maxDIDs)
	}
	for _, did := range c.DIDs {
		if !validDID(did) || strings.ContainsAny(did, "%") {
			return fmt.Errorf("bluesky.dids: %q is no DID, as did:plc:z72i7hdynmk6r22z27h6tvur", did)
		}
	}
	return nil
}

func (c *Config) validateBounds() error {
	switch {
	case c.Rewind < 0 || c.Rewind > time.Hour:
		return fmt.Errorf("bluesky.rewind: %v is not between 0s and 1h", c.Rewind)
	case c.FailoverAfter < 0:
		return fmt.Errorf("bluesky.failover_after: it must not be below zero, but is %v", c.FailoverAfter)
	case c.Profiles < 0 || c.Profiles > 100_000:
		return fmt.Errorf("bluesky.profiles: %d is not between 0 and 100000 accounts a day", c.Profiles)
	case c.MaxMessage < 1 || c.BatchEvents < 1 || c.BatchEvery < 0 || c.Silence < 0 || c.RetryFirst < 0 || c.RetryLast < c.RetryFirst:
		return errors.New("bluesky: bounds must be above zero")
	}
	return nil
}

// collections are the records that are asked for.
func (c *Config) collections() []string {
	all := []string{feedPost, feedRepost}
	if c.Likes == askCount || c.Likes == askActions {
		all = append(all, feedLike)
	}
	if c.Follows == askCount || c.Follows == askActions {
		all = append(all, graphFollow)
	}
	return all
}

// singly are the records that become actions, beside being counted.
func (c *Config) singly() actions {
	return actions{likes: c.Likes == askActions, follows: c.Follows == askActions}
}

// followed are the names under which a cursor is kept: collections, and what
// the stream has besides records.
func (c *Config) followed() []string {
	return append(c.collections(), besides)
}
