package bluesky

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// commitOf is a commit as version 1 sends it. The key is a TID of 2026-06-07.
func commitOf(operation, collection, rev, record string) []byte {
	return fmt.Appendf(nil, `{"did":"did:plc:a","time_us":%d,"kind":"commit","commit":{"rev":%q,"operation":%q,"collection":%q,"rkey":"3mnqdyoeyc22k","record":%s}}`,
		start().UnixMicro(), rev, operation, collection, record)
}

func tidOf(at time.Time) string {
	const alphabet = "234567abcdefghijklmnopqrstuvwxyz"
	key := [13]byte{}
	for i, n := len(key)-1, uint64(at.UnixMicro())<<10; i >= 0; i, n = i-1, n>>5 {
		key[i] = alphabet[n&31]
	}
	return string(key[:])
}

func TestLikesAndFollows(t *testing.T) {
	t.Parallel()
	const created, subject = `{"createdAt":"2026-06-07T17:59:00.5Z","subject":`, `"at://did:plc:b/app.bsky.feed.post/3mnqc"`
	claimed := start().Add(-59500 * time.Millisecond).UnixMilli()
	rev := tidOf(start().Add(-2 * time.Second))
	action := func(collection string, kind schema.ActionKind, object string) *schema.Event {
		return &schema.Event{Kind: &schema.Event_Action{Action: &schema.Action{
			Platform: schema.PlatformBluesky, NativeId: "at://did:plc:a/" + collection + "/3mnqdyoeyc22k", AuthorId: "did:plc:a", Kind: kind, Object: object,
			ClaimedMs: claimed, CollectedMs: start().Add(-2 * time.Second).UnixMilli(),
		}}}
	}
	deletion := func(collection string) *schema.Event {
		return &schema.Event{Kind: &schema.Event_Delete{Delete: &schema.Delete{
			Platform: schema.PlatformBluesky, NativeId: "at://did:plc:a/" + collection + "/3mnqdyoeyc22k", AuthorId: "did:plc:a", ClaimedMs: start().UnixMilli(), CollectedMs: start().UnixMilli(),
		}}}
	}
	for name, c := range map[string]struct {
		operation, collection, record string
		event                         *schema.Event
		kind                          string
		reason                        schema.Reason // Where it is asked for one by one.
	}{
		"a like":                        {"create", feedLike, created + `{"cid":"c","uri":` + subject + `}}`, action(feedLike, schema.ActionLike, "at://did:plc:b/app.bsky.feed.post/3mnqc"), "like", ""},
		"a like of a feed":              {"create", feedLike, created + `{"uri":"at://did:plc:b/app.bsky.feed.generator/x"}}`, nil, "like", ""},
		"a like of no record":           {"create", feedLike, created + `{"uri":"https://example.org/app.bsky.feed.post/x"}}`, nil, "like", schema.ReasonBadField},
		"a like of nothing":             {"create", feedLike, `{"createdAt":"2026-06-07T17:59:00.5Z"}`, nil, "like", schema.ReasonBadField},
		"a like of a text":              {"create", feedLike, created + subject + `}`, nil, "like", schema.ReasonBadField},
		"a like without a record":       {"create", feedLike, `null`, nil, "like", schema.ReasonBadField},
		"a like of no time":             {"create", feedLike, `{"subject":{"uri":` + subject + `}}`, nil, "like", schema.ReasonMissingTime},
		"a like of some time":           {"create", feedLike, `{"createdAt":"noon","subject":{"uri":` + subject + `}}`, nil, "like", schema.ReasonBadTime},
		"a like that changes":           {"update", feedLike, created + `{"uri":` + subject + `}}`, nil, "like_update", ""},
		"a like taken back":             {"delete", feedLike, `null`, deletion(feedLike), "like_delete", ""},
		"a follow":                      {"create", graphFollow, created + `"did:web:b.example"}`, action(graphFollow, schema.ActionFollow, "did:web:b.example"), "follow", ""},
		"a follow of a handle":          {"create", graphFollow, created + `"b.example"}`, nil, "follow", schema.ReasonBadField},
		"a follow of a record":          {"create", graphFollow, created + `{"uri":` + subject + `}}`, nil, "follow", schema.ReasonBadField},
		"a follow of no time":           {"create", graphFollow, `{"subject":"did:plc:b"}`, nil, "follow", schema.ReasonMissingTime},
		"a follow taken back":           {"delete", graphFollow, `null`, deletion(graphFollow), "follow_delete", ""},
		"a block":                       {"create", "app.bsky.graph.block", created + `"did:plc:b"}`, nil, "block", ""},
		"a like under somebody's roof":  {"create", "example.feed.like", created + `{"uri":` + subject + `}}`, nil, "other", ""},
		"something else that is undone": {"delete", "app.bsky.graph.block", `null`, nil, "block_delete", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := commitOf(c.operation, c.collection, rev, c.record)
			got := read(rec, false, all)
			if c.reason != "" {
				if got.why == nil || got.why.Reason != c.reason || got.out.Event != nil {
					t.Errorf("%+v, want a reject for %s", got, c.reason)
				}
			} else if got.why != nil || got.out.Kind != c.kind || !proto.Equal(got.out.Event, c.event) {
				t.Errorf("%+v, want %s and %v", got, c.kind, c.event)
			}
			// Where only the other is asked for, and in an archive, it is counted.
			other := read(rec, false, actions{likes: c.collection != feedLike, follows: c.collection != graphFollow})
			archived, err := Decode(rec)
			if other.why != nil || err != nil || other.out.Event != nil || archived.Event != nil || other.out.Kind != c.kind || archived.Kind != c.kind {
				t.Errorf("%+v and %+v (%v), want %s alone", other, archived, err, c.kind)
			}
		})
	}
}

