// Package mastodon reads statuses as servers with Mastodon's API give them
// (https://docs.joinmastodon.org/entities/Status).
package mastodon

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// status is a Status of the API.
type status struct {
	ID                 string       `json:"id"`
	URI                string       `json:"uri"`
	URL                string       `json:"url"`
	CreatedAt          string       `json:"created_at"`
	EditedAt           string       `json:"edited_at"`
	InReplyToID        string       `json:"in_reply_to_id"`
	InReplyToAccountID string       `json:"in_reply_to_account_id"`
	Sensitive          bool         `json:"sensitive"`
	SpoilerText        string       `json:"spoiler_text"`
	Visibility         string       `json:"visibility"`
	Language           string       `json:"language"`
	Content            string       `json:"content"`
	Favourites         int          `json:"favourites_count"`
	Reblogs            int          `json:"reblogs_count"`
	Replies            int          `json:"replies_count"`
	Reblog             *status      `json:"reblog"`
	Quote              *quote       `json:"quote"`
	Account            *account     `json:"account"`
	Media              []attachment `json:"media_attachments"`
	Mentions           []mention    `json:"mentions"`
	Tags               []struct {
		Name string `json:"name"`
	} `json:"tags"`
	Card *struct {
		URL   string `json:"url"`
		Title string `json:"title"`
	} `json:"card"`
	Application *struct {
		Name string `json:"name"`
	} `json:"application"`
}

type quote struct {
	Status *status `json:"quoted_status"`
}

type account struct {
	Acct        string `json:"acct"`
	URL         string `json:"url"`
	DisplayName string `json:"display_name"`
	Bot         *bool  `json:"bot"`
	NoIndex     *bool  `json:"noindex"`
	Discover    *bool  `json:"discoverable"`
	CreatedAt   string `json:"created_at"`
	Followers   *int   `json:"followers_count"`
	Following   *int   `json:"following_count"`
	Statuses    *int   `json:"statuses_count"`
}

type mention struct {
	ID   string `json:"id"`
	Acct string `json:"acct"`
	URL  string `json:"url"`
}

type attachment struct {
	Type        string `json:"type"`
	URL         string `json:"url"`
	RemoteURL   string `json:"remote_url"`
	Description string `json:"description"`
}

// Decode reads a status. One that is not public is only counted.
func Decode(rec []byte) (mapping.Decoded, error) {
	s, err := read(rec)
	if err != nil {
		return mapping.Decoded{}, err
	}
	return s.decode()
}

func read(rec []byte) (*status, error) {
	if err := mapping.CheckJSON(rec); err != nil {
		return nil, err
	}
	var s status
	return &s, mapping.Unmarshal(rec, &s)
}

func (s *status) decode() (mapping.Decoded, error) {
	if s.Visibility != "public" && s.Visibility != "" {
		return mapping.Decoded{Kind: "not_public"}, nil
	}
	return s.post()
}

// declines says whether the account asks not to be collected: not to be indexed, or, unless
// the study takes these, not to be discovered.
func (s *status) declines(undiscoverable bool) bool {
	a := s.Account
	if a == nil {
		return false
	}
	return a.NoIndex != nil && *a.NoIndex || !undiscoverable && (a.Discover == nil || !*a.Discover)
}

func (s *status) post() (mapping.Decoded, error) {
	id := PostID(s.URI)
	if id == "" {
		return mapping.Decoded{}, mapping.Reject(schema.ReasonMissingID, "a status without uri")
	}
	ms, err := mapping.Moment(s.CreatedAt, "created_at")
	if err != nil {
		return mapping.Decoded{}, err
	}
	author, err := s.Account.snapshot()
	if err != nil {
		return mapping.Decoded{}, err
	}
	p := &schema.Post{
		Platform: schema.PlatformMastodon, NativeId: id, Kind: schema.KindPost, Author: author, ClaimedMs: ms, Sensitive: s.Sensitive,
		Permalink: mapping.Clean(cmp.Or(s.URL, s.URI), mapping.MaxURL),
	}
	if s.EditedAt != "" {
		edited, err := mapping.Moment(s.EditedAt, "edited_at")
		if err != nil {
			return mapping.Decoded{}, err
		}
		p.Revision = uint64(edited)
	}
	if lang := mapping.Short(s.Language); lang != "" {
		p.Langs = []string{lang}
	}
	if s.Application != nil {
		p.Client = mapping.Short(s.Application.Name)
	}
	if s.Reblog != nil {
		if p.RepostOf = s.Reblog.reference(); p.RepostOf == nil {
			return mapping.Decoded{}, mapping.Reject(schema.ReasonMissingID, "a boost of a status without uri")
		}
		p.Kind = schema.KindRepost
		return decoded(p, ms), nil // Its words are those of the other.
	}
	s.references(p)
	s.words(p)
	s.objects(p)
	s.counts(p)
	return decoded(p, ms), nil
}

