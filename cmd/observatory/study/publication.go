package study

import (
	"fmt"
	"strings"
	"time"

	"github.com/election-observatory/observatory/schema"
)

// Publication says in whose name datasets are published.
type Publication struct {
	Creators      []string      `yaml:"creators" doc:"In whose name: organisations or people; the study's title if left out."`
	Licence       string        `yaml:"licence" doc:"The licence, by its SPDX name; CC-BY-4.0 if left out."`
	Tiers         []string      `yaml:"tiers" doc:"What 'up' and 'process' publish by themselves once a week is over: public, vetted; nothing if left out."`
	After         time.Duration `yaml:"after" doc:"How long after the end of a week, as 48h; 24h if left out."`
	Folder        string        `yaml:"folder" doc:"The folder that releases lie in; releases in the data directory if left out."`
	Site          string        `yaml:"site" doc:"A folder to which what anybody may see of the releases is copied, for a web server; none if left out."`
	Withhold      []string      `yaml:"withhold" doc:"Platforms of which nothing is published."`
	SigningKey    string        `yaml:"signing_key" doc:"A file with a private key of Ed25519 (openssl genpkey -algorithm ed25519) that signs SHA256SUMS; not signed if left out."`
	LeastCoverage *float64      `yaml:"least_coverage" doc:"Share of the minutes of a week in which sources must have answered, from 0 to 1; 0.8 if left out."`
}

func (p Publication) validate() error {
	if p.LeastCoverage != nil && (*p.LeastCoverage < 0 || *p.LeastCoverage > 1) {
		return fmt.Errorf("publication.least_coverage lies between 0 and 1, not at %g", *p.LeastCoverage)
	}
	for _, tier := range p.Tiers {
		if tier != "public" && tier != "vetted" {
			return fmt.Errorf("publication.tiers: there is no tier %q: use public or vetted", tier)
		}
	}
	for _, name := range p.Withhold {
		if _, ok := schema.ParsePlatform(name); !ok {
			return fmt.Errorf("publication.withhold: there is no platform %q", name)
		}
	}
	if p.After < 0 {
		return fmt.Errorf("publication.after must not be below zero, but is %s", p.After)
	}
	if strings.Trim(p.Licence, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-+") != "" {
		return fmt.Errorf("publication.licence: %q is no SPDX name, as CC-BY-4.0", p.Licence)
	}
	return nil
}
