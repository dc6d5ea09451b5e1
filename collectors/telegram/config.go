package telegram

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Config says which public channels are collected.
type Config struct {
	Channels []string `yaml:"channels" doc:"Names of public channels, as bundesregierung or https://t.me/bundesregierung."`
	APIID    int      `yaml:"api_id" doc:"The id of your application (https://my.telegram.org); OBSERVATORY_TELEGRAM_API_ID serves as well."`
	HashFile string   `yaml:"api_hash_file" doc:"A file with its hash; OBSERVATORY_TELEGRAM_API_HASH serves as well."`
	Program  string   `yaml:"program" doc:"The program that speaks MTProto; observatory-telegram beside observatory if left out."`

	// Poll is the time between two questions for news of a channel.
	Poll time.Duration `yaml:"-"`
	// BatchEvents and BatchEvery bound a batch.
	BatchEvents int           `yaml:"-"`
	BatchEvery  time.Duration `yaml:"-"`
	// RetryFirst and RetryLast bound the pause before the program is started anew.
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
		c.BatchEvents = 200
	}
	span(&c.Poll, 30*time.Second)
	span(&c.BatchEvery, time.Second)
	span(&c.RetryFirst, 5*time.Second)
	span(&c.RetryLast, 15*time.Minute)
}

var username = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{3,31}$`)

// channelName is a channel as the study names it, without the address around it.
func channelName(given string) string {
	for _, before := range []string{"https://", "http://", "t.me/", "telegram.me/", "s/", "@"} {
		given = strings.TrimPrefix(given, before)
	}
	return strings.TrimSuffix(given, "/")
}

// Validate says what is wrong, if anything.
func (c *Config) Validate() error {
	if len(c.Channels) == 0 {
		return errors.New("telegram.channels: name at least one public channel")
	}
	seen := map[string]bool{}
	for _, given := range c.Channels {
		name := strings.ToLower(channelName(given))
		if !username.MatchString(name) {
			return fmt.Errorf("telegram.channels: %q is no name of a public channel, as bundesregierung", given)
		}
		if seen[name] {
			return fmt.Errorf("telegram.channels: %s is there twice", name)
		}
		seen[name] = true
	}
	if c.APIID < 0 {
		return fmt.Errorf("telegram.api_id: %d is no id of an application", c.APIID)
	}
	return nil
}