func decoded(p *schema.Post, ms int64) mapping.Decoded {
	kind := p.Kind.Name()
	if p.Revision > 0 {
		kind += "_update"
	}
	return mapping.Decoded{Kind: kind, MS: ms, Event: &schema.Event{Kind: &schema.Event_Post{Post: p}}}
}

// PostID is how a status is known, wherever it was collected: for servers with Mastodon
// the host and the id there, of others the address that names it to other servers
// (ActivityPub, https://www.w3.org/TR/activitypub/#obj-id); empty for what is none.
func PostID(uri string) string {
	u, err := url.Parse(strings.TrimSpace(uri))
	if err != nil || u.Host == "" || len(uri) > mapping.MaxShort || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	host := strings.ToLower(u.Host)
	if own := ofMastodon.FindStringSubmatch(u.Path); own != nil {
		return host + "/" + own[1]
	}
	if u.RawQuery != "" {
		return mapping.Short(host + u.EscapedPath() + "?" + u.RawQuery)
	}
	return mapping.Short(host + u.EscapedPath())
}

// ofMastodon is the path of a status on a server with Mastodon; that of a boost has its
// activity after it.
var ofMastodon = regexp.MustCompile(`^/(?:ap/users/[0-9]+|users/[^/]+)/statuses/([0-9]{1,20})(?:/activity)?/?$`)

// snapshot is an account, known by the address of its profile: servers number those of
// others in their own way.
func (a *account) snapshot() (*schema.AccountSnapshot, error) {
	if a == nil {
		return nil, mapping.Reject(schema.ReasonMissingUser, "a status without account")
	}
	id := accountID(a.URL)
	if id == "" {
		return nil, mapping.Reject(schema.ReasonMissingUser, "an account without url")
	}
	of := &schema.AccountSnapshot{NativeId: id, Handle: handle(a.Acct, a.URL), Name: mapping.Short(a.DisplayName), Followers: count(a.Followers), Following: count(a.Following), Posts: count(a.Statuses)}
	if at, err := mapping.Moment(a.CreatedAt, "created_at"); err == nil {
		of.CreatedMs = at
	}
	switch {
	case a.Bot == nil:
	case *a.Bot:
		of.DeclaredBot = schema.Declared_DECLARED_YES
	default:
		of.DeclaredBot = schema.Declared_DECLARED_NO
	}
	return of, nil
}

// count is a count; some servers hide it as -1.
func count(n *int) *uint64 {
	if n == nil || *n < 0 {
		return nil
	}
	u := uint64(*n)
	return &u
}

// accountID is the address of a profile without its scheme.
func accountID(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" || len(address) > mapping.MaxShort {
		return ""
	}
	return mapping.Short(strings.ToLower(u.Host) + strings.TrimSuffix(u.EscapedPath(), "/"))
}

// handle is a name with its server, which the API leaves out for accounts of its own.
func handle(acct, address string) string {
	acct = mapping.Short(strings.TrimPrefix(acct, "@"))
	if u, err := url.Parse(address); acct != "" && !strings.Contains(acct, "@") && err == nil && u.Host != "" {
		return acct + "@" + strings.ToLower(u.Host)
	}
	return acct
}

// reference names a status; nil for one that has no name.
func (s *status) reference() *schema.Reference {
	if s == nil || PostID(s.URI) == "" {
		return nil
	}
	ref := &schema.Reference{NativeId: PostID(s.URI)}
	if s.Account != nil {
		ref.AuthorId, ref.AuthorHandle = accountID(s.Account.URL), handle(s.Account.Acct, s.Account.URL)
	}
	return ref
}

