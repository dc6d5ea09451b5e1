// Package collectortest is the suite that every collector passes: nothing is
// lost or invented when a run ends anywhere, and everything is counted.
package collectortest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/schema"
)

// patience is how long a collector may take for anything.
const patience = 20 * time.Second

// errLog is what the log fails with.
var errLog = errors.New("the log does not answer")

// Subject is a collector over a source that gives the same each time.
type Subject struct {
	// New makes the collector anew, as a process that starts does.
	New func(t *testing.T, cursors *collectors.Cursors) collectors.Collector
	// Events is how many distinct events the source has, coverage apart.
	Events int
	// Endless says that Run goes on when it has emitted them, and is stopped then.
	Endless bool
	// Rejects is how many of these are rejects.
	Rejects int
	// MaxCuts bounds after how many batches runs are cut; 0 for no bound.
	MaxCuts int
}

// Run runs the suite.
func Run(t *testing.T, s Subject) {
	t.Helper()
	calm := s.undisturbed(t)
	t.Run("emits what the source has", func(t *testing.T) { s.checkWhole(t, calm) })
	t.Run("makes events that the log takes", func(t *testing.T) { s.checkEvents(t, calm) })
	t.Run("counts everything in coverage", func(t *testing.T) { checkCoverage(t, calm) })
	t.Run("makes the same of the same", func(t *testing.T) { compare(t, calm, s.undisturbed(t)) })
	cuts := len(calm.batches)
	if s.MaxCuts > 0 {
		cuts = min(cuts, s.MaxCuts)
	}
	for name, fault := range map[string]fault{
		"the log refuses a batch":        refuses,
		"the answer of the log is lost":  loses,
		"the log fails halfway":          halves,
		"the run ends during a batch":    blocks,
		"the run ends after a batch":     ends,
		"the cursor cannot be saved":     unsaved,
		"the run ends before it started": never,
	} {
		t.Run(name, func(t *testing.T) {
			for cut := range cuts {
				s.checkCut(t, calm, fault, cut)
				if fault == unsaved || fault == never { // They happen at no batch in particular.
					break
				}
			}
		})
	}
}

// fault is what happens at one batch of a run.
type fault int

const (
	refuses fault = iota
	loses
	halves
	blocks
	ends
	unsaved
	never
)

// journal is a log that remembers what it was given, and fails once.
type journal struct {
	mu      sync.Mutex
	batches [][]*schema.Event
	calls   int
	fault   fault
	at      int // Of the call that fails; -1 for none.
	stop    context.CancelFunc
	until   int // Distinct events, coverage apart, after which the run is stopped; 0 for none.
}

func (j *journal) emit(ctx context.Context, batch []*schema.Event) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	call := j.calls
	j.calls++
	if call == j.at {
		switch j.fault {
		case refuses:
			return errLog
		case loses:
			j.take(batch)
			return errLog
		case halves:
			j.take(batch[:len(batch)/2])
			return errLog
		case blocks:
			j.stop()
			<-ctx.Done()
			return ctx.Err()
		case ends:
			j.take(batch)
			j.stop()
			return nil
		case unsaved, never:
		}
	}
	j.take(batch)
	if j.until > 0 && len(distinct(j.batches, false)) >= j.until {
		j.stop()
	}
	return nil
}

// take copies, since a batch belongs to the collector again after emit.
func (j *journal) take(batch []*schema.Event) {
	kept := make([]*schema.Event, 0, len(batch))
	for _, e := range batch {
		kept = append(kept, proto.CloneOf(e))
	}
	j.batches = append(j.batches, kept)
}

// run runs a new collector until it ends or has emitted everything.
func (s *Subject) run(t *testing.T, cursors *collectors.Cursors, j *journal) error {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	j.stop = stop
	if s.Endless {
		j.until = s.Events
	}
	if j.at == 0 && j.fault == never {
		stop()
	}
	ended := make(chan error, 1)
	c := s.New(t, cursors)
	go func() { ended <- c.Run(ctx, j.emit) }()
	select {
	case err := <-ended:
		return err
	case <-time.After(patience):
		t.Fatalf("Run did not return within %v", patience)
		return nil
	}
}

func (s *Subject) undisturbed(t *testing.T) *journal {
	t.Helper()
	j := &journal{at: -1}
	if err := s.run(t, collectors.NewCursors(t.TempDir()), j); err != nil {
		t.Fatalf("an undisturbed run failed: %v", err)
	}
	return j
}
