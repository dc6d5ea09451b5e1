package tag_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

const (
	likeURI   = "at://did:plc:ann/app.bsky.feed.like/3mptbyoeyc22k" // Of 2026-07-04.
	followURI = "at://did:plc:ann/app.bsky.graph.follow/3mptbyoeyc22k"
	likedURI  = "at://did:plc:bob/app.bsky.feed.post/3mptbxyz2222k"
	takenMS   = int64(1783175886240)
)

func like() *schema.Action {
	return &schema.Action{
		Platform: schema.PlatformBluesky, NativeId: likeURI, AuthorId: "did:plc:ann", Kind: schema.ActionLike, Object: likedURI,
		ClaimedMs: takenMS - 500, CollectedMs: takenMS, Collector: "bluesky", Source: "host",
	}
}

func follow() *schema.Action {
	a := like()
	a.NativeId, a.Kind, a.Object = followURI, schema.ActionFollow, "did:plc:bob"
	return a
}

func encodeAction(tb testing.TB, a *schema.Action) []byte {
	tb.Helper()
	return marshal(tb, &schema.Event{Kind: &schema.Event_Action{Action: a}})
}

func TestActions(t *testing.T) {
	t.Parallel()
	ann, bob := reference("account", "bluesky", "did:plc:ann"), reference("account", "bluesky", "did:plc:bob")
	row := tag.Action{
		Platform: schema.PlatformBluesky, IDDay: 20638, PostID: reference("post", "bluesky", likeURI), AccountID: ann, ImportedMS: takenMS, Collector: "bluesky", Source: "host",
		Share: tag.Share{Kind: "like", ObjectID: reference("post", "bluesky", likedURI).String(), CreatedMS: takenMS - 500},
	}
	followed := row
	followed.PostID, followed.Share = reference("post", "bluesky", followURI), tag.Share{Kind: "follow", ObjectID: bob.String(), CreatedMS: takenMS - 500}
	tagger := newTagger(t)
	for _, c := range []struct {
		name   string
		action *schema.Action
		want   tag.Action
		named  map[uuid.UUID]string
	}{
		{"a like", like(), row, map[uuid.UUID]string{ann: "did:plc:ann"}},
		{"a follow", follow(), followed, map[uuid.UUID]string{ann: "did:plc:ann", bob: "did:plc:bob"}},
	} {
		ev := taggedEvent(t, tagger, encodeAction(t, c.action))
		if diff := cmp.Diff(c.want, *ev.Action); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		named := map[uuid.UUID]string{}
		for _, id := range ev.Identities {
			named[id.AccountID] = id.NativeID
			if id.Platform != schema.PlatformBluesky || id.CollectedMS != takenMS || id.ImportedMS != takenMS {
				t.Errorf("%s: identity %+v", c.name, id)
			}
		}
		if diff := cmp.Diff(c.named, named); diff != "" {
			t.Errorf("%s: identities (-want +got):\n%s", c.name, diff)
		}
		if ev.Post != nil || ev.Tombstone != nil || ev.Account != nil || ev.Coverage != nil || ev.Reject != nil {
			t.Errorf("%s is something else too: %+v", c.name, ev)
		}
	}
	// It has the key under which a deletion of its record hides it.
	end := taggedEvent(t, tagger, marshal(t, &schema.Event{Kind: &schema.Event_Delete{Delete: &schema.Delete{Platform: schema.PlatformBluesky, NativeId: likeURI, AuthorId: "did:plc:ann"}}})).Tombstone
	if end.PostID != row.PostID || end.AccountID != row.AccountID || end.IDDay != row.IDDay {
		t.Errorf("its deletion is of %+v", end)
	}
}

// The time of an action is bounded as that of a post.
func TestTimesOfActions(t *testing.T) {
	t.Parallel()
	const day, minute = int64(24 * 3600 * 1000), int64(60 * 1000)
	tagger := newTagger(t)
	for _, c := range []struct {
		name                string
		claimed, collected  int64
		created, importedMS int64
	}{
		{"a plausible claim", takenMS - day, takenMS, takenMS - day, takenMS},
		{"too old", takenMS - 31*day, takenMS, takenMS - 30*day, takenMS},
		{"from the future", takenMS + 6*minute, takenMS, takenMS + 5*minute, takenMS},
		{"before 1970", -1, takenMS, takenMS - 30*day, takenMS},
		{"no claim", 0, takenMS, takenMS, takenMS},
		{"a claim alone", takenMS, 0, takenMS, takenMS},
		{"the end of time", 1 << 62, 1 << 62, 4102444799999, 4102444799999},
		{"its beginning", -1 << 63, 0, 0, 0},
	} {
		a := like()
		a.ClaimedMs, a.CollectedMs = c.claimed, c.collected
		got := taggedEvent(t, tagger, encodeAction(t, a)).Action
		if got.CreatedMS != c.created || got.ImportedMS != c.importedMS {
			t.Errorf("%s: created %d, imported %d; want %d, %d", c.name, got.CreatedMS, got.ImportedMS, c.created, c.importedMS)
		}
	}
	a := like()
	a.ImportedMs = takenMS + day
	again := taggedEvent(t, tagger, encodeAction(t, a))
	version := again.Identities[0].Version
	if again.Action.ImportedMS != takenMS+day || again.Action.CreatedMS != takenMS-500 {
		t.Errorf("read in later: %+v", again.Action)
	}
	if first := taggedEvent(t, tagger, encodeAction(t, like())); first.Identities[0].Version != version {
		t.Error("the time of import is part of the version")
	}
}

func TestActionsThatSayTooLittle(t *testing.T) {
	t.Parallel()
	tagger := newTagger(t)
	for name, change := range map[string]func(*schema.Action){
		"platform":            func(a *schema.Action) { a.Platform = 0 },
		"an unknown platform": func(a *schema.Action) { a.Platform = 99 },
		"native id":           func(a *schema.Action) { a.NativeId = "" },
		"author":              func(a *schema.Action) { a.AuthorId = "" },
		"kind":                func(a *schema.Action) { a.Kind = 0 },
		"an unknown kind":     func(a *schema.Action) { a.Kind = 99 },
		"object":              func(a *schema.Action) { a.Object = "" },
	} {
		a := proto.CloneOf(like())
		change(a)
		var ev tag.Event
		var rejected *tag.Rejected
		if err := tagger.Tag(encodeAction(t, a), 0, 0, &ev); !errors.As(err, &rejected) || rejected.Reason != schema.ReasonUndecodable {
			t.Errorf("%s: %v", name, err)
		}
	}
}
