// Package bluesky reads Bluesky: the events of its Jetstream, live and archived.
package bluesky

import (
	"cmp"
	"strings"
	"time"

	gojson "github.com/goccy/go-json"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// Collections of Bluesky whose records are posts.
const (
	feedPost   = "app.bsky.feed.post"
	feedRepost = "app.bsky.feed.repost"
)

type jetEvent struct {
	DID      string       `json:"did"`
	TimeUS   int64        `json:"time_us"`
	Kind     string       `json:"kind"`
	Commit   *jetCommit   `json:"commit"`
	Identity *jetIdentity `json:"identity"`
	Account  *jetAccount  `json:"account"`
}

type jetCommit struct {
	Rev        string            `json:"rev"`
	Operation  string            `json:"operation"`
	Collection string            `json:"collection"`
	RKey       string            `json:"rkey"`
	Record     gojson.RawMessage `json:"record"` // Most records are never looked into.
}

type jetIdentity struct {
	DID    string `json:"did"`
	Handle string `json:"handle"`
}

type jetAccount struct {
	DID    string `json:"did"`
	Active bool   `json:"active"`
	Status string `json:"status"`
}

// Decode maps an event of Bluesky's Jetstream, version 1. Likes and follows are
// counted alone.
func Decode(rec []byte) (mapping.Decoded, error) {
	if err := mapping.CheckJSON(rec); err != nil {
		return mapping.Decoded{}, err
	}
	var e jetEvent
	if err := mapping.Unmarshal(rec, &e); err != nil {
		return mapping.Decoded{}, err
	}
	return e.decode(actions{})
}

// decode maps an event, of whichever wire it was read from.
func (e *jetEvent) decode(singly actions) (mapping.Decoded, error) {
	ms, err := e.check()
	if err != nil {
		return mapping.Decoded{}, err
	}
	switch {
	case e.Kind == "commit" && e.Commit != nil:
		return e.commit(ms, singly)
	case e.Kind == "identity" && e.Identity != nil:
		return e.identity(ms)
	case e.Kind == "account" && e.Account != nil:
		return e.account(ms)
	}
	return mapping.Decoded{}, mapping.Reject(schema.ReasonUnknownEvent, "an event of kind %.40q", e.Kind)
}

// check is the time of an event that has what every event has.
func (e *jetEvent) check() (int64, error) {
	if e.Kind == "" && e.DID == "" {
		return 0, mapping.Reject(schema.ReasonUnknownEvent, "no event of Jetstream")
	}
	if e.DID == "" {
		return 0, mapping.Reject(schema.ReasonMissingUser, "an event without did")
	}
	if !validDID(e.DID) {
		return 0, mapping.Reject(schema.ReasonBadField, "did is no DID")
	}
	if e.TimeUS == 0 {
		return 0, mapping.Reject(schema.ReasonMissingTime, "an event without time_us")
	}
	ms := e.TimeUS / 1000
	if !mapping.Plausible(ms) {
		return 0, mapping.Reject(schema.ReasonBadTime, "time_us is no time")
	}
	return ms, nil
}

// commit is what an author did to a record.
func (e *jetEvent) commit(ms int64, singly actions) (mapping.Decoded, error) {
	c := e.Commit
	kind, isPost := collectionKind(c.Collection)
	switch c.Operation {
	case "create":
	case "update", "delete":
		if !isPost {
			kind += "_" + c.Operation
		}
	default:
		return mapping.Decoded{}, mapping.Reject(schema.ReasonUnknownEvent, "a commit with operation %.40q", c.Operation)
	}
	if !isPost && !singly.has(c.Collection) {
		return mapping.Decoded{Kind: kind, MS: ms}, nil
	}
	if c.RKey == "" {
		return mapping.Decoded{}, mapping.Reject(schema.ReasonMissingID, "a commit without rkey")
	}
	if !validRKey(c.RKey) {
		return mapping.Decoded{}, mapping.Reject(schema.ReasonBadField, "rkey is no record key")
	}
	uri := "at://" + e.DID + "/" + c.Collection + "/" + c.RKey
	if c.Operation == "delete" {
		return mapping.Decoded{Kind: cmp.Or(kind, "delete"), MS: ms, Event: &schema.Event{Kind: &schema.Event_Delete{Delete: &schema.Delete{
			Platform: schema.PlatformBluesky, NativeId: uri, AuthorId: e.DID, ClaimedMs: ms, CollectedMs: ms,
		}}}}, nil
	}
	if !isPost {
		return e.action(kind, uri, ms)
	}
	return e.post(uri, ms)
}

// post is a post or a repost that was created or edited.
func (e *jetEvent) post(uri string, ms int64) (mapping.Decoded, error) {
	c := e.Commit
	p := &schema.Post{Platform: schema.PlatformBluesky, NativeId: uri, Author: &schema.AccountSnapshot{NativeId: e.DID}, CollectedMs: ms}
	var err error
	if c.Collection == feedRepost {
		err = bskyRepost(p, c.Record)
	} else {
		p.Permalink = "https://bsky.app/profile/" + e.DID + "/post/" + c.RKey
		err = bskyPost(p, c.Record)
	}
	if err != nil {
		return mapping.Decoded{}, err
	}
	kind := p.Kind.Name()
	if c.Operation == "update" {
		p.Revision = revision(c.Rev, e.TimeUS)
		kind += "_update"
	}
	return mapping.Decoded{Kind: kind, MS: ms, Event: &schema.Event{Kind: &schema.Event_Post{Post: p}}}, nil
}

// collectionKind is how coverage counts the records of a collection. Anybody
// may invent collections: those that are not Bluesky's own count as one.
func collectionKind(collection string) (kind string, post bool) {
	switch collection {
	case feedPost, feedRepost:
		return "", true
	case feedLike, "app.bsky.feed.threadgate", "app.bsky.feed.postgate", "app.bsky.feed.generator",
		graphFollow, "app.bsky.graph.block", "app.bsky.graph.list", "app.bsky.graph.listitem", "app.bsky.graph.listblock", "app.bsky.graph.starterpack",
		"app.bsky.actor.profile", "app.bsky.actor.status":
		return collection[strings.LastIndexByte(collection, '.')+1:], false
	}
	return "other", false
}

func (e *jetEvent) identity(ms int64) (mapping.Decoded, error) {
	if e.Identity.DID != "" && e.Identity.DID != e.DID {
		return mapping.Decoded{}, mapping.Reject(schema.ReasonBadField, "the event and its identity name two accounts")
	}
	return mapping.Decoded{Kind: "identity", MS: ms, Event: &schema.Event{Kind: &schema.Event_Account{Account: &schema.AccountSnapshot{
		Platform: schema.PlatformBluesky, NativeId: e.DID, Handle: mapping.Short(e.Identity.Handle), CollectedMs: ms,
	}}}}, nil
}

func (e *jetEvent) account(ms int64) (mapping.Decoded, error) {
	if e.Account.DID != "" && e.Account.DID != e.DID {
		return mapping.Decoded{}, mapping.Reject(schema.ReasonBadField, "the event and its account name two accounts")
	}
	status := schema.AccountStatus_ACCOUNT_STATUS_UNSPECIFIED
	switch {
	case e.Account.Active:
		status = schema.AccountStatus_ACCOUNT_STATUS_ACTIVE
	case e.Account.Status == "deactivated":
		status = schema.AccountStatus_ACCOUNT_STATUS_DEACTIVATED
	case e.Account.Status == "suspended" || e.Account.Status == "takendown":
		status = schema.AccountStatus_ACCOUNT_STATUS_SUSPENDED
	case e.Account.Status == "deleted":
		status = schema.AccountStatus_ACCOUNT_STATUS_DELETED
	}
	return mapping.Decoded{Kind: "account", MS: ms, Event: &schema.Event{Kind: &schema.Event_Account{Account: &schema.AccountSnapshot{
		Platform: schema.PlatformBluesky, NativeId: e.DID, Status: status, CollectedMs: ms,
	}}}}, nil
}

// revision numbers an edit by the revision of its author's repository, which
// only grows (https://atproto.com/specs/tid), or by the time of the event.
func revision(rev string, timeUS int64) uint64 {
	const alphabet = "234567abcdefghijklmnopqrstuvwxyz"
	var n uint64
	for i := range len(rev) {
		n = n<<5 | uint64(max(strings.IndexByte(alphabet, rev[i]), 0))
	}
	if n &^= 1 << 63; len(rev) == 13 && n > 0 {
		return n
	}
	return uint64(timeUS) << 10 // A TID is microseconds and ten bits of the clock's own.
}

func validDID(s string) bool {
	return strings.HasPrefix(s, "did:") && len(s) > len("did:x:") && len(s) <= mapping.MaxShort && mapping.WordOf(s, ".:_-%")
}

func validRKey(s string) bool { return len(s) <= 512 && mapping.WordOf(s, ".:_-~") }

// claim reads the time that an author's client wrote.
func claim(s string) (int64, error) {
	if s == "" {
		return 0, mapping.Reject(schema.ReasonMissingTime, "a record without createdAt")
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return 0, mapping.Reject(schema.ReasonBadTime, "createdAt is no time of RFC 3339")
	}
	return t.UnixMilli(), nil
}
