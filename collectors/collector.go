// Package collectors is everything before the log: what a collector is, and the
// poll loop, cursors, back-off and coverage that all of them share.
package collectors

import (
	"context"

	"github.com/election-observatory/observatory/schema"
)

// Emit hands a batch to the log. A nil error means that the log holds all of
// it, durably; after an error it may hold any part of it. The batch belongs to
// the caller again when Emit returns.
type Emit func(ctx context.Context, batch []*schema.Event) error

// Collector reads one source until ctx ends, or until the source has ended for
// good. It saves its cursor only after Emit returned nil. It knows a platform
// and nothing else: no filtering beyond the study's queries, no analysis.
type Collector interface {
	// Name is the collector as rows name it, for example "bluesky".
	Name() string
	// Run returns nil when ctx ends.
	Run(ctx context.Context, emit Emit) error
}
