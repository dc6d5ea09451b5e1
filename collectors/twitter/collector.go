package twitter

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	gotwitter "github.com/dghubble/go-twitter/twitter" //nolint:staticcheck // The maintained libraries do not speak v1.1.
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/fetch"
	"github.com/election-observatory/observatory/collectors/live"
	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// name is the collector's, in rows and of its cursor.
const name = "twitter"

// Collector reads a stream of an endpoint that is compatible with API v1.1, through the
// library go-twitter.
type Collector struct {
	cfg     Config
	address *url.URL
	token   string
	phrases []string
	langs   []string
	source  string
	client  *http.Client
	cursors *collectors.Cursors
	now     func() time.Time
	log     *zap.Logger
}

// New makes a collector that does nothing yet. token is a bearer token; empty for none.
func New(cfg Config, queries []Query, token string, cursors *collectors.Cursors, now func() time.Time, log *zap.Logger) (*Collector, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.complete()
	c := &Collector{cfg: cfg, token: token, client: fetch.NewStream(cfg.AllowPrivate), cursors: cursors, now: now, log: log.Named(name)}
	c.address, _ = url.Parse(strings.TrimSuffix(cfg.API, "/") + "/") // Validate has.
	stream := "sample"
	if !cfg.Sample {
		stream = "filter"
		var err error
		if c.phrases, c.langs, err = track(queries); err != nil {
			return nil, err
		}
	}
	c.source = strings.ToLower(c.address.Host) + "/" + stream
	return c, nil
}

// Name is that of the collector.
func (*Collector) Name() string { return name }

// state is the cursor of a stream.
type state struct {
	live.State
	Heard int64         `json:"heard"` // The last sign of life before which the log has everything, in Unix milliseconds.
	Why   schema.Outage `json:"why"`   // It is not connected; empty while it is.
}

// run is one run of the stream.
type run struct {
	*Collector
	*live.Stream
	state state // Less what Stream keeps.
}

func (c *Collector) cursorName() string { return name + "/" + c.source }

// Run collects until ctx ends. Its error is that of the log or of the cursor; whatever the
// endpoint does is dealt with.
func (c *Collector) Run(ctx context.Context, emit collectors.Emit) error {
	r := &run{Collector: c}
	if _, err := c.cursors.Load(c.cursorName(), &r.state); err != nil {
		return err
	}
	r.Stream = &live.Stream{Collector: name, Source: c.source, Platform: schema.PlatformX, Now: c.now, Emit: emit, Save: func(of live.State) error {
		r.state.State = of
		return c.cursors.Save(c.cursorName(), r.state)
	}}
	r.Restore(r.state.State)
	pause := live.Doubling(c.cfg.RetryFirst, c.cfg.RetryLast)
	return r.Connect(ctx, c.log, func(down *fetch.Error, lasted time.Duration) time.Duration {
		r.state.Why = down.Outage
		return pause(down, lasted)
	}, r.session)
}

// open asks for the stream. The library connects in its own goroutine; the first of the
// road's answers says whether it could.
func (c *Collector) open(ctx context.Context, way *road) (*gotwitter.Stream, error) {
	streams := gotwitter.NewClient(&http.Client{Transport: way}).Streams
	stall := true
	var stream *gotwitter.Stream
	var err error
	if c.cfg.Sample {
		stream, err = streams.Sample(&gotwitter.StreamSampleParams{StallWarnings: &stall})
	} else {
		stream, err = streams.Filter(&gotwitter.StreamFilterParams{Track: c.phrases, Language: c.langs, StallWarnings: &stall})
	}
	if err != nil {
		return nil, fetch.Failed(err)
	}
	select {
	case err = <-way.answered:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		stop(stream, way)
		return nil, err
	}
	return stream, nil
}

// stop ends a stream, and waits until the library has said what it still has to say: its own
// Stop may wait for that for ever.
func stop(stream *gotwitter.Stream, way *road) {
	way.cancel()
	for range stream.Messages {
	}
}

// Check says whether the endpoint opens the stream.
func (c *Collector) Check(ctx context.Context) error {
	way := newRoad(ctx, c)
	stream, err := c.open(ctx, way)
	if err != nil {
		return err
	}
	stop(stream, way)
	return nil
}

