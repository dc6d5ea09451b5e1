package demo

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/election-observatory/observatory/schema"
)

// planted is a post of a campaign or a burst.
type planted struct {
	account *account
	ms      int64
	serial  int // Tells apart the planted posts of a moment.
	kind    schema.PostKind
	text    string
	tags    []string
	link    link
	of      *planted // What is reposted.
}

func (p *planted) place() place {
	return place{ms: p.ms, low: uint32(p.serial)<<1 | 1, number: p.serial, repost: p.kind == schema.KindRepost}
}

// sower plants the campaigns and bursts of a week, one after the other.
type sower struct {
	w       *Week
	draw    draw
	size    int // About how many posts each of them has.
	serial  int // Of accounts.
	posts   []*planted
	fresh   []*account
	current []*planted // Of the campaign that is being planted.
}

// firstPlanted is the serial number of the first planted account, after those of
// the base.
const firstPlanted = 3_000_000

// sow plants everything and notes it in the plan.
func (w *Week) sow() {
	s := &sower{w: w, draw: drawFor(w.cfg.Seed, plantedPlace, 0), size: min(max(w.cfg.Posts/250, 40), 3_000), serial: firstPlanted}
	w.plan.Campaigns = []Campaign{
		s.note(s.linkSharing()), s.note(s.repostRing()), s.note(s.nearDuplicates()), s.note(s.hashtagFlood()), s.note(s.roundTheClock()),
	}
	w.plan.Bursts = []Campaign{
		s.note(s.breakingNews()), s.note(s.popularPost()), s.note(s.memeSentence()), s.note(s.trendingHashtag()), s.note(s.activeHuman()),
	}
	slices.SortFunc(s.posts, func(a, b *planted) int { return cmp.Or(cmp.Compare(a.ms, b.ms), cmp.Compare(a.serial, b.serial)) })
	for _, p := range s.posts {
		at := (p.ms - startMS()) / hourMS
		w.planted[at] = append(w.planted[at], *p)
	}
	w.sown = len(s.posts)
	for p := range w.accounts {
		for l := range w.accounts[p] {
			for i := range w.accounts[p][l] {
				w.people = append(w.people, &w.accounts[p][l][i])
			}
		}
	}
	w.people = append(w.people, s.fresh...)
}

// note completes a campaign with what was planted for it.
func (s *sower) note(c Campaign) Campaign {
	seen := map[string]bool{}
	first, last := s.current[0].ms, s.current[0].ms
	for _, p := range s.current {
		if !seen[p.account.id] {
			seen[p.account.id] = true
			c.Accounts = append(c.Accounts, p.account.id)
		}
		first, last = min(first, p.ms), max(last, p.ms)
	}
	slices.Sort(c.Accounts)
	c.Posts, c.From, c.To = len(s.current), time.UnixMilli(first).UTC(), time.UnixMilli(last+1).UTC()
	s.posts = append(s.posts, s.current...)
	s.current = nil
	return c
}

// add plants a post, unless its source delivers nothing at its time or it would
// lie beyond the week; then it is nil.
func (s *sower) add(p planted) *planted {
	if p.ms < startMS() || p.ms >= End().UnixMilli() || s.w.hold(p.account.platform, p.ms) != p.account.platform {
		return nil
	}
	p.serial = len(s.posts) + len(s.current) + 1
	s.current = append(s.current, &p)
	return &p
}

// crew invents accounts that are not those of the base, of an age in days.
func (s *sower) crew(platform, tongue, n, youngest, oldest int) []*account {
	crew := make([]*account, n)
	for i := range crew {
		s.serial++
		d := drawFor(s.w.cfg.Seed, accountPlace, uint64(s.serial))
		days := s.draw.between(youngest, oldest)
		a := newAccount(d, platform, tongue, s.serial, days)
		if days < 7 { // Nobody knows it yet.
			a.followers, a.following, a.posts = a.followers%9, a.following%70, a.posts%40
		}
		crew[i] = &a
	}
	s.fresh = append(s.fresh, crew...)
	return crew
}

// passer is an account of the base, any that writes a language on one of the
// given platforms.
func (s *sower) passer(tongue int, on ...int) *account {
	accounts := s.w.accounts[one(&s.draw, on)][tongue]
	return &accounts[s.draw.below(len(accounts))]
}

func moment(day, hour, minute int) int64 {
	return startMS() + (int64(day)*24+int64(hour))*hourMS + int64(minute)*minuteMS
}

// text is some sentences in a language, which nobody else wrote.
func (s *sower) text(tongue, n int) string {
	return string(s.w.words[tongue].sentences(nil, &s.draw, n))
}

// plant makes the event of a planted post. Nothing becomes of it: it is neither
// edited nor deleted, so that what was planted is what is to be found.
func (m *maker) plant(ctx context.Context, of *planted) error {
	d := drawFor(m.w.cfg.Seed, plantedPlace, uint64(of.serial))
	kind := of.kind
	var target head
	if kind == schema.KindReply {
		at := int((of.ms - startMS()) / hourMS)
		before := int((of.ms - startMS() - int64(at)*hourMS) / m.w.hours[at].step)
		found, ok := m.w.earlier(&head{hour: at, index: min(before, m.w.hours[at].posts), account: of.account}, &d)
		if target = found; !ok {
			kind = schema.KindPost
		}
	}
	p := m.post(of.account, of.place(), kind, &d)
	if kind == schema.KindReply {
		m.refer(p, target.account, target.place)
	}
	if of.of != nil {
		m.refer(p, of.of.account, of.of.place())
	}
	m.count(p, &d)
	p.Text, p.Hashtags = of.text, slices.Clone(of.tags)
	if of.link.url != "" {
		l := take(&m.arena.links)
		l.Url = of.link.url
		p.Links = append(p.Links, l)
		m.declare(p, of.account)
		p.Text += " " + l.GetUrl()
	}
	m.counts.visible(p, of.account.tongue, of.link.as, false)
	m.received(p, of.account.platform, 1, false)
	return m.add(ctx, m.arena.wrap(p))
}
