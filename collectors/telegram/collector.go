package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/fetch"
	"github.com/election-observatory/observatory/collectors/live"
	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/collectors/telegram/wire"
	"github.com/election-observatory/observatory/schema"
)

// name is the collector's, in rows and of its cursors.
const name = "telegram"

// Credentials are what Telegram wants to know of whoever asks.
type Credentials struct {
	APIID    int
	APIHash  string
	Session  string        // The file that a login made.
	Server   *wire.Server  // In place of Telegram: for tests.
	Program  []string      // The program that speaks MTProto, with its arguments.
	Patience time.Duration // For the program to end by itself; 5 s if zero.
}

// Collector reads public channels through a program that speaks MTProto.
type Collector struct {
	cfg     Config
	with    Credentials
	cursors *collectors.Cursors
	now     func() time.Time
	log     *zap.Logger
}

// New makes a collector that does nothing yet. Errors say what to change.
func New(cfg Config, with Credentials, cursors *collectors.Cursors, now func() time.Time, log *zap.Logger) (*Collector, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.complete()
	if with.APIID == 0 || with.APIHash == "" {
		return nil, errors.New("telegram: an application's id and hash are needed (https://my.telegram.org): set OBSERVATORY_TELEGRAM_API_ID and OBSERVATORY_TELEGRAM_API_HASH, or telegram.api_id and telegram.api_hash_file")
	}
	if with.Patience == 0 {
		with.Patience = 5 * time.Second
	}
	return &Collector{cfg: cfg, with: with, cursors: cursors, now: now, log: log.Named(name)}, nil
}

// Name is that of the collector.
func (*Collector) Name() string { return name }

// state is the cursor of a channel.
type state struct {
	live.State
	Channel wire.Channel `json:"channel"`
}

// channel is a channel that is read.
type channel struct {
	*live.Stream
	name  string
	state wire.Channel  // Up to where the log has it, once all that is pending is in it,
	why   schema.Outage // It is not read; empty while it is.
}

// run is one run of the collector.
type run struct {
	*Collector
	channels map[string]*channel // By their names in lower case.
	order    []*channel
}

func cursorName(of string) string { return name + "/" + of }

