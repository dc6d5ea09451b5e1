// Package expand follows the links of shorteners, so that it is known where they
// lead. It is off unless a study asks for it. It asks on the collectors' side, within
// a budget, once for each link, and never inside private networks; the addresses in
// between are kept as evidence, and no post is changed.
//
// Only redirects of HTTP are followed: no page is read, so that pages which send
// readers on by a script, or ask them first, count as failed.
package expand

import (
	"errors"
	"time"
)

// Config is what observatory.yaml says under expand.
type Config struct {
	PerDay       int  `yaml:"per_day" doc:"Most links that are followed in a day, UTC; 20000 if left out."`
	Queue        int  `yaml:"queue" doc:"Links that may wait; further ones are dropped until they are posted again; 10000 if left out."`
	Workers      int  `yaml:"workers" doc:"Links that are followed at the same time; 4 if left out."`
	IgnoreRobots bool `yaml:"ignore_robots" doc:"Follow links also where the robots.txt of a server asks programs to stay away, as some shorteners do: whether you may is for you to judge."`
	AllowPrivate bool `yaml:"allow_private" doc:"Also ask servers inside private networks: for tests only."`
}

const (
	usualPerDay  = 20_000
	usualQueue   = 10_000
	usualWorkers = 4
	mostQueue    = 1_000_000
	mostWorkers  = 64

	maxHops  = 5
	hopTime  = 5 * time.Second
	keepFor  = 30 * 24 * time.Hour // How long it is known where a link leads.
	maxKnown = 200_000
)

// complete fills in what was left out.
func (c Config) complete() Config {
	for _, v := range []struct {
		given *int
		usual int
	}{{&c.PerDay, usualPerDay}, {&c.Queue, usualQueue}, {&c.Workers, usualWorkers}} {
		if *v.given == 0 {
			*v.given = v.usual
		}
	}
	return c
}

// Validate says what is wrong, if anything.
func (c Config) Validate() error {
	c = c.complete()
	switch {
	case c.PerDay < 1:
		return errors.New("expand: per_day must be at least 1")
	case c.Queue < 1 || c.Queue > mostQueue:
		return errors.New("expand: queue must be from 1 to 1000000")
	case c.Workers < 1 || c.Workers > mostWorkers:
		return errors.New("expand: workers must be from 1 to 64")
	}
	return nil
}
