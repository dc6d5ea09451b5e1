package rss

import (
	"bytes"
	"strings"
	"testing"

	"github.com/election-observatory/observatory/schema"
)

// FuzzDocument reads anything. What comes out keeps the contract, twice the same.
func FuzzDocument(f *testing.F) {
	for _, seed := range []string{
		oneItem("<guid>1</guid><title>T</title><link>http://a.example/</link><pubDate>Tue, 04 Jun 2024 08:30:00 GMT</pubDate>"),
		`<feed xmlns="http://www.w3.org/2005/Atom" xml:base="http://a/"><entry><id>1</id><content type="xhtml"><div><b>x</b></div></content></entry></feed>`,
		`{"version":"https://jsonfeed.org/version/1","items":[{"id":1,"content_html":"<p>x</p>"}]}`,
		"<?xml version='1.0' encoding='utf-16'?><rdf:RDF><item/></rdf:RDF>", "\xFF\xFE<\x00", "<rss><channel><item><title><![CDATA[<a href=/x>]]></title></item", "<!DOCTYPE rss [<!ENTITY a 'b'>]><rss>&a;&#0;</rss>",
	} {
		f.Add([]byte(seed), "text/xml; charset=utf-8")
	}
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		feed := FeedConfig{URL: "https://news.example.org/feed"}
		given := bytes.Clone(body)
		got := readDocument(feed, body, contentType, feed.URL, noon)
		if !bytes.Equal(given, body) {
			t.Fatal("the document was written to")
		}
		if !got.whole && (len(got.items) != 0 || len(got.refused) == 0) {
			t.Fatalf("refused without a reason: %+v", got)
		}
		seen := map[string]bool{}
		for _, it := range got.items {
			checkPost(t, "fuzz", it.post)
			if id := it.post.GetNativeId(); seen[id] || !strings.HasPrefix(id, feed.URL+"#") {
				t.Errorf("id %q", id)
			}
			seen[it.post.GetNativeId()] = true
		}
		for i := range got.refused {
			if r := &got.refused[i]; strings.Contains(r.detail, "gave up") || schema.Reason.Doc(r.reason) == "" {
				t.Errorf("%s %s", r.reason, r.detail)
			}
		}
		again := readDocument(feed, body, contentType, feed.URL, noon)
		if len(again.items) != len(got.items) {
			t.Errorf("%d items, then %d", len(got.items), len(again.items))
		}
		for i := range again.items {
			if again.items[i].id != got.items[i].id || again.items[i].content != got.items[i].content {
				t.Errorf("item %d is known by another id or content the second time", i)
			}
		}
	})
}

func FuzzOPML(f *testing.F) {
	f.Add([]byte(`<opml><body><outline text="A & "B"" xmlUrl="https://a.example/f"/><!-- x --><outline text='B`))
	f.Add([]byte("\xFE\xFF\x00<"))
	f.Fuzz(func(t *testing.T, list []byte) {
		feeds, skipped := ReadOPML(bytes.NewReader(list))
		if len(feeds)+len(skipped) == 0 {
			t.Error("nothing is said")
		}
		seen := map[string]bool{}
		for _, feed := range feeds {
			if err := feed.Validate(); err != nil || seen[feed.URL] {
				t.Errorf("%+v: %v", feed, err)
			}
			seen[feed.URL] = true
		}
	})
}

// BenchmarkDocument reads a document of 50 items.
func BenchmarkDocument(b *testing.B) {
	for _, ending := range []string{".xml", ".atom", ".json"} {
		document := documentOf(ending, 50)
		b.Run(ending[1:], func(b *testing.B) {
			b.SetBytes(int64(len(document)))
			b.ReportAllocs()
			for b.Loop() {
				if got := readDocument(FeedConfig{URL: "https://news.example.org/feed"}, document, "", "https://news.example.org/feed", noon); len(got.items) != 50 {
					b.Fatal(got.refused)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/50, "µs/item")
		})
	}
}
