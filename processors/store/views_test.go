package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

func ask(t *testing.T, e *enginetest.Engine, query string) string {
	t.Helper()
	got, err := e.Ask(engine.RoleOwner, query)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(got)
}

func deletion(post, account uuid.UUID) tag.Event {
	return tag.Event{Tombstone: &tag.Tombstone{Platform: schema.PlatformX, PostID: post, AccountID: account, Version: tag.Version{High: 1 << 63}}}
}

// sharing is a post with a link, a hashtag, a medium, a text and a share that an
// archive states.
func sharing(n int) *tag.Post {
	return &tag.Post{
		Platform: schema.PlatformX, Kind: schema.KindPost, PostID: numbered(n), AccountID: numbered(1000 + n), Version: tag.Version{Low: 1}, CreatedMS: 1_700_000_000_000, Text: "t", TextHash: 0xab,
		Hashtags: []string{"a", "b"}, Links: []tag.Link{{URL: "u", Domain: "d"}, {URL: "u", Domain: "d"}}, Media: []tag.Media{{Kind: "image", ID: "m"}},
		Shares: []tag.Share{{Kind: "url", ObjectID: "s", CreatedMS: 1_700_000_000_000}},
	}
}

// A deletion reaches links, actions and shares as it reaches the post: whenever
// it comes, and only from the author or the platform.
func TestDeletionsReachEveryRelation(t *testing.T) {
	t.Parallel()
	onEachLayout(t, deletionsReachEveryRelation)
}

func deletionsReachEveryRelation(t *testing.T, s *store.Store, e *enginetest.Engine, rows string) {
	t.Helper()
	w := s.NewWriter()
	nobody, stranger := uuid.UUID{}, numbered(77)
	events := []tag.Event{
		{Post: sharing(0)},                                        // Stays.
		{Post: sharing(1)}, deletion(numbered(1), numbered(1001)), // Deleted by its author,
		deletion(numbered(2), numbered(1002)), {Post: sharing(2)}, // before it came,
		{Post: sharing(3)}, deletion(numbered(3), numbered(1003)), {Post: sharing(3)}, // and came again.
		{Post: sharing(4)}, deletion(numbered(4), nobody), deletion(numbered(5), nobody), {Post: sharing(5)}, // By the platform.
		deletion(numbered(6), stranger), {Post: sharing(6)}, deletion(numbered(6), stranger), // By somebody else: stays.
	}
	for i := range events { // Each its own insert.
		write(t, w, uint64(i), events[i])
	}
	write(t, w, 0, events...) // All again in one.
	for _, merged := range []bool{false, true} {
		if merged {
			for _, table := range []string{rows + "." + schema.TablePosts, rows + "." + schema.TableShares, "observatory_store." + schema.TableTombstones} {
				ask(t, e, "OPTIMIZE TABLE "+table+" FINAL")
			}
		}
		who := fmt.Sprintf("'%s', '%s'", numbered(0), numbered(6))
		for _, c := range []struct{ query, want string }{
			{"SELECT count(), countIf(post_id IN (" + who + ")) FROM observatory.posts", "2\t2"},
			{"SELECT count(), countIf(post_id IN (" + who + ")) FROM observatory.links", "4\t4"},
			{"SELECT count(), countIf(post_id IN (" + who + ")) FROM observatory.post_refs", "2\t2"},
			{"SELECT kind, object_id, count(), countIf(post_id IN (" + who + ")) FROM observatory.actions GROUP BY ALL ORDER BY ALL", "hashtags\ta b\t2\t2\nmedia\tm\t2\t2\ntext\t00000000000000ab\t2\t2\nurl\ts\t2\t2\nurl\tu\t2\t2"},
			{"SELECT count(), countIf(account_id = '" + nobody.String() + "') FROM observatory.tombstones", "6\t2"},
		} {
			if diff := cmp.Diff(c.want, ask(t, e, c.query)); diff != "" {
				t.Errorf("merged %v: %s (-want +got):\n%s", merged, c.query, diff)
			}
		}
	}
}

// A repost is an action on the original alone, a reply on what it replies to.
func TestActionsOnOtherPosts(t *testing.T) {
	t.Parallel()
	s, e := open(t)
	repost, reply := sharing(0), sharing(1)
	repost.Kind, repost.RepostOf, repost.Shares = schema.KindRepost, low, nil
	*reply = tag.Post{Platform: schema.PlatformX, Kind: schema.KindReply, PostID: numbered(1), AccountID: high, ReplyTo: low}
	write(t, s.NewWriter(), 0, tag.Event{Post: repost}, tag.Event{Post: reply})
	if diff := cmp.Diff("reply\t"+low.String()+"\nrepost\t"+low.String(), ask(t, e, "SELECT kind, object_id FROM observatory.actions ORDER BY kind")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("1\t1", ask(t, e, "SELECT countIf(reply_to IS NULL AND repost_of = '"+low.String()+"'), countIf(repost_of IS NULL) FROM observatory.posts")); diff != "" {
		t.Error(diff)
	}
}

// An edit replaces all that its post had, whichever comes first.
func TestEditsReplaceWhole(t *testing.T) {
	t.Parallel()
	s, e := open(t)
	w := s.NewWriter()
	for n, editFirst := range []bool{false, true} {
		original, edit := sharing(n), sharing(n)
		edit.Revision, edit.Version, edit.Links, edit.Hashtags, edit.Text = 1, tag.Version{High: 1}, []tag.Link{{URL: "v", Domain: "e"}}, nil, "u"
		events := []tag.Event{{Post: original}, {Post: edit}}
		if editFirst {
			events[0], events[1] = events[1], events[0]
		}
		for i := range events {
			write(t, w, uint64(2*n+i), events[i])
		}
	}
	if got := ask(t, e, "SELECT text, revision, count() FROM observatory.posts GROUP BY ALL"); got != "u\t1\t2" {
		t.Errorf("posts: %q", got)
	}
	if got := ask(t, e, "SELECT url, count() FROM observatory.links GROUP BY ALL"); got != "v\t2" {
		t.Errorf("links: %q", got)
	}
	if got := ask(t, e, "SELECT count() FROM observatory.actions WHERE kind = 'hashtags'"); got != "0" {
		t.Errorf("%s actions with hashtags", got)
	}
}

// Parts of a minute add up, and one that is stated again replaces.
func TestCoverageAddsPartsUp(t *testing.T) {
	t.Parallel()
	s, e := open(t)
	w := s.NewWriter()
	part := func(name string, received uint64) tag.Event {
		return tag.Event{Coverage: &schema.Coverage{Source: "s", MinuteMs: 60_000, Part: name, Received: received, Emitted: received - 1, Rejected: map[string]uint64{"syntax": 1}, Kinds: map[string]uint64{"post": received - 1}, Connected: name == "a"}}
	}
	write(t, w, 0, part("a", 5), part("b", 3))
	write(t, w, 2, part("a", 7))
	write(t, w, 3, part("a", 5), part("b", 3))
	if got, want := ask(t, e, "SELECT source, toUnixTimestamp(minute), received, emitted, rejected, kinds, connected FROM observatory.coverage"), "s\t60\t10\t8\t{'syntax':2}\t{'post':8}\ttrue"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
