package bluesky

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/internal/replay"
	"github.com/election-observatory/observatory/schema"
)

// The oracle reads recorded events without types and without any code of this
// package, and says what must be stored of each.

// look follows a path such as "commit.record.langs[]" through JSON that was
// decoded without types, and lists the values at its end.
func look(v any, path string) (all []string) {
	if path == "" {
		switch x := v.(type) {
		case nil:
			return nil
		case json.Number:
			return []string{x.String()}
		case string, bool:
			return []string{fmt.Sprint(x)}
		}
		return []string{"a structure"}
	}
	step, rest, _ := strings.Cut(path, ".")
	name, list := strings.CutSuffix(step, "[]")
	object, _ := v.(map[string]any)
	if !list {
		return look(object[name], rest)
	}
	items, _ := object[name].([]any)
	for _, item := range items {
		all = append(all, look(item, rest)...)
	}
	return all
}

func first(v any, path string) string {
	if all := look(v, path); len(all) > 0 {
		return all[0]
	}
	return ""
}

// unique drops repetitions and what is empty.
func unique(values []string) (all []string) {
	for _, v := range values {
		if v != "" && !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	return all
}

// told is what is stored of an event, field by field.
type told map[string]any

// oracle says what is to be stored of a recorded event; nil for nothing. Likes and
// follows are stored where they are asked for one by one.
func oracle(event any, oneByOne bool) told {
	did, us := first(event, "did"), first(event, "time_us")
	seenMS := us[:len(us)-3]
	record, collection := "commit.record.", first(event, "commit.collection")
	isPost := collection == "app.bsky.feed.post" || collection == "app.bsky.feed.repost"
	switch kind := first(event, "kind"); {
	case kind == "identity":
		return told{"what": "account", "id": did, "handle": first(event, "identity.handle"), "at": seenMS, "status": "ACCOUNT_STATUS_UNSPECIFIED"}
	case kind == "account":
		status := "ACCOUNT_STATUS_ACTIVE"
		if first(event, "account.active") != "true" {
			status = "ACCOUNT_STATUS_" + strings.ToUpper(first(event, "account.status"))
		}
		return told{"what": "account", "id": did, "handle": "", "at": seenMS, "status": status}
	case !isPost && (!oneByOne || collection != "app.bsky.feed.like" && collection != "app.bsky.graph.follow"):
		return nil
	}
	uri := "at://" + did + "/" + collection + "/" + first(event, "commit.rkey")
	if first(event, "commit.operation") == "delete" {
		return told{"what": "delete", "id": uri, "author": did, "at": seenMS}
	}
	claimed, err := time.Parse(time.RFC3339, first(event, record+"createdAt"))
	if err != nil {
		panic(err)
	}
	if !isPost {
		object := first(event, record+"subject")
		if collection == "app.bsky.feed.like" {
			if object = first(event, record+"subject.uri"); strings.Split(object, "/")[3] != "app.bsky.feed.post" {
				return nil
			}
		}
		return told{"what": collection[strings.LastIndex(collection, ".")+1:], "id": uri, "author": did, "claimed": claimed.UnixMilli(), "object": object, "at": revMS(first(event, "commit.rev"))}
	}
	embed := record + "embed."
	media := slices.Concat(look(event, embed+"images[].image.ref.$link"), look(event, embed+"video.ref.$link"), look(event, embed+"media.images[].image.ref.$link"), look(event, embed+"media.video.ref.$link"))
	links := unique(slices.Concat(look(event, record+"facets[].features[].uri"), look(event, embed+"external.uri"), look(event, embed+"media.external.uri")))
	quoted := ""
	for _, path := range []string{"record.record.uri", "record.uri"} {
		if uri := first(event, embed+path); quoted == "" && strings.Contains(uri, "/app.bsky.feed.post/") {
			quoted = uri
		}
	}
	kind := "post"
	switch {
	case collection == "app.bsky.feed.repost":
		kind = "repost"
	case first(event, record+"reply.parent.uri") != "":
		kind = "reply"
	case quoted != "":
		kind = "quote"
	}
	permalink, author := "", func(uri string) string { return strings.Split(uri+"///", "/")[2] }
	if collection == "app.bsky.feed.post" {
		permalink = "https://bsky.app/profile/" + did + "/post/" + first(event, "commit.rkey")
	}
	return told{
		"what": kind, "id": uri, "author": did, "claimed": claimed.UnixMilli(), "text": first(event, record+"text"), "permalink": permalink,
		"langs": look(event, record+"langs[]"), "links": links, "hashtags": unique(slices.Concat(look(event, record+"facets[].features[].tag"), look(event, record+"tags[]"))),
		"mentions": look(event, record+"facets[].features[].did"), "media": media, "reply": first(event, record+"reply.parent.uri"), "repost": first(event, record+"subject.uri"),
		"quote": quoted, "reply author": author(first(event, record+"reply.parent.uri")), "repost author": author(first(event, record+"subject.uri")),
		"sensitive": len(look(event, record+"labels.values[].val")) > 0, "edited": first(event, "commit.operation") == "update",
	}
}

// revMS is the time of a revision, which is a TID: a number to the base of 32, of
// microseconds and ten bits more.
func revMS(rev string) string {
	n := 0
	for _, digit := range rev {
		n = n*32 + strings.IndexRune("234567abcdefghijklmnopqrstuvwxyz", digit)
	}
	return fmt.Sprint(n / 1024 / 1000)
}

// countedAs is the kind that coverage counts an event as; empty where it was not
// asked for.
func countedAs(event any) string {
	operation := first(event, "commit.operation")
	var kind string
	switch collection := first(event, "commit.collection"); collection {
	case "":
		return first(event, "kind")
	case "app.bsky.feed.post", "app.bsky.feed.repost":
		if operation == "delete" {
			return "delete"
		}
		kind = oracle(event, false)["what"].(string)
	case "app.bsky.feed.like", "app.bsky.graph.follow":
		kind = collection[strings.LastIndex(collection, ".")+1:]
	default:
		return ""
	}
	if operation != "create" {
		kind += "_" + operation
	}
	return kind
}

// says is the same of what was emitted.
func says(e *schema.Event) told {
	switch kind := e.GetKind().(type) {
	case *schema.Event_Account:
		a := kind.Account
		return told{"what": "account", "id": a.GetNativeId(), "handle": a.GetHandle(), "at": fmt.Sprint(a.GetCollectedMs()), "status": a.GetStatus().String()}
	case *schema.Event_Action:
		a := kind.Action
		return told{"what": a.GetKind().Name(), "id": a.GetNativeId(), "author": a.GetAuthorId(), "claimed": a.GetClaimedMs(), "object": a.GetObject(), "at": fmt.Sprint(a.GetCollectedMs())}
	case *schema.Event_Delete:
		d := kind.Delete
		return told{"what": "delete", "id": d.GetNativeId(), "author": d.GetAuthorId(), "at": fmt.Sprint(d.GetClaimedMs())}
	case *schema.Event_Post:
		p := kind.Post
		var links, mentions, media []string
		for _, l := range p.GetLinks() {
			links = append(links, l.GetUrl())
		}
		for _, m := range p.GetMentions() {
			mentions = append(mentions, m.GetNativeId())
		}
		for _, m := range p.GetMedia() {
			media = append(media, m.GetNativeId())
		}
		return told{
			"what": p.GetKind().Name(), "id": p.GetNativeId(), "author": p.GetAuthor().GetNativeId(), "claimed": p.GetClaimedMs(), "text": p.GetText(), "permalink": p.GetPermalink(),
			"langs": p.GetLangs(), "links": links, "hashtags": p.GetHashtags(), "mentions": mentions, "media": media, "reply": p.GetReplyTo().GetNativeId(), "repost": p.GetRepostOf().GetNativeId(),
			"quote": p.GetQuoteOf().GetNativeId(), "reply author": p.GetReplyTo().GetAuthorId(), "repost author": p.GetRepostOf().GetAuthorId(), "sensitive": p.GetSensitive(), "edited": p.GetRevision() > 0,
		}
	}
	return nil
}

// TestRecordedEventsSayWhatTheirJSONSays serves the recording over both wires,
// and holds what was emitted against the oracle, field by field.
func TestRecordedEventsSayWhatTheirJSONSays(t *testing.T) {
	t.Parallel()
	events := recording(t)
	for name, c := range map[string]struct {
		api      string
		oneByOne bool
		stored   int // Posts, reposts, deletions and accounts; likes, all of posts, follows and ends of follows.
	}{
		"v1": {apiV1, false, 17 + 15 + 1 + 2}, "v2": {apiV2, false, 17 + 15 + 1 + 2},
		"v1, one by one": {apiV1, true, 17 + 15 + 1 + 2 + 105 + 6 + 3}, "v2, one by one": {apiV2, true, 17 + 15 + 1 + 2 + 105 + 6 + 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, kinds, asked := wanted(t, events, c.oneByOne)
			if len(events) != 152 || len(want) != c.stored {
				t.Fatalf("%d events, of which %d are stored", len(events), len(want))
			}
			begin := time.UnixMicro(slices.MinFunc(events, func(a, b replay.JetstreamEvent) int { return cmp.Compare(a.US, b.US) }).US).Add(-time.Second)
			cfg := config(c.api, serve(t, replay.NewJetstream(events, fixed(begin.Add(time.Hour)), 36*time.Hour, 7)))
			cfg.Likes, cfg.Follows = askCount, askCount
			if c.oneByOne {
				cfg.Likes, cfg.Follows = askActions, askActions
			}
			j := newJournal(func(j *journal) bool { return j.received() >= asked })
			collect(t, cfg, collectors.NewCursors(quick(t)), clock(begin), j)
			if j.emitted != len(want) || len(j.rejects) != 0 {
				t.Errorf("%d events and %d rejects, want %d", j.emitted, len(j.rejects), len(want))
			}
			compareTold(t, j, want)
			if got := j.kinds(); fmt.Sprint(got) != fmt.Sprint(kinds) {
				t.Errorf("counted %v, the recording has %v", got, kinds)
			}
		})
	}
}

