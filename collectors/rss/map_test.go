package rss

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/election-observatory/observatory/schema"
)

func readString(text string) reading {
	return readDocument(FeedConfig{URL: "https://news.example.org/feed"}, []byte(text), "", "https://news.example.org/feed", noon)
}

// TestItems maps one item of a document each.
func TestItems(t *testing.T) {
	t.Parallel()
	published := time.Date(2024, 6, 4, 8, 30, 0, 0, time.UTC).UnixMilli()
	for name, c := range map[string]struct {
		document                      string
		id, title, text, link, author string
		links, langs                  []string
		media                         []string
		claimed                       int64
	}{
		"RSS": {
			document: `<rss version="2.0"><channel><title>News &amp; more</title><language>pt-br</language><item><guid isPermaLink="false">a-1</guid>
				<title>Polls open</title><link>https://news.example.org/1</link><pubDate>Tue, 04 Jun 2024 08:30:00 GMT</pubDate>
				<description>&lt;p&gt;All &lt;b&gt;stations&lt;/b&gt;&lt;br&gt;are &lt;a href="/map?a=1&amp;amp;b=2"&gt;open&lt;/a&gt;.&lt;/p&gt;&lt;script&gt;x()&lt;/script&gt;</description>
				<enclosure url="https://media.example.org/1.mp3" type="audio/mpeg"/><category>Elections</category></item></channel></rss>`,
			id: "a-1", title: "Polls open", text: "Polls open\n\nAll stations\nare open.", link: "https://news.example.org/1", author: "News & more",
			links: []string{"https://news.example.org/1", "https://news.example.org/map?a=1&b=2", "https://media.example.org/1.mp3"}, langs: []string{"pt-br"},
			media: []string{"audio https://media.example.org/1.mp3"}, claimed: published,
		},
		"RSS 1.0": {
			document: `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
				<channel><title>R</title></channel><item rdf:about="u"><title>T</title><link>https://a.example/</link><dc:date>2024-06-04T08:30:00Z</dc:date><dc:language>de</dc:language></item></rdf:RDF>`,
			id: "https://a.example/", title: "T", text: "T", link: "https://a.example/", author: "R", links: []string{"https://a.example/"}, langs: []string{"de"}, claimed: published,
		},
		"Atom": {
			document: `<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr"><title type="html">L&amp;eacute;gislatives</title><entry><id>tag:1</id><title>Résultats</title>
				<link rel="alternate" href="/r"/><updated>2024-06-04T10:30:00+02:00</updated><summary>court</summary><content type="html">&lt;div&gt;long &amp;lt;3&lt;/div&gt;</content></entry></feed>`,
			id: "tag:1", title: "Résultats", text: "Résultats\n\nlong <3", link: "https://news.example.org/r", author: "Législatives", links: []string{"https://news.example.org/r"}, langs: []string{"fr"}, claimed: published,
		},
		"JSON": {
			document: `{"version":"https://jsonfeed.org/version/1.1","title":"J","language":"en","items":[{"id":7,"url":"https://j.example/7","content_text":"a < b","date_published":"2024-06-04T08:30:00Z"}]}`,
			id:       "7", text: "a < b", link: "https://j.example/7", author: "J", links: []string{"https://j.example/7"}, langs: []string{"en"}, claimed: published,
		},
		"a guid that is the link":   {document: oneItem(`<guid>https://a.example/x</guid>`), id: "https://a.example/x", link: "https://a.example/x", links: []string{"https://a.example/x"}},
		"the link for want of guid": {document: oneItem(`<link>https://a.example/x</link>`), id: "https://a.example/x", link: "https://a.example/x", links: []string{"https://a.example/x"}},
		"a hash for want of both":   {document: oneItem(`<title>T</title>`), id: digest("T\x00"), title: "T", text: "T"},
		"a hash of the text":        {document: oneItem(`<description>D</description>`), id: digest("D\x00"), text: "D"},
		"a long guid":               {document: oneItem(`<guid>` + strings.Repeat("x", 600) + `</guid>`), id: digest(strings.Repeat("x", 600))},
		"a title that is the text":  {document: oneItem(`<guid>1</guid><title>Same</title><description>Same</description>`), id: "1", title: "Same", text: "Same"},
		"a link to nowhere":         {document: oneItem(`<guid>1</guid><link>javascript:alert(1)</link>`), id: "1"},
		"a time that cannot be":     {document: oneItem(`<guid>1</guid><pubDate>Tue, 04 Jun 1024 08:30:00 GMT</pubDate>`), id: "1"},
		"a time that is none":       {document: oneItem(`<guid>1</guid><pubDate>yesterday</pubDate>`), id: "1"},
		"a bad byte":                {document: oneItem("<guid>1</guid><title>éé\x00b\xffc\x0b&#0;d&#x1F;e&#xFFFF;</title>"), id: "1", title: "éé b\uFFFDc d e", text: "éé b\uFFFDc d e"},
		"media":                     {document: oneItem(`<guid>1</guid><media:content xmlns:media="http://search.yahoo.com/mrss/" url="https://a.example/v" medium="video"/>`), id: "1", media: []string{"video https://a.example/v"}},
		"a group of media": {
			document: oneItem(`<guid>1</guid><media:group xmlns:media="http://search.yahoo.com/mrss/"><media:title>T</media:title><media:content url="https://a.example/v" type="video/mp4"/><media:description>It shows.</media:description></media:group>`),
			id:       "1", title: "T", text: "T\n\nIt shows.", media: []string{"video https://a.example/v"},
		},
		"windows-1252":               {document: `<?xml version="1.0" encoding="windows-1252"?>` + oneItem("<guid>1</guid><title>\x93caf\xe9\x94</title>"), id: "1", title: "“café”", text: "“café”"},
		"UTF-8 that claims Latin":    {document: `<?xml version="1.0" encoding="iso-8859-1"?>` + oneItem("<guid>1</guid><title>café</title>"), id: "1", title: "café", text: "café"},
		"KOI8-R":                     {document: `<?xml version="1.0" encoding="koi8-r"?>` + oneItem("<guid>1</guid><title>\xd7\xd9\xc2\xcf\xd2\xd9</title>"), id: "1", title: "выборы", text: "выборы"},
		"UTF-16":                     {document: utf16("\uFEFF" + oneItem("<guid>1</guid><title>é</title>")), id: "1", title: "é", text: "é"},
		"after a warning":            {document: "Warning: deprecated\n<?xml version=\"1.0\"?>" + oneItem("<guid>1</guid>"), id: "1"},
		"after a comment":            {document: "<!--" + strings.Repeat(" ", 5000) + "-->" + oneItem("<guid>1</guid>"), id: "1"},
		"before garbage":             {document: oneItem("<guid>1</guid>") + "<!-- cached --><script>", id: "1"},
		"entities of HTML":           {document: oneItem("<guid>1</guid><title>a&nbsp;b &amp; c &ndash; d & e</title>"), id: "1", title: "a b & c – d & e", text: "a b & c – d & e"},
		"a language that is nonsens": {document: strings.Replace(oneItem("<guid>1</guid>"), "<channel>", "<channel><language>English (US)</language>", 1), id: "1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := readString(c.document)
			if len(got.items) != 1 || len(got.refused) != 0 {
				t.Fatalf("%d items, refused %+v", len(got.items), got.refused)
			}
			p := got.items[0].post
			links, media := []string(nil), []string(nil)
			for _, l := range p.GetLinks() {
				links = append(links, l.GetUrl())
			}
			for _, m := range p.GetMedia() {
				media = append(media, m.GetKind()+" "+m.GetUrl())
			}
			for what, pair := range map[string][2]any{
				"id": {p.GetNativeId(), "https://news.example.org/feed#" + c.id}, "title": {p.GetTitle(), c.title}, "text": {p.GetText(), c.text},
				"link": {p.GetPermalink(), c.link}, "author": {p.GetAuthor().GetName(), c.author}, "claimed": {p.GetClaimedMs(), c.claimed},
				"links": {fmt.Sprint(links), fmt.Sprint(c.links)}, "media": {fmt.Sprint(media), fmt.Sprint(c.media)}, "langs": {fmt.Sprint(p.GetLangs()), fmt.Sprint(c.langs)},
			} {
				if pair[0] != pair[1] {
					t.Errorf("%s is %q, want %q", what, pair[0], pair[1])
				}
			}
			if p.GetKind() != schema.KindItem || p.GetAuthor().GetNativeId() != "https://news.example.org/feed" || p.GetCollector() != "rss" ||
				p.GetArchived() || p.GetCollectedMs() != noon.UnixMilli() || p.GetImportedMs() != 0 || len(p.GetHashtags()) != 0 {
				t.Errorf("%v", p)
			}
		})
	}
}

