package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/collectortest"
	"github.com/election-observatory/observatory/collectors/telegram"
	"github.com/election-observatory/observatory/collectors/telegram/wire"
	"github.com/election-observatory/observatory/schema"
)

const asProgram = "PROGRAM_UNDER_TEST"

// TestMain makes the test binary the program that the collector starts.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" && len(os.Args) == 1 { // Not what a fuzz target starts.
		main()
		os.Exit(0)
	}
	if err := os.Setenv(asProgram, "1"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// journal is a log that keeps what it is given.
type journal struct {
	mu      sync.Mutex
	posts   map[string]*schema.Post // By id and revision.
	times   map[string]int
	deleted map[string]int
	gaps    []*schema.Coverage
	reasons map[string]bool
	rejects int
}

func newJournal() *journal {
	return &journal{posts: map[string]*schema.Post{}, times: map[string]int{}, deleted: map[string]int{}, reasons: map[string]bool{}}
}

func (j *journal) emit(_ context.Context, batch []*schema.Event) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range batch {
		if p := e.GetPost(); p != nil {
			key := fmt.Sprintf("%s@%d", p.GetNativeId(), p.GetRevision())
			j.posts[key] = p
			j.times[key]++
		}
		if d := e.GetDelete(); d != nil {
			j.deleted[d.GetNativeId()]++
		}
		if e.GetReject() != nil {
			j.rejects++
		}
		if c := e.GetCoverage(); c.GetGapToMs() > 0 {
			j.gaps = append(j.gaps, c)
		} else if c.GetGapReason() != "" {
			j.reasons[c.GetGapReason()] = true
		}
	}
	return nil
}

func (j *journal) look(f func() bool) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return f()
}

