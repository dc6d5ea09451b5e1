package rss

import (
	"bytes"

	"github.com/mmcdole/gofeed"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// parse reads a document that was scanned.
func parse(doc document) (*gofeed.Feed, error) {
	parser := gofeed.NewParser()
	parser.RSSTranslator = &gofeed.DefaultRSSTranslator{DisableContentImageScan: true}
	feed, err := parser.Parse(bytes.NewReader(doc.body))
	if err != nil {
		return nil, mapping.Reject(schema.ReasonSyntax, "%.200s", err.Error())
	}
	return feed, nil
}