// oneItem is a document with one item.
func oneItem(inside string) string {
	return `<rss version="2.0"><channel><item>` + inside + `</item></channel></rss>`
}

func utf16(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteByte(byte(r))
		b.WriteByte(byte(r >> 8))
	}
	return b.String()
}

// TestPersonsAreNotKept looks for authors in everything that is made of a feed.
func TestPersonsAreNotKept(t *testing.T) {
	t.Parallel()
	for _, document := range []string{
		`<rss xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><managingEditor>jane@example.org (Jane Roe)</managingEditor><webMaster>Jane Roe</webMaster><item><guid>1</guid><title>T</title>
			<author>jane@example.org (Jane Roe)</author><dc:creator>Jane Roe</dc:creator><itunes:author>Jane Roe</itunes:author></item></channel></rss>`,
		`<feed xmlns="http://www.w3.org/2005/Atom"><author><name>Jane Roe</name></author><entry><id>1</id><title>T</title><author><name>Jane Roe</name><email>jane@example.org</email></author><contributor><name>Jane Roe</name></contributor></entry></feed>`,
		`{"items":[{"id":"1","title":"T","author":{"name":"Jane Roe"},"authors":[{"name":"Jane Roe","url":"mailto:jane@example.org"}]}]}`,
	} {
		got := readString(document)
		if len(got.items) != 1 {
			t.Fatalf("%+v", got)
		}
		if text := got.items[0].post.String(); strings.Contains(strings.ToLower(text), "jane") {
			t.Errorf("%s", text)
		}
	}
}

