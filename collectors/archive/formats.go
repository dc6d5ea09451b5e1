package archive

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/election-observatory/observatory/collectors/bluesky"
	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/collectors/mastodon"
	"github.com/election-observatory/observatory/collectors/telegram"
	"github.com/election-observatory/observatory/collectors/twitter"
	"github.com/election-observatory/observatory/collectors/x"
	"github.com/election-observatory/observatory/schema"
)

// platform is where the posts of the format come from.
func (a *Archive) platform() schema.Platform {
	switch a.cfg.Format {
	case "jetstream":
		return schema.PlatformBluesky
	case "twitter-v2", "twitter-v1", "ira-csv":
		return schema.PlatformX
	case "mastodon":
		return schema.PlatformMastodon
	case "telegram":
		return schema.PlatformTelegram
	}
	return a.cfg.Platform
}

// decoderFor chooses the decoder of a file and how its records are split.
func (a *Archive) decoderFor(f *file) (decoder, *splitter, error) {
	split := &splitter{in: f.body, limit: a.cfg.MaxRecordBytes}
	switch a.cfg.Format {
	case "twitter-v1":
		return decoderFunc(twitter.Decode), split, nil
	case "twitter-v2":
		split.limit = max(split.limit, maxPageBytes)
		return pages(x.Decode), split, nil
	case "mastodon":
		if head, _ := f.body.Peek(foreignHead); strings.HasPrefix(strings.TrimLeft(string(head), "\xef\xbb\xbf \t\r\n"), "[") {
			split.values = &values{in: f.body}
		}
		return decoderFunc(mastodon.Decode), split, nil
	case "telegram":
		split.values = &values{in: f.body, name: "messages"}
		return decoderFunc(telegram.Decode), split, nil
	case "jetstream":
		return decoderFunc(bluesky.Decode), split, nil
	}
	split.csv = true
	first, rec, err := split.next(nil, a.cfg.MaxRecordBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, fmt.Errorf("%s is cut short or damaged: %w; nothing of it is imported", f.name, err)
	}
	h := newHeader(first[rec.from:rec.to])
	split.columns = len(h.names)
	d, missing := a.table(h)
	if missing != "" && err == nil {
		return nil, nil, fmt.Errorf("%s does not look like %s: its first line names no column %s; name its format with --format", f.name, a.cfg.Format, missing)
	}
	return d, split, nil // Without even a first line it is empty, which is no fault.
}

// table is the decoder of a table with a first line, or the column that is missing.
func (a *Archive) table(h header) (d decoder, missing string) {
	if a.cfg.Format == "ira-csv" {
		return newIRACSV(h)
	}
	return newSharesCSV(h, a.cfg.Platform, a.cfg.Object)
}

// maxPageBytes is the longest page of X's API: five hundred posts with all that goes with them.
const maxPageBytes = 32 << 20

// decoder turns a record into what it says. It keeps no state between records.
type decoder interface {
	decode(rec []byte) (mapping.Decoded, error)
}

type decoderFunc func(rec []byte) (mapping.Decoded, error)

func (f decoderFunc) decode(rec []byte) (mapping.Decoded, error) { return f(rec) }

// pages is a decoder of records that may hold several posts.
type pages func(rec []byte, each x.Each) error

func (pages) decode([]byte) (mapping.Decoded, error) {
	return mapping.Decoded{}, errors.New("a page holds several posts")
}