// newCollector is a collector whose program is this test.
func newCollector(t *testing.T, server *wire.Server, dir string, channels ...string) *telegram.Collector {
	t.Helper()
	cfg := telegram.Config{Channels: channels, Poll: 20 * time.Millisecond, BatchEvery: 10 * time.Millisecond, RetryFirst: 10 * time.Millisecond, RetryLast: 100 * time.Millisecond}
	with := telegram.Credentials{APIID: 1, APIHash: "s3cret-of-the-test", Session: filepath.Join(dir, "telegram.session"), Server: server, Program: []string{os.Args[0]}}
	c, err := telegram.New(cfg, with, collectors.NewCursors(filepath.Join(dir, "cursors")), time.Now, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// collect runs the collector, with the program, until stop is called.
func collect(t *testing.T, server *wire.Server, dir string, j *journal, channels ...string) (stop func()) {
	t.Helper()
	c := newCollector(t, server, dir, channels...)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, j.emit) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// written is the nth message.
func written(n int) *tg.Message {
	return &tg.Message{ID: n, Date: 1780000000 + n, Message: fmt.Sprintf("Meldung %d", n)}
}

// Messages, edits and deletions are taken over MTProto, each once, also those of the time in
// which nobody collected, and after the account was told to wait.
func TestAChannel(t *testing.T) {
	t.Parallel()
	s := &telegramServer{pts: 10}
	server, dir, j := s.serve(t), t.TempDir(), newJournal()
	s.post(written(1)) // Before anybody was there.
	stop := collect(t, server, dir, j, "https://t.me/"+channelName, "not_there")
	collectortest.Eventually(t, "the first question", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.asked > 0 })
	whole := written(2)
	whole.Message = "🗳️ Wahl bei example.org, siehe hier #wahl24 @someone"
	whole.Entities = []tg.MessageEntityClass{
		&tg.MessageEntityBold{Offset: 0, Length: 8}, &tg.MessageEntityURL{Offset: 13, Length: 11}, &tg.MessageEntityTextURL{Offset: 32, Length: 4, URL: "https://news.example/a"},
		&tg.MessageEntityHashtag{Offset: 37, Length: 7}, &tg.MessageEntityMention{Offset: 45, Length: 8}, &tg.MessageEntityURL{Offset: 90, Length: 9},
	}
	whole.SetViews(1200)
	whole.SetForwards(7)
	whole.SetReplies(tg.MessageReplies{Replies: 3})
	whole.SetReactions(tg.MessageReactions{Results: []tg.ReactionCount{{Reaction: &tg.ReactionEmoji{Emoticon: "👍"}, Count: 5}}})
	s.post(whole)
	forward := written(3)
	header := tg.MessageFwdHeader{Date: 1770000000}
	header.SetFromID(&tg.PeerChannel{ChannelID: 99})
	header.SetChannelPost(17)
	forward.SetFwdFrom(header)
	s.post(forward)
	reply := written(4)
	reply.SetReplyTo(&tg.MessageReplyHeader{ReplyToMsgID: 2})
	s.post(reply)
	s.update(&tg.UpdateDeleteChannelMessages{ChannelID: channelID, Messages: []int{4}, Pts: 14, PtsCount: 1})
	edit := written(3)
	edit.Message = "berichtigt"
	edit.SetEditDate(1780009999)
	edit.PeerID = &tg.PeerChannel{ChannelID: channelID}
	s.update(&tg.UpdateEditChannelMessage{Message: edit, Pts: 15, PtsCount: 1})
	collectortest.Eventually(t, "all of it", func() bool { return j.look(func() bool { return len(j.posts) == 4 && len(j.deleted) == 1 }) })
	collectortest.Eventually(t, "the channel that is not there", func() bool { return j.look(func() bool { return j.reasons["not_found"] }) })
	stop()
	// Somebody is away, and then told to wait.
	for n := 5; n < 40; n++ {
		s.post(written(n))
	}
	s.locked(func() { s.failures = []*tgerr.Error{tgerr.New(420, "FLOOD_WAIT_1"), tgerr.New(500, "WORKER_BUSY")} })
	stop = collect(t, server, dir, j, channelName)
	collectortest.Eventually(t, "what came meanwhile", func() bool { return j.look(func() bool { return len(j.posts) == 4+35 }) })
	stop()
	post := j.posts["4242/2@0"]
	want := &schema.Metrics{Likes: 5, Reposts: 7, Replies: 3, Views: 1200}
	if post.GetText() != whole.Message || post.GetMetrics().String() != want.String() || post.GetAuthor().GetNativeId() != "channel4242" || post.GetAuthor().GetHandle() != channelName || post.GetPermalink() != "https://t.me/invented_news/2" {
		t.Errorf("the message is %v", post)
	}
	var links []string
	for _, link := range post.GetLinks() {
		links = append(links, link.GetUrl())
	}
	if diff := cmp.Diff([]string{"https://example.org", "https://news.example/a"}, links); diff != "" || !slices.Equal(post.GetHashtags(), []string{"wahl24"}) || len(post.GetMentions()) != 1 {
		t.Errorf("links %s, hashtags %q, mentions %v", diff, post.GetHashtags(), post.GetMentions())
	}
	if p := j.posts["4242/3@0"]; p.GetKind() != schema.KindRepost || p.GetRepostOf().GetNativeId() != "99/17" || p.GetRepostOf().GetAuthorId() != "channel99" {
		t.Errorf("the forward is %v", p)
	}
	if p := j.posts["4242/4@0"]; p.GetKind() != schema.KindReply || p.GetReplyTo().GetNativeId() != "4242/2" {
		t.Errorf("the reply is %v", p)
	}
	if p := j.posts["4242/3@1780009999000"]; p.GetText() != "berichtigt" || j.deleted["4242/4"] != 1 {
		t.Errorf("the edit is %v; deleted is %v", p, j.deleted)
	}
	for key, n := range j.times {
		if n != 1 {
			t.Errorf("%s was taken %d times", key, n)
		}
	}
	if len(j.gaps) > 0 || j.rejects > 0 || !j.reasons["rate_limited"] {
		t.Errorf("%d gaps, %d rejects, reasons %v", len(j.gaps), j.rejects, j.reasons)
	}
}

// Where there is too much new, the history has it as far as a bound, and beyond is a gap.
func TestTooMuchIsNew(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ messages, taken, gaps int }{{250, 250, 0}, {mostPages*perPage + 500, mostPages * perPage, 1}} {
		s := &telegramServer{pts: 10}
		server, dir, j := s.serve(t), t.TempDir(), newJournal()
		stop := collect(t, server, dir, j, channelName)
		collectortest.Eventually(t, "the first question", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.asked > 0 })
		s.post(written(1))
		collectortest.Eventually(t, "the first message", func() bool { return j.look(func() bool { return len(j.posts) == 1 }) })
		stop()
		for n := 2; n < 2+tc.messages; n++ {
			s.post(written(n))
		}
		s.locked(func() { s.tooLong = true })
		stop = collect(t, server, dir, j, channelName)
		collectortest.Eventually(t, "the history", func() bool { return j.look(func() bool { return len(j.posts) == 1+tc.taken }) })
		s.post(written(100_000))
		collectortest.Eventually(t, "what comes after it", func() bool { return j.look(func() bool { return j.posts["4242/100000@0"] != nil }) })
		stop()
		if len(j.gaps) != tc.gaps || tc.gaps > 0 && (j.gaps[0].GetGapReason() != "cursor_too_old" || j.gaps[0].GetGapFromMs() != (1780000000+1)*1000 || j.gaps[0].GetGapToMs() != (1780000000+2+500)*1000) {
			t.Errorf("of %d messages there are gaps %v", tc.messages, j.gaps)
		}
	}
}