func TestKeysOfActions(t *testing.T) {
	t.Parallel()
	for key, reason := range map[string]schema.Reason{"": schema.ReasonMissingID, "a/b": schema.ReasonBadField, strings.Repeat("k", 513): schema.ReasonBadField} {
		rec := strings.Replace(string(commitOf("delete", feedLike, "", "null")), "3mnqdyoeyc22k", key, 1)
		if got := read([]byte(rec), false, all); got.why == nil || got.why.Reason != reason {
			t.Errorf("%.10q: %+v", key, got)
		}
	}
}

// TestAnActionIsOfWhenItWasTakenIn sees that two hosts say the same of an action,
// and that nobody moves it far.
func TestAnActionIsOfWhenItWasTakenIn(t *testing.T) {
	t.Parallel()
	ms := start().UnixMilli()
	for name, c := range map[string]struct {
		rev  string
		want time.Duration
	}{
		"just before":        {tidOf(start().Add(-3 * time.Second)), -3 * time.Second},
		"a clock that leads": {tidOf(start().Add(time.Hour)), time.Hour},
		"after an outage":    {tidOf(start().Add(-time.Hour)), -time.Hour},
		"far off":            {tidOf(start().Add(-61 * time.Minute)), 0},
		"from the future":    {tidOf(start().Add(61 * time.Minute)), 0},
		"none":               {"", 0},
		"no TID":             {"AAAAAAAAAAAAA", 0},
	} {
		commit := jetCommit{Rev: c.rev}
		if got := commit.taken(ms); got != ms+c.want.Milliseconds() {
			t.Errorf("%s: %d ms off, want %v", name, got-ms, c.want)
		}
	}
	if got := (&jetCommit{}).taken(1); got != 1 {
		t.Errorf("in 1970: %d", got)
	}
}

func TestRejectsOfActionsSayWhy(t *testing.T) {
	t.Parallel()
	var a schema.Action
	var why *mapping.Rejection
	if err := bskyLike(&a, []byte(`{"createdAt":"2026-06-07T18:00:00Z","subject":{}}`)); !errors.As(err, &why) || why.Detail != "a like without subject" {
		t.Errorf("%v", err)
	}
	if err := bskyFollow(&a, []byte(`{"createdAt":"2026-06-07T18:00:00Z","subject":"x"}`)); !errors.As(err, &why) || why.Detail != "a follow whose subject is no DID" {
		t.Errorf("%v", err)
	}
}
