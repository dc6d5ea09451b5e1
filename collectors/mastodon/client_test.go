package mastodon

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	client "github.com/mattn/go-mastodon"
	"golang.org/x/net/html"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/internal/replay"
	"github.com/election-observatory/observatory/schema"
)

// said is what both sides say of a status.
type said struct {
	URL, Author, Name, Words, Language, Hashtags string
	MS, AccountMS                                int64
	Likes, Reposts, Replies                      int64
	Repost, Sensitive, Bot                       bool
	Of                                           string // What it repeats: its author.
	Media                                        int
}

// wordsOf are the words of HTML, whatever divides them.
func wordsOf(text string) string {
	var words strings.Builder
	for in := html.NewTokenizer(strings.NewReader(text)); ; {
		kind := in.Next()
		if kind == html.ErrorToken {
			return strings.Join(strings.Fields(words.String()), "")
		}
		if kind == html.TextToken {
			words.Write(in.Text())
			words.WriteByte(' ')
		}
	}
}

func ofClient(s *client.Status) said {
	of := s
	if s.Reblog != nil {
		of = s.Reblog
	}
	out := said{
		URL: s.URL, Author: strings.TrimPrefix(s.Account.URL, "https://"), Name: s.Account.DisplayName, Language: s.Language, MS: s.CreatedAt.UnixMilli(), AccountMS: s.Account.CreatedAt.UnixMilli(),
		Repost: s.Reblog != nil, Sensitive: s.Sensitive, Bot: s.Account.Bot, Words: wordsOf(s.Content), Media: len(of.MediaAttachments),
	}
	var tags []string
	for _, tag := range of.Tags {
		tags = append(tags, strings.ToLower(tag.Name))
	}
	out.Hashtags = strings.Join(tags, " ")
	if s.Reblog != nil {
		out.Words, out.Of = "", strings.TrimPrefix(s.Reblog.Account.URL, "https://")
		return out
	}
	out.Likes, out.Reposts, out.Replies = s.FavouritesCount, s.ReblogsCount, s.RepliesCount
	if s.SpoilerText != "" {
		out.Words = strings.Join(strings.Fields(s.SpoilerText), "") + out.Words
	}
	return out
}

func ofPost(p *schema.Post) said {
	a := p.GetAuthor()
	out := said{
		URL: p.GetPermalink(), Author: a.GetNativeId(), Name: a.GetName(), MS: p.GetClaimedMs(), AccountMS: a.GetCreatedMs(), Repost: p.GetKind() == schema.KindRepost,
		Sensitive: p.GetSensitive(), Bot: a.GetDeclaredBot() == schema.Declared_DECLARED_YES, Words: strings.Join(strings.Fields(p.GetText()), ""), Media: len(p.GetMedia()),
		Likes: int64(p.GetMetrics().GetLikes()), Reposts: int64(p.GetMetrics().GetReposts()), Replies: int64(p.GetMetrics().GetReplies()),
		Of: p.GetRepostOf().GetAuthorId(), Language: strings.Join(p.GetLangs(), " "),
	}
	var tags []string
	for _, tag := range p.GetHashtags() {
		tags = append(tags, strings.ToLower(tag))
	}
	out.Hashtags = strings.Join(tags, " ")
	return out
}

// Of what a server streams, a public client of Mastodon's API and the collector say the same.
func TestAClientOfTheAPISaysTheSame(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("OBSERVATORY_TESTDATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	text, err := os.ReadFile(filepath.Join(dir, "platforms/mastodon_statuses.json"))
	if err != nil {
		t.Skip("no recording: OBSERVATORY_TESTDATA may name the folder of recordings")
	}
	var statuses []json.RawMessage
	if err := json.Unmarshal(text, &statuses); err != nil {
		t.Fatal(err)
	}
	m := replay.NewMastodon()
	cfg := quick(serve(t, m), public)
	cfg.Undiscoverable = true
	log := newJournal()
	stop := running(t, newCollector(t, cfg, "", collectors.NewCursors(t.TempDir()), clock(start())), log)
	events, err := client.NewClient(&client.Config{Server: cfg.Servers[0].URL}).StreamingPublic(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	want := map[string]said{}
	go func() {
		for e := range events {
			if wrong, is := e.(*client.ErrorEvent); is {
				t.Logf("the client says %v", wrong.Err)
			}
			if update, ok := e.(*client.UpdateEvent); ok && update.Status.Visibility == "public" && (update.Status.Reblog == nil || update.Status.Reblog.Visibility == "public") {
				mu.Lock()
				want[update.Status.URI] = ofClient(update.Status)
				mu.Unlock()
			}
		}
	}()
	waitFor(t, "both to follow", func() bool { return m.Open() == 2 })
	for _, status := range statuses {
		var id struct{ ID string }
		if err := json.Unmarshal(status, &id); err != nil {
			t.Fatal(err)
		}
		var line bytes.Buffer // An event has one.
		if err := json.Compact(&line, status); err != nil {
			t.Fatal(err)
		}
		m.Publish(replay.MastodonStatus{ID: id.ID, JSON: line.Bytes()})
	}
	waitFor(t, "both to have all", func() bool {
		mu.Lock()
		defer mu.Unlock()
		posts, _, _ := log.count()
		return posts == len(statuses) && len(want) == len(statuses)
	})
	stop()
	mu.Lock()
	defer mu.Unlock()
	if len(want) < 15 {
		t.Fatalf("only %d statuses are public", len(want))
	}
	byURL := map[string]said{}
	for _, of := range want {
		byURL[of.URL] = of
	}
	for _, p := range log.posts {
		if diff := cmp.Diff(byURL[p.GetPermalink()], ofPost(p)); diff != "" {
			t.Errorf("%s (-client +collector):\n%s", p.GetPermalink(), diff)
		}
	}
}