// Run collects until ctx ends. Its error is that of the log or of a cursor; whatever Telegram
// and the program do is dealt with.
func (c *Collector) Run(ctx context.Context, emit collectors.Emit) error {
	r := &run{Collector: c, channels: map[string]*channel{}}
	for _, given := range c.cfg.Channels {
		of := &channel{name: strings.ToLower(channelName(given))}
		var s state
		if _, err := c.cursors.Load(cursorName(of.name), &s); err != nil {
			return err
		}
		of.state = s.Channel
		of.state.Username = of.name
		of.Stream = &live.Stream{Collector: name, Source: cursorName(of.name), Platform: schema.PlatformTelegram, Now: c.now, Emit: emit, Save: func(kept live.State) error {
			return c.cursors.Save(cursorName(of.name), state{kept, of.state})
		}}
		of.Restore(s.State)
		r.channels[of.name], r.order = of, append(r.order, of)
	}
	pause := live.Doubling(c.cfg.RetryFirst, c.cfg.RetryLast)
	for {
		began := c.now()
		err := r.session(ctx)
		if ctx.Err() != nil {
			return r.end(ctx)
		}
		var down *fetch.Error
		if !errors.As(err, &down) {
			return err
		}
		if err := r.rest(ctx, down.Outage, pause(down, c.now().Sub(began))); err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// end hands over what was read.
func (r *run) end(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.with.Patience)
	defer cancel()
	return r.flush(ctx)
}

func (r *run) flush(ctx context.Context) error {
	for _, of := range r.order {
		if err := of.Flush(ctx); err != nil {
			return err
		}
	}
	return nil
}

// rest waits, and says of each minute why nothing is read.
func (r *run) rest(ctx context.Context, why schema.Outage, wait time.Duration) error {
	for until := r.now().Add(wait); ; {
		for _, of := range r.order {
			of.why = why
			of.Outage(why)
		}
		if err := r.flush(ctx); err != nil {
			return err
		}
		left := until.Sub(r.now())
		if left <= 0 {
			return nil
		}
		select {
		case <-time.After(min(left, 10*time.Second)):
		case <-ctx.Done():
			return nil
		}
	}
}

// session runs the program once. Its error is a *fetch.Error where the program or Telegram is
// the reason.
func (r *run) session(ctx context.Context) error {
	inner, stop := context.WithCancel(ctx)
	defer stop()
	tell := r.tell()
	for _, of := range r.order {
		tell.Channels = append(tell.Channels, of.state)
	}
	p, err := r.start(inner, tell)
	if err != nil {
		return &fetch.Error{Outage: schema.OutageUnreachable, Err: err}
	}
	defer p.end()
	tick := time.NewTicker(r.cfg.BatchEvery)
	defer tick.Stop()
	for pending := 0; ; {
		select {
		case <-ctx.Done():
			return nil
		case line, more := <-p.lines:
			if !more {
				p.end()
				if err := r.flush(ctx); err != nil {
					return err
				}
				return p.why()
			}
			if err := r.take(line); err != nil {
				p.failed = err
			}
			if pending++; pending < r.cfg.BatchEvents {
				continue
			}
		case <-tick.C:
			r.tick()
		}
		pending = 0
		if err := r.flush(ctx); err != nil {
			return err
		}
	}
}

// tick does what is due by the clock.
func (r *run) tick() {
	for _, of := range r.order {
		if of.why != "" {
			of.Outage(of.why)
		}
		of.Heartbeat()
	}
}

// take is a line of the program. Its error is why nothing is read any more, if it says so.
func (r *run) take(text []byte) error {
	var line wire.Line
	if err := json.Unmarshal(text, &line); err != nil {
		return &fetch.Error{Outage: schema.OutageContent, Err: fmt.Errorf("the program says what cannot be read: %.100q", text)}
	}
	if line.Event == wire.Down && line.Username == "" {
		down := &fetch.Error{Outage: outage(line.Outage), Wait: time.Duration(line.WaitMS) * time.Millisecond, Err: errors.New(mapping.Short(line.Detail))}
		r.log.Warn("nothing is read", zap.Error(down))
		for _, of := range r.order {
			of.down(down.Outage)
		}
		return down
	}
	if of := r.channels[strings.ToLower(line.Username)]; of != nil {
		of.take(&line, r.log)
	}
	return nil
}

// outage is one that coverage knows.
func outage(said string) schema.Outage {
	if why := schema.Outage(said); why.Doc() != "" {
		return why
	}
	return schema.OutageUnreachable
}

// down says that the channel is not read.
func (of *channel) down(why schema.Outage) {
	of.why = why
	of.Outage(why)
}

func (of *channel) take(line *wire.Line, log *zap.Logger) {
	switch line.Event {
	case wire.Up:
		log.Info("read", zap.String("channel", of.name))
		of.why = ""
		of.Connected()
	case wire.Down:
		if why := outage(line.Outage); why != of.why {
			log.Warn("not read", zap.String("channel", of.name), zap.String("why", string(why)), zap.String("detail", line.Detail))
			of.down(why)
		}
	case wire.Gap:
		of.Gap(line.FromMS, line.ToMS, outage(line.Outage))
	case wire.Message:
		of.Alive()
		of.message(line.Record)
	case wire.Delete:
		of.Alive()
		for _, id := range line.Deleted {
			of.Delete(&schema.Delete{NativeId: strconv.FormatInt(of.state.ID, 10) + "/" + strconv.Itoa(id)})
		}
	case wire.State:
		if line.Channel != nil {
			of.state = *line.Channel
			of.state.Username = of.name
			of.Changed()
		}
	}
}

// message is one of the channel, new or edited.
func (of *channel) message(record []byte) {
	out, err := Decode(record)
	switch {
	case err != nil:
		of.Reject(record, len(record), err)
	case out.Event.GetPost() != nil:
		ms := out.MS
		if now := of.Now().UnixMilli(); ms > now {
			ms = now
		}
		of.Post(out.Event, out.Kind, ms)
	default:
		of.Count(of.Now().UnixMilli(), out.Kind, 0)
	}
}

// tell is what the program is told in any case.
func (c *Collector) tell() wire.Start {
	return wire.Start{APIID: c.with.APIID, APIHash: c.with.APIHash, Session: c.with.Session, PollMS: int(c.cfg.Poll / time.Millisecond), Server: c.with.Server}
}

// Check says whether Telegram takes the session. Its error is a *fetch.Error where it does not.
func (c *Collector) Check(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	tell := c.tell()
	tell.Check = true
	p, err := c.start(ctx, tell)
	if err != nil {
		return err
	}
	defer p.end()
	select {
	case <-ctx.Done():
		return &fetch.Error{Outage: schema.OutageTimeout, Err: ctx.Err()}
	case text, more := <-p.lines:
		var line wire.Line
		if !more || json.Unmarshal(text, &line) != nil {
			p.end()
			return p.why()
		}
		if line.Event != wire.Up {
			return &fetch.Error{Outage: outage(line.Outage), Err: errors.New(mapping.Short(line.Detail))}
		}
		return nil
	}
}
