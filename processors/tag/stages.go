package tag

import (
	"cmp"
	"strings"

	"github.com/google/uuid"

	"github.com/election-observatory/observatory/processors/match"
	"github.com/election-observatory/observatory/processors/urls"
	"github.com/election-observatory/observatory/schema"
)

const (
	dayMS        = 24 * 60 * 60 * 1000
	oldestClaim  = 30 * dayMS    // Before collection.
	newestClaim  = 5 * 60 * 1000 // After collection.
	firstMS      = 631152000000  // 1990-01-01: no archive of social posts is older.
	lastMS       = 4102444800000 // 2100-01-01
	beforeLastMS = lastMS - 1
)

// bound keeps a time inside what the store's columns can hold; 0 stays 0.
func bound(ms int64) int64 { return min(max(ms, 0), beforeLastMS) }

func dayOf(ms int64) uint16 { return uint16(ms / dayMS) }

// times derives the event time. A live claim may lie at most 30 days before and
// 5 minutes after its collection; an archive is trusted, within a century.
// Without a claim the time of collection stands for it.
func (t *Tagger) times(p *schema.Post, post *Post) {
	post.Archived = p.GetArchived()
	post.ClaimedMS, post.CollectedMS, post.ImportedMS = bound(p.GetClaimedMs()), bound(p.GetCollectedMs()), bound(p.GetImportedMs())
	if post.CollectedMS == 0 {
		post.CollectedMS = post.ClaimedMS
	}
	if post.ImportedMS == 0 {
		post.ImportedMS = post.CollectedMS
	}
	claim := p.GetClaimedMs()
	if claim == 0 {
		claim, post.ClaimedMS = post.CollectedMS, post.CollectedMS
	}
	post.CreatedMS = eventTime(claim, post.CollectedMS, post.Archived)
	post.Clamped = post.CreatedMS != claim
}

// eventTime bounds a claim.
func eventTime(claim, collected int64, archived bool) int64 {
	low, high := collected-oldestClaim, collected+newestClaim
	if archived {
		low, high = firstMS, beforeLastMS
	}
	return bound(min(max(claim, low), high))
}

// identity derives who and which: the pseudonyms of the post and its author,
// its version, and what is known of the author.
func (t *Tagger) identity(p *schema.Post, hash uint64, ev *Event) {
	post, author := ev.Post, p.GetAuthor()
	post.IdentityMS = schema.IdentityTime(post.Platform, post.NativeID)
	post.IDDay = dayOf(post.IdentityMS)
	post.PostID = t.pseudonyms.id(purposePost, post.Platform, post.NativeID)
	post.AccountID = t.account(post.Platform, author.GetNativeId(), author.GetHandle())
	post.Version = version(false, post.Revision, post.CollectedMS, hash)
	post.Permalink = p.GetPermalink()
	if knows(author) {
		post.Author = t.snapshot(author, post.Platform, post.CollectedMS, post.ImportedMS, hash)
		post.Author.Collector, post.Author.Source = post.Collector, post.Source
	}
	if author != nil {
		t.identify(ev, post.Platform, author.GetNativeId(), author.GetHandle(), author.GetName(), post.CollectedMS, post.ImportedMS, hash)
	}
}

// knows says whether a snapshot says more than who it is of.
func knows(a *schema.AccountSnapshot) bool {
	return a != nil && (a.Followers != nil || a.Following != nil || a.Posts != nil || a.GetCreatedMs() != 0 ||
		a.GetDeclaredBot() != schema.Declared_DECLARED_UNKNOWN || a.GetVerified() || a.GetStatus() != schema.AccountStatus_ACCOUNT_STATUS_UNSPECIFIED)
}

// weight orders the snapshots of one account and day, of which one is kept: that
// it was suspended or deleted says more than its counts, and these more than that
// it is active.
func weight(a *schema.AccountSnapshot) uint64 {
	switch {
	case a.GetStatus() != schema.AccountStatus_ACCOUNT_STATUS_UNSPECIFIED && a.GetStatus() != schema.AccountStatus_ACCOUNT_STATUS_ACTIVE:
		return 2
	case a.Followers != nil || a.Following != nil || a.Posts != nil:
		return 1
	}
	return 0
}

func (t *Tagger) snapshot(a *schema.AccountSnapshot, p schema.Platform, collected, imported int64, hash uint64) *Account {
	account := &t.author
	*account = Account{
		Platform: p, AccountID: t.account(p, a.GetNativeId(), a.GetHandle()), Version: version(false, weight(a), collected, hash),
		CollectedMS: collected, ImportedMS: cmp.Or(imported, collected),
		Followers: a.Followers, Following: a.Following, Posts: a.Posts, CreatedMS: bound(a.GetCreatedMs()),
		DeclaredBot: a.GetDeclaredBot(), Verified: a.GetVerified(), Status: a.GetStatus(),
	}
	return account
}

// identify notes which account a pseudonym stands for.
func (t *Tagger) identify(ev *Event, p schema.Platform, nativeID, handle, name string, collected, imported int64, hash uint64) {
	if nativeID == "" && handle == "" {
		return
	}
	ev.Identities = append(ev.Identities, Identity{
		Platform: p, AccountID: t.account(p, nativeID, handle), Version: version(false, 0, collected, hash),
		NativeID: nativeID, Handle: handle, Name: name, CollectedMS: collected, ImportedMS: cmp.Or(imported, collected),
	})
}

