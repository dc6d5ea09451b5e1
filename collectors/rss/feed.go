package rss

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/fetch"
	"github.com/election-observatory/observatory/schema"
)

const accept = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"

// longestRetry is the longest that a server may ask to wait.
const longestRetry = 24 * time.Hour

// run is one Run of a feed.
type run struct {
	*Feed
	state  state
	wake   <-chan struct{} // A hub has something new; nil for no hub.
	end    context.CancelFunc
	failed error // Of the log or the cursor, which end the run.
}

// Run asks until ctx ends or the feed is gone for good. Where the log or the
// cursor fails, it returns with the error and goes on from the cursor next time.
func (f *Feed) Run(ctx context.Context, emit collectors.Emit) error {
	r := &run{Feed: f}
	if _, err := f.reader.cursors.Load(f.cursorName(), &r.state); err != nil {
		return err
	}
	if r.state.Gone {
		return nil
	}
	ctx, r.end = context.WithCancel(ctx)
	defer r.end()
	poll := collectors.Poll{
		Source: f.cfg.URL, Interval: f.reader.cfg.MinInterval, Fetch: r.poll, Log: f.reader.log,
		Wake: func() <-chan struct{} { return r.wake }, Gap: f.reader.cfg.gap(),
		Backoff: collectors.Backoff{First: f.reader.cfg.MinInterval, Last: f.reader.cfg.MaxInterval},
	}
	if err := poll.Run(ctx, emit); err != nil {
		return err
	}
	return r.failed
}

// poll asks once. What it learns is in the state when the log has it, or never.
func (r *run) poll(ctx context.Context, emit collectors.Emit) (time.Duration, error) {
	address := r.cfg.URL
	if r.state.Moved != "" {
		address = r.state.Moved
	}
	result, err := r.reader.client.Get(ctx, fetch.Request{URL: address, Accept: accept, ETag: r.state.ETag, LastModified: r.state.LastModified})
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	b := r.begin()
	switch {
	case err != nil:
		err = r.fail(b, err)
	case result.Status == http.StatusNotModified && r.state.Document == 0:
		err = r.badDocument(b)
	case result.Status == http.StatusNotModified:
		r.unchanged(b, result)
	default:
		if err := r.wait(ctx); err != nil {
			return 0, err
		}
		err = r.take(b, result)
		<-r.reader.parsing
	}
	if r.failed = r.save(ctx, emit, b); r.failed != nil {
		r.end()
		return 0, r.failed
	}
	if r.state.Gone {
		r.end()
	}
	return r.state.next(b.now, r.reader.cfg.MinInterval, r.reader.cfg.MaxInterval), err
}

