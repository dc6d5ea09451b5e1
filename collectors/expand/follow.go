package expand

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/election-observatory/observatory/collectors/fetch"
	"github.com/election-observatory/observatory/schema"
)

// Asker asks where an address leads, one step: fetch.Client does.
type Asker interface {
	Next(ctx context.Context, address string, robots bool) (string, error)
}

// follow follows a link to where it leads. The error is that of ctx.
func (x *Expander) follow(ctx context.Context, link string) (*schema.Expansion, error) {
	e := &schema.Expansion{Url: link, Collector: name, Source: name, Chain: []string{link}}
	at := link
	for {
		limited, cancel := context.WithTimeout(ctx, hopTime)
		next, err := x.ask.Next(limited, at, !x.cfg.IgnoreRobots)
		cancel()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			x.failed(e, at, err)
			break
		}
		if next == "" {
			x.arrived(e, at)
			break
		}
		if e.Status = x.refuses(e.GetChain(), next); e.GetStatus() != "" {
			break
		}
		e.Chain = append(e.Chain, next)
		at = next
	}
	e.ExpandedMs = x.now().UnixMilli()
	return e, nil
}

// arrived notes that nothing redirects any more: at a page, or at what a shortener
// shows in place of one.
func (x *Expander) arrived(e *schema.Expansion, at string) {
	if x.isShort(at) {
		e.Status = schema.ExpansionFailed
		return
	}
	e.Status, e.Target = schema.ExpansionResolved, at
}

// failed notes why the last address did not answer. Where it is no shortener's, the
// target is known all the same, unless nothing may be asked there.
func (x *Expander) failed(e *schema.Expansion, at string, err error) {
	outage := fetch.OutageOf(err)
	switch {
	case outage == schema.OutagePrivate:
		e.Status = schema.ExpansionBlocked
	case !x.isShort(at):
		e.Status, e.Target = schema.ExpansionResolved, at
	case outage == schema.OutageNotFound || outage == schema.OutageGone:
		e.Status = schema.ExpansionNotFound
	case outage == schema.OutageRobots || outage == schema.OutageRefused || outage == schema.OutageUnauthorised:
		e.Status = schema.ExpansionRefused
	default:
		e.Status = schema.ExpansionFailed
	}
}

// refuses is why a redirect is not followed; empty where it is.
func (x *Expander) refuses(chain []string, next string) string {
	u, err := url.Parse(next)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || len(next) > longestLink:
		return schema.ExpansionBlocked
	case slices.Contains(chain, next):
		return schema.ExpansionLoop
	case len(chain) > maxHops:
		return schema.ExpansionTooManyHops
	}
	return ""
}

func (x *Expander) isShort(address string) bool {
	u, err := url.Parse(address)
	return err == nil && x.short(strings.TrimPrefix(strings.ToLower(u.Hostname()), "www."))
}
