package x

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Config says what to collect from X's API v2, and what it may cost.
type Config struct {
	TokenFile    string  `yaml:"token_file" doc:"A file with the bearer token of an app of X; OBSERVATORY_X_BEARER_TOKEN serves as well."`
	ReadsPerDay  int     `yaml:"reads_per_day" doc:"Most posts that are read in a day (UTC); collecting stops then until the next. Needed, unless usd_per_month is there."`
	MonthlyUSD   float64 `yaml:"usd_per_month" doc:"Most US dollars that reads may cost in a month (UTC); collecting stops then until the next."`
	ReadUSD      float64 `yaml:"usd_per_read" doc:"What X asks for a post that is read, in US dollars; 0.005 if left out."`
	Add          string  `yaml:"add" doc:"Operators that are added to the rule of every query, as '-is:retweet' or 'sample:10'."`
	Backfill     int     `yaml:"backfill_minutes" doc:"Ask for what passed in up to so many minutes without a connection, 1 to 5; X grants it to enterprise accounts alone."`
	Compliance   bool    `yaml:"compliance" doc:"Follow the streams of posts and accounts that were deleted, too; X grants them to enterprise accounts alone."`
	API          string  `yaml:"api" doc:"The address of the API; https://api.x.com if left out."`
	AllowPrivate bool    `yaml:"allow_private" doc:"Allow an address inside a private network: for tests and intranets."`

	// BatchEvents and BatchEvery bound a batch.
	BatchEvents int           `yaml:"-"`
	BatchEvery  time.Duration `yaml:"-"`
	// Silence is how long the stream may send nothing, not even a sign of life.
	Silence time.Duration `yaml:"-"`
	// Hurry divides the pauses that X's documentation prescribes: for tests.
	Hurry int `yaml:"-"`
}

const (
	defaultAPI = "https://api.x.com"

	// defaultReadUSD is what a post costs since February 2026, by X's price list.
	defaultReadUSD = 0.005

	mostBackfill = 5 // Minutes.
)

// complete fills in what was left out.
func (c *Config) complete() {
	if c.API == "" {
		c.API = defaultAPI
	}
	if c.ReadUSD == 0 {
		c.ReadUSD = defaultReadUSD
	}
	if c.BatchEvents == 0 {
		c.BatchEvents = 100
	}
	if c.BatchEvery == 0 {
		c.BatchEvery = time.Second
	}
	if c.Silence == 0 {
		c.Silence = 25 * time.Second // A sign of life comes every 20 seconds.
	}
	c.Hurry = max(c.Hurry, 1)
}

// Validate says what is wrong, if anything.
func (c *Config) Validate() error {
	switch {
	case c.ReadsPerDay < 0 || c.MonthlyUSD < 0 || c.ReadUSD < 0:
		return errors.New("x: a budget must not be below zero")
	case c.ReadsPerDay == 0 && c.MonthlyUSD == 0:
		return errors.New("x: every post that is read costs money: say how much it may be with x.reads_per_day or x.usd_per_month")
	case c.Backfill < 0 || c.Backfill > mostBackfill:
		return fmt.Errorf("x.backfill_minutes lies between 1 and %d, not at %d", mostBackfill, c.Backfill)
	case len(c.Add) > maxRule/2:
		return fmt.Errorf("x.add: it is longer than %d characters", maxRule/2)
	}
	return c.validateAPI()
}

// validateAPI wants an encrypted connection, but for tests and intranets.
func (c *Config) validateAPI() error {
	if c.API == "" {
		return nil
	}
	u, err := url.Parse(c.API)
	encrypted := err == nil && (u.Scheme == "https" || u.Scheme == "http" && c.AllowPrivate)
	if !encrypted || u.Host == "" || u.User != nil || u.RawQuery != "" || strings.Trim(u.Path, "/") != "" {
		return fmt.Errorf("x.api: %q is no address of an API, as %s", c.API, defaultAPI)
	}
	return nil
}
