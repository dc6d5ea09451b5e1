package x

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/fetch"
	"github.com/election-observatory/observatory/collectors/live"
	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// name is the collector's, in rows and of its cursors.
const name = "x"

// maxMessage is the largest message of a stream that is read into memory.
const maxMessage = 2 << 20

// Collector reads a stream of X's API v2: the filtered stream, whose rules it keeps to the
// queries of the study and whose posts it counts against the budget, or a stream of
// compliance.
type Collector struct {
	cfg     Config
	stream  string // What it is of its host: search, or as compliance/posts/1.
	path    string
	query   url.Values
	rules   []Rule
	queries map[string]bool // Names: their rules are this study's.
	remarks []string
	source  string
	api     *api
	cursors *collectors.Cursors
	now     func() time.Time
	log     *zap.Logger
}

// search is the filtered stream among the streams.
const search = "search"

// New makes the collectors of a configuration, by their sources. Errors say what to change.
func New(cfg Config, queries []Query, token string, cursors *collectors.Cursors, now func() time.Time, log *zap.Logger) (map[string]*Collector, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.complete()
	rules, remarks, err := Rules(queries, cfg.Add)
	switch {
	case err != nil:
		return nil, err
	case len(rules) == 0:
		return nil, errors.New("x: X sends what rules ask for: give the study queries")
	case token == "":
		return nil, errors.New("x: a bearer token is needed: set OBSERVATORY_X_BEARER_TOKEN or x.token_file")
	}
	address, _ := url.Parse(cfg.API) // Validate has.
	asks := &api{address: cfg.API, token: token, client: fetch.NewStream(cfg.AllowPrivate), now: now}
	all := map[string]*Collector{}
	add := func(stream, path string, query url.Values) {
		c := &Collector{cfg: cfg, stream: stream, path: path, query: query, source: strings.ToLower(address.Host) + "/" + stream, api: asks, cursors: cursors, now: now, log: log.Named(name)}
		if stream == search {
			c.rules, c.remarks, c.queries = rules, remarks, map[string]bool{}
			for _, q := range queries {
				c.queries[q.Name] = true
			}
		}
		all[c.source] = c
	}
	add(search, pathStream, fields())
	if cfg.Compliance {
		const partitions = 4 // Of each stream, by X's documentation.
		for n := range partitions {
			partition := strconv.Itoa(n + 1)
			add("compliance/posts/"+partition, "/2/tweets/compliance/stream", url.Values{"partition": {partition}})
			add("compliance/accounts/"+partition, "/2/users/compliance/stream", url.Values{"partition": {partition}})
		}
	}
	return all, nil
}

// fields ask for everything of a post that is kept.
func fields() url.Values {
	return url.Values{
		"tweet.fields": {"attachments,author_id,conversation_id,created_at,edit_history_tweet_ids,entities,in_reply_to_user_id,lang,note_tweet,possibly_sensitive,public_metrics,referenced_tweets,source,withheld"},
		"expansions":   {"attachments.media_keys,author_id,edit_history_tweet_ids,in_reply_to_user_id,referenced_tweets.id,referenced_tweets.id.author_id"},
		"user.fields":  {"created_at,name,public_metrics,username,verified"},
		"media.fields": {"alt_text,media_key,preview_image_url,type,url"},
	}
}

// Name is that of the collector.
func (*Collector) Name() string { return name }

// state is the cursor of a stream.
type state struct {
	live.State
	Heard int64         `json:"heard"` // The last sign of life before which the log has everything, in Unix milliseconds.
	Why   schema.Outage `json:"why"`   // It is not connected; empty while it is.
	Rules []string      `json:"rules"` // Ids of those that the study made.
	Spent spent         `json:"spent"`
	Taken []string      `json:"taken,omitempty"` // Posts that may come again; none where nothing does.
}

// run is one run of a stream.
type run struct {
	*Collector
	*live.Stream
	state  state // Less what Stream keeps.
	budget *budget
	taken  live.Recent // Posts, since X sends some twice.
	pauses pauses
	open   bool // Whether more may be read before the cursor is saved again.
	since  int  // Posts that were read since it was.
}

