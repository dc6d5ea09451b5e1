package rss

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"github.com/tomnomnom/linkheader"

	"github.com/election-observatory/observatory/collectors/fetch"
)

// Push tells when a hub has something new of a topic, as websub.Subscriber does.
type Push interface {
	Want(topic, hub string) <-chan struct{}
}

// listen subscribes to the feed, if it names a hub and the study has a callback.
func (r *run) listen(result *fetch.Result) {
	if r.reader.Push == nil {
		return
	}
	hub, topic := hubOf(result.Header, &r.state.Hints)
	if base, err := url.Parse(result.URL); err == nil {
		hub, topic = absolute(base, hub), absolute(base, topic)
	}
	if hub != "" { // Of an answer that nothing is new it may not be said again.
		r.state.Hub, r.state.Topic = hub, cmp.Or(topic, result.URL)
	}
	if r.state.Hub != "" {
		r.wake = r.reader.Push.Want(r.state.Topic, r.state.Hub)
	}
}

// hubOf is the hub of a feed and what the feed calls itself: by the headers of the answer,
// else by the document (section 4 of WebSub).
func hubOf(header http.Header, of *hints) (hub, self string) {
	links := linkheader.ParseMultiple(header.Values("Link"))
	for _, link := range links {
		for rel := range strings.FieldsSeq(strings.ToLower(link.Rel)) {
			switch {
			case rel == "hub" && hub == "":
				hub = link.URL
			case rel == "self" && self == "":
				self = link.URL
			}
		}
	}
	if hub == "" {
		return of.Hub, of.Self
	}
	return hub, self
}

// absolute is an address of http or https as it is meant in a document; empty for any other.
func absolute(base *url.URL, address string) string {
	if address == "" || len(address) > maxFeedURL {
		return ""
	}
	u, err := base.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	u.Fragment = ""
	return u.String()
}
