package archive

import (
	"strings"
	"time"

	gojson "github.com/goccy/go-json"

	"github.com/election-observatory/observatory/schema"
)

// Collections of Bluesky whose records are posts.
const (
	feedPost   = "app.bsky.feed.post"
	feedRepost = "app.bsky.feed.repost"
)

// jetstream decodes events of Bluesky's Jetstream, version 1.
type jetstream struct{}

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

func (jetstream) decode(rec []byte) (decoded, error) {
	if err := checkJSON(rec); err != nil {
		return decoded{}, err
	}
	var e jetEvent
	if err := unmarshal(rec, &e); err != nil {
		return decoded{}, err
	}
	ms, err := e.check()
	if err != nil {
		return decoded{}, err
	}
	switch {
	case e.Kind == "commit" && e.Commit != nil:
		return e.commit(ms)
	case e.Kind == "identity" && e.Identity != nil:
		return e.identity(ms)
	case e.Kind == "account" && e.Account != nil:
		return e.account(ms)
	}
	return decoded{}, reject(schema.ReasonUnknownEvent, "an event of kind %.40q", e.Kind)
}

// check is the time of an event that has what every event has.
func (e *jetEvent) check() (int64, error) {
	if e.Kind == "" && e.DID == "" {
		return 0, reject(schema.ReasonUnknownEvent, "no event of Jetstream")
	}
	if e.DID == "" {
		return 0, reject(schema.ReasonMissingUser, "an event without did")
	}
	if !validDID(e.DID) {
		return 0, reject(schema.ReasonBadField, "did is no DID")
	}
	if e.TimeUS == 0 {
		return 0, reject(schema.ReasonMissingTime, "an event without time_us")
	}
	ms := e.TimeUS / 1000
	if !plausible(ms) {
		return 0, reject(schema.ReasonBadTime, "time_us is no time")
	}
	return ms, nil
}

// commit is what an author did to a record.
func (e *jetEvent) commit(ms int64) (decoded, error) {
	c := e.Commit
	kind, isPost := collectionKind(c.Collection)
	switch c.Operation {
	case "create":
	case "update", "delete":
		if !isPost {
			kind += "_" + c.Operation
		}
	default:
		return decoded{}, reject(schema.ReasonUnknownEvent, "a commit with operation %.40q", c.Operation)
	}
	if !isPost {
		return decoded{kind: kind, ms: ms}, nil
	}
	if c.RKey == "" {
		return decoded{}, reject(schema.ReasonMissingID, "a commit without rkey")
	}
	if !validRKey(c.RKey) {
		return decoded{}, reject(schema.ReasonBadField, "rkey is no record key")
	}
	uri := "at://" + e.DID + "/" + c.Collection + "/" + c.RKey
	if c.Operation == "delete" {
		return decoded{kind: "delete", ms: ms, event: &schema.Event{Kind: &schema.Event_Delete{Delete: &schema.Delete{
			Platform: schema.PlatformBluesky, NativeId: uri, AuthorId: e.DID, ClaimedMs: ms, CollectedMs: ms,
		}}}}, nil
	}
	p := &schema.Post{Platform: schema.PlatformBluesky, NativeId: uri, Author: &schema.AccountSnapshot{NativeId: e.DID}, CollectedMs: ms}
	var err error
	if c.Collection == feedRepost {
		err = bskyRepost(p, c.Record)
	} else {
		p.Permalink = "https://bsky.app/profile/" + e.DID + "/post/" + c.RKey
		err = bskyPost(p, c.Record)
	}
	if err != nil {
		return decoded{}, err
	}
	kind = p.Kind.Name()
	if c.Operation == "update" {
		p.Revision = revision(c.Rev, e.TimeUS)
		kind += "_update"
	}
	return decoded{kind: kind, ms: ms, event: &schema.Event{Kind: &schema.Event_Post{Post: p}}}, nil
}

// collectionKind is how coverage counts the records of a collection. Anybody
// may invent collections: those that are not Bluesky's own count as one.
func collectionKind(collection string) (kind string, post bool) {
	switch collection {
	case feedPost, feedRepost:
		return "", true
	case "app.bsky.feed.like", "app.bsky.feed.threadgate", "app.bsky.feed.postgate", "app.bsky.feed.generator",
		"app.bsky.graph.follow", "app.bsky.graph.block", "app.bsky.graph.list", "app.bsky.graph.listitem", "app.bsky.graph.listblock", "app.bsky.graph.starterpack",
		"app.bsky.actor.profile", "app.bsky.actor.status":
		return collection[strings.LastIndexByte(collection, '.')+1:], false
	}
	return "other", false
}

func (e *jetEvent) identity(ms int64) (decoded, error) {
	if e.Identity.DID != "" && e.Identity.DID != e.DID {
		return decoded{}, reject(schema.ReasonBadField, "the event and its identity name two accounts")
	}
	return decoded{kind: "identity", ms: ms, event: &schema.Event{Kind: &schema.Event_Account{Account: &schema.AccountSnapshot{
		Platform: schema.PlatformBluesky, NativeId: e.DID, Handle: short(e.Identity.Handle), CollectedMs: ms,
	}}}}, nil
}

func (e *jetEvent) account(ms int64) (decoded, error) {
	if e.Account.DID != "" && e.Account.DID != e.DID {
		return decoded{}, reject(schema.ReasonBadField, "the event and its account name two accounts")
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
	return decoded{kind: "account", ms: ms, event: &schema.Event{Kind: &schema.Event_Account{Account: &schema.AccountSnapshot{
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
	return strings.HasPrefix(s, "did:") && len(s) > len("did:x:") && len(s) <= maxShort && wordOf(s, ".:_-%")
}

func validRKey(s string) bool { return len(s) <= 512 && wordOf(s, ".:_-~") }

// wordOf says whether s is ASCII letters, digits and some other characters.
func wordOf(s, others string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return true
}

// claim reads the time that an author's client wrote.
func claim(s string) (int64, error) {
	if s == "" {
		return 0, reject(schema.ReasonMissingTime, "a record without createdAt")
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return 0, reject(schema.ReasonBadTime, "createdAt is no time of RFC 3339")
	}
	return t.UnixMilli(), nil
}
