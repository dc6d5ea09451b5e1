package x

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/collectortest"
	"github.com/election-observatory/observatory/collectors/fetch"
	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/internal/replay"
	"github.com/election-observatory/observatory/schema"
)

func serve(t *testing.T, x *replay.X) string {
	t.Helper()
	server := httptest.NewServer(x)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	return server.URL
}

// quick is a configuration with which nothing waits long.
func quick(address string) Config {
	return Config{API: address, AllowPrivate: true, ReadsPerDay: 100_000, BatchEvents: 10, BatchEvery: 5 * time.Millisecond, Silence: time.Minute, Hurry: 1000}
}

func newServer() *replay.X {
	x := replay.NewX()
	x.Token, x.Thump = "s3cret-of-the-test", 20*time.Millisecond
	return x
}

var wahl = []Query{{Name: "wahl", Terms: []string{"Wahl"}, Languages: []string{"de"}}}

func newCollector(t *testing.T, cfg Config, queries []Query, cursors *collectors.Cursors, now func() time.Time) *Collector {
	t.Helper()
	all, err := New(cfg, queries, "s3cret-of-the-test", cursors, now, zap.NewNop())
	if err != nil || len(all) != 1 {
		t.Fatalf("%d collectors: %v", len(all), err)
	}
	for _, c := range all {
		return c
	}
	return nil
}

// journal is a log that keeps what it is given.
type journal struct {
	mu      sync.Mutex
	posts   map[string]int
	tags    map[string]bool
	rejects int
	deletes []string
	gone    []string // Accounts that were deleted.
	rows    []*schema.Coverage
}

func (j *journal) emit(_ context.Context, batch []*schema.Event) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range batch {
		switch kind := e.GetKind().(type) {
		case *schema.Event_Post:
			if j.posts == nil {
				j.posts, j.tags = map[string]int{}, map[string]bool{}
			}
			j.posts[kind.Post.GetNativeId()]++
			for _, tag := range kind.Post.GetRules() {
				j.tags[tag] = true
			}
		case *schema.Event_Reject:
			j.rejects++
		case *schema.Event_Delete:
			j.deletes = append(j.deletes, kind.Delete.GetNativeId())
		case *schema.Event_Account:
			if kind.Account.GetStatus() == schema.AccountStatus_ACCOUNT_STATUS_DELETED {
				j.gone = append(j.gone, kind.Account.GetNativeId())
			}
		case *schema.Event_Coverage:
			j.rows = append(j.rows, kind.Coverage)
		}
	}
	return nil
}

func (j *journal) has() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.posts)
}

func (j *journal) refused() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.rejects
}

// gaps are the gaps that were declared, and reasons those of minutes without a connection.
func (j *journal) gaps() (gaps []*schema.Coverage, reasons []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, row := range j.rows {
		if row.GetGapToMs() > 0 {
			gaps = append(gaps, row)
		} else if row.GetGapReason() != "" {
			reasons = append(reasons, row.GetGapReason())
		}
	}
	return gaps, reasons
}

// start runs a collector until stop is called, which returns its error.
func start(t *testing.T, c *Collector, j *journal) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, j.emit) }()
	var once sync.Once
	stop = func() (err error) {
		once.Do(func() {
			cancel()
			err = <-ended
		})
		return err
	}
	t.Cleanup(func() { _ = stop() })
	return stop
}

// TestConformance runs the suite of all collectors over a stream that gives again what passed.
func TestConformance(t *testing.T) {
	t.Parallel()
	at := time.Now().Add(-time.Second)
	server := newServer()
	server.Enterprise = true
	const posts = 60
	server.Connected = sync.OnceFunc(func() {
		for n := range posts {
			server.Publish(replay.XNote(n, at))
		}
	})
	cfg := quick(serve(t, server))
	cfg.Backfill = 5
	collectortest.Run(t, collectortest.Subject{
		New: func(t *testing.T, cursors *collectors.Cursors) collectors.Collector {
			t.Helper()
			// It was there before: what passed since is asked for again.
			source := strings.TrimPrefix(cfg.API, "http://") + "/" + search
			if known, err := cursors.Load(name+"/"+source, &state{}); err == nil && !known {
				_ = cursors.Save(name+"/"+source, state{Heard: at.UnixMilli()})
			}
			return newCollector(t, cfg, wahl, cursors, func() time.Time { return at.Add(time.Second) })
		},
		Events: posts, Endless: true, MaxCuts: 3,
	})
}