// references derives the pseudonyms of the posts and accounts that the post
// points to.
func (t *Tagger) references(p *schema.Post, ev *Event) {
	post := ev.Post
	resolve := func(ref *schema.Reference) (which, whose uuid.UUID) {
		if ref.GetNativeId() == "" {
			return uuid.UUID{}, uuid.UUID{}
		}
		t.identify(ev, post.Platform, ref.GetAuthorId(), ref.GetAuthorHandle(), "", post.CollectedMS, post.ImportedMS, 0)
		return t.pseudonyms.id(purposePost, post.Platform, ref.GetNativeId()), t.account(post.Platform, ref.GetAuthorId(), ref.GetAuthorHandle())
	}
	post.ReplyTo, post.ReplyToAccount = resolve(p.GetReplyTo())
	post.RepostOf, post.RepostOfAccount = resolve(p.GetRepostOf())
	post.QuoteOf, post.QuoteOfAccount = resolve(p.GetQuoteOf())
	for _, m := range p.GetMentions() {
		if m.GetNativeId() == "" && m.GetHandle() == "" {
			continue
		}
		t.identify(ev, post.Platform, m.GetNativeId(), m.GetHandle(), "", post.CollectedMS, post.ImportedMS, 0)
		post.Mentions = append(post.Mentions, t.account(post.Platform, m.GetNativeId(), m.GetHandle()))
	}
}

// text masks the text and the title, and keeps the raw text where it differs.
func (t *Tagger) text(p *schema.Post, post *Post) {
	post.Text = t.mask.text(p.GetText(), true)
	post.Title = t.mask.text(p.GetTitle(), false)
	if post.Text != p.GetText() {
		post.RawText = p.GetText()
	}
}

// links derives the links, each URL once, before the text that shows them. URLs
// are masked but not made canonical: two spellings of one address are two links.
func (t *Tagger) links(p *schema.Post, post *Post) {
	for _, link := range p.GetLinks() {
		given := link.GetUrl()
		if given == "" {
			given = link.GetShort()
		}
		if given == "" {
			continue
		}
		if len(post.Links) >= t.cfg.MaxLinks {
			break
		}
		host, rest := urls.Cut(given)
		t.mask.owner = uuid.UUID{}
		masked := t.mask.cut(given, host, rest)
		t.mask.link(given, link.GetShort(), masked)
		if hasLink(post.Links, masked) {
			continue
		}
		link := Link{URL: masked}
		if canonical := t.urls.Canonical(given); canonical != given {
			host, rest = urls.Cut(canonical)
			if masked := t.mask.cut(canonical, host, rest); masked != link.URL {
				link.Canonical = masked
			}
		}
		if isAccountName(first(link.Canonical, link.URL)) {
			link.Account = t.mask.owner
		}
		link.Domain, link.Unresolved = t.urls.Registrable(host), t.shorteners[strings.TrimPrefix(host, "www.")]
		post.Links = append(post.Links, link)
	}
}

func hasLink(links []Link, url string) bool {
	for i := range links {
		if links[i].URL == url {
			return true
		}
	}
	return false
}

// objects derives hashtags, media, counts and shares.
func (t *Tagger) objects(p *schema.Post, post *Post) {
	for _, tag := range p.GetHashtags() {
		if tag != "" {
			post.Hashtags = append(post.Hashtags, t.mask.text(strings.ToLower(tag), false))
		}
	}
	for _, m := range p.GetMedia() {
		id := m.GetNativeId()
		if id == "" {
			id = m.GetUrl()
		}
		if id != "" {
			post.Media = append(post.Media, Media{Kind: m.GetKind(), ID: t.pseudonyms.id(purposeMedia, post.Platform, id).String()})
		}
	}
	for _, share := range p.GetShares() {
		created := share.GetClaimedMs()
		if created == 0 {
			created = post.CreatedMS
		}
		post.Shares = append(post.Shares, Share{Kind: share.GetKind(), ObjectID: t.shared(post.Platform, share), CreatedMS: bound(created)})
	}
	if m := p.GetMetrics(); m != nil {
		post.Likes, post.Reposts, post.Replies, post.Quotes, post.Views = m.GetLikes(), m.GetReposts(), m.GetReplies(), m.GetQuotes(), m.GetViews()
	}
	post.Client, post.Sensitive = t.mask.text(p.GetClient(), false), p.GetSensitive()
}

// shared is a shared object in the terms of the store.
func (t *Tagger) shared(p schema.Platform, share *schema.Share) string {
	switch share.GetKind() {
	case "url":
		return t.mask.url(share.GetObject())
	case "repost", "reply":
		return t.pseudonyms.id(purposePost, p, share.GetObject()).String()
	case "media":
		return t.pseudonyms.id(purposeMedia, p, share.GetObject()).String()
	case "text":
		return t.mask.text(share.GetObject(), false)
	}
	return t.mask.text(strings.ToLower(share.GetObject()), false)
}

// queries says which of the study's queries the post matches, beside the rules
// that the platform itself applied.
func (t *Tagger) queries(p *schema.Post, post *Post) {
	post.Queries = append(post.Queries, p.GetRules()...)
	post.QuerySet = t.cfg.Queries.Version()
	if post.QuerySet == "" {
		return
	}
	t.linked = t.linked[:0]
	for i := range post.Links {
		t.linked = append(t.linked, post.Links[i].Domain)
	}
	post.Queries = t.matcher.Match(post.Queries, match.Text{
		Title: post.Title, Text: post.Text, Hashtags: post.Hashtags, Domains: t.linked, Lang: post.Lang, CreatedMS: post.CreatedMS,
	})
}
