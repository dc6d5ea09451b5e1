package tag

import (
	"strings"

	"github.com/google/uuid"

	"github.com/election-observatory/observatory/processors/urls"
	"github.com/election-observatory/observatory/schema"
)

// Expansion is where a link of a shortener leads.
type Expansion struct {
	URL        string // The shortener's link as links.canonical has it.
	Version    Version
	ExpandedMS int64
	Status     string
	Target     Link     // Where it leads, canonical and masked as links are; empty where it was not resolved.
	Chain      []string // The addresses in between, masked.
	Collector  string
	Source     string
}

const (
	maxChain      = 32
	longestStatus = 32
)

func (t *Tagger) tagExpansion(e *schema.Expansion, hash uint64, ev *Event) error {
	if e.GetUrl() == "" || e.GetStatus() == "" || len(e.GetStatus()) > longestStatus {
		return undecodable("an expansion without URL or status")
	}
	at := bound(e.GetExpandedMs())
	revision := uint64(0)
	if e.GetStatus() == schema.ExpansionResolved { // That it led somewhere once is not lost when it no longer does.
		revision = 1
	}
	t.mask.alone(schema.Platform_PLATFORM_UNSPECIFIED)
	x := &Expansion{Version: version(false, revision, at, hash), ExpandedMS: at, Status: e.GetStatus(), Collector: e.GetCollector(), Source: e.GetSource()}
	x.URL = t.linkTo(e.GetUrl()).URL
	if e.GetTarget() != "" {
		x.Target = t.linkTo(e.GetTarget())
	}
	for _, address := range e.GetChain()[:min(len(e.GetChain()), maxChain)] {
		x.Chain = append(x.Chain, t.mask.url(address))
	}
	ev.Expansion = x
	return nil
}

// linkTo is a link to an address, whose URL is the canonical form.
func (t *Tagger) linkTo(address string) Link {
	canonical := t.urls.Canonical(address)
	host, rest := urls.Cut(canonical)
	t.mask.owner = uuid.UUID{}
	link := Link{URL: t.mask.cut(canonical, host, rest)}
	if isAccountName(link.URL) {
		link.Account = t.mask.owner
	}
	link.Domain, link.Unresolved = t.urls.Registrable(host), t.shorteners[strings.TrimPrefix(host, "www.")]
	return link
}
