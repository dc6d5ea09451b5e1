package x

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// scope is what a response says of all of its posts.
type scope struct {
	included  included
	rules     []string
	collected int64
}

// decode reads a post, or a message of the compliance stream.
func (c *scope) decode(raw []byte) (mapping.Decoded, error) {
	var t tweet
	if err := mapping.Unmarshal(raw, &t); err != nil {
		return mapping.Decoded{}, err
	}
	switch {
	case t.Delete != nil:
		ms, err := mapping.Moment(t.Delete.EventAt, "event_at")
		if err != nil {
			return mapping.Decoded{}, err
		}
		return deletion(t.Delete.Tweet.ID, t.Delete.Tweet.AuthorID, ms)
	case t.UserDelete != nil:
		return t.UserDelete.decode(schema.AccountStatus_ACCOUNT_STATUS_DELETED)
	case t.UserSuspend != nil:
		return t.UserSuspend.decode(schema.AccountStatus_ACCOUNT_STATUS_SUSPENDED)
	case t.UserUnsuspend != nil:
		return t.UserUnsuspend.decode(schema.AccountStatus_ACCOUNT_STATUS_ACTIVE)
	case t.ID == "" && t.isNotice():
		return mapping.Decoded{Kind: "compliance_other"}, nil
	}
	return c.post(&t)
}

// isNotice says whether a message is one of the compliance stream of which only the kind
// matters.
func (t *tweet) isNotice() bool {
	return len(t.Drop)+len(t.Undrop)+len(t.Withheld)+len(t.TweetEdit)+len(t.UserUndelete)+len(t.UserProtect)+len(t.UserUnprotect)+len(t.UserWithheld) > 0
}

func (c *scope) post(t *tweet) (mapping.Decoded, error) {
	if !mapping.Digits(t.ID) {
		return mapping.Decoded{}, mapping.Reject(schema.ReasonMissingID, "a post without id")
	}
	ms, err := mapping.Moment(t.CreatedAt, "created_at")
	if err != nil {
		return mapping.Decoded{}, err
	}
	author, err := c.author(t)
	if err != nil {
		return mapping.Decoded{}, err
	}
	given, named := t.words()
	text, at := mapping.CleanTweet(given)
	p := &schema.Post{
		Platform: schema.PlatformX, Kind: schema.KindPost, Author: author, ClaimedMs: ms, CollectedMs: c.collected, Text: text, Sensitive: t.Sensitive,
		Client: mapping.Short(t.Source), Rules: c.rules,
	}
	if p.NativeId, p.Revision, err = revision(t.ID, t.History); err != nil {
		return mapping.Decoded{}, err
	}
	p.Permalink = "https://twitter.com/i/status/" + p.NativeId
	if lang := mapping.Short(t.Lang); mapping.TweetLanguage(lang) {
		p.Langs = []string{lang}
	}
	if err := c.references(t, p); err != nil {
		return mapping.Decoded{}, err
	}
	if err := t.counts(p); err != nil {
		return mapping.Decoded{}, err
	}
	c.mentions(t, named, p, at)
	c.objects(t, p)
	kind := p.Kind.Name()
	if p.Revision > 0 {
		kind += "_update"
	}
	return mapping.Decoded{Kind: kind, MS: ms, Event: &schema.Event{Kind: &schema.Event_Post{Post: p}}}, nil
}

// words is the whole text and what goes with it.
func (t *tweet) words() (string, *entities) {
	if t.NoteTweet != nil && t.NoteTweet.Text != "" {
		return t.NoteTweet.Text, cmp.Or(t.NoteTweet.Entities, t.Entities)
	}
	return t.Text, t.Entities
}

