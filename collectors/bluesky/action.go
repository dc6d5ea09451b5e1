package bluesky

import (
	"strings"
	"time"

	gojson "github.com/goccy/go-json"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// actions says which records become actions, beside being counted.
type actions struct{ likes, follows bool }

func (a actions) has(collection string) bool {
	return a.likes && collection == feedLike || a.follows && collection == graphFollow
}

// action is a like or a follow. Counted alone are likes of other things than posts,
// as feeds and lists, and records that are changed, which clients do not do.
func (e *jetEvent) action(kind, uri string, ms int64) (mapping.Decoded, error) {
	out := mapping.Decoded{Kind: kind, MS: ms}
	if e.Commit.Operation != "create" {
		return out, nil
	}
	a := &schema.Action{Platform: schema.PlatformBluesky, NativeId: uri, AuthorId: e.DID, CollectedMs: e.Commit.taken(ms)}
	var err error
	if e.Commit.Collection == feedLike {
		err = bskyLike(a, e.Commit.Record)
	} else {
		err = bskyFollow(a, e.Commit.Record)
	}
	if err != nil {
		return mapping.Decoded{}, err
	}
	if a.Object != "" {
		out.Event = &schema.Event{Kind: &schema.Event_Action{Action: a}}
	}
	return out, nil
}

// slack is how far a revision may lie from when a host saw it.
const slack = time.Hour

// taken is when the author's server took a commit in: the time of its revision,
// which every host tells alike, unless that is far from when this one saw it.
func (c *jetCommit) taken(ms int64) int64 {
	at := schema.IdentityTime(schema.PlatformBluesky, c.Rev)
	if at == 0 || at < ms-slack.Milliseconds() || at > ms+slack.Milliseconds() {
		return ms
	}
	return at
}

func bskyLike(a *schema.Action, raw gojson.RawMessage) error {
	var r struct {
		CreatedAt string  `json:"createdAt"`
		Subject   bskyRef `json:"subject"`
	}
	if err := readInto(&r, raw); err != nil {
		return err
	}
	if r.Subject.URI == "" {
		return mapping.Reject(schema.ReasonBadField, "a like without subject")
	}
	ref, err := atReference(r.Subject.URI)
	if err != nil {
		return err
	}
	if a.ClaimedMs, err = claim(r.CreatedAt); err != nil {
		return err
	}
	if _, path, _ := strings.Cut(strings.TrimPrefix(ref.NativeId, "at://"), "/"); strings.HasPrefix(path, feedPost+"/") {
		a.Kind, a.Object = schema.ActionLike, ref.NativeId
	}
	return nil
}

func bskyFollow(a *schema.Action, raw gojson.RawMessage) error {
	var r struct {
		CreatedAt string `json:"createdAt"`
		Subject   string `json:"subject"`
	}
	if err := readInto(&r, raw); err != nil {
		return err
	}
	if !validDID(r.Subject) {
		return mapping.Reject(schema.ReasonBadField, "a follow whose subject is no DID")
	}
	a.Kind, a.Object = schema.ActionFollow, r.Subject
	var err error
	a.ClaimedMs, err = claim(r.CreatedAt)
	return err
}
