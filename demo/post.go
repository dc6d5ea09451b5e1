package demo

import (
	"slices"
	"strconv"

	"google.golang.org/protobuf/proto"

	"github.com/election-observatory/observatory/schema"
)

// post is what all posts have: who, when, which, and in which language.
func (m *maker) post(acct *account, at place, kind schema.PostKind, d *draw) *schema.Post {
	p, author := take(&m.arena.posts), take(&m.arena.authors)
	author.NativeId, author.Handle, author.Name = acct.id, acct.handle, acct.name
	if d.chance(250) {
		acct.describe(author)
	}
	m.arena.scratch = appendID(m.arena.scratch[:0], acct, at)
	p.Platform, p.Author, p.Kind, p.NativeId = platforms()[acct.platform], author, kind, m.arena.keep(m.arena.scratch)
	p.ClaimedMs, p.CollectedMs, p.ImportedMs, p.Archived = at.ms, at.ms+int64(d.between(300, 2600)), m.imported, true
	if acct.platform == rss {
		p.CollectedMs += int64(d.below(int(15 * minuteMS)))
	}
	p.Collector, p.Source = m.w.sources[acct.platform], m.w.sources[acct.platform]
	p.Langs = m.w.declared(acct, kind, d)
	return p
}

// declared are the languages that a post declares: of Bluesky's reposts none,
// of others mostly one, now and then with a region.
func (w *Week) declared(acct *account, kind schema.PostKind, d *draw) []string {
	none := 10
	if acct.platform == telegram {
		none = 80
	}
	if acct.platform == bluesky && kind == schema.KindRepost || acct.platform != rss && d.chance(none) {
		return nil
	}
	spellings := w.spellings[acct.tongue]
	if d.chance(880) {
		return spellings[0]
	}
	return one(d, spellings)
}

// declare makes a post with a link declare its language: links are counted by
// language, and what a detector takes a text for was not planted.
func (m *maker) declare(p *schema.Post, acct *account) {
	if p.GetLangs() == nil {
		p.Langs = m.w.spellings[acct.tongue][0]
	}
}

// base makes a post of the base, and says what its link counts as.
func (m *maker) base(h *head) (*schema.Post, source) {
	d := h.rest
	target, found := head{}, false
	if h.kind != schema.KindPost && h.kind != schema.KindItem {
		if target, found = m.w.earlier(h, &d); !found {
			h.kind, h.place.repost = schema.KindPost, false
		}
	}
	p := m.post(h.account, h.place, h.kind, &d)
	if found {
		m.refer(p, target.account, target.place)
	}
	m.count(p, &d)
	if h.kind == schema.KindRepost {
		return p, unrated // Its text and links are the original's.
	}
	return p, m.write(p, h, &d)
}

// refer makes a post point to another.
func (m *maker) refer(p *schema.Post, whose *account, which place) {
	ref := take(&m.arena.refs)
	m.arena.scratch = appendID(m.arena.scratch[:0], whose, which)
	ref.NativeId, ref.AuthorId, ref.AuthorHandle = m.arena.keep(m.arena.scratch), whose.id, whose.handle
	switch p.GetKind() {
	case schema.KindReply:
		p.ReplyTo = ref
	case schema.KindQuote:
		p.QuoteOf = ref
	default:
		p.RepostOf = ref
	}
}

// count adds the figures that platforms give with a post.
func (m *maker) count(p *schema.Post, d *draw) {
	if p.GetPlatform() == schema.PlatformBluesky || p.GetPlatform() == schema.PlatformRSS {
		return
	}
	c := take(&m.arena.metrics)
	c.Likes, c.Reposts, c.Replies = uint64(d.early(d.early(400)+1)), uint64(d.early(40)), uint64(d.early(20))
	if p.GetPlatform() != schema.PlatformMastodon {
		c.Views = 20*c.Likes + uint64(d.below(300))
	}
	p.Metrics = c
}

