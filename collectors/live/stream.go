// Package live is what the collectors of streams share: the account of one stream, by
// minute, which goes to the log with what the stream brought, and the loop that connects
// anew.
package live

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

const minuteMS = int64(60_000)

// Parts of the coverage of a minute.
const (
	partLive   = "live"   // What was counted.
	partOpen   = "open"   // That the connection stood although nothing came.
	partOutage = "outage" // Why there was no connection.
	partGap    = "gap "   // And where it begins: what is lost for good.
)

// settledMS is for how long after its end a minute is still counted.
const settledMS = 2 * minuteMS

// Stream is the account of one stream. One goroutine owns it. Times are Unix milliseconds.
type Stream struct {
	Collector, Source string
	Platform          schema.Platform
	Now               func() time.Time
	Emit              collectors.Emit
	// Save writes the cursor, which holds State and whatever the collector adds. The log
	// has everything that it stands behind.
	Save func(State) error

	history  collectors.History
	tally    collectors.Tally
	until    int64           // When it was last connected.
	open     int64           // The oldest minute that is still counted.
	pending  []*schema.Event // For the log.
	rows     []*schema.Event // Coverage that is told once.
	counted  bool            // Whether the tally has what was not told.
	busy     map[int64]bool  // Minutes of this machine's clock in which something came.
	beaten   int64           // The last minute that a heartbeat was told of.
	rowed    int64           // The last minute that an outage was told of,
	rowedWhy schema.Outage   // and which.
	opened   time.Time       // When it was connected; zero while it is not.
	changed  bool            // Whether the cursor is to be saved though there is nothing for the log.
}

// State is what a cursor keeps of the account.
type State struct {
	Until   int64               `json:"until"` // When it was last connected.
	Open    int64               `json:"open"`  // The oldest minute that is still counted.
	Tally   []*schema.Coverage  `json:"tally"`
	History *collectors.History `json:"history"`
}

// Restore goes on from a state; from none it begins.
func (s *Stream) Restore(of State) {
	s.busy = map[int64]bool{}
	s.tally = collectors.Tally{Source: s.Source, Collector: s.Collector, Platform: s.Platform}
	s.tally.Restore(of.Tally)
	s.until, s.open = of.Until, of.Open
	if of.History != nil {
		s.history = *of.History
	}
}

// Begun is when the stream was connected; zero while it is not.
func (s *Stream) Begun() time.Time { return s.opened }

// Until is when it was last connected, by what was saved; 0 if it never was.
func (s *Stream) Until() int64 { return s.until }

// Connected says that it is.
func (s *Stream) Connected() { s.opened = s.Now() }

// Alive says that something came.
func (s *Stream) Alive() { s.busy[s.Now().UnixMilli()/minuteMS*minuteMS] = true }

// Count counts an event of a kind at a time, and how many of it go to the log; it returns
// the time that it counts at, which is in no minute that is settled.
func (s *Stream) Count(ms int64, kind string, emitted int) int64 {
	ms = max(ms, s.open)
	s.expect(ms)
	s.tally.Received(ms, kind, emitted)
	return ms
}

// Post puts a post into the batch, with where it comes from, counted at a time.
func (s *Stream) Post(event *schema.Event, kind string, ms int64) {
	post, now := event.GetPost(), s.Now().UnixMilli()
	post.Collector, post.Source, post.CollectedMs = s.Collector, s.Source, now
	s.pending = append(s.pending, event)
	s.tally.Lag(s.Count(ms, kind, 1), post.GetClaimedMs(), now)
}

// Delete puts a deletion into the batch; one that says no time is of now.
func (s *Stream) Delete(of *schema.Delete) {
	now := s.Now().UnixMilli()
	of.Platform, of.Collector, of.Source, of.CollectedMs = s.Platform, s.Collector, s.Source, now
	if of.GetClaimedMs() == 0 {
		of.ClaimedMs = now
	}
	s.Count(now, "delete", 1)
	s.pending = append(s.pending, &schema.Event{Kind: &schema.Event_Delete{Delete: of}})
}

// Account puts what became known of an account into the batch.
func (s *Stream) Account(of *schema.AccountSnapshot, kind string) {
	now := s.Now().UnixMilli()
	of.Collector, of.Source, of.CollectedMs = s.Collector, s.Source, now
	s.Count(now, kind, 1)
	s.pending = append(s.pending, &schema.Event{Kind: &schema.Event_Account{Account: of}})
}

