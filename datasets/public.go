package datasets

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// Ask asks the store a statement, and hands each row on with what reads its columns.
type Ask func(ctx context.Context, sql string, row func(scan func(...any) error) error) error

// Other stands for what is too small to stand by itself.
const Other = "(other)"

// public makes the tables of the public tier. Whatever is counted of people is counted
// in cells of at least LeastAccounts accounts; see grid.keep for what is done with
// smaller ones.
type public struct {
	week Week
	ask  Ask

	traffic         []traffic
	links           []link
	linking         []linking
	engaged         []engaged
	chosen          *crossed        // Platforms by spheres.
	spheres         map[string]bool // Languages that stand by themselves; others are Other.
	platforms, days map[string]bool // That are published at all.
	leftOut         []string        // Platforms and days that are not, in words.
	covered         coverage
	withheld        map[string]bool // Platforms that are not published.
}

type traffic struct {
	day, platform, lang string
	account             uint64
	posts               int64
}

type link struct {
	lang, class, domain string
	account             uint64
	links               int64
}

// inWeek is the condition that a time lies in the week.
func (w Week) inWeek(column string) string {
	return fmt.Sprintf("%s >= '%s' AND %s < '%s'", column, w.From().Format(time.DateTime), column, w.To().Format(time.DateTime))
}

const accountHash = "cityHash64(toString(platform), account_id)"

// read asks for all that tables are made of.
func (p *public) read(ctx context.Context) error {
	err := p.ask(ctx, "SELECT toString(toDate(created_at)) AS day, toString(platform), toString(lang), "+accountHash+" AS account, toInt64(count()) FROM posts WHERE "+p.week.inWeek("created_at")+" GROUP BY day, platform, lang, account", func(scan func(...any) error) error {
		var t traffic
		err := scan(&t.day, &t.platform, &t.lang, &t.account, &t.posts)
		p.traffic = append(p.traffic, t)
		return err
	})
	if err != nil {
		return err
	}
	p.choose()
	if err := p.readIndicators(ctx); err != nil {
		return err
	}
	return p.ask(ctx, "SELECT toString(toDate(created_at)) AS day, toString(platform), toString(lang), multiIf(unresolved, '"+unknownTarget+"', source_class IN ('', 'platform'), '"+notRated+"', toString(source_class)) AS class, toString(domain), "+accountHash+" AS account, toInt64(count()) FROM hourly_links WHERE "+
		p.week.inWeek("created_at")+" GROUP BY day, platform, lang, class, domain, account", func(scan func(...any) error) error {
		var l link
		var day, platform string
		err := scan(&day, &platform, &l.lang, &l.class, &l.domain, &l.account, &l.links)
		if p.days[day] && p.platforms[platform] {
			p.links = append(p.links, l)
		}
		return err
	})
}

const (
	notRated      = "(not rated)"
	unknownTarget = "(unknown target)"
)

// choose says which platforms, days and languages are published. Platforms and days
// that are not sound as a whole are in no table, since they would follow from another.
func (p *public) choose() {
	p.platforms, p.days = map[string]bool{}, map[string]bool{}
	for _, t := range p.traffic {
		p.platforms[t.platform], p.days[t.day] = !p.withheld[t.platform], true
	}
	for platform, published := range p.platforms {
		if !published {
			delete(p.platforms, platform)
		}
	}
	for {
		byPlatform, byDay := grid{}, grid{}
		for _, t := range p.shown() {
			byPlatform.add(t.platform, "", t.account, t.posts)
			byDay.add(t.day, "", t.account, t.posts)
		}
		platforms, days := byPlatform.unsound(), byDay.unsound()
		for _, name := range platforms {
			delete(p.platforms, name)
		}
		for _, day := range days {
			delete(p.days, day)
		}
		p.leftOut = append(append(p.leftOut, platforms...), days...)
		if len(platforms)+len(days) == 0 {
			break
		}
	}
	days := grid{}
	for _, t := range p.shown() {
		days.add(t.day, t.lang, t.account, t.posts)
	}
	p.spheres, _ = days.keep()
}

// shown are the posts that are published.
func (p *public) shown() []traffic {
	return slices.DeleteFunc(slices.Clone(p.traffic), func(t traffic) bool { return !p.platforms[t.platform] || !p.days[t.day] })
}

func (p *public) sphere(lang string) string {
	if p.spheres[lang] {
		return lang
	}
	return Other
}

// byDay are the posts by day and language sphere.
func (p *public) byDay() *Table {
	t := &Table{
		Name: "posts_by_day", Title: "Posts by day and language sphere", Doc: "Posts and the accounts that wrote them. Spheres that have fewer than 10 accounts on any day are counted as " + Other + ".",
		Columns: []Column{
			{"day", Date, "The day, UTC."},
			{"sphere", String, "Language sphere: the language that is declared, else detected, BCP 47; und where unknown, " + Other + " for those that are too small."},
			{"posts", Integer, "Posts, reposts and items of feeds among them."},
			{"accounts", Integer, "Distinct accounts that wrote them."},
			{"coverage", Number, coverageDoc},
		},
	}
	cells := grid{}
	for _, row := range p.shown() {
		cells.add(row.day, p.sphere(row.lang), row.account, row.posts)
	}
	for _, day := range slices.Sorted(maps.Keys(cells)) {
		at, _ := time.Parse(time.DateOnly, day)
		for _, sphere := range slices.Sorted(maps.Keys(cells[day])) {
			c := cells[day][sphere]
			t.Rows = append(t.Rows, []any{at, sphere, c.total(), int64(len(c)), p.covered.of(day)})
		}
	}
	return t
}