// session is one connection, from when it is asked for to when it ends. Its error is a
// *fetch.Error where the endpoint is the reason.
func (r *run) session(ctx context.Context) error {
	way := newRoad(ctx, r.Collector)
	stream, err := r.open(ctx, way)
	if err != nil {
		return err
	}
	defer stop(stream, way)
	r.Connected()
	r.log.Info("connected", zap.String("source", r.source))
	r.Gap(r.state.Heard, r.Begun().UnixMilli(), cmp.Or(r.state.Why, schema.OutageNotCollecting))
	r.state.Heard, r.state.Why = max(r.state.Heard, r.Begun().UnixMilli()), ""
	if err := r.Keep(); err != nil {
		return err
	}
	return r.listen(ctx, stream, way)
}

// listen takes what the stream brings until it ends.
func (r *run) listen(ctx context.Context, stream *gotwitter.Stream, way *road) error {
	tick := time.NewTicker(r.cfg.BatchEvery)
	defer tick.Stop()
	for {
		ended := false
		select {
		case <-ctx.Done():
			const patience = 5 * time.Second
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
			defer cancel()
			return r.Flush(last) // It does not come again.
		case message, more := <-stream.Messages:
			if ended = !more; more {
				ended = r.take(message, way)
			}
			if !ended && r.Pending() < r.cfg.BatchEvents {
				continue
			}
		case <-tick.C:
			r.Heartbeat()
		}
		r.state.Heard = max(r.state.Heard, way.heard.Load())
		if err := r.Flush(ctx); err != nil {
			return err
		}
		if ended {
			return way.why()
		}
	}
}

// take is a message, as the library types it; ended says that it is the last.
func (r *run) take(message any, way *road) (ended bool) {
	if err, is := message.(error); is {
		if errors.Is(err, errOnce) || way.failure.Load() != nil { // Of the library, which would connect anew by itself.
			return true
		}
		r.Alive()
		r.Reject([]byte(err.Error()), len(err.Error()), mapping.Reject(schema.ReasonSyntax, "a message that is no JSON: %v", err))
		return false
	}
	r.Alive()
	rec, err := json.Marshal(wire(message))
	if err == nil {
		var out mapping.Decoded
		if out, err = Decode(rec); err == nil {
			r.put(out)
			return false
		}
	}
	r.Reject(rec, len(rec), err)
	return false
}

// put adds what a message says to the batch.
func (r *run) put(out mapping.Decoded) {
	now := r.now().UnixMilli()
	switch {
	case out.Event.GetPost() != nil:
		ms := schema.IdentityTime(schema.PlatformX, out.Event.GetPost().GetNativeId())
		if ms == 0 || ms > now {
			ms = now
		}
		r.Post(out.Event, out.Kind, ms)
	case out.Event.GetDelete() != nil:
		r.Delete(out.Event.GetDelete())
	default:
		r.Count(now, out.Kind, 0)
	}
}

// wire is a message as it stood in the stream, before the library unwrapped it.
func wire(message any) any {
	switch m := message.(type) {
	case *gotwitter.StatusDeletion:
		return map[string]any{"delete": map[string]any{"status": m}}
	case *gotwitter.LocationDeletion:
		return map[string]any{"scrub_geo": m}
	case *gotwitter.StreamLimit:
		return map[string]any{"limit": m}
	case *gotwitter.StatusWithheld:
		return map[string]any{"status_withheld": m}
	case *gotwitter.UserWithheld:
		return map[string]any{"user_withheld": m}
	case *gotwitter.StreamDisconnect:
		return map[string]any{"disconnect": m}
	case *gotwitter.StallWarning:
		return map[string]any{"warning": m}
	case *gotwitter.FriendsList:
		return map[string]any{"friends": []int64{}}
	case *gotwitter.Event:
		return map[string]any{"event": m.Event}
	case *gotwitter.DirectMessage:
		return map[string]any{"direct_message": map[string]any{}}
	}
	return message // A status, or what the library does not know.
}