// expect notes what the stream's history lets expect of a minute.
func (s *Stream) expect(ms int64) {
	s.counted = true
	if record := s.tally.Minute(ms); record.Expected == nil {
		record.Expected = s.history.Expected(record.GetMinuteMs(), record.GetMinuteMs()+minuteMS)
	}
	s.history.Add(ms, 1)
}

// Reject puts what cannot be used into the batch; size is what it had before it was cut.
func (s *Stream) Reject(data []byte, size int, err error) {
	var why *mapping.Rejection
	if !errors.As(err, &why) {
		why = &mapping.Rejection{Reason: schema.ReasonBadField, Detail: err.Error()}
	}
	now := s.Now().UnixMilli()
	ms := max(now, s.open)
	s.expect(ms)
	s.tally.Rejected(ms, why.Reason)
	sum := sha256.Sum256(data)
	kept := append([]byte(nil), data[:min(len(data), schema.MaxRejectBytes)]...)
	s.pending = append(s.pending, &schema.Event{Kind: &schema.Event_Reject{Reject: &schema.Reject{
		Platform: s.Platform, Collector: s.Collector, Source: s.Source, Reason: string(why.Reason), Detail: mapping.Clean(why.Detail, mapping.MaxShort),
		Raw: kept, RawSize: uint64(size), RawSha256: sum[:], CollectedMs: now,
	}}})
}

// Pending is how many events wait for the log.
func (s *Stream) Pending() int { return len(s.pending) }

// row is a record of coverage that counts nothing.
func (s *Stream) row(ms int64, part string, connected bool) *schema.Coverage {
	minute := ms / minuteMS * minuteMS
	row := &schema.Coverage{
		Source: s.Source, Collector: s.Collector, Platform: s.Platform, MinuteMs: minute, Part: part, Connected: connected,
		Expected: s.history.Expected(minute, minute+minuteMS),
	}
	s.rows = append(s.rows, &schema.Event{Kind: &schema.Event_Coverage{Coverage: row}})
	return row
}

// Gap says that what came from one time to another is lost.
func (s *Stream) Gap(from, to int64, why schema.Outage) {
	if from <= 0 || from >= to {
		return
	}
	s.history.Missed()
	row := s.row(from, partGap+strconv.FormatInt(from, 10), false)
	row.GapFromMs, row.GapToMs, row.GapReason = from, to, string(why)
}

// Heartbeat says of a minute that has just ended without an event that the connection
// stood: it would have been given up had the server been silent.
func (s *Stream) Heartbeat() {
	minute := s.Now().UnixMilli()/minuteMS*minuteMS - minuteMS
	if s.opened.IsZero() || s.beaten >= minute || s.opened.UnixMilli() >= minute+minuteMS {
		return
	}
	s.beaten = minute
	if !s.busy[minute] {
		s.row(minute, partOpen, true)
	}
	for at := range s.busy {
		if at <= minute {
			delete(s.busy, at)
		}
	}
}

// Flush hands everything to the log, with the coverage that belongs to it, and saves the
// cursor.
func (s *Stream) Flush(ctx context.Context) error {
	batch := append(s.pending, s.rows...)
	if s.counted {
		batch = append(batch, s.tally.Running(partLive)...)
	}
	if len(batch) == 0 {
		if s.changed {
			return s.Keep()
		}
		return nil
	}
	if err := s.Emit(ctx, batch); err != nil {
		return fmt.Errorf("%s: %w", s.Collector, err)
	}
	s.pending, s.rows, s.counted = nil, nil, false
	if settled := s.Now().UnixMilli()/minuteMS*minuteMS - settledMS; settled > s.open && !s.opened.IsZero() {
		s.open = settled
	}
	return s.Keep()
}

// Changed says that the cursor is to be saved with the next batch, or without one.
func (s *Stream) Changed() { s.changed = true }

// Keep saves the cursor although there may be nothing for the log.
func (s *Stream) Keep() error {
	if !s.opened.IsZero() {
		s.until = s.Now().UnixMilli()
	}
	s.changed = false
	if err := s.Save(State{Until: s.until, Open: s.open, Tally: s.tally.State(), History: &s.history}); err != nil {
		return err
	}
	s.tally.Close(s.open)
	return nil
}