// wanted is what is to be stored of the recording, what is to be counted by kind,
// and how many events that is.
func wanted(t *testing.T, events replay.Recorded, oneByOne bool) (want map[string]told, kinds map[string]uint64, asked uint64) {
	t.Helper()
	want, kinds = map[string]told{}, map[string]uint64{}
	for _, e := range events {
		reader := json.NewDecoder(strings.NewReader(string(e.V1)))
		reader.UseNumber()
		var source any
		if err := reader.Decode(&source); err != nil {
			t.Fatal(err)
		}
		if out := oracle(source, oneByOne); out != nil {
			want[out.key()] = out
		}
		if kind := countedAs(source); kind != "" {
			kinds[kind]++
			asked++
		}
	}
	return want, kinds, asked
}

func (t told) key() string { return fmt.Sprint(t["what"] == "delete", t["id"], t["at"]) }

// compareTold holds what was emitted against what is wanted.
func compareTold(t *testing.T, j *journal, want map[string]told) {
	t.Helper()
	compared := map[string]int{}
	for _, e := range j.events {
		got := says(e)
		expected := want[got.key()]
		for field, value := range expected {
			if fmt.Sprint(got[field]) != fmt.Sprint(value) {
				t.Errorf("%s differs", field) // Values are of real people.
			}
			if text := fmt.Sprint(value); text != "" && text != "[]" && text != "false" {
				compared[field]++
			}
		}
		if len(expected) != len(got) {
			t.Error("an event that the oracle does not have")
		}
	}
	for _, field := range []string{"text", "langs", "links", "hashtags", "media", "reply", "repost", "quote", "claimed", "handle", "status"} {
		if compared[field] == 0 {
			t.Logf("%s: the recording has none to compare", field)
		}
	}
	t.Logf("fields compared: %v", compared)
}

// kinds are the events that coverage says were received, by kind.
func (j *journal) kinds() map[string]uint64 {
	counted := map[string]uint64{}
	for _, c := range j.parts(partLive) {
		for kind, n := range c.GetKinds() {
			counted[kind] += n
		}
	}
	return counted
}

func (j *journal) received() (n uint64) {
	for _, c := range j.parts(partLive) {
		n += c.GetReceived()
	}
	return n
}
