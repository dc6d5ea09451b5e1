package rss

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/election-observatory/observatory/schema"
)

// TestNext asks when a feed is asked again, at noon of a Wednesday.
func TestNext(t *testing.T) {
	t.Parallel()
	ago := func(gaps ...time.Duration) (times []int64) {
		for _, d := range gaps {
			times = append(times, noon.Add(-d).UnixMilli())
		}
		slices.Sort(times)
		return times
	}
	const least, most = 15 * time.Minute, 24 * time.Hour
	for name, c := range map[string]struct {
		state    state
		from, to time.Duration
	}{
		"nothing known":        {state{}, least, least * 11 / 10},
		"ten an hour":          {state{Recent: ago(time.Hour, 50*time.Minute, 40*time.Minute, 30*time.Minute, 20*time.Minute, 10*time.Minute)}, least, least * 11 / 10},
		"one in four hours":    {state{Recent: ago(16*time.Hour, 12*time.Hour, 8*time.Hour, 4*time.Hour)}, 2 * time.Hour, 132 * time.Minute},
		"silent for a year":    {state{Recent: ago(9000*time.Hour, 8800*time.Hour)}, most * 9 / 10, most},
		"fresh for an hour":    {state{MaxAge: time.Hour}, time.Hour, 66 * time.Minute},
		"fresh for a week":     {state{MaxAge: longestHint}, most * 9 / 10, most},
		"ttl":                  {state{Hints: hints{TTL: 2 * time.Hour}}, 2 * time.Hour, 132 * time.Minute},
		"skips noon and one":   {state{Hints: hints{Hours: 1<<12 | 1<<13}}, 2 * time.Hour, 2 * time.Hour},
		"skips to the weekend": {state{Hints: hints{Days: 1<<time.Wednesday | 1<<time.Thursday | 1<<time.Friday}}, 60 * time.Hour, 60 * time.Hour},
		"skips always":         {state{Hints: hints{Hours: 1<<24 - 1}}, least, least * 11 / 10},
	} {
		for range 50 {
			if got := c.state.next(noon, least, most); got < c.from || got > c.to {
				t.Errorf("%s: %v, want %v to %v", name, got, c.from, c.to)
			}
		}
	}
}

func TestHints(t *testing.T) {
	t.Parallel()
	got := readString(`<rss xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel><ttl> 90 </ttl><sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>6</sy:updateFrequency>
		<skipHours><hour>0</hour><hour>24</hour><hour>5</hour><hour>77</hour></skipHours><skipDays><day>sunday</day><day>Someday</day></skipDays>
		<item><guid>1</guid><ttl>7</ttl><hour>9</hour></item></channel></rss>`)
	h := got.hints
	if h.TTL != 90*time.Minute || h.least() != 4*time.Hour || h.Hours != 1|1<<5 || h.Days != 1 {
		t.Errorf("%+v, at least %v", h, h.least())
	}
}

func TestMaxAge(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"": 0, "max-age=60": time.Minute, "public, Max-Age=\"60\"": time.Minute, "no-cache": 0, "max-age=x": 0, "max-age=-1": 0, "s-maxage=5, max-age=99999999": longestHint,
	} {
		if got := maxAge(http.Header{"Cache-Control": {value}}); got != want {
			t.Errorf("%q is %v, want %v", value, got, want)
		}
	}
}

// TestRemember keeps the newest, and at least what is shown.
func TestRemember(t *testing.T) {
	t.Parallel()
	items := func(from, to int) (all reading) {
		for n := from; n < to; n++ {
			all.items = append(all.items, numberedItem(n))
		}
		return all
	}
	s := state{}
	for n := range 10 {
		s.remember(items(n*300, n*300+400)) // Each shows 100 of those before.
		if known := s.known(); len(known) > maxKnown || len(known)*entryLen != len(s.Known) || known[uint64(n*300+399)] != 1 {
			t.Fatalf("%d are known in %d bytes", len(known), len(s.Known))
		}
		if s.overran(items(n*300+399, n*300+500).items) || !s.overran(items(n*300+400, n*300+500).items) {
			t.Errorf("step %d: which documents overlap", n)
		}
	}
	if s.known()[uint64(0)] != 0 || s.known()[uint64(9*300-1600)] != 1 {
		t.Error("not the newest are known")
	}
	one := state{}
	one.remember(items(1, 2))
	if one.overran(items(5, 9).items) || (&state{}).overran(items(1, 9).items) {
		t.Error("one item, or none, says nothing")
	}
}

func numberedItem(n int) item { return item{id: uint64(n), content: 1} }

// TestObserve spreads what came over the hours in which it may have come.
func TestObserve(t *testing.T) {
	t.Parallel()
	s := state{}
	at := noon.UnixMilli()
	s.observe(at, 500) // A first document says nothing.
	s.AnsweredMS = at
	for range 20 {
		at += 4 * 3600_000
		s.observe(at, 8)
		s.AnsweredMS = at
	}
	if got := s.History.Expected(at, at+4*3600_000); got == nil || *got < 6 || *got > 10 {
		t.Errorf("expected %v of about 8", got)
	}
}

func TestNoteTimes(t *testing.T) {
	t.Parallel()
	s := state{}
	var posts []*schema.Post
	for n := range 30 {
		posts = append(posts, &schema.Post{ClaimedMs: int64(1000 - n)})
	}
	s.noteTimes(append(posts, &schema.Post{}, &schema.Post{ClaimedMs: 9999}), 2000)
	if len(s.Recent) != maxRecent || s.Recent[maxRecent-1] != 2000 || s.Recent[0] != 1000-17 {
		t.Errorf("%v", s.Recent)
	}
}