// TestRepeatedIDs are one item where they say the same, and two where they do not.
func TestRepeatedIDs(t *testing.T) {
	t.Parallel()
	got := readString(`<rss><channel><item><guid>1</guid><title>A</title></item><item><guid>1</guid><title>A</title></item><item><guid>1</guid><title>B</title></item></channel></rss>`)
	var titles []string
	for _, it := range got.items {
		titles = append(titles, it.post.GetTitle())
	}
	if !slices.Equal(titles, []string{"A", "B"}) || got.items[0].id == got.items[1].id {
		t.Errorf("%q", titles)
	}
}

func TestPlainText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", " a \n\t b ": "a b", "a<br/>b": "a\nb", "<p>a</p><p>b</p>": "a\nb", "a<b>b</b>c": "abc", "a &amp; b &lt;i&gt;": "a & b <i>",
		"<style>p{}</style>a<script>b</script>c": "ac", "a<!-- b -->c": "ac", "<ul><li>a<li>b</ul>c": "a\nb\nc", "1 < 2": "1 < 2", "a &nbsp; b": "a b",
		"<iframe><p>x</p></iframe>a": "a", "<a href=x>": "", "\x00a\x07b": "ab",
	} {
		if got := words(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

// TestRefusedDocuments gives each bound its reason.
func TestRefusedDocuments(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		document string
		reason   schema.Reason
	}{
		"empty": {"", schema.ReasonSyntax}, "text": {"hello", schema.ReasonSyntax}, "HTML": {"<html></html>", schema.ReasonSyntax}, "a list": {"[1]", schema.ReasonSyntax},
		"other JSON": {`{"a":1}`, schema.ReasonSyntax}, "broken JSON": {`{"items":[`, schema.ReasonSyntax}, "broken XML": {"<rss><channel><item><title>", schema.ReasonSyntax},
		"deep": {"<rss>" + strings.Repeat("<a>", maxDepth), schema.ReasonTooDeep}, "deep JSON": {`{"a":` + strings.Repeat("[", 100), schema.ReasonTooDeep},
		"elements": {"<rss>" + strings.Repeat("<a/>", maxElements), schema.ReasonTooLarge}, "attributes": {"<rss" + numbered(maxAttributes+1, ` a%d=""`) + "/>", schema.ReasonTooLarge},
		"text of a megabyte": {"<rss>" + strings.Repeat("x", maxTextRun+1), schema.ReasonTooLarge}, "a tag": {"<rss a='" + strings.Repeat("x", maxTag) + "'/>", schema.ReasonTooLarge},
		"namespaces":                  {"<rss>" + strings.Repeat("<a"+numbered(60, ` xmlns:n%d="u"`)+">", 5), schema.ReasonTooLarge},
		"attributes of many elements": {"<rss>" + strings.Repeat("<a"+numbered(60, ` a%d=""`)+"/>", maxElements/60+1), schema.ReasonTooLarge},
		"namespaces of many elements": {"<rss" + numbered(60, ` xmlns:n%d="u"`) + ">" + strings.Repeat("<a/>", maxScopeWork/60+1), schema.ReasonTooLarge},
	} {
		got := readString(c.document)
		if len(got.items) != 0 || len(got.refused) != 1 || got.refused[0].reason != c.reason || got.whole {
			t.Errorf("%s: %d items, %+v", name, len(got.items), got.refused[0].detail)
		}
	}
	for name, document := range map[string]string{
		"depth": "<rss>" + strings.Repeat("<a>", maxDepth-1) + strings.Repeat("</a>", maxDepth-1) + "</rss>", "attributes": "<rss" + numbered(maxAttributes, ` a%d=""`) + "/>",
		"a tag in a text": oneItem("<guid>1</guid><description><![CDATA[<a b='" + strings.Repeat("x", maxTag) + "'/>]]></description>"),
	} {
		if got := readString(document); !got.whole {
			t.Errorf("%s within its bound: %+v", name, got.refused[0].detail)
		}
	}
}