func (c *Collector) cursorName() string { return name + "/" + c.source }

// Run collects until ctx ends. Its error is that of the log or of the cursor; whatever X
// does is dealt with.
func (c *Collector) Run(ctx context.Context, emit collectors.Emit) error {
	const most = 20_000
	r := &run{Collector: c, pauses: pauses{hurry: time.Duration(c.cfg.Hurry)}, taken: live.Recent{Most: most}}
	if _, err := c.cursors.Load(c.cursorName(), &r.state); err != nil {
		return err
	}
	r.budget = &budget{cfg: &c.cfg, now: c.now}
	r.budget.resume(r.state.Spent)
	r.Stream = &live.Stream{Collector: name, Source: c.source, Platform: schema.PlatformX, Now: c.now, Emit: emit, Save: r.save}
	r.Restore(r.state.State)
	for _, id := range r.state.Taken {
		r.taken.Put(id, "taken")
	}
	for _, remark := range c.remarks {
		c.log.Warn("a query cannot be said to X as it is", zap.String("remark", remark))
	}
	return r.Connect(ctx, c.log, r.pause, r.session)
}

func (r *run) save(of live.State) error {
	r.state.State, r.state.Spent, r.since = of, r.budget.state(r.open), 0
	if r.cfg.Backfill > 0 {
		r.state.Taken = r.taken.IDs()
	}
	return r.cursors.Save(r.cursorName(), r.state)
}

// pause notes why there is no connection, and says how long to wait.
func (r *run) pause(down *fetch.Error, _ time.Duration) time.Duration {
	r.state.Why = down.Outage
	return r.pauses.next(down)
}

// session is one connection, from when it is asked for to when it ends. Its error is a
// *fetch.Error where X is the reason.
func (r *run) session(ctx context.Context) error {
	if r.stream == search {
		if err := r.afford(); err != nil {
			return err
		}
		if err := r.synchronise(ctx); err != nil {
			return err
		}
	}
	query, backfill := r.query, r.backfill()
	if backfill > 0 {
		query = url.Values{"backfill_minutes": {strconv.Itoa(backfill)}}
		maps.Copy(query, r.query)
	}
	inner, stop := context.WithCancel(ctx)
	defer stop()
	from := live.Follower{Silence: r.cfg.Silence, Most: maxMessage, Now: r.now, Open: func(ctx context.Context) (*http.Response, error) {
		return r.api.ask(ctx, http.MethodGet, r.path, query, nil)
	}}
	r.open = true // From now on X charges.
	if err := r.Keep(); err != nil {
		return err
	}
	lines, err := from.Follow(inner)
	if err != nil {
		r.open = false
		return err
	}
	r.Connected()
	r.pauses = pauses{hurry: r.pauses.hurry}
	r.log.Info("connected", zap.String("source", r.source))
	if r.state.Heard > 0 && backfill == 0 {
		why := r.state.Why
		if why == "" {
			why = schema.OutageNotCollecting
		}
		r.Gap(r.state.Heard, r.Begun().UnixMilli(), why)
	}
	r.state.Heard, r.state.Why = max(r.state.Heard, r.Begun().UnixMilli()), ""
	if err := r.Flush(ctx); err != nil {
		return err
	}
	err = r.listen(ctx, lines)
	r.open = false
	return err
}

// afford is the error of a budget that is used up.
func (r *run) afford() error {
	if r.budget.left() > 0 {
		return nil
	}
	return &fetch.Error{Outage: schema.OutageBudget, Wait: r.budget.next().Sub(r.now()), Err: fmt.Errorf("%v: it goes on at %s", r.budget, r.budget.next().Format(time.RFC3339))}
}

// backfill is how many minutes are asked for again; 0 for none.
func (r *run) backfill() int {
	if r.cfg.Backfill == 0 || r.state.Heard == 0 {
		return 0
	}
	if minutes := int(math.Ceil(r.now().Sub(time.UnixMilli(r.state.Heard)).Minutes())); minutes <= r.cfg.Backfill {
		return max(minutes, 1)
	}
	return 0
}

