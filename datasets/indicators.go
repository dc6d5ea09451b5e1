package datasets

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

// linking is how many posts of an account link to sources of a class.
type linking struct {
	platform, lang, class string
	account               uint64
	posts                 int64 // By the class that most raters give.
	agreed, any           int64 // By the class that all raters give, and that any does.
}

// engaged is what the posts of an account that link to a class got.
type engaged struct {
	platform, lang, class string
	account               uint64
	posts                 int64
	engagement, followers float64 // Summed over posts.
}

// readIndicators asks for what the indicators are made of.
func (p *public) readIndicators(ctx context.Context) error {
	links := fmt.Sprintf(`(SELECT toDate(created_at) AS day, platform, lang, account_id, post_id, toString(source_class) AS by_most, source FROM hourly_links WHERE %s AND source_class NOT IN ('', 'platform'))`, p.week.inWeek("created_at"))
	err := p.ask(ctx, fmt.Sprintf(`SELECT toString(day) AS on_day, toString(platform), toString(lang), class, %s AS account, toInt64(uniqExactIf(post_id, class = by_most)), toInt64(uniqExactIf(post_id, class = by_most AND length(given) < 2)), toInt64(uniqExact(post_id))
FROM %s AS l
LEFT JOIN (SELECT source, arrayMap(c -> toString(c), groupUniqArrayArray(classes)) AS given FROM combined_ratings WHERE valid_from < '%s' AND (valid_to IS NULL OR valid_to > '%s') GROUP BY source) AS r USING (source)
ARRAY JOIN arrayDistinct(arrayPushBack(given, by_most)) AS class GROUP BY on_day, platform, lang, class, account`,
		accountHash, links, p.week.To().Format(time.DateTime), p.week.From().Format(time.DateTime)), func(scan func(...any) error) error {
		var l linking
		var day string
		err := scan(&day, &l.platform, &l.lang, &l.class, &l.account, &l.posts, &l.agreed, &l.any)
		if p.days[day] && p.platforms[l.platform] {
			p.linking = append(p.linking, l)
		}
		return err
	})
	if err != nil {
		return err
	}
	return p.ask(ctx, fmt.Sprintf(`SELECT toString(day) AS on_day, toString(platform), toString(lang), by_most, %s AS account, toInt64(count()), toFloat64(sum(got)), toFloat64(sum(known))
FROM (SELECT DISTINCT platform, account_id, post_id, by_most FROM %s) AS l
INNER JOIN (SELECT platform, post_id, toDate(created_at) AS day, lang, likes + reposts + replies + quotes AS got FROM posts WHERE %s) AS p USING (platform, post_id)
INNER JOIN (SELECT platform, account_id, argMax(assumeNotNull(followers), collected_at) AS known FROM accounts WHERE followers > 0 AND collected_at < '%s' GROUP BY platform, account_id) AS a USING (platform, account_id)
GROUP BY on_day, platform, lang, by_most, account`, accountHash, links, p.week.inWeek("created_at"), p.week.To().Format(time.DateTime)), func(scan func(...any) error) error {
		var e engaged
		var day string
		err := scan(&day, &e.platform, &e.lang, &e.class, &e.account, &e.posts, &e.engagement, &e.followers)
		if p.days[day] && p.platforms[e.platform] {
			p.engaged = append(p.engaged, e)
		}
		return err
	})
}

// indicated are the counts of a class at a place.
type indicated struct{ posts, disputed, undisputed, most cell }

// indicators are, by platform and language sphere, how much of what is posted links to
// a class of sources, and what it gets.
func (p *public) indicators() *Table {
	t := &Table{
		Name: "indicators", Title: "Indicators by platform and language", Doc: "Which share of the posts links to sources of a class, and how much engagement these posts had for every 1,000 followers of those who wrote them. Spheres of a platform that are too small, or from which smaller ones would follow, are counted as " + Other + " there; what is of fewer than 10 accounts is left out.",
		Columns: []Column{
			{"platform", String, "The platform."},
			{"sphere", String, "Language sphere."},
			{"source_class", String, "Class of source, as most raters give it."},
			{"posts", Integer, "Posts with a link to sources of the class."},
			{"accounts", Integer, "Distinct accounts that wrote them."},
			{"all_posts", Integer, "All posts of the platform and sphere."},
			{"prevalence", Number, "posts of all_posts."},
			{"low", Number, "Lower end of its 95 % sampling interval: Wilson's, for the effective number of posts, since those of one account are not independent."},
			{"high", Number, "Upper end."},
			{"rating_low", Number, "The same share, were only sources counted of which all raters give the class; empty where that is of fewer than 10 accounts, or differs by fewer."},
			{"rating_high", Number, "The same share, were all sources counted of which any rater gives the class; empty likewise."},
			{"engagement", Number, "Likes, reposts, replies and quotes, as counted when the posts were collected, for every 1,000 followers of their authors; empty where fewer than 10 accounts' followers are known, or nothing was counted."},
			{"engagement_low", Number, "Lower end of its 95 % interval, of a ratio with accounts as clusters (linearised)."},
			{"engagement_high", Number, "Upper end."},
		},
	}
	at := p.places()
	whole := map[place]cell{}
	for _, row := range p.shown() {
		addTo(whole, at(row.platform, row.lang), row.account, row.posts)
	}
	found, got := p.linksOf(at), p.engagement(at)
	for _, where := range slices.SortedFunc(maps.Keys(found), func(a, b place) int {
		return compare(a.of+"\x00"+a.sphere, b.of+"\x00"+b.sphere)
	}) {
		for _, class := range slices.Sorted(maps.Keys(found[where])) {
			of := found[where][class]
			if len(of.posts) == 0 || !of.posts.sound() {
				continue
			}
			share, low, high := interval(of.posts, whole[where])
			row := []any{where.of, where.sphere, class, of.posts.total(), int64(len(of.posts)), whole[where].total(), rounded(share), rounded(low), rounded(high)}
			row = append(row, of.ratings(float64(whole[where].total()))...)
			t.Rows = append(t.Rows, append(row, got[where][class].perThousand()...))
		}
	}
	return t
}

