package demo

import "github.com/election-observatory/observatory/schema"

// head is what of a post of the base follows from its place at once: when, who,
// what kind. Other posts refer to it by that, and nothing of it is kept.
type head struct {
	hour, index int
	place       place
	account     *account
	kind        schema.PostKind
	rest        draw // For whatever else is drawn of the post.
}

// head is the post of the base at a place in an hour.
func (w *Week) head(at, index int) head {
	d := drawFor(w.cfg.Seed, uint64(at), uint64(index))
	of := &w.hours[at]
	h := head{hour: at, index: index}
	h.place.ms = startMS() + int64(at)*hourMS + int64(index)*of.step + int64(d.below(int(of.step)))
	tongue := d.weighted(of.weights, of.sum)
	platform := w.hold(d.weighted(w.tongues[tongue].platforms[:], 100), h.place.ms)
	accounts := w.accounts[platform][tongue]
	h.account = &accounts[d.early(len(accounts))]
	h.kind = kindOf(&d, platform)
	h.place.low = uint32(d.next()) &^ 1
	h.place.number, h.place.repost = of.before+index+1, h.kind == schema.KindRepost
	h.rest = d
	return h
}

// hold moves a post away from a source that delivers nothing at its time.
func (w *Week) hold(platform int, ms int64) int {
	for i := range w.outages {
		if o := &w.outages[i]; o.platform == platform && o.holds(ms) {
			return x
		}
	}
	return platform
}

func kindOf(d *draw, platform int) schema.PostKind {
	at := d.below(100)
	switch {
	case platform == rss:
		return schema.KindItem
	case platform == telegram && at < 14:
		return schema.KindRepost
	case platform == telegram:
		return schema.KindPost
	case at < 20:
		return schema.KindRepost
	case at < 38:
		return schema.KindReply
	case at < 44:
		return schema.KindQuote
	}
	return schema.KindPost
}

const (
	tries     = 10 // For a post to refer to in the same language.
	hoursBack = 14
)

// earlier finds a post of the base before another, on its platform and mostly in
// its language, that can be referred to; false where there is none nearby.
func (w *Week) earlier(h *head, d *draw) (head, bool) {
	var found head
	ok := false
	for range tries {
		at := max(0, h.hour-d.early(hoursBack))
		bound := w.hours[at].posts
		if at == h.hour {
			bound = h.index
		}
		if bound == 0 {
			continue
		}
		other := w.head(at, d.below(bound))
		if other.account.platform != h.account.platform || other.kind == schema.KindRepost {
			continue
		}
		found, ok = other, true
		if other.account.tongue == h.account.tongue {
			break
		}
	}
	return found, ok
}
