package twitter

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config says which endpoint that speaks API v1.1 is read.
type Config struct {
	API          string `yaml:"api" doc:"The address of an endpoint that is compatible with API v1.1, as https://stream.example.org/1.1/; Twitter's own is closed to new users."`
	TokenFile    string `yaml:"token_file" doc:"A file with a bearer token for it, if it wants one."`
	Sample       bool   `yaml:"sample" doc:"Read statuses/sample, whatever the queries are, rather than statuses/filter by the queries."`
	AllowPrivate bool   `yaml:"allow_private" doc:"Allow an address inside a private network: for tests and intranets."`

	// BatchEvents and BatchEvery bound a batch.
	BatchEvents int           `yaml:"-"`
	BatchEvery  time.Duration `yaml:"-"`
	// Silence is how long the stream may send nothing, not even a sign of life.
	Silence time.Duration `yaml:"-"`
	// RetryFirst and RetryLast bound the pause before a connection is made anew.
	RetryFirst, RetryLast time.Duration `yaml:"-"`
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
	span(&c.BatchEvery, time.Second)
	span(&c.Silence, 90*time.Second) // Three signs of life, as API v1.1 asks.
	span(&c.RetryFirst, 5*time.Second)
	span(&c.RetryLast, 320*time.Second)
}

// Validate says what is wrong, if anything.
func (c *Config) Validate() error {
	if c.API == "" {
		return errors.New("twitter.api: name an endpoint that is compatible with API v1.1, as https://stream.example.org/1.1/; for X itself there is the key x")
	}
	u, err := url.Parse(c.API)
	schemes := []string{"https"}
	if c.AllowPrivate {
		schemes = append(schemes, "http")
	}
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || !slices.Contains(schemes, u.Scheme) {
		return fmt.Errorf("twitter.api: %q is no address of an endpoint, as https://stream.example.org/1.1/", c.API)
	}
	return nil
}

// Query is what a study looks for, as far as a stream can be asked for it.
type Query struct {
	Name      string
	Terms     []string
	Languages []string
}

// Bounds of API v1.1.
const (
	maxTrack  = 400 // Phrases.
	maxPhrase = 60  // Bytes of one.
)

// track says the terms of all queries as phrases of statuses/filter, whose words may stand
// in any order, and the languages if every query has some.
func track(queries []Query) (phrases, languages []string, err error) {
	all := false
	for _, q := range queries {
		for _, term := range q.Terms {
			phrase := phraseOf(term)
			if len(phrase) > maxPhrase {
				return nil, nil, fmt.Errorf("twitter: query %q: %q is longer than %d bytes, which API v1.1 does not take", q.Name, phrase, maxPhrase)
			}
			if phrase != "" && !slices.Contains(phrases, phrase) {
				phrases = append(phrases, phrase)
			}
		}
		all = all || len(q.Languages) == 0
		for _, tag := range q.Languages {
			if code, _, _ := strings.Cut(tag, "-"); !slices.Contains(languages, code) {
				languages = append(languages, code)
			}
		}
	}
	switch {
	case len(phrases) == 0:
		return nil, nil, errors.New("twitter: statuses/filter sends what is asked for: give the study queries, or set twitter.sample")
	case len(phrases) > maxTrack:
		return nil, nil, fmt.Errorf("twitter: the queries have %d terms, and API v1.1 takes %d: give fewer", len(phrases), maxTrack)
	case all:
		languages = nil
	}
	return phrases, languages, nil
}

// phraseOf says a term as a phrase. Links are found by the words of their addresses.
func phraseOf(term string) string {
	phrase, domain := strings.CutPrefix(term, "domain:")
	if domain {
		phrase = strings.ReplaceAll(phrase, ".", " ")
	}
	return strings.Join(strings.Fields(strings.NewReplacer("*", " ", ",", " ").Replace(phrase)), " ")
}