// author is who wrote a post, with the profile where the response has it.
func (c *scope) author(t *tweet) (*schema.AccountSnapshot, error) {
	if !mapping.Digits(t.AuthorID) {
		return nil, mapping.Reject(schema.ReasonMissingUser, "a post without author_id")
	}
	u := cmp.Or(t.Author, c.included.users[t.AuthorID])
	if u == nil {
		return &schema.AccountSnapshot{NativeId: t.AuthorID}, nil
	}
	a := &schema.AccountSnapshot{NativeId: t.AuthorID, Handle: mapping.Short(u.Username), Name: mapping.Short(u.Name), Verified: u.Verified}
	var err error
	if u.CreatedAt != "" {
		if a.CreatedMs, err = mapping.Moment(u.CreatedAt, "created_at of the author"); err != nil {
			return nil, err
		}
	}
	if u.Metrics == nil {
		return a, nil
	}
	if a.Followers, err = mapping.Count("followers_count", u.Metrics.Followers); err != nil {
		return nil, err
	}
	if a.Following, err = mapping.Count("following_count", u.Metrics.Following); err != nil {
		return nil, err
	}
	a.Posts, err = mapping.Count("tweet_count", u.Metrics.Posts)
	return a, err
}

// references says what a post repeats, quotes or answers.
func (c *scope) references(t *tweet, p *schema.Post) error {
	for i := range t.ReferencedTweets[:min(len(t.ReferencedTweets), mapping.MaxEntities)] {
		r := &t.ReferencedTweets[i]
		if !mapping.Digits(r.ID) {
			return mapping.Reject(schema.ReasonBadField, "referenced_tweets holds no id")
		}
		of := c.referenced(r)
		switch r.Type {
		case "retweeted":
			p.Kind, p.RepostOf = schema.KindRepost, of
		case "quoted":
			p.QuoteOf = of
		case "replied_to":
			p.ReplyTo = of
			if p.ReplyTo.AuthorId == "" {
				p.ReplyTo.AuthorId = t.InReplyToUserID
			}
			if u := cmp.Or(t.InReplyToUser, c.included.users[p.ReplyTo.AuthorId]); u != nil && p.ReplyTo.AuthorHandle == "" {
				p.ReplyTo.AuthorHandle = mapping.Short(u.Username)
			}
		}
	}
	switch {
	case p.RepostOf != nil:
		p.ReplyTo, p.QuoteOf = nil, nil
	case p.ReplyTo != nil:
		p.Kind = schema.KindReply
	case p.QuoteOf != nil:
		p.Kind = schema.KindQuote
	}
	return nil
}

// whole is a referenced post as the response has it, or what little it says of it.
func (c *scope) whole(r *reference) *tweet {
	if r.AuthorID != "" {
		return &r.tweet
	}
	return cmp.Or(c.included.tweets[r.ID], &r.tweet)
}

func (c *scope) referenced(r *reference) *schema.Reference {
	of := c.whole(r)
	ref := &schema.Reference{NativeId: r.ID}
	if len(of.History) > 0 && mapping.Digits(of.History[0]) { // An edit is a version of its first.
		ref.NativeId = of.History[0]
	}
	if mapping.Digits(of.AuthorID) {
		ref.AuthorId = of.AuthorID
	}
	if u := cmp.Or(of.Author, c.included.users[of.AuthorID]); u != nil {
		ref.AuthorHandle = mapping.Short(u.Username)
	}
	return ref
}

// counts keeps what readers did with the post. Those of a repost are of its original,
// and left out.
func (t *tweet) counts(p *schema.Post) error {
	m := t.Metrics
	if m == nil || p.Kind == schema.KindRepost {
		return nil
	}
	for _, n := range [...]int{m.Likes, m.Reposts, m.Replies, m.Quotes, m.Impressions} {
		if n < 0 {
			return mapping.Reject(schema.ReasonBadField, "a count is below zero")
		}
	}
	if *m != (metrics{}) {
		p.Metrics = &schema.Metrics{Likes: uint64(m.Likes), Reposts: uint64(m.Reposts), Replies: uint64(m.Replies), Quotes: uint64(m.Quotes), Views: uint64(m.Impressions)}
	}
	return nil
}

// mentions adds whom the text names, by id where the response says whose the name is.
func (c *scope) mentions(t *tweet, named *entities, p *schema.Post, at mapping.Places) {
	if named == nil {
		return
	}
	for _, m := range named.Mentions[:min(len(named.Mentions), mapping.MaxEntities)] {
		id := m.ID
		if u := c.included.named[strings.ToLower(m.Username)]; id == "" && u != nil {
			id = u.ID
		}
		if id == "" && t.InReplyToUser != nil && strings.EqualFold(t.InReplyToUser.Username, m.Username) {
			id = t.InReplyToUser.ID
		}
		if id != "" && !mapping.Digits(id) {
			id = ""
		}
		if id != "" || m.Username != "" {
			p.Mentions = append(p.Mentions, mapping.Mention(id, m.Username, p.Text, at, m.Start, m.End))
		}
	}
}

