package assess_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/election-observatory/observatory/processors/assess"
	"github.com/election-observatory/observatory/processors/tag"
)

// Hosts are found whenever the posts come, with how often and since when they
// are linked to; what is deleted, or no longer like a protected name, is not shown.
func TestLookalikesAreFoundAndForgotten(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Minute)
	like := func(word string) func(string) (assess.Resemblance, bool) {
		return func(host string) (assess.Resemblance, bool) {
			return assess.Resemblance{Rule: "R1", Target: "protected.example", Evidence: "it's like"}, strings.Contains(host, word)
		}
	}
	compute := func(m *assess.Lookalikes) {
		t.Helper()
		hours := make([]assess.Hour, 24)
		for i := range hours {
			hours[i] = assess.Hour(epoch/1000 + int64(i)*3600)
		}
		if err := m.Compute(t.Context(), hours, 1); err != nil {
			t.Fatal(err)
		}
	}
	shown := "SELECT host, domain, rule, target, posts, accounts, dateDiff('hour', first_seen, last_seen), method_version FROM observatory.lookalikes ORDER BY host"
	m := assess.NewLookalikes(b.store.DB(), "1", like("fake"))
	compute(m)
	if got := b.ask(t, shown); got != "" {
		t.Errorf("without posts there are %s", got)
	}
	posts := []tag.Post{linking(1, 1, "fake.example", "good.example"), linking(2, 13, "fake.example"), linking(3, 13, "other.example", "fake2.example")}
	posts[1].Links[0].URL = "https://Sub.Fake.example:8080/x"
	deliverPosts(t.Context(), t, b.store.NewWriter(), "log", 0, posts)
	compute(m)
	want := "fake.example\tfake.example\tR1\tprotected.example\t1\t1\t0\t1\nfake2.example\tfake2.example\tR1\tprotected.example\t1\t1\t0\t1\nsub.fake.example\tfake.example\tR1\tprotected.example\t1\t1\t0\t1"
	if got := b.ask(t, shown); got != want {
		t.Errorf("found are\n%s\nwant\n%s", got, want)
	}
	if got := b.ask(t, "SELECT method, subject, reason, observed, evidence LIKE '%protected.example: it\\'s like. 1 posts by 1 accounts%' FROM observatory.alerts WHERE subject = 'fake.example'"); got != "lookalike\tfake.example\tprotected.example\t1\t1" {
		t.Errorf("the alert is %s", got)
	}
	gone := tag.Event{Tombstone: &tag.Tombstone{Platform: posts[2].Platform, PostID: posts[2].PostID, AccountID: uuid.UUID{}, Version: tag.Version{High: 1 << 63}}}
	w := b.store.NewWriter()
	if err := w.Add(&gone, 0); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	compute(m)
	if got := b.ask(t, "SELECT groupArray(host) FROM (SELECT host FROM observatory.lookalikes ORDER BY host)"); got != "['fake.example','sub.fake.example']" {
		t.Errorf("after a deletion there are %s", got)
	}
	compute(assess.NewLookalikes(b.store.DB(), "2", like("sub")))
	if got := b.ask(t, "SELECT groupArray((host, method_version)) FROM observatory.lookalikes"); got != "[('sub.fake.example','2')]" {
		t.Errorf("under other rules there are %s", got)
	}
}