// wait waits until this document may be read.
func (r *run) wait(ctx context.Context) error {
	select {
	case r.reader.parsing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// batch is what one poll gives to the log.
type batch struct {
	now    time.Time
	ms     int64
	events []*schema.Event
	tally  collectors.Tally
	row    *schema.Coverage // Of this minute.
}

func (r *run) begin() *batch {
	b := &batch{now: r.reader.now(), tally: collectors.Tally{Source: r.cfg.URL, Collector: collectorName, Platform: schema.PlatformRSS}}
	b.ms = b.now.UnixMilli()
	b.row = b.tally.Minute(b.ms)
	if r.state.AskedMS > 0 {
		b.row.Expected = r.state.History.Expected(max(r.state.AskedMS, b.ms-int64(longestHint/time.Millisecond)), b.ms)
	}
	r.state.Polls++
	r.state.AskedMS = b.ms
	return b
}

// fail notes why a feed brought nothing, and how long to leave it alone at least.
func (r *run) fail(b *batch, err error) error {
	if errors.Is(err, fetch.ErrTooLarge) { // The feed is there; what it sends cannot be used.
		what := refused{reason: schema.ReasonTooLarge, detail: err.Error(), position: "document", times: 1}
		b.events = append(b.events, what.event(r.cfg.URL, b.now))
		b.tally.Rejected(b.ms, what.reason)
		return err
	}
	wait := time.Duration(0)
	if why, ok := errors.AsType[*fetch.Error](err); ok {
		wait = min(why.Wait, max(longestRetry, r.reader.cfg.MaxInterval))
	}
	r.disconnected(b, fetch.OutageOf(err))
	switch fetch.OutageOf(err) {
	case schema.OutageGone:
		r.state.Gone = true
	case schema.OutagePrivate:
		wait = r.reader.cfg.MaxInterval
		r.moveBack()
	case schema.OutageNotFound, schema.OutageUnreachable, schema.OutageTLS, schema.OutageRedirects, schema.OutageRefused:
		r.moveBack()
	default:
	}
	if wait == 0 {
		return err
	}
	return &collectors.WaitError{Wait: wait, Err: err}
}

func (r *run) disconnected(b *batch, why schema.Outage) {
	b.row.Connected, b.row.GapReason = false, string(why)
	r.state.History.Missed()
}

// moveBack goes back to the configured address, if the one that it moved to
// has failed.
func (r *run) moveBack() {
	if r.state.Moved != "" {
		r.state.Moved, r.state.ETag, r.state.LastModified = "", "", ""
	}
}

// answered notes that the feed did as it should.
func (r *run) answered(b *batch, result *fetch.Result, fresh uint64) {
	r.state.observe(b.ms, fresh)
	r.state.AnsweredMS = b.ms
	r.state.MaxAge = maxAge(result.Header)
	r.listen(result)
	if result.Permanent != "" && len(result.Permanent) <= maxFeedURL {
		r.state.Moved = result.Permanent
	}
}

// unchanged notes that nothing is new. Of a document that could not be read,
// that says nothing.
func (r *run) unchanged(b *batch, result *fetch.Result) {
	if !r.state.Unreadable {
		r.answered(b, result, 0)
	}
}

// take reads a document, and puts what is new or changed into the batch.
func (r *run) take(b *batch, result *fetch.Result) error {
	hash := xxh3.Hash(result.Body)
	if hash == r.state.Document {
		if r.state.NotAFeed {
			return r.badDocument(b)
		}
		r.validators(result)
		r.unchanged(b, result)
		return nil
	}
	got := readDocument(r.cfg, result.Body, result.Header.Get("Content-Type"), result.URL, b.now)
	known := r.state.known()
	for i := range got.refused {
		r.reject(b, &got.refused[i], known)
	}
	r.state.Document, r.state.NotAFeed, r.state.Unreadable = hash, got.notAFeed(), !got.whole
	if r.state.NotAFeed {
		return r.badDocument(b)
	}
	r.validators(result)
	if !got.whole {
		return nil
	}
	if r.state.overran(got.items) {
		b.row.GapFromMs, b.row.GapToMs, b.row.GapReason = r.state.AnsweredMS, b.ms, string(schema.OutageWindow)
	}
	fresh := r.posts(b, got.items, known)
	r.state.remember(got)
	r.state.Hints = got.hints
	r.state.noteTimes(fresh, b.ms)
	r.answered(b, result, uint64(len(fresh)))
	return nil
}

// badDocument notes an answer that is no feed. It is told once, and noted each time.
func (r *run) badDocument(b *batch) error {
	r.disconnected(b, schema.OutageContent)
	r.state.ETag, r.state.LastModified = "", ""
	r.moveBack()
	return &fetch.Error{Outage: schema.OutageContent, Err: errors.New("it answered with what is no feed")}
}

func (r *run) validators(result *fetch.Result) {
	r.state.ETag = validator(result.Header.Get("ETag"), maxETag)
	r.state.LastModified = validator(result.Header.Get("Last-Modified"), 128)
}

func (r *run) reject(b *batch, what *refused, known map[uint64]uint64) {
	if _, told := known[what.id()]; told {
		return
	}
	b.events = append(b.events, what.event(r.cfg.URL, b.now))
	for range what.times {
		b.tally.Rejected(b.ms, what.reason)
	}
}

// posts adds what is new and what was changed, and returns what is new.
func (r *run) posts(b *batch, items []item, known map[uint64]uint64) (fresh []*schema.Post) {
	first := r.state.AnsweredMS == 0
	for _, it := range items {
		content, seen := known[it.id]
		switch {
		case !seen:
			b.tally.Received(b.ms, "item", 1)
			if !first { // What it shows at first, it published long before.
				b.tally.Lag(b.ms, it.post.GetClaimedMs(), b.ms)
			}
			fresh = append(fresh, it.post)
		case content != it.content:
			b.tally.Received(b.ms, "item_update", 1)
			it.post.Revision = uint64(b.ms)
		default:
			continue
		}
		b.events = append(b.events, &schema.Event{Kind: &schema.Event_Post{Post: it.post}})
	}
	return fresh
}

// save hands the batch to the log, and then saves where the feed stands.
func (r *run) save(ctx context.Context, emit collectors.Emit, b *batch) error {
	b.events = append(b.events, b.tally.Events(strconv.FormatUint(r.state.Polls, 10))...)
	if err := emit(ctx, b.events); err != nil {
		if ctx.Err() != nil {
			return nil //nolint:nilerr // It was told to end; the cursor stands where it stood.
		}
		return err
	}
	return r.reader.cursors.Save(r.cursorName(), &r.state)
}
