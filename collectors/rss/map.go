package rss

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"
	ext "github.com/mmcdole/gofeed/extensions"
	"github.com/zeebo/xxh3"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

const collectorName = "rss"

// maxItemID is the longest id of an item that is kept as it is.
const maxItemID = 512

// item is an item of a document: what it says, and how it is known again.
type item struct {
	post    *schema.Post
	id      uint64 // Of the native id.
	content uint64 // Of what an edit changes.
}

// mapper maps the items of one document.
type mapper struct {
	feed  FeedConfig
	title string
	langs []string
	base  *url.URL
	nowMS int64
}

func newMapper(cfg FeedConfig, parsed *gofeed.Feed, from string, now time.Time) *mapper {
	m := &mapper{feed: cfg, title: cfg.Title, nowMS: now.UnixMilli()}
	if m.title == "" {
		m.title = mapping.Short(words(parsed.Title))
	}
	if lang := language(parsed.Language); lang != "" {
		m.langs = []string{lang}
	} else if cfg.Lang != "" {
		m.langs = []string{language(cfg.Lang)}
	}
	m.base, _ = url.Parse(from)
	if site, err := url.Parse(strings.TrimSpace(parsed.Link)); err == nil && m.base != nil && parsed.Link != "" {
		m.base = m.base.ResolveReference(site)
	}
	return m
}

// item maps one item. Its error is a *mapping.Rejection.
func (m *mapper) item(in *gofeed.Item) (item, error) {
	p := &schema.Post{
		Platform: schema.PlatformRSS, Kind: schema.KindItem, CollectedMs: m.nowMS, ClaimedMs: claimed(in),
		Author:    &schema.AccountSnapshot{NativeId: m.feed.URL, Name: m.title},
		Collector: collectorName, Source: m.feed.URL, Langs: m.langs,
	}
	media := mediaOf(in)
	p.Title = mapping.Short(words(either(in.Title, first(media["title"]).Value)))
	link := m.absolute(in.Link)
	for i := 0; link == "" && i < min(len(in.Links), mapping.MaxEntities); i++ {
		link = m.absolute(in.Links[i])
	}
	if link == "" && strings.HasPrefix(in.GUID, "http") {
		link = m.absolute(in.GUID) // A guid is a permalink where nothing else is said.
	}
	if link != "" {
		p.Permalink = link
		mapping.AddLink(p, link)
	}
	p.Text = m.text(p, in, first(media["description"]).Value)
	m.attach(p, in, media["content"])
	if lang := itemLanguage(in); lang != "" {
		p.Langs = []string{lang}
	}
	id := identify(in, p)
	if id == "" {
		return item{}, mapping.Reject(schema.ReasonMissingID, "an item without guid, link, title and text")
	}
	p.NativeId = m.feed.URL + "#" + id
	if size := p.SizeVT(); size > schema.MaxEventBytes {
		return item{}, mapping.Reject(schema.ReasonTooLarge, "an item of %d bytes", size)
	}
	return item{post: p, id: xxh3.HashString(p.NativeId), content: contentHash(p)}, nil
}

// mediaOf are the elements of Media RSS, of an item or of the group in it.
func mediaOf(in *gofeed.Item) map[string][]ext.Extension {
	media := in.Extensions["media"]
	if group := first(media["group"]); len(group.Children) > 0 && len(media["content"]) == 0 {
		return group.Children
	}
	return media
}

func first(of []ext.Extension) (e ext.Extension) {
	if len(of) > 0 {
		e = of[0]
	}
	return e
}

// words is HTML without its markup.
func words(s string) string {
	text, _ := mapping.HTML(s)
	return text
}

// text is the title, a blank line and the body.
func (m *mapper) text(p *schema.Post, in *gofeed.Item, otherwise string) string {
	body := otherwise
	for _, given := range []string{in.Description, in.Content} {
		if strings.TrimSpace(given) != "" {
			body = given
		}
	}
	text, anchors := mapping.HTML(body)
	for _, a := range anchors {
		if href := m.absolute(a.Href); href != "" {
			mapping.AddLink(p, href)
		}
	}
	switch {
	case p.Title == "" || text == p.Title:
		return text
	case text == "":
		return p.Title
	}
	return mapping.Clean(p.Title+"\n\n"+text, mapping.MaxText)
}