// references says what a status quotes or answers. What it answers is an id of the server
// that was asked, which is known where the status is that server's own: then its author
// has no server in its name.
func (s *status) references(p *schema.Post) {
	if s.Quote != nil {
		if p.QuoteOf = s.Quote.Status.reference(); p.QuoteOf != nil {
			p.Kind = schema.KindQuote
		}
	}
	if s.InReplyToID == "" {
		return
	}
	p.Kind, p.ReplyTo = schema.KindReply, &schema.Reference{}
	host, _, _ := strings.Cut(p.NativeId, "/")
	if s.Account != nil && !strings.Contains(s.Account.Acct, "@") && mapping.Digits(s.InReplyToID) {
		p.ReplyTo.NativeId = host + "/" + s.InReplyToID
	}
	for _, m := range s.Mentions {
		if m.ID == s.InReplyToAccountID && m.ID != "" {
			p.ReplyTo.AuthorId, p.ReplyTo.AuthorHandle = accountID(m.URL), handle(m.Acct, m.URL)
		}
	}
}

// words is the warning before a status, a blank line and what it says, with whom it names
// and the links that are neither names nor hashtags.
func (s *status) words(p *schema.Post) {
	warning, _ := mapping.HTML(s.SpoilerText)
	text, anchors := mapping.HTML(s.Content)
	at := 0
	if warning != "" && text != "" {
		warning += "\n\n"
		at = len(warning)
	}
	p.Text = mapping.Clean(warning+text, mapping.MaxText)
	whole := len(p.Text) == len(warning)+len(text)
	named := s.named(p)
	for _, a := range anchors {
		classes := strings.Fields(a.Class)
		switch {
		case slices.Contains(classes, "hashtag"):
		case slices.Contains(classes, "mention"):
			if m := named[accountID(a.Href)]; m != nil && m.End == 0 && whole && a.End > a.Start {
				m.Start, m.End = uint32(at+a.Start), uint32(at+a.End)
			}
		case isPage(a.Href):
			mapping.AddLink(p, strings.TrimSpace(a.Href))
		}
	}
}

// named adds whom a status names, and gives them by the addresses of their profiles.
func (s *status) named(p *schema.Post) map[string]*schema.Mention {
	byURL := map[string]*schema.Mention{}
	for _, m := range s.Mentions[:min(len(s.Mentions), mapping.MaxEntities)] {
		if id, name := accountID(m.URL), handle(m.Acct, m.URL); id != "" || name != "" {
			one := &schema.Mention{NativeId: id, Handle: name}
			p.Mentions, byURL[id] = append(p.Mentions, one), one
		}
	}
	return byURL
}

func isPage(address string) bool {
	u, err := url.Parse(strings.TrimSpace(address))
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// objects adds the title of what a card shows, hashtags and media.
func (s *status) objects(p *schema.Post) {
	if s.Card != nil && s.Card.URL != "" {
		if link := mapping.AddLink(p, s.Card.URL); link != nil {
			link.Title = mapping.Short(s.Card.Title)
		}
	}
	for _, t := range s.Tags[:min(len(s.Tags), mapping.MaxEntities)] {
		if name := mapping.Short(t.Name); name != "" {
			p.Hashtags = append(p.Hashtags, name)
		}
	}
	for _, m := range s.Media[:min(len(s.Media), mapping.MaxEntities)] {
		kind := "image"
		switch m.Type {
		case "video", "audio":
			kind = m.Type
		case "gifv":
			kind = "animation"
		}
		if address := mapping.Clean(cmp.Or(m.RemoteURL, m.URL), mapping.MaxURL); address != "" { // A copy on another server has another address.
			p.Media = append(p.Media, &schema.Media{Kind: kind, Url: address, Alt: mapping.Clean(m.Description, mapping.MaxText)})
		}
	}
}

func (s *status) counts(p *schema.Post) {
	if likes, reposts, replies := max(s.Favourites, 0), max(s.Reblogs, 0), max(s.Replies, 0); likes+reposts+replies > 0 {
		p.Metrics = &schema.Metrics{Likes: uint64(likes), Reposts: uint64(reposts), Replies: uint64(replies)}
	}
}
