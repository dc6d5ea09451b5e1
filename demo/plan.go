package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// version changes with what a seed means.
const version = 2

// Plan is what a week holds: what methods are measured against. It names
// accounts and posts by their platforms' ids.
type Plan struct {
	Version   int        `json:"version"`
	Seed      uint64     `json:"seed"`
	Wanted    int        `json:"wanted"` // How many posts were asked for.
	Week      string     `json:"week"`
	From      time.Time  `json:"from"`
	To        time.Time  `json:"to"` // Excluded, as in all of the plan.
	Complete  bool       `json:"complete"`
	Counts    Counts     `json:"counts"`
	Outages   []Outage   `json:"outages"`
	Campaigns []Campaign `json:"campaigns"`
	Bursts    []Campaign `json:"bursts"` // What looks like a campaign and is none.
}

// Outage is a gap, or without a reason a silence.
type Outage struct {
	Source string    `json:"source"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Reason string    `json:"reason,omitempty"`
}

// Campaign is what a network of accounts did, or what many unrelated ones did.
type Campaign struct {
	Name     string    `json:"name"`
	Kind     string    `json:"kind"`
	What     string    `json:"what"`
	Accounts []string  `json:"accounts"`
	Objects  []string  `json:"objects"` // What they had in common: URLs, posts, texts, hashtags.
	Posts    int       `json:"posts"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
}

// Plan is what the week holds; its counts are those of Generate.
func (w *Week) Plan() *Plan {
	p := w.plan
	p.Version, p.Seed, p.Wanted, p.Week, p.From, p.To = version, w.cfg.Seed, w.cfg.Posts, "2024-W23", Start(), End()
	for _, o := range w.outages {
		p.Outages = append(p.Outages, Outage{w.sources[o.platform], time.UnixMilli(o.from).UTC(), time.UnixMilli(o.to).UTC(), string(o.reason)})
	}
	return &p
}

// Current says whether this program would plan the same under the same seed.
func (p *Plan) Current() bool { return p.Version == version }

// Of says whether it is the plan of a configuration.
func (p *Plan) Of(cfg Config) bool { return p.Seed == cfg.Seed && p.Wanted == cfg.Posts }

func planPath(dir string) string { return filepath.Join(dir, "plan.json") }

// ReadPlan reads the plan in a folder; nil where there is none.
func ReadPlan(dir string) (*Plan, error) {
	text, err := os.ReadFile(planPath(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // No plan is no fault.
	}
	if err != nil {
		return nil, fmt.Errorf("demo: the plan cannot be read: %w", err)
	}
	p := &Plan{}
	if err := json.Unmarshal(text, p); err != nil {
		return nil, fmt.Errorf("demo: the plan in %s is damaged: remove the data directory and make the demo again: %w", planPath(dir), err)
	}
	return p, nil
}

// Write writes the plan into a folder, whole or not at all.
func (p *Plan) Write(dir string) error {
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("demo: write the plan: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("demo: write the plan: %w", err)
	}
	part := planPath(dir) + ".part"
	if err := os.WriteFile(part, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("demo: write the plan: %w", err)
	}
	if err := os.Rename(part, planPath(dir)); err != nil {
		return fmt.Errorf("demo: write the plan: %w", err)
	}
	return nil
}
