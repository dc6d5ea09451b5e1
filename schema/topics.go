package schema

import (
	"cmp"
	"time"
)

// The topics of the log. The version in a name changes when an event can no
// longer be read by the code of the version before.
const (
	TopicPosts    = "posts.v1"    // Posts, actions, deletions, account snapshots and expansions of short links.
	TopicCoverage = "coverage.v1" // What each source delivered in each minute.
	TopicRejects  = "rejects.v1"  // Outside input that could not be used.
)

// Topic is how a topic is created.
type Topic struct {
	Name           string
	Partitions     int
	Retention      time.Duration // Counted from when the log took the record.
	RetentionBytes int64         // Per partition; -1 for no limit.
	Doc            string
}

// Topics lists the topics. Records carry personal data: none is kept for more
// than 30 days.
func Topics() []Topic {
	const day = 24 * time.Hour
	return []Topic{
		{Name: TopicPosts, Partitions: 4, Retention: 7 * day, RetentionBytes: 16 << 30, Doc: "Posts, actions, deletions, account snapshots and expansions of short links, keyed by platform and author, or by the link."},
		{Name: TopicCoverage, Partitions: 1, Retention: 30 * day, RetentionBytes: 1 << 30, Doc: "What each source delivered in each minute, keyed by source."},
		{Name: TopicRejects, Partitions: 1, Retention: 30 * day, RetentionBytes: 4 << 30, Doc: "Outside input that could not be used, with its reason and raw bytes, keyed by source."},
	}
}

// Topic is the topic that carries the event; it is empty for an empty event.
func (x *Event) Topic() string {
	switch x.GetKind().(type) {
	case *Event_Post, *Event_Action, *Event_Delete, *Event_Account, *Event_Expansion:
		return TopicPosts
	case *Event_Coverage:
		return TopicCoverage
	case *Event_Reject:
		return TopicRejects
	}
	return ""
}

// AppendKey appends the event's key to b. Events of one author share a key, so
// that they share a partition and keep their order; a delete that names no
// author has the post's.
func (x *Event) AppendKey(b []byte) []byte {
	switch kind := x.GetKind().(type) {
	case *Event_Post:
		return appendKey(b, kind.Post.GetPlatform(), nameOf(kind.Post.GetAuthor()))
	case *Event_Action:
		return appendKey(b, kind.Action.GetPlatform(), kind.Action.GetAuthorId())
	case *Event_Delete:
		if named := cmp.Or(string(kind.Delete.GetPostPseudonym()), string(kind.Delete.GetAccountPseudonym())); named != "" {
			return append(b, named...)
		}
		if author := kind.Delete.GetAuthorId(); author != "" {
			return appendKey(b, kind.Delete.GetPlatform(), author)
		}
		return appendKey(b, kind.Delete.GetPlatform(), kind.Delete.GetNativeId())
	case *Event_Expansion:
		return append(b, kind.Expansion.GetUrl()...)
	case *Event_Account:
		return appendKey(b, kind.Account.GetPlatform(), nameOf(kind.Account))
	case *Event_Coverage:
		return append(b, kind.Coverage.GetSource()...)
	case *Event_Reject:
		return append(b, kind.Reject.GetSource()...)
	}
	return b
}

// nameOf is the account's id, or its handle where nothing else is known, as in
// archives that state no ids.
func nameOf(account *AccountSnapshot) string {
	if id := account.GetNativeId(); id != "" {
		return id
	}
	return account.GetHandle()
}

func appendKey(b []byte, p Platform, id string) []byte {
	b = append(b, p.Name()...)
	b = append(b, '/')
	return append(b, id...)
}