// absolute is a URL as it stands in a document, made absolute; empty for what
// leads to no web page.
func (m *mapper) absolute(given string) string {
	given = strings.TrimSpace(given)
	if given == "" || len(given) > mapping.MaxURL {
		return ""
	}
	u, err := url.Parse(given)
	if err != nil {
		return ""
	}
	if !u.IsAbs() {
		if given[0] == '#' || m.base == nil {
			return ""
		}
		u = m.base.ResolveReference(u)
		given = u.String()
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || len(given) > mapping.MaxURL {
		return ""
	}
	return given
}

// attach adds enclosures and media.
func (m *mapper) attach(p *schema.Post, in *gofeed.Item, media []ext.Extension) {
	for _, e := range in.Enclosures {
		if address := m.absolute(e.URL); address != "" {
			mapping.AddLink(p, address)
			addMedia(p, mediaKind(e.Type, ""), address)
		}
	}
	for _, e := range media {
		addMedia(p, mediaKind(e.Attrs["type"], e.Attrs["medium"]), m.absolute(e.Attrs["url"]))
	}
}

func addMedia(p *schema.Post, kind, address string) {
	if kind == "" || address == "" || len(p.Media) >= mapping.MaxEntities {
		return
	}
	for _, known := range p.Media {
		if known.Url == address {
			return
		}
	}
	p.Media = append(p.Media, &schema.Media{Kind: kind, Url: address})
}

// mediaKind is the kind of what has a MIME type or, by Media RSS, a medium.
func mediaKind(mime, medium string) string {
	kind, _, found := strings.Cut(strings.ToLower(strings.TrimSpace(mime)), "/")
	if !found {
		kind = strings.ToLower(medium)
	}
	switch kind {
	case "image", "video", "audio":
		return kind
	}
	return ""
}

// claimed is when an item says that it was published; 0 where it does not, or
// where that cannot be.
func claimed(in *gofeed.Item) int64 {
	for _, at := range []*time.Time{in.PublishedParsed, in.UpdatedParsed} {
		if at != nil && mapping.Plausible(at.UnixMilli()) {
			return at.UnixMilli()
		}
	}
	return 0
}

// identify is what an item is known by within its feed.
func identify(in *gofeed.Item, p *schema.Post) string {
	id := strings.TrimSpace(in.GUID)
	if id == "" {
		id = p.GetPermalink()
	}
	switch {
	case id != "" && len(id) <= maxItemID:
		return mapping.Short(id)
	case id != "":
		return digest(id)
	case p.GetTitle() != "":
		return digest(p.GetTitle() + "\x00" + in.Published)
	case p.GetText() != "":
		return digest(p.GetText() + "\x00" + in.Published)
	}
	return ""
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256:" + hex.EncodeToString(sum[:16])
}

// contentHash changes when an item was edited.
func contentHash(p *schema.Post) uint64 {
	return xxh3.HashString(p.GetTitle() + "\x00" + p.GetText() + "\x00" + p.GetPermalink())
}

// language is a language tag; empty for what is none.
func language(given string) string {
	given = strings.ReplaceAll(strings.TrimSpace(given), "_", "-")
	primary, _, _ := strings.Cut(given, "-")
	if len(primary) < 2 || len(primary) > 3 || len(given) > 35 || !mapping.WordOf(given, "-") || !mapping.WordOf(primary, "") || strings.ContainsAny(primary, "0123456789") {
		return ""
	}
	return given
}

// itemLanguage is the language that an item declares for itself.
func itemLanguage(in *gofeed.Item) string {
	if in.DublinCoreExt == nil || len(in.DublinCoreExt.Language) == 0 {
		return ""
	}
	return language(in.DublinCoreExt.Language[0])
}