// An account that is banned, and a program that is killed, are told and survived.
func TestABannedAccount(t *testing.T) {
	t.Parallel()
	s := &telegramServer{pts: 10}
	server, dir, j := s.serve(t), t.TempDir(), newJournal()
	stop := collect(t, server, dir, j, channelName)
	collectortest.Eventually(t, "the first question", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.asked > 0 })
	s.locked(func() { s.banned = true })
	collectortest.Eventually(t, "the reason", func() bool { return j.look(func() bool { return j.reasons["unauthorised"] }) })
	s.locked(func() { s.banned = false })
	s.post(written(1))
	collectortest.Eventually(t, "a message afterwards", func() bool { return j.look(func() bool { return len(j.posts) == 1 }) })
	stop()
	text, err := os.ReadFile(filepath.Join(dir, "cursors", "telegram%2Finvented_news.json"))
	if err == nil && strings.Contains(string(text), "s3cret") {
		t.Error("a cursor holds a credential")
	}
}

// Whether Telegram takes a session is said without reading anything.
func TestCheck(t *testing.T) {
	t.Parallel()
	s := &telegramServer{pts: 10}
	c := newCollector(t, s.serve(t), t.TempDir(), channelName)
	if err := c.Check(t.Context()); err != nil {
		t.Error(err)
	}
	s.locked(func() { s.banned = true })
	if err := c.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "unauthorised") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("of a banned account it says %v", err)
	}
	if s.asked > 0 {
		t.Errorf("%d questions were asked", s.asked)
	}
}

// FuzzParts holds that entities never break a text.
func FuzzParts(f *testing.F) {
	f.Add("🗳️ Wahl", 0, 2, 1, 5)
	f.Fuzz(func(t *testing.T, text string, a, b, c, d int) {
		text = strings.ToValidUTF8(text, "")
		var whole strings.Builder
		for _, part := range parts(text, []tg.MessageEntityClass{&tg.MessageEntityURL{Offset: a, Length: b}, &tg.MessageEntityHashtag{Offset: c, Length: d}}) {
			whole.WriteString(part.Text)
		}
		if strings.ContainsRune(text, '\ufffd') {
			return
		}
		if got := whole.String(); got != text && !strings.ContainsRune(got, '\ufffd') {
			t.Fatalf("%q became %q", text, got)
		}
	})
}
