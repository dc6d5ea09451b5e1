package mastodon

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The streams of a server, beside those of hashtags.
const (
	public = "public" // All that the server knows.
	local  = "local"  // What is written on it.
)

// Config says what to collect from servers with Mastodon's API.
type Config struct {
	Servers        []Server `yaml:"servers" doc:"The servers that are read."`
	Undiscoverable bool     `yaml:"undiscoverable" doc:"Collect what accounts write that do not want to be discovered, too (discoverable is not true); accounts that do not want to be indexed (noindex) are never collected."`
	AllowPrivate   bool     `yaml:"allow_private" doc:"Allow servers inside private networks: for tests and intranets."`

	// BatchEvents and BatchEvery bound a batch.
	BatchEvents int           `yaml:"-"`
	BatchEvery  time.Duration `yaml:"-"`
	// Silence is how long a stream may send nothing, not even a sign of life.
	Silence time.Duration `yaml:"-"`
	// RetryFirst and RetryLast bound the pause before a connection is made anew.
	RetryFirst, RetryLast time.Duration `yaml:"-"`
	// MostPages bounds how far back is read after a pause.
	MostPages int `yaml:"-"`
}

// Server is one of them.
type Server struct {
	URL       string   `yaml:"url" doc:"Its address, as https://mastodon.example."`
	Streams   []string `yaml:"streams" doc:"local (what is written there, if left out), public (all that it knows), or hashtags as '#vote'."`
	TokenFile string   `yaml:"token_file" doc:"A file with an access token of that server (scope read:statuses); OBSERVATORY_MASTODON_TOKEN serves as well."`
	Streaming string   `yaml:"streaming" doc:"The address of its streaming API, where that is another one."`
	Since     string   `yaml:"since" doc:"At the first start begin with what was written since this time, as 2024-06-03, as far as the server has it; with what comes from now on if left out."`
}

// complete fills in what was left out.
func (c *Config) complete() {
	span := func(field *time.Duration, otherwise time.Duration) {
		if *field == 0 {
			*field = otherwise
		}
	}
	if c.BatchEvents == 0 {
		c.BatchEvents = 500
	}
	if c.MostPages == 0 {
		c.MostPages = 200
	}
	span(&c.BatchEvery, time.Second)
	span(&c.Silence, time.Minute) // Servers send a sign of life every 15 seconds.
	span(&c.RetryFirst, time.Second)
	span(&c.RetryLast, 5*time.Minute)
}

// streams are those of a server, local if it names none.
func (s *Server) streams() []string {
	if len(s.Streams) == 0 {
		return []string{local}
	}
	return s.Streams
}

var hashtag = regexp.MustCompile(`^#[\pL\pN_]{1,100}$`)

// Validate says what is wrong, if anything.
func (c *Config) Validate() error {
	if len(c.Servers) == 0 {
		return errors.New("mastodon.servers: name at least one server")
	}
	seen := map[string]bool{}
	for i := range c.Servers {
		if err := c.validateServer(&c.Servers[i], seen); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) validateServer(s *Server, seen map[string]bool) error {
	if err := c.validateAddress(s.URL); err != nil {
		return err
	}
	if s.Streaming != "" {
		if err := c.validateAddress(s.Streaming); err != nil {
			return err
		}
	}
	for _, stream := range s.streams() {
		if stream != public && stream != local && !hashtag.MatchString(stream) {
			return fmt.Errorf("mastodon.servers: %s: there is no stream %q: use local, public or a hashtag as '#vote'", s.URL, stream)
		}
		key := strings.TrimSuffix(s.URL, "/") + " " + stream
		if seen[key] {
			return fmt.Errorf("mastodon.servers: %s: the stream %s is named twice", s.URL, stream)
		}
		seen[key] = true
	}
	if _, err := s.since(); err != nil {
		return fmt.Errorf("mastodon.servers: %s: since: %q is no time, as 2024-06-03 or 2024-06-03T06:00:00Z", s.URL, s.Since)
	}
	return nil
}

// validateAddress wants an encrypted connection, but for tests and intranets.
func (c *Config) validateAddress(address string) error {
	u, err := url.Parse(address)
	schemes := []string{"https"}
	if c.AllowPrivate {
		schemes = append(schemes, "http")
	}
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" || !slices.Contains(schemes, u.Scheme) {
		return fmt.Errorf("mastodon.servers: %q is no address of a server, as https://mastodon.example", address)
	}
	return nil
}

// since is when to begin at the first start; zero for now.
func (s *Server) since() (time.Time, error) {
	if s.Since == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.DateOnly, s.Since)
	if err != nil {
		at, err = time.Parse(time.RFC3339, s.Since)
	}
	return at, err
}
