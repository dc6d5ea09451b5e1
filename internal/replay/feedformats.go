package replay

import (
	"encoding/json"
	"fmt"
	"html"
	"strings"
	"time"
)

// render is a feed's document in the format that the end of its path says.
func render(path string, items []FeedItem) (document, contentType string) {
	switch {
	case strings.HasSuffix(path, ".json"):
		return renderJSON(path, items), "application/feed+json"
	case strings.HasSuffix(path, ".atom"):
		return renderAtom(path, items), "application/atom+xml; charset=utf-8"
	}
	return renderRSS(path, items), "application/rss+xml; charset=utf-8"
}

func renderRSS(path string, items []FeedItem) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<rss version="2.0"><channel><title>Feed %s</title><link>https://example.org/</link><language>en</language>`, html.EscapeString(path))
	for _, it := range items {
		fmt.Fprintf(&b, `<item><guid isPermaLink="false">%s</guid><title>%s</title><link>%s</link><description>%s</description>`,
			html.EscapeString(it.ID), html.EscapeString(it.Title), html.EscapeString(it.Link), html.EscapeString(it.Text))
		if !it.Published.IsZero() {
			fmt.Fprintf(&b, `<pubDate>%s</pubDate>`, it.Published.UTC().Format(time.RFC1123Z))
		}
		b.WriteString("</item>\n")
	}
	b.WriteString("</channel></rss>\n")
	return b.String()
}

func renderAtom(path string, items []FeedItem) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>Feed %s</title><id>urn:feed:%[1]s</id>`, html.EscapeString(path))
	for _, it := range items {
		fmt.Fprintf(&b, `<entry><id>%s</id><title>%s</title><link href="%s"/><content type="html">%s</content>`,
			html.EscapeString(it.ID), html.EscapeString(it.Title), html.EscapeString(it.Link), html.EscapeString(it.Text))
		if !it.Published.IsZero() {
			fmt.Fprintf(&b, `<published>%s</published>`, it.Published.UTC().Format(time.RFC3339))
		}
		b.WriteString("</entry>\n")
	}
	b.WriteString("</feed>\n")
	return b.String()
}

func renderJSON(path string, items []FeedItem) string {
	type entry struct {
		ID        string `json:"id"`
		URL       string `json:"url,omitempty"`
		Title     string `json:"title,omitempty"`
		Text      string `json:"content_html"`
		Published string `json:"date_published,omitempty"`
	}
	feed := struct {
		Version string  `json:"version"`
		Title   string  `json:"title"`
		Lang    string  `json:"language"`
		Items   []entry `json:"items"`
	}{"https://jsonfeed.org/version/1.1", "Feed " + path, "en", make([]entry, 0, len(items))}
	for _, it := range items {
		e := entry{ID: it.ID, URL: it.Link, Title: it.Title, Text: it.Text}
		if !it.Published.IsZero() {
			e.Published = it.Published.UTC().Format(time.RFC3339)
		}
		feed.Items = append(feed.Items, e)
	}
	text, err := json.Marshal(feed)
	if err != nil {
		return "" // Strings can always be written.
	}
	return string(text)
}
