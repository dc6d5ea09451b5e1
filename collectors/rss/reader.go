package rss

import (
	"fmt"
	"net/url"
	"runtime"
	"time"

	"github.com/zeebo/xxh3"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/fetch"
)

// Reader is what all feeds share: the client with its turns, and where cursors are.
type Reader struct {
	cfg     FetchConfig
	client  *fetch.Client
	cursors *collectors.Cursors
	log     *zap.Logger
	now     func() time.Time
	Push    Push          // Who tells of news; nil for nobody.
	parsing chan struct{} // As many documents are read at a time as there are processors.
}

// NewReader reads nothing yet. The configuration must be valid.
func NewReader(cfg FetchConfig, cursors *collectors.Cursors, log *zap.Logger, now func() time.Time) *Reader {
	cfg = cfg.complete()
	return &Reader{
		cfg: cfg, client: fetch.New(cfg.client(), now), cursors: cursors, log: log.Named(collectorName), now: now,
		parsing: make(chan struct{}, runtime.GOMAXPROCS(0)),
	}
}

// Feed collects one feed.
type Feed struct {
	cfg    FeedConfig
	reader *Reader
}

// Feed is the collector of one feed. It costs nothing until it runs.
func (r *Reader) Feed(cfg FeedConfig) *Feed { return &Feed{cfg: cfg, reader: r} }

// Name is the collector as rows name it.
func (f *Feed) Name() string { return collectorName }

// cursorName tells feeds apart, and shows whoever looks at the files whose they are.
func (f *Feed) cursorName() string {
	host := ""
	if u, err := url.Parse(f.cfg.URL); err == nil {
		host = u.Hostname()
	}
	return fmt.Sprintf("rss-%.100s-%016x", host, xxh3.HashString(f.cfg.URL))
}