const coverageDoc = "Share of the minutes in which the sources collected from answered; empty where none was noted. Below 1, posts are too few."

// byPlatform are the posts of the week by platform.
func (p *public) byPlatform() *Table {
	t := &Table{
		Name: "posts_by_platform", Title: "Posts by platform", Doc: "Posts of the week and the accounts that wrote them.",
		Columns: []Column{
			{"platform", String, "The platform."},
			{"posts", Integer, "Posts, reposts and items of feeds among them."},
			{"accounts", Integer, "Distinct accounts that wrote them; of rss feeds."},
			{"coverage", Number, coverageDoc},
		},
	}
	cells := grid{}
	for _, row := range p.shown() {
		cells.add(row.platform, "", row.account, row.posts)
	}
	for _, platform := range slices.Sorted(maps.Keys(cells)) {
		c := cells[platform][""]
		t.Rows = append(t.Rows, []any{platform, c.total(), int64(len(c)), p.covered.of(platform)})
	}
	return t
}

// rounded is a number as it is published, to six digits after the point.
func rounded(x float64) float64 { return math.Round(x*1e6) / 1e6 }

// rated says, by sphere, how much of the links is rated.
func (p *public) rated() *Table {
	t := &Table{
		Name: "links_by_sphere", Title: "How much of the links is rated", Doc: "Links by language sphere: to sources that anybody rates, to others, and of shorteners whose target is unknown. Kinds that are too small, or from which smaller ones would follow, are counted together.",
		Columns: []Column{
			{"sphere", String, "Language sphere."},
			{"kind", String, "rated, not rated (platforms among them), unknown target, or " + Other + "."},
			{"links", Integer, "Links: one for each post and URL."},
			{"accounts", Integer, "Distinct accounts that posted them."},
		},
	}
	kinds, x := p.kinds()
	p.rows(t, kinds, x, nil)
	return t
}

// kindOf is what kind of links those to a class are.
func kindOf(class string) string {
	switch class {
	case notRated:
		return "not rated"
	case unknownTarget:
		return "unknown target"
	}
	return isRated
}

const isRated = "rated"

// kinds are the links by kind and sphere, and which of them are published.
func (p *public) kinds() (map[place]cell, *crossed) {
	cells := map[place]cell{}
	for _, l := range p.links {
		addTo(cells, place{kindOf(l.class), p.sphere(l.lang)}, l.account, l.links)
	}
	return cells, cross(cells, anywhere)
}

// shares are the shares of links to rated sources, by sphere and class.
func (p *public) shares() *Table {
	t := &Table{
		Name: "shares_by_sphere", Title: "Kinds of sources that links lead to", Doc: "Of the links to rated sources the share of each class, by language sphere, as rated at the time of the post. Classes that are too small in a sphere, or from which smaller ones would follow, are counted as " + Other + "; a sphere of which it is not said how many links are rated is left out.",
		Columns: []Column{
			{"sphere", String, "Language sphere."},
			{"source_class", String, "Class of source, as raters give it; " + Other + " for those that are too small."},
			{"links", Integer, "Links to sources of the class."},
			{"accounts", Integer, "Distinct accounts that posted them."},
			{"share", Number, "Of the sphere's links to rated sources."},
			{"low", Number, "Lower end of the 95 % interval of the share: Wilson's, for the effective number of links, since those of one account are not independent."},
			{"high", Number, "Upper end."},
		},
	}
	_, published := p.kinds()
	cells, shown := map[place]cell{}, map[place]cell{}
	for _, l := range p.links {
		if where := (place{l.class, p.sphere(l.lang)}); kindOf(l.class) == isRated {
			addTo(cells, where, l.account, l.links)
			if published.open[place{isRated, where.sphere}] {
				addTo(shown, where, l.account, l.links)
			}
		}
	}
	x := cross(cells, func(at place) bool { return shown[at] != nil })
	p.rows(t, shown, x, func(c, whole cell) []any {
		share, low, high := interval(c, whole)
		return []any{rounded(share), rounded(low), rounded(high)}
	})
	return t
}

// rows fills a table with cells by sphere, those that are not published as one; more are
// further columns of a cell and of all cells of its sphere.
func (p *public) rows(t *Table, cells map[place]cell, x *crossed, more func(c, whole cell) []any) {
	merged, whole := map[place]cell{}, map[string]cell{}
	for at, c := range cells {
		to := at
		if !x.open[at] {
			to.of = Other
		}
		if merged[to] == nil {
			merged[to] = cell{}
		}
		merged[to].add(c)
		if whole[at.sphere] == nil {
			whole[at.sphere] = cell{}
		}
		whole[at.sphere].add(c)
	}
	for _, at := range slices.SortedFunc(maps.Keys(merged), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.sphere, b.sphere), cmp.Compare(a.of, b.of))
	}) {
		c := merged[at]
		if !c.sound() {
			continue
		}
		row := []any{at.sphere, at.of, c.total(), int64(len(c))}
		if more != nil {
			row = append(row, more(c, whole[at.sphere])...)
		}
		t.Rows = append(t.Rows, row)
	}
}