// listen takes what the stream brings until it ends, or until the budget is used up.
func (r *run) listen(ctx context.Context, lines <-chan live.Line) error {
	tick := time.NewTicker(r.cfg.BatchEvery)
	defer tick.Stop()
	for {
		var ended error
		select {
		case <-ctx.Done():
			return r.last(ctx)
		case line := <-lines:
			if ended = r.take(&line); ended == nil && r.Pending() < r.cfg.BatchEvents && r.since < r.budget.step() {
				continue
			}
		case <-tick.C:
			r.Heartbeat()
		}
		if ended != nil {
			r.open = false
		}
		if err := r.Flush(ctx); err != nil {
			return err
		}
		if ended != nil {
			return ended
		}
	}
}

// last hands over what was read when the collector is told to end: it was paid for, and
// does not come again.
func (r *run) last(ctx context.Context) error {
	const patience = 5 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	r.open = false
	if err := r.Flush(ctx); err != nil {
		return err
	}
	return r.Keep()
}

// take is a message of the stream. Its error is why the stream ends.
func (r *run) take(line *live.Line) error {
	if line.Err != nil {
		return line.Err
	}
	r.state.Heard = line.At.UnixMilli()
	data := line.Data
	if len(strings.TrimSpace(string(data))) == 0 { // A sign of life.
		return nil
	}
	r.Alive()
	if line.Size > maxMessage {
		r.charge("")
		r.Reject(data, line.Size, mapping.Reject(schema.ReasonTooLarge, "the message has %d bytes", line.Size))
	} else if down := disconnection(data); down != nil {
		return down
	} else if err := Decode(data, r.each); err != nil {
		r.Reject(data, line.Size, err)
	}
	if r.stream == search {
		return r.afford()
	}
	return nil
}

// each is what a part of a message says.
func (r *run) each(raw []byte, out mapping.Decoded, err error) {
	now := r.now().UnixMilli()
	switch {
	case err != nil:
		r.charge("")
		r.Reject(raw, len(raw), err)
	case out.Event.GetPost() != nil:
		post := out.Event.GetPost()
		id := chargedID(post)
		r.charge(id)
		if r.taken.Get(id) != "" {
			return
		}
		r.taken.Put(id, "taken")
		ms := schema.IdentityTime(schema.PlatformX, id)
		if ms == 0 || ms > now {
			ms = now
		}
		r.Post(out.Event, out.Kind, ms)
	case out.Event.GetDelete() != nil:
		r.Delete(out.Event.GetDelete())
	case out.Event.GetAccount() != nil:
		r.Account(out.Event.GetAccount(), out.Kind)
	default:
		r.Count(now, out.Kind, 0)
	}
}

// charge counts a read of a version of a post, or of what could not be read.
func (r *run) charge(id string) {
	if r.stream != search {
		return
	}
	if id == "" {
		id = "unread " + strconv.Itoa(r.budget.used.Reads)
	}
	if r.budget.read(id) {
		r.since++
	}
}

// chargedID is the id of a version of a post.
func chargedID(post *schema.Post) string {
	if n := post.GetRevision(); n > 0 {
		return strconv.FormatUint(n, 10)
	}
	return post.GetNativeId()
}

// Check says whether X takes the token and would take the rules; it opens no stream, which
// would be charged.
func (c *Collector) Check(ctx context.Context) error {
	if _, err := c.api.rules(ctx); err != nil {
		return err
	}
	_, refused, err := c.api.add(ctx, c.rules, true)
	if err == nil && len(refused) > 0 {
		err = fmt.Errorf("a rule would not be taken: %s", refused[0])
	}
	return err
}

// Spent says what was read and what it cost, by what the collector last noted, for people.
func Spent(cursors *collectors.Cursors, cfg Config, now func() time.Time) (string, error) {
	cfg.complete()
	address, err := url.Parse(cfg.API)
	if err != nil {
		return "", err
	}
	var s state
	if _, err := cursors.Load(name+"/"+strings.ToLower(address.Host)+"/"+search, &s); err != nil {
		return "", err
	}
	b := &budget{cfg: &cfg, now: now, used: s.Spent}
	return b.String(), nil
}
