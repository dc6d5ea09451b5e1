// Package twitter reads Twitter's API v1.1: messages of its streams and statuses as they are
// archived, and live from endpoints that still speak it
// (https://developer.x.com/en/docs/x-api/v1).
package twitter

import (
	"strconv"

	gotwitter "github.com/dghubble/go-twitter/twitter" //nolint:staticcheck // Its types describe the archives; v1.1 has no other maintained ones.
	gojson "github.com/goccy/go-json"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// tweet is a status or another message of the stream. Fields that nothing here
// needs and that archives fill in many ways are taken from the library's type.
type tweet struct {
	gotwitter.Tweet
	Coordinates        unread            `json:"coordinates"`
	CurrentUserRetweet unread            `json:"current_user_retweet"`
	Place              unread            `json:"place"`
	Scopes             unread            `json:"scopes"`
	Entities           *entities         `json:"entities"`
	User               *user             `json:"user"`
	ExtendedTweet      *extended         `json:"extended_tweet"`
	RetweetedStatus    *tweet            `json:"retweeted_status"`
	QuotedStatus       *tweet            `json:"quoted_status"`
	Source             gojson.RawMessage `json:"source"` // Of some notices an object.

	Delete *struct {
		Status      *gotwitter.StatusDeletion `json:"status"`
		TimestampMS string                    `json:"timestamp_ms"`
	} `json:"delete"`
	Limit          *notice `json:"limit"`
	ScrubGeo       *notice `json:"scrub_geo"`
	StatusWithheld *notice `json:"status_withheld"`
	UserWithheld   *notice `json:"user_withheld"`
	Disconnect     *notice `json:"disconnect"`
	Warning        *notice `json:"warning"`
	Friends        *notice `json:"friends"`
	FriendsStr     *notice `json:"friends_str"`
	DirectMessage  *notice `json:"direct_message"`
	Event          *notice `json:"event"`
	ForUser        *notice `json:"for_user"`
	Control        *notice `json:"control"`
	Error          *notice `json:"error"`
	Errors         *notice `json:"errors"`
}

type entities struct {
	gotwitter.Entities
	Symbols unread `json:"symbols"`
	Polls   unread `json:"polls"`
}

type extended struct {
	gotwitter.ExtendedTweet
	Entities *entities `json:"entities"`
}

// user is what is kept of the library's User, which is mostly decoration.
type user struct {
	ID             int64  `json:"id"`
	IDStr          string `json:"id_str"`
	ScreenName     string `json:"screen_name"`
	Name           string `json:"name"`
	CreatedAt      string `json:"created_at"`
	FollowersCount int    `json:"followers_count"`
	FriendsCount   int    `json:"friends_count"`
	StatusesCount  int    `json:"statuses_count"`
	Verified       bool   `json:"verified"`
}

// unread is a value that is passed over whatever its type is.
type unread struct{}

// UnmarshalJSON reads nothing.
func (*unread) UnmarshalJSON([]byte) error { return nil }

// notice is a message of which only the kind matters.
type notice = unread

// Decode reads a message of a stream, or a status as the REST API gave it.
func Decode(rec []byte) (mapping.Decoded, error) {
	if err := mapping.CheckJSON(rec); err != nil {
		return mapping.Decoded{}, err
	}
	var t tweet
	if err := mapping.Unmarshal(rec, &t); err != nil {
		return mapping.Decoded{}, err
	}
	switch {
	case t.Delete != nil:
		return t.deletion()
	case t.IDStr != "" || t.ID != 0:
		return t.post()
	}
	return t.other()
}

// other is a message that is neither a status nor a deletion.
func (t *tweet) other() (mapping.Decoded, error) {
	for _, n := range [...]struct {
		kind  string
		given *notice
	}{
		{"limit", t.Limit},
		{"scrub_geo", t.ScrubGeo},
		{"status_withheld", t.StatusWithheld},
		{"user_withheld", t.UserWithheld},
		{"disconnect", t.Disconnect},
		{"warning", t.Warning},
		{"friends", t.Friends},
		{"friends", t.FriendsStr},
		{"direct_message", t.DirectMessage},
		{"event", t.Event},
		{"for_user", t.ForUser},
		{"control", t.Control},
	} {
		if n.given != nil {
			return mapping.Decoded{Kind: n.kind}, nil
		}
	}
	switch {
	case t.Error != nil || t.Errors != nil:
		return mapping.Decoded{}, mapping.Reject(schema.ReasonUpstream, "Twitter sent an error")
	case t.CreatedAt != "" || t.Text != "" || t.User != nil:
		return mapping.Decoded{}, mapping.Reject(schema.ReasonMissingID, "a status without id")
	}
	return mapping.Decoded{}, mapping.Reject(schema.ReasonUnknownEvent, "neither a status nor a notice of the stream")
}

func (t *tweet) deletion() (mapping.Decoded, error) {
	status := t.Delete.Status
	if status == nil {
		return mapping.Decoded{Kind: "delete_other"}, nil // A like or a direct message.
	}
	id, err := numericID(status.IDStr, status.ID)
	if err != nil {
		return mapping.Decoded{}, err
	}
	if id == "" {
		return mapping.Decoded{}, mapping.Reject(schema.ReasonMissingID, "a deletion that names no status")
	}
	author, err := numericID(status.UserIDStr, status.UserID)
	if err != nil {
		return mapping.Decoded{}, err
	}
	var ms int64
	if t.Delete.TimestampMS != "" {
		if ms, err = strconv.ParseInt(t.Delete.TimestampMS, 10, 64); err != nil || !mapping.Plausible(ms) {
			return mapping.Decoded{}, mapping.Reject(schema.ReasonBadTime, "timestamp_ms is no time")
		}
	}
	return mapping.Decoded{Kind: "delete", MS: ms, Event: &schema.Event{Kind: &schema.Event_Delete{Delete: &schema.Delete{
		Platform: schema.PlatformX, NativeId: id, AuthorId: author, ClaimedMs: ms, CollectedMs: ms,
	}}}}, nil
}

// post is the status itself; what it repeats, quotes or answers is a reference.
func (t *tweet) post() (mapping.Decoded, error) {
	id, err := numericID(t.IDStr, t.ID)
	if err != nil {
		return mapping.Decoded{}, err
	}
	ms, err := rubyTime(t.CreatedAt)
	if err != nil {
		return mapping.Decoded{}, err
	}
	author, err := t.User.snapshot()
	if err != nil {
		return mapping.Decoded{}, err
	}
	text, at, named := t.words()
	p := &schema.Post{
		Platform: schema.PlatformX, NativeId: id, Kind: schema.KindPost, Author: author, ClaimedMs: ms,
		Text: text, Sensitive: t.PossiblySensitive, Client: client(t.Source), Permalink: "https://twitter.com/i/status/" + id,
	}
	if lang := mapping.Short(t.Lang); mapping.TweetLanguage(lang) {
		p.Langs = []string{lang}
	}
	if err := t.references(p); err != nil {
		return mapping.Decoded{}, err
	}
	if err := t.counts(p); err != nil {
		return mapping.Decoded{}, err
	}
	if err := addMentions(p, named, at); err != nil {
		return mapping.Decoded{}, err
	}
	t.objects(p)
	return mapping.Decoded{Kind: p.Kind.Name(), MS: ms, Event: &schema.Event{Kind: &schema.Event_Post{Post: p}}}, nil
}

// words is the whole text, its places, and the entities that go with it.
func (t *tweet) words() (text string, at mapping.Places, named *entities) {
	given := t.Text
	named = t.Entities
	switch {
	case t.ExtendedTweet != nil && t.ExtendedTweet.FullText != "":
		given, named = t.ExtendedTweet.FullText, t.ExtendedTweet.Entities
	case t.FullText != "":
		given = t.FullText
	}
	text, at = mapping.CleanTweet(given)
	return text, at, named
}

func (t *tweet) references(p *schema.Post) error {
	reply, err := numericID(t.InReplyToStatusIDStr, t.InReplyToStatusID)
	if err != nil {
		return err
	}
	quote, err := numericID(t.QuotedStatusIDStr, t.QuotedStatusID)
	if err != nil {
		return err
	}
	if t.RetweetedStatus != nil {
		p.Kind = schema.KindRepost
		p.RepostOf, err = t.RetweetedStatus.reference("")
		return err
	}
	if quote != "" || t.QuotedStatus != nil {
		p.Kind = schema.KindQuote
		if p.QuoteOf, err = t.QuotedStatus.reference(quote); err != nil {
			return err
		}
	}
	if reply != "" {
		p.Kind = schema.KindReply
		who, err := numericID(t.InReplyToUserIDStr, t.InReplyToUserID)
		p.ReplyTo = &schema.Reference{NativeId: reply, AuthorId: who, AuthorHandle: mapping.Short(t.InReplyToScreenName)}
		return err
	}
	return nil
}

// reference names a status; id stands in where only its id is given.
func (t *tweet) reference(id string) (*schema.Reference, error) {
	ref := &schema.Reference{NativeId: id}
	if t == nil {
		return ref, nil
	}
	own, err := numericID(t.IDStr, t.ID)
	if err != nil {
		return nil, err
	}
	if own != "" {
		ref.NativeId = own
	}
	if ref.NativeId == "" {
		return nil, mapping.Reject(schema.ReasonMissingID, "an embedded status without id")
	}
	if t.User != nil {
		ref.AuthorHandle = mapping.Short(t.User.ScreenName)
		ref.AuthorId, err = numericID(t.User.IDStr, t.User.ID)
	}
	return ref, err
}

// counts keeps what readers did with the status. Those of a repost are of its
// original, and left out.
func (t *tweet) counts(p *schema.Post) error {
	for _, n := range [...]int{t.FavoriteCount, t.RetweetCount, t.ReplyCount, t.QuoteCount} {
		if n < 0 {
			return mapping.Reject(schema.ReasonBadField, "a count is below zero")
		}
	}
	if p.Kind != schema.KindRepost && t.FavoriteCount+t.RetweetCount+t.ReplyCount+t.QuoteCount != 0 {
		p.Metrics = &schema.Metrics{Likes: uint64(t.FavoriteCount), Reposts: uint64(t.RetweetCount), Replies: uint64(t.ReplyCount), Quotes: uint64(t.QuoteCount)}
	}
	return nil
}
