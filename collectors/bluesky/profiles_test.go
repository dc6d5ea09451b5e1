package bluesky

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/schema"
)

// appView answers as the AppView does.
type appView struct {
	mu    sync.Mutex
	asked []string
	sizes []int
	fail  int // So many times.
	body  string
}

func (a *appView) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	w := httptest.NewRecorder()
	actors := r.URL.Query()["actors"]
	switch {
	case r.URL.Path != "/xrpc/app.bsky.actor.getProfiles" || r.URL.Host != "appview.example":
		w.WriteHeader(http.StatusNotFound)
	case a.fail > 0:
		a.fail--
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(http.StatusTooManyRequests)
	case a.body != "":
		_, _ = w.WriteString(a.body)
	default:
		a.asked, a.sizes = append(a.asked, actors...), append(a.sizes, len(actors))
		var all []string
		for _, did := range actors {
			all = append(all, fmt.Sprintf(`{"did":%q,"handle":"h.example","displayName":"N","followersCount":7,"followsCount":0,"createdAt":"2024-01-02T03:04:05Z"}`, did))
		}
		_, _ = w.WriteString(`{"profiles":[` + strings.Join(all, ",") + `]}`)
	}
	return w.Result(), nil
}

// ask runs profiles for a while of a clock that jumps.
func ask(t *testing.T, view *appView, cursors *collectors.Cursors, budget int, act func(*profiles), minutes int) *journal {
	t.Helper()
	j := newJournal(func(*journal) bool { return false })
	synctest.Test(t, func(t *testing.T) {
		ahead := time.Until(start())
		cfg := Config{Profiles: budget, ProfilesHost: "https://appview.example"}
		c, err := New(cfg, &http.Client{Transport: view}, cursors, func() time.Time { return time.Now().Add(ahead) }, zap.NewNop())
		if err != nil {
			t.Fatal(err)
		}
		p, err := newProfiles(c, j.emit)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- p.run(t.Context()) }()
		act(p)
		time.Sleep(time.Duration(minutes) * time.Minute)
		if len(done) > 0 {
			t.Error(<-done)
		}
	})
	return j
}

func offer(from, to int) func(*profiles) {
	return func(p *profiles) {
		for i := from; i < to; i++ {
			p.offer(fmt.Sprintf("did:plc:account%d", i%1000))
			synctest.Wait()
		}
	}
}

func TestProfilesAreFetchedOnceADay(t *testing.T) {
	t.Parallel()
	view, cursors := &appView{}, collectors.NewCursors(quick(t))
	j := ask(t, view, cursors, 60, func(p *profiles) { offer(0, 40)(p); offer(0, 100)(p) }, 3)
	if slices.Sort(view.asked); len(view.asked) != 60 || len(slices.Compact(view.asked)) != 60 || slices.Max(view.sizes) > 25 {
		t.Errorf("asked about %d accounts, %v at a time", len(view.asked), view.sizes)
	}
	var emitted uint64
	for _, c := range j.parts(partLive) {
		if c.GetSource() != "appview.example/profiles" {
			t.Errorf("source %q", c.GetSource())
		}
		emitted += c.GetEmitted()
	}
	a := j.events[0].GetAccount()
	if emitted != 60 || len(j.events) != 60 || a.GetFollowers() != 7 || a.Following == nil || a.GetFollowing() != 0 || a.Posts != nil || a.GetHandle() != "h.example" || a.GetName() != "N" || a.GetCreatedMs() != 1704164645000 ||
		a.GetCollectedMs() < start().UnixMilli() || a.GetPlatform() != schema.PlatformBluesky {
		t.Errorf("%d emitted, the first is %v", emitted, a)
	}
	ask(t, view, cursors, 60, offer(0, 200), 3) // The same day, after a restart.
	if len(view.asked) != 60 {
		t.Errorf("asked about %d accounts in one day", len(view.asked))
	}
	ask(t, view, cursors, 60, func(p *profiles) { time.Sleep(24 * time.Hour); offer(0, 30)(p) }, 3)
	if len(view.asked) != 90 {
		t.Errorf("asked about %d accounts in two days", len(view.asked))
	}
}

func TestProfilesThatCannotBeFetched(t *testing.T) {
	t.Parallel()
	view := &appView{fail: 2}
	j := ask(t, view, collectors.NewCursors(quick(t)), 10, offer(0, 5), 20)
	if outages := j.parts(partOutage); len(outages) != 2 || outages[0].GetGapReason() != string(schema.OutageRateLimited) || len(view.asked) != 5 {
		t.Errorf("outages %v, asked about %d", outages, len(view.asked))
	}
	for body, reason := range map[string]schema.Reason{
		"<html>": schema.ReasonSyntax, `{"profiles":[{"handle":"x"}]}`: schema.ReasonMissingUser, `{"profiles":[{"did":"did:plc:a","createdAt":"x"}]}`: schema.ReasonBadTime,
		`{"profiles":[{"did":"did:plc:a","followersCount":-1}]}`: schema.ReasonBadField, `{"profiles":"` + strings.Repeat("x", maxProfiles) + `"}`: schema.ReasonTooLarge,
	} {
		j := ask(t, &appView{body: body}, collectors.NewCursors(quick(t)), 10, offer(0, 5), 1)
		if len(j.rejects) != 1 || j.rejects[0].GetReason() != string(reason) || len(j.events) != 0 {
			t.Errorf("%.60s: %d rejects, %d events, want %s", body, len(j.rejects), len(j.events), reason)
		}
	}
}

func FuzzProfiles(f *testing.F) {
	f.Add([]byte(`{"profiles":[{"did":"did:plc:a","handle":"h","followersCount":1}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		list, err := readProfiles(body)
		if err == nil && len(list) > profilesAsked {
			t.Errorf("%d profiles", len(list))
		}
		for i := range list {
			if account, err := list[i].snapshot(); err == nil && account.GetNativeId() == "" {
				t.Error("a snapshot of nobody")
			}
		}
	})
}