// interval is the share of a cell in a whole with its 95 % interval: Wilson's (1927) for
// the effective number, by the design effect (Kish 1965) of the ratio with accounts as
// clusters; as the view source_shares has it.
func interval(c, whole cell) (share, low, high float64) {
	total, rated := float64(c.total()), float64(whole.total())
	share = total / rated
	sum := 0.0
	for _, account := range slices.Sorted(maps.Keys(whole)) { // In order, so that the sum is the same each time.
		d := float64(c[account]) - share*float64(whole[account])
		sum += d * d
	}
	raters := float64(len(whole))
	n := raters
	if share > 0 && share < 1 && raters > 1 {
		variance := sum * raters / (raters - 1) / (rated * rated)
		n = min(rated, max(1, share*(1-share)/variance))
	}
	const z = 1.96
	middle, half := share+z*z/(2*n), z*math.Sqrt(share*(1-share)/n+z*z/(4*n*n))
	return share, max(0, (middle-half)/(1+z*z/n)), min(1, (middle+half)/(1+z*z/n))
}

// domains are the domains that enough accounts link to. What is left of a class without
// them is sound as well: else the smallest of them are left out too.
func (p *public) domains() *Table {
	t := &Table{
		Name: "domains", Title: "Domains that links lead to", Doc: "Domains by the number of links to them, of those that at least 10 accounts link to. Others are left out; how many they are is not said.",
		Columns: []Column{
			{"domain", String, "The registrable domain (Public Suffix List)."},
			{"source_class", String, "Its class as rated at the time of the posts; " + notRated + " for none. A domain whose class changed has a row of each."},
			{"links", Integer, "Links to it."},
			{"accounts", Integer, "Distinct accounts that posted them."},
		},
	}
	cells := grid{}
	for _, l := range p.links {
		if l.class != unknownTarget && l.domain != "" {
			cells.add(l.class, l.domain, l.account, l.links)
		}
	}
	for class, domains := range cells {
		kept, ok := (grid{class: domains}).keep()
		if !ok {
			continue
		}
		for domain := range kept {
			c := domains[domain]
			t.Rows = append(t.Rows, []any{domain, class, c.total(), int64(len(c))})
		}
	}
	slices.SortFunc(t.Rows, func(a, b []any) int {
		return cmp.Or(-cmp.Compare(a[2].(int64), b[2].(int64)), cmp.Compare(a[0].(string), b[0].(string)), cmp.Compare(a[1].(string), b[1].(string))) //nolint:forcetypeassert // They were made above.
	})
	return t
}

// tables are all of the public tier.
func (p *public) tables(ctx context.Context) ([]*Table, error) {
	list := []*Table{
		p.byDay(), p.byPlatform(),
		p.rated(), p.shares(), p.domains(), p.indicators(),
	}
	for _, of := range append([]asked{p.queries()}, collected(p.week)...) {
		t, err := of.table(ctx, p.ask)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// isShown is the condition that a post is of a platform and a day that are published.
func (p *public) isShown() string {
	list := func(of map[string]bool) string {
		return "('" + strings.Join(slices.Sorted(maps.Keys(of)), "', '") + "')"
	}
	return "platform IN " + list(p.platforms) + " AND toString(toDate(created_at)) IN " + list(p.days)
}

// queries are the posts that match the study's queries.
func (p *public) queries() asked {
	return asked{Table{
		Name: "queries", Title: "Posts that match the study's queries", Doc: "Of each query of the study that posts of at least 10 accounts match, and that those of as many do not. A post can match several.",
		Columns: []Column{{"query", String, "The query, as the study names it."}, {"posts", Integer, "Posts that match it."}, {"accounts", Integer, "Distinct accounts that wrote them."}},
	}, fmt.Sprintf(`WITH whole AS (SELECT platform, account_id, count() AS t FROM posts WHERE %[1]s AND %[2]s GROUP BY platform, account_id)
SELECT toNullable(query), toNullable(toInt64(sum(n))) AS posts, toNullable(toInt64(count())) AS accounts
FROM (SELECT toString(arrayJoin(queries)) AS query, platform, account_id, count() AS n FROM posts WHERE %[1]s AND %[2]s GROUP BY query, platform, account_id) AS matched
INNER JOIN whole USING (platform, account_id)
GROUP BY query HAVING count() >= %[3]d AND max(n) <= %[4]g * sum(n) AND ((SELECT count() FROM whole) - countIf(n = t) AS others) NOT BETWEEN 1 AND %[3]d - 1
ORDER BY posts DESC, query`, p.week.inWeek("created_at"), p.isShown(), LeastAccounts, MostOfOne)}
}