// write writes what a post of the base says.
func (m *maker) write(p *schema.Post, h *head, d *draw) source {
	w := m.w.words[h.account.tongue]
	text := m.arena.scratch[:0]
	linked := 300
	switch h.kind {
	case schema.KindItem:
		p.Title = m.arena.keep(put(text, one(d, w.titles), d))
		text = w.sentences(text[:0], d, 2)
		linked = 1000
	case schema.KindReply:
		text = m.mention(text, p)
		text = append(text, one(d, w.replies)...)
		if d.chance(700) {
			text = w.sentences(text, d, 1)
		}
		linked = 100
	default:
		text = w.sentences(text, d, d.between(1, 3))
		if d.chance(280) {
			text = m.hashtags(text, p, w, d)
		}
	}
	as := unrated
	if d.chance(linked) {
		text, as = m.link(text, p, h, d)
	}
	if d.chance(90) {
		m.image(p, d)
	}
	p.Text, m.arena.scratch = m.arena.keep(text), text
	return as
}

func (m *maker) mention(text []byte, p *schema.Post) []byte {
	if p.GetPlatform() == schema.PlatformBluesky {
		return text // Replies there name nobody.
	}
	handle := p.GetReplyTo().GetAuthorHandle()
	text = append(append(text, '@'), handle...)
	mention := take(&m.arena.mentions)
	mention.NativeId, mention.Handle, mention.End = p.GetReplyTo().GetAuthorId(), handle, uint32(len(text))
	p.Mentions = append(p.Mentions, mention)
	return append(text, ' ')
}

// hashtags adds one or two hashtags.
func (m *maker) hashtags(text []byte, p *schema.Post, w *words, d *draw) []byte {
	first := d.early(len(w.tags))
	p.Hashtags = append(p.Hashtags, w.tags[first])
	if second := d.below(len(w.tags)); second != first && d.chance(400) {
		p.Hashtags = append(p.Hashtags, w.tags[second])
	}
	for _, tag := range p.GetHashtags() {
		text = append(append(text, ' ', '#'), tag...)
	}
	return text
}

// link adds a link; that of a feed's item is to its own story, which it shows as
// its address and not in its text.
func (m *maker) link(text []byte, p *schema.Post, h *head, d *draw) ([]byte, source) {
	l, from := take(&m.arena.links), len(text)
	as := m.w.sites[h.account.name].at(h.place.ms)
	m.declare(p, h.account)
	if h.kind == schema.KindItem {
		text = appendStory(text, h.account.name, h.place.ms, h.place.number)
	} else {
		text = append(text, ' ')
		from++
		text, as = m.w.appendLink(text, h.account.tongue, d, h.place.ms)
	}
	l.Url = m.arena.keep(text[from:])
	p.Links = append(p.Links, l)
	if h.kind == schema.KindItem {
		p.Permalink = l.Url
		text = text[:from]
	}
	return text, as
}

func (m *maker) image(p *schema.Post, d *draw) {
	media, which := take(&m.arena.media), d.early(100_000)
	var number [20]byte
	media.Kind, media.NativeId = "image", m.arena.keep(append([]byte("img"), strconv.AppendInt(number[:0], int64(which), 36)...))
	p.Media = append(p.Media, media)
}

// edited is the next revision of a post: it says one thing more.
func (m *maker) edited(p *schema.Post, acct *account, d *draw) *schema.Post {
	next := proto.CloneOf(p)
	next.Revision = 1
	next.CollectedMs = p.GetClaimedMs() + int64(d.between(3, 40))*minuteMS
	text := append(slices.Clone([]byte(p.GetText())), ' ')
	next.Text = string(m.w.words[acct.tongue].sentence(text, d))
	return next
}

// deleted is the notice of its author that a post is gone.
func (m *maker) deleted(p *schema.Post, d *draw) *schema.Event {
	at := p.GetCollectedMs() + int64(d.between(4, 1200))*minuteMS
	return &schema.Event{Kind: &schema.Event_Delete{Delete: &schema.Delete{
		Platform: p.GetPlatform(), NativeId: p.GetNativeId(), AuthorId: p.GetAuthor().GetNativeId(), ClaimedMs: at, CollectedMs: at + 800, ImportedMs: m.imported,
		Collector: p.GetCollector(), Source: p.GetSource(),
	}}}
}