// Whatever happens to the stream, a post is taken once, or lies in a gap that says why.
func TestFaults(t *testing.T) {
	t.Parallel()
	server := newServer()
	server.Faults.Add(replay.XRules, replay.XFault{Status: 503}, replay.XFault{})
	server.Faults.Add(
		replay.XStream, replay.XFault{Status: 429, Reset: time.Now().Add(-time.Minute).Unix()}, replay.XFault{Cut: true, After: 7}, replay.XFault{Status: 500},
		replay.XFault{Say: `{"errors":[{"title":"operational-disconnect","disconnect_type":"UpstreamOperationalDisconnect","detail":"This stream has been disconnected upstream for operational reasons."}]}`, After: 5},
		replay.XFault{Mute: true, After: 4}, replay.XFault{Say: `{"data":{"id":"x"}}`, After: 3}, replay.XFault{Say: "not JSON", After: 2},
	)
	log := &journal{}
	cursors := collectors.NewCursors(t.TempDir())
	cfg := quick(serve(t, server))
	cfg.Silence = 300 * time.Millisecond
	stop := start(t, newCollector(t, cfg, wahl, cursors, time.Now), log)
	sent := map[string]time.Time{}
	for n := 0; log.refused() < 2 && n < 5000; n++ {
		at := time.Now()
		p := replay.XNote(n, at)
		sent[p.ID] = at
		server.Publish(p)
		time.Sleep(3 * time.Millisecond)
	}
	collectortest.Eventually(t, "an open stream", func() bool { return server.Open() == 1 })
	before := log.has()
	final := replay.XNote(1_000_000, time.Now())
	server.Publish(final)
	collectortest.Eventually(t, "a post after all faults", func() bool { return log.has() > before })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	gaps, _ := log.gaps()
	reasons := map[string]bool{}
	for _, gap := range gaps {
		reasons[gap.GetGapReason()] = true
	}
	for _, want := range []schema.Outage{schema.OutageClosed, schema.OutageServer, schema.OutageTimeout} {
		if want != schema.OutageServer && !reasons[string(want)] {
			t.Errorf("no gap is for %s: %v", want, reasons)
		}
	}
	lost := 0
	const grace = 50 // Between a post's being made and its being sent, in milliseconds.
	for id, at := range sent {
		if log.posts[id] > 1 {
			t.Errorf("%s was taken %d times", id, log.posts[id])
		}
		inGap := slices.ContainsFunc(gaps, func(gap *schema.Coverage) bool {
			return at.UnixMilli() >= gap.GetGapFromMs()-grace && at.UnixMilli() <= gap.GetGapToMs()+grace
		})
		if log.posts[id] == 0 && !inGap && len(gaps) > 0 && at.UnixMilli() > gaps[0].GetGapFromMs() {
			lost++
		}
	}
	if lost > 0 || log.rejects != 2 || !log.tags["wahl"] {
		t.Errorf("%d posts are lost in no gap, %d rejects, labels %v", lost, log.rejects, log.tags)
	}
}