// places chooses where posts are counted: by platform and sphere, what may not stand by
// itself with what is left of its platform.
func (p *public) places() func(platform, lang string) place {
	cells := map[place]cell{}
	for _, row := range p.shown() {
		addTo(cells, place{row.platform, p.sphere(row.lang)}, row.account, row.posts)
	}
	p.chosen = cross(cells, func(at place) bool { return at.sphere != Other }) // What is left of a platform is published as one.
	return func(platform, lang string) place {
		if where := (place{platform, p.sphere(lang)}); p.chosen.open[where] {
			return where
		}
		return place{platform, Other}
	}
}

// linksOf counts the posts that link to each class.
func (p *public) linksOf(at func(platform, lang string) place) map[place]map[string]*indicated {
	found := map[place]map[string]*indicated{}
	for _, l := range p.linking {
		where := at(l.platform, l.lang)
		if found[where] == nil {
			found[where] = map[string]*indicated{}
		}
		of := found[where][l.class]
		if of == nil {
			of = &indicated{cell{}, cell{}, cell{}, cell{}}
			found[where][l.class] = of
		}
		of.posts.count(l.account, l.posts)
		of.undisputed.count(l.account, l.agreed)
		of.disputed.count(l.account, l.posts-l.agreed)
		of.most.count(l.account, l.any-l.posts)
	}
	return found
}

// ratings are the ends between which raters leave the share.
func (of *indicated) ratings(all float64) []any {
	ends := []any{nil, nil}
	if of.undisputed.sound() && of.disputed.sound() {
		ends[0] = rounded(float64(of.undisputed.total()) / all)
	}
	if of.most.sound() {
		ends[1] = rounded(float64(of.posts.total()+of.most.total()) / all)
	}
	return ends
}

// gained is what each account's posts got, and the followers that they went to.
type gained map[uint64]*struct {
	posts                 int64
	engagement, followers float64
}

func (p *public) engagement(at func(platform, lang string) place) map[place]map[string]gained {
	all := map[place]map[string]gained{}
	for _, e := range p.engaged {
		where := at(e.platform, e.lang)
		if all[where] == nil {
			all[where] = map[string]gained{}
		}
		if all[where][e.class] == nil {
			all[where][e.class] = gained{}
		}
		of := all[where][e.class]
		if of[e.account] == nil {
			of[e.account] = &struct {
				posts                 int64
				engagement, followers float64
			}{}
		}
		one := of[e.account]
		one.posts += e.posts
		one.engagement += e.engagement
		one.followers += e.followers
	}
	return all
}

// perThousand is the ratio of engagement to followers with its interval, by the
// linearised variance of a ratio with accounts as clusters (Cochran 1977, 6.4).
func (g gained) perThousand() []any {
	none := []any{nil, nil, nil}
	posts := cell{}
	engagement, followers := 0.0, 0.0
	accounts := slices.Sorted(maps.Keys(g)) // In order, so that sums are the same each time.
	for _, account := range accounts {
		posts[account] = g[account].posts
		engagement += g[account].engagement
		followers += g[account].followers
	}
	if len(posts) == 0 || !posts.sound() || engagement == 0 {
		return none
	}
	ratio, sum := engagement/followers, 0.0
	for _, account := range accounts {
		d := g[account].engagement - ratio*g[account].followers
		sum += d * d
	}
	n := float64(len(g))
	const z, thousand = 1.96, 1000
	half := z * math.Sqrt(sum*n/(n-1)) / followers
	return []any{rounded(thousand * ratio), rounded(thousand * max(0, ratio-half)), rounded(thousand * (ratio + half))}
}

func addTo(cells map[place]cell, where place, account uint64, n int64) {
	if cells[where] == nil {
		cells[where] = cell{}
	}
	cells[where][account] += n
}

// count adds to a cell, and nobody who adds nothing.
func (c cell) count(account uint64, n int64) {
	if n > 0 {
		c[account] += n
	}
}