// ofMedia are the addresses that X gives for a post's own media.
var ofMedia = regexp.MustCompile(`^https://(twitter|x)\.com/[^/]+/status/[0-9]+/(photo|video)/`)

// objects adds links, hashtags and media. A repost has those of its original, whose own
// are whole where those of the repost were cut with its text.
func (c *scope) objects(t *tweet, p *schema.Post) {
	of := t
	for i := range t.ReferencedTweets {
		if r := &t.ReferencedTweets[i]; r.Type == "retweeted" {
			if whole := c.whole(r); whole.Text != "" {
				of = whole
			}
		}
	}
	if _, named := of.words(); named != nil {
		of.addLinks(p, named)
	}
	given := slices.DeleteFunc(slices.Clone(of.Attachments.Media), func(m media) bool { return m.Key == "" }) // Flattening leaves null for what was not included.
	if len(given) == 0 {
		for _, key := range of.Attachments.MediaKeys {
			if m := c.included.media[key]; m != nil {
				given = append(given, *m)
			} else {
				given = append(given, media{Key: key, Type: "photo"})
			}
		}
	}
	for _, m := range given[:min(len(given), mapping.MaxEntities)] {
		addMedia(p, &m)
	}
}

// ofStatus is the address of a post.
var ofStatus = regexp.MustCompile(`^https://(?:twitter|x)\.com/(?:i/web|[^/]+)/status/([0-9]+)$`)

// itself says whether an address is the post's own, which X puts into texts that it cuts
// or lets be edited.
func (t *tweet) itself(url string) bool {
	of := ofStatus.FindStringSubmatch(url)
	return of != nil && (of[1] == t.ID || slices.Contains(t.History, of[1]))
}

func (t *tweet) addLinks(p *schema.Post, named *entities) {
	for _, u := range named.URLs[:min(len(named.URLs), mapping.MaxEntities)] {
		url := cmp.Or(u.Unwound, u.Expanded, u.URL)
		if url == "" || u.MediaKey != "" || ofMedia.MatchString(url) || t.itself(url) {
			continue
		}
		link := &schema.Link{Url: mapping.Clean(url, mapping.MaxURL), Title: mapping.Short(u.Title)}
		if u.URL != link.Url {
			link.Short = mapping.Clean(u.URL, mapping.MaxURL)
		}
		p.Links = append(p.Links, link)
	}
	for _, h := range named.Hashtags[:min(len(named.Hashtags), mapping.MaxEntities)] {
		if tag := mapping.Short(h.Tag); tag != "" {
			p.Hashtags = append(p.Hashtags, tag)
		}
	}
}

func addMedia(p *schema.Post, m *media) {
	kind := "image"
	switch m.Type {
	case "video":
		kind = "video"
	case "animated_gif":
		kind = "animation"
	}
	id := m.Key[strings.IndexByte(m.Key, '_')+1:] // As API v1.1 names it.
	if !mapping.Digits(id) {
		id = ""
	}
	if url := mapping.Clean(cmp.Or(m.URL, m.Preview), mapping.MaxURL); id != "" || url != "" {
		p.Media = append(p.Media, &schema.Media{Kind: kind, NativeId: id, Url: url, Alt: mapping.Clean(m.Alt, mapping.MaxText)})
	}
}

// decode is what became of the account.
func (a *account) decode(status schema.AccountStatus) (mapping.Decoded, error) {
	ms, err := mapping.Moment(a.EventAt, "event_at")
	if err != nil {
		return mapping.Decoded{}, err
	}
	if !mapping.Digits(a.User.ID) {
		return mapping.Decoded{}, mapping.Reject(schema.ReasonMissingUser, "a notice that names no account")
	}
	return mapping.Decoded{Kind: "account", MS: ms, Event: &schema.Event{Kind: &schema.Event_Account{Account: &schema.AccountSnapshot{
		Platform: schema.PlatformX, NativeId: a.User.ID, Status: status, CollectedMs: ms,
	}}}}, nil
}