// A budget ends collecting before more is read than it allows, says so, and goes on with the
// next day; a killed process does not begin it anew.
func TestBudget(t *testing.T) {
	t.Parallel()
	server := newServer()
	cfg := quick(serve(t, server))
	cfg.ReadsPerDay = 40
	cfg.ReadUSD, cfg.MonthlyUSD = 0.01, 0.6 // 60 posts a month.
	var mu sync.Mutex
	at := time.Date(2026, 6, 5, 22, 0, 0, 0, time.UTC)
	now := func() time.Time { mu.Lock(); defer mu.Unlock(); return at }
	advance := func(d time.Duration) { mu.Lock(); defer mu.Unlock(); at = at.Add(d) }
	log, cursors := &journal{}, collectors.NewCursors(t.TempDir())
	n := 0
	publish := func(posts int) {
		for range posts {
			server.Publish(replay.XNote(n, now()))
			n++
		}
	}
	stop := start(t, newCollector(t, cfg, wahl, cursors, now), log)
	collectortest.Eventually(t, "a stream", func() bool { return server.Open() == 1 })
	publish(100)
	collectortest.Eventually(t, "the budget to end it", func() bool { return server.Open() == 0 })
	collectortest.Eventually(t, "the end to be told", func() bool { _, why := log.gaps(); return slices.Contains(why, string(schema.OutageBudget)) })
	if log.has() != 40 {
		t.Fatalf("%d posts were taken, and the budget is 40", log.has())
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	said, err := Spent(cursors, cfg, now)
	if err != nil || !strings.Contains(said, "40 posts read today of 40, 0.40 US dollars this month of 0.60") {
		t.Errorf("it says %q: %v", said, err)
	}
	// The next process has no more, and the next day what the month has left.
	stop = start(t, newCollector(t, cfg, wahl, cursors, now), log)
	time.Sleep(50 * time.Millisecond)
	if server.Open() != 0 || log.has() != 40 {
		t.Fatalf("%d streams are open, %d posts taken", server.Open(), log.has())
	}
	_ = stop()
	advance(3 * time.Hour)
	stop = start(t, newCollector(t, cfg, wahl, cursors, now), log)
	collectortest.Eventually(t, "a stream", func() bool { return server.Open() == 1 })
	publish(100)
	collectortest.Eventually(t, "the budget of the month to end it", func() bool { return server.Open() == 0 })
	_ = stop()
	gaps, _ := log.gaps()
	if log.has() != 60 || len(gaps) != 1 || gaps[0].GetGapReason() != string(schema.OutageBudget) {
		t.Errorf("%d posts were taken; gaps %v", log.has(), gaps)
	}
	b := &budget{cfg: &cfg, now: now, used: spent{Day: "2026-06-06", Month: "2026-06", MonthUSD: 0.6}}
	if next := b.next(); !next.Equal(time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("it goes on at %v", next)
	}
}

// A process that is killed has noted what it may have read before it read it.
func TestBudgetOfAKilledProcess(t *testing.T) {
	t.Parallel()
	server := newServer()
	cfg := quick(serve(t, server))
	cfg.ReadsPerDay = 200
	dir := t.TempDir()
	total := 0
	for range 30 { // Each emits a few batches and is killed with the last.
		log := &journal{}
		killed := make(chan struct{})
		ctx, kill := context.WithCancel(t.Context())
		ended := make(chan struct{})
		calls := 0
		go func() {
			defer close(ended)
			_ = newCollector(t, cfg, wahl, collectors.NewCursors(dir), time.Now).Run(ctx, func(_ context.Context, batch []*schema.Event) error {
				if calls++; calls > 3 {
					close(killed)
					<-ctx.Done()
					return ctx.Err() // Nothing of it is saved.
				}
				return log.emit(ctx, batch)
			})
		}()
		deadline := time.After(2 * time.Second)
	publishing:
		for n := total; ; n++ {
			if server.Open() > 0 {
				server.Publish(replay.XNote(n, time.Now()))
			}
			select {
			case <-killed:
				break publishing
			case <-deadline:
				break publishing
			case <-time.After(time.Millisecond):
			}
		}
		kill()
		<-ended
		collectortest.Eventually(t, "the end", func() bool { return server.Open() == 0 })
		total += log.has()
		if said, _ := Spent(collectors.NewCursors(dir), cfg, time.Now); strings.Contains(said, "200 posts read today") {
			break
		}
	}
	if total > 200 || total < 50 {
		t.Errorf("%d posts were read with a budget of 200", total)
	}
}

// The rules of an app follow the queries; others are left alone.
func TestRulesFollowQueries(t *testing.T) {
	t.Parallel()
	server := newServer()
	server.AddRule("cats", "somebody else's")
	server.AddRule("old words", "wahl")
	cursors := collectors.NewCursors(t.TempDir())
	have := func() (list []string) {
		for _, rule := range server.Rules() {
			list = append(list, rule.Tag+": "+rule.Value)
		}
		slices.Sort(list)
		return list
	}
	cfg := quick(serve(t, server))
	for _, tc := range []struct {
		queries []Query
		want    []string
	}{
		{wahl, []string{"somebody else's: cats", "wahl: Wahl lang:de"}},
		{append([]Query{{Name: "vote", Terms: []string{"vote", "ballot*"}}}, wahl...), []string{"somebody else's: cats", "vote: (vote OR ballot)", "wahl: Wahl lang:de"}},
		{[]Query{{Name: "vote", Terms: []string{"vote"}}}, []string{"somebody else's: cats", "vote: vote"}},
	} {
		stop := start(t, newCollector(t, cfg, tc.queries, cursors, time.Now), &journal{})
		collectortest.Eventually(t, "a stream", func() bool { return server.Open() == 1 })
		if got := have(); !slices.Equal(got, tc.want) {
			t.Errorf("the rules are %q, want %q", got, tc.want)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		collectortest.Eventually(t, "the end", func() bool { return server.Open() == 0 })
	}
}

// Streams of compliance bring deletions, and what became of accounts; nothing of it is charged.
func TestCompliance(t *testing.T) {
	t.Parallel()
	server := newServer()
	cfg := quick(serve(t, server))
	cfg.Compliance = true
	cursors := collectors.NewCursors(t.TempDir())
	all, err := New(cfg, wahl, server.Token, cursors, time.Now, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	log := &journal{}
	for source, c := range all {
		if !strings.HasSuffix(source, "/"+search) {
			start(t, c, log)
		}
	}
	deletion := []byte(`{"data":{"delete":{"tweet":{"id":"1797600000000000001","author_id":"9001"},"event_at":"2024-06-06T10:00:00.000Z"}}}`)
	gone := []byte(`{"data":{"user_delete":{"user":{"id":"9001"},"event_at":"2024-06-08T10:00:00.000Z"}}}`)
	collectortest.Eventually(t, "the partition of posts", func() bool { return server.Notify("tweets", 3, deletion) == 1 })
	collectortest.Eventually(t, "the partition of accounts", func() bool { return server.Notify("users", 4, gone) == 1 })
	collectortest.Eventually(t, "the notices", func() bool {
		log.mu.Lock()
		defer log.mu.Unlock()
		return slices.Equal(log.deletes, []string{"1797600000000000001"}) && slices.Equal(log.gone, []string{"9001"})
	})
	if said, err := Spent(cursors, cfg, time.Now); err != nil || !strings.HasPrefix(said, "0 posts read today") {
		t.Errorf("it says %q: %v", said, err)
	}
}

// What X refuses is told with its reason, and no message has the token.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		token string
		fault replay.XFault
		want  schema.Outage
	}{
		{"another", replay.XFault{}, schema.OutageUnauthorised},
		{"s3cret-of-the-test", replay.XFault{Status: http.StatusForbidden, Body: `{"title":"Client Forbidden","detail":"your app is suspended"}`}, schema.OutageRefused},
		{"s3cret-of-the-test", replay.XFault{Status: http.StatusPaymentRequired, Body: `{"title":"CreditsDepleted"}`}, schema.OutageBudget},
		{"s3cret-of-the-test", replay.XFault{Status: http.StatusTooManyRequests}, schema.OutageRateLimited},
	} {
		server := newServer()
		for range 3 {
			server.Faults.Add(replay.XStream, tc.fault)
		}
		all, err := New(quick(serve(t, server)), wahl, tc.token, collectors.NewCursors(t.TempDir()), time.Now, zap.NewNop())
		if err != nil {
			t.Fatal(err)
		}
		log := &journal{}
		for _, c := range all {
			checked := c.Check(t.Context())
			if tc.token == "another" && (checked == nil || !strings.Contains(checked.Error(), "unauthorised") || strings.Contains(checked.Error(), tc.token)) {
				t.Errorf("the check says %v", checked)
			}
			stop := start(t, c, log)
			collectortest.Eventually(t, string(tc.want), func() bool { _, why := log.gaps(); return slices.Contains(why, string(tc.want)) })
			_ = stop()
		}
	}
}

// The pauses are those that X's documentation names.
func TestPauses(t *testing.T) {
	t.Parallel()
	take := func(times int, down *fetch.Error) (list []time.Duration) {
		p := pauses{hurry: 1}
		for range times {
			list = append(list, p.next(down))
		}
		return list
	}
	for _, tc := range []struct {
		down *fetch.Error
		want string
	}{
		{&fetch.Error{Outage: schema.OutageClosed}, "[0s 250ms 500ms 750ms]"},
		{&fetch.Error{Outage: schema.OutageServer, Status: 503}, "[5s 10s 20s 40s]"},
		{&fetch.Error{Outage: schema.OutageRateLimited, Status: 429}, "[1m0s 2m0s 4m0s 8m0s]"},
		{&fetch.Error{Outage: schema.OutageRateLimited, Status: 429, Wait: 3 * time.Minute}, "[3m0s 3m0s 4m0s 8m0s]"},
	} {
		if got := fmt.Sprint(take(4, tc.down)); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.down.Outage, got, tc.want)
		}
	}
	if got := take(100, &fetch.Error{Outage: schema.OutageClosed})[99]; got != 16*time.Second {
		t.Errorf("at last it waits %v", got)
	}
	if got := take(100, &fetch.Error{Outage: schema.OutageServer, Status: 500})[99]; got != 320*time.Second {
		t.Errorf("at last it waits %v", got)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]Config{
		"say how much it may be":    {},
		"below zero":                {ReadsPerDay: -1},
		"must not be below zero":    {ReadsPerDay: 1, ReadUSD: -1},
		"between 1 and 5, not at 6": {ReadsPerDay: 1, Backfill: 6},
		"is no address of an API":   {ReadsPerDay: 1, API: "http://api.x.com"},
		"":                          {ReadsPerDay: 1, MonthlyUSD: 2, API: "https://x.example", Backfill: 5},
	} {
		err := cfg.Validate()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := New(Config{ReadsPerDay: 1}, nil, "t", nil, time.Now, zap.NewNop()); err == nil || !strings.Contains(err.Error(), "give the study queries") {
		t.Error(err)
	}
	if _, err := New(Config{ReadsPerDay: 1}, wahl, "", nil, time.Now, zap.NewNop()); err == nil || !strings.Contains(err.Error(), "OBSERVATORY_X_BEARER_TOKEN") {
		t.Error(err)
	}
	if all, err := New(Config{ReadsPerDay: 1, Compliance: true}, wahl, "t", nil, time.Now, zap.NewNop()); err != nil || len(all) != 9 {
		t.Errorf("%d streams: %v", len(all), err)
	}
}

// FuzzMessage holds that nothing that a stream sends stops the collector.
func FuzzMessage(f *testing.F) {
	f.Add([]byte(`{"errors":[{"title":"operational-disconnect","disconnect_type":"UpstreamOperationalDisconnect"}]}`))
	f.Add([]byte(`{"data":{"user_delete":{"user":{"id":"1"},"event_at":"2024-06-08T10:00:00.000Z"}}}`))
	f.Add([]byte(replay.XNote(1, time.Unix(1780000000, 0)).JSON))
	f.Fuzz(func(t *testing.T, data []byte) {
		down := disconnection(data)
		n := 0
		err := Decode(data, func([]byte, mapping.Decoded, error) { n++ })
		if down != nil && err == nil && n > 0 && strings.Contains(string(data), `"data":{`) {
			t.Fatalf("a message with a post ends the stream: %s", data)
		}
	})
}
