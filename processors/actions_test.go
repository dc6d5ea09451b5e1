package processors_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/election-observatory/observatory/internal/engine/enginetest"
	"github.com/election-observatory/observatory/processors"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

const (
	actionMS = int64(1783175886240) // 2026-07-04T14:38:06.240Z
	ann, bob = "did:plc:ann", "did:plc:bob"
	bobsPost = "at://did:plc:bob/app.bsky.feed.post/3mptbxyz2222k"
)

// pseudonym is what stands for a thing on Bluesky, by the standard library.
func pseudonym(what, id string) string {
	mac := hmac.New(sha256.New, bytes.Repeat([]byte{7}, tag.KeyBytes))
	mac.Write([]byte(what + "\x1fbluesky\x1f" + id))
	var u uuid.UUID
	copy(u[:], mac.Sum(nil))
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	return u.String()
}

func likeOf(author, key, object string) *schema.Event {
	return &schema.Event{Kind: &schema.Event_Action{Action: &schema.Action{
		Platform: schema.PlatformBluesky, NativeId: "at://" + author + "/app.bsky.feed.like/" + key, AuthorId: author, Kind: schema.ActionLike, Object: object,
		ClaimedMs: actionMS, CollectedMs: actionMS + 2000, Collector: "bluesky", Source: "host",
	}}}
}

func followOf(author, key, object string) *schema.Event {
	e := likeOf(author, key, object)
	a := e.GetAction()
	a.Kind, a.NativeId = schema.ActionFollow, "at://"+author+"/app.bsky.graph.follow/"+key
	return e
}

// undo is the deletion of the record of an action, as somebody states it.
func undo(e *schema.Event, author string) *schema.Event {
	return &schema.Event{Kind: &schema.Event_Delete{Delete: &schema.Delete{
		Platform: schema.PlatformBluesky, NativeId: e.GetAction().GetNativeId(), AuthorId: author, ClaimedMs: actionMS + 60_000, CollectedMs: actionMS + 60_500, Collector: "bluesky", Source: "host",
	}}}
}

// actionRow is a row of actions as it must be.
func actionRow(e *schema.Event) string {
	a := e.GetAction()
	what := "post"
	if a.GetKind() == schema.ActionFollow {
		what = "account"
	}
	return strings.Join([]string{
		"bluesky", pseudonym("account", a.GetAuthorId()), pseudonym("post", a.GetNativeId()), a.GetKind().Name(), pseudonym(what, a.GetObject()),
		time.UnixMilli(a.GetClaimedMs()).UTC().Format("2006-01-02 15:04:05.000"),
	}, "\t")
}

func wantActions(t *testing.T, e *enginetest.Engine, events ...*schema.Event) {
	t.Helper()
	rows := make([]string, 0, len(events))
	for _, event := range events {
		rows = append(rows, actionRow(event))
	}
	slices.Sort(rows)
	got := strings.Split(ask(t, e, "SELECT platform, account_id, post_id, kind, object_id, created_at FROM observatory.actions"), "\n")
	slices.Sort(got)
	if diff := cmp.Diff(rows, got); diff != "" {
		t.Errorf("actions (-want +got):\n%s", diff)
	}
}

func handle(t *testing.T, p *processors.Pipeline, e *enginetest.Engine, first int64, want string, events ...*schema.Event) {
	t.Helper()
	values := make([][]byte, 0, len(events))
	for _, event := range events {
		values = append(values, encode(t, event))
	}
	for range 2 { // Delivered twice.
		if err := p.Handle(t.Context(), batchOf(schema.TopicPosts, first, values...)); err != nil {
			t.Fatal(err)
		}
	}
	got := ask(t, e, "SELECT (SELECT max(next_offset) FROM observatory_store.progress), (SELECT uniqExact(hour) FROM observatory_store.changed_hours)")
	if got != want {
		t.Errorf("progress and hours that changed: %q, want %q", got, want)
	}
}

// Likes and follows are actions until they are taken back, whatever comes first and
// however often. No hour changes for them.
func TestLikesAndFollowsAreActions(t *testing.T) {
	t.Parallel()
	p, out, e := newPipeline(t)
	stays, follows := likeOf(ann, "3mptbyoeyc22a", bobsPost), followOf(ann, "3mptbyoeyc22b", bob)
	undone, early, unfollowed := likeOf(ann, "3mptbyoeyc22c", bobsPost), likeOf(ann, "3mptbyoeyc22d", bobsPost), followOf(bob, "3mptbyoeyc22e", ann)
	handle(t, p, e, 0, "4\t0", stays, follows, undone, unfollowed)
	wantActions(t, e, stays, follows, undone, unfollowed)
	handle(t, p, e, 4, "9\t0", undo(undone, ann), undo(stays, bob), undo(early, ann), early, undo(unfollowed, bob))
	wantActions(t, e, stays, follows)
	handle(t, p, e, 9, "12\t0", undone, stays, follows) // Again, from another batch.
	wantActions(t, e, stays, follows)
	for _, table := range []string{schema.TableShares, schema.TableTombstones, schema.TablePosts} {
		ask(t, e, "OPTIMIZE TABLE observatory_store."+table+" FINAL")
	}
	wantActions(t, e, stays, follows)
	if len(out.events) > 0 {
		t.Errorf("rejects: %v", out.events)
	}

	// What they are of is found by its pseudonym.
	post := &schema.Event{Kind: &schema.Event_Post{Post: &schema.Post{
		Platform: schema.PlatformBluesky, NativeId: bobsPost, Kind: schema.KindPost, Author: &schema.AccountSnapshot{NativeId: bob}, ClaimedMs: actionMS, CollectedMs: actionMS,
	}}}
	handle(t, p, e, 12, "13\t1", post)
	for query, want := range map[string]string{
		"SELECT count() FROM observatory.actions AS a JOIN observatory.posts AS p ON a.object_id = toString(p.post_id) WHERE a.kind = 'like'":      "1",
		"SELECT count() FROM observatory.actions AS a JOIN observatory.posts AS p ON a.object_id = toString(p.account_id) WHERE a.kind = 'follow'": "1",
		"SELECT groupArray(native_id) FROM (SELECT DISTINCT native_id FROM observatory.identities ORDER BY native_id)":                             "['did:plc:ann','did:plc:bob']",
		"SELECT count(), countIf(collector = 'bluesky' AND source = 'host') FROM observatory_store.share_rows FINAL":                               "5\t5",
		"SELECT countIf(position(toString(tuple(*)), 'did:plc:') > 0) FROM observatory_store.share_rows":                                           "0",
		"SELECT count() FROM observatory.tombstones":     "4",
		"SELECT groupArray(kind) FROM observatory.posts": "['post']",
	} {
		if got := ask(t, e, query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

func TestAnActionThatSaysTooLittleIsRejected(t *testing.T) {
	t.Parallel()
	p, out, e := newPipeline(t)
	bad := likeOf(ann, "3mptbyoeyc22a", "")
	if err := p.Handle(t.Context(), batchOf(schema.TopicPosts, 0, encode(t, bad))); err != nil {
		t.Fatal(err)
	}
	if len(out.events) != 1 || out.events[0].GetReject().GetReason() != string(schema.ReasonUndecodable) {
		t.Errorf("rejects %v", out.events)
	}
	if got := ask(t, e, "SELECT (SELECT max(next_offset) FROM observatory_store.progress), (SELECT count() FROM observatory_store.share_rows)"); got != "1\t0" {
		t.Errorf("progress and rows: %q", got)
	}
}
