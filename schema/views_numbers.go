package schema

import "strings"

// period are the parameters of views over a time.
func period() []Param {
	return []Param{
		{Name: "from", Type: typeTime, Doc: "First day or time, UTC."},
		{Name: "to", Type: typeTime, Doc: "Day or time before which it ends."},
	}
}

const (
	inPeriod = "created_at >= {from:" + typeTime + "} AND created_at < {to:" + typeTime + "}"
	isRated  = "source_class NOT IN ('', 'platform')"
)

// sourceShares is the share of links by class of source, with all that is needed
// to read it: how much is rated at all, how much is unresolved, how much was
// collected, and how far the share may be off.
//
// The interval is Wilson's (1927) for the effective number of links: links of
// one account are not independent, and the design effect (Kish 1965) of the ratio
// with accounts as clusters says by how much. Where all or none of the links are
// of a class, that cannot be estimated, and the number of accounts stands for it.
func sourceShares() View {
	columns := []Column{
		{Name: "part", Type: "String", Doc: "The language, platform, day, hour or query; empty for all."},
		{Name: "source_class", Type: "String", Doc: "A class of sources; empty in the row of all links of the part, which is there even if none is rated."},
		{Name: "links", Type: "UInt64", Doc: "Links to sources of the class; in the row of all links these."},
		{Name: "accounts", Type: "UInt64", Doc: "Accounts that posted them."},
		{Name: "share", Type: "Nullable(Float64)", Doc: "Of the links to rated sources the share that is of the class; null where nothing is rated, and in the row of all links."},
		{Name: "low", Type: "Nullable(Float64)", Doc: "Lower end of the 95 % interval of the share."},
		{Name: "high", Type: "Nullable(Float64)", Doc: "Upper end."},
		{Name: "share_of_all", Type: "Float64", Doc: "Of all links of the part the share that is of the class: at least so much, whatever the unrated are."},
		{Name: "rated_share", Type: "Float64", Doc: "Of all links of the part the share that leads to rated sources."},
		{Name: "unresolved_share", Type: "Float64", Doc: "Of all links of the part the share whose target is unknown."},
		{Name: "coverage", Type: "Nullable(Float64)", Doc: "Share of the minutes of the sources collected from in which they answered: in the hour or day, on the platform, else in all of the period; null where none was noted."},
		{Name: "note", Type: "String", Doc: "What to mind; empty for nothing."},
	}
	params := append(period(), Param{Name: "by", Type: "String", Doc: "What the parts are: lang, platform, day, hour or query; all for one part."})
	return View{
		Name: "source_shares", Doc: "Share of links by class of source, with rated share, unresolved share, coverage and confidence intervals.", Columns: columns, Params: params,
		Query: `WITH parted AS (
    SELECT multiIf({by:String} = 'lang', lang, {by:String} = 'platform', platform, {by:String} = 'day', toString(toDate(created_at)),
            {by:String} = 'hour', toString(toStartOfHour(created_at)), {by:String} = 'query', q, '') AS part,
        account_id, source_class, count() AS x, countIf(unresolved) AS u
    FROM ` + Database + `.hourly_links
    ARRAY JOIN if({by:String} = 'query', arrayMap(x -> toString(x), queries), ['']) AS q
    WHERE ` + inPeriod + ` AND NOT throwIf({by:String} NOT IN ('all', 'lang', 'platform', 'day', 'hour', 'query'), 'by is all, lang, platform, day, hour or query')
    GROUP BY part, account_id, source_class),
accounts AS (
    SELECT part, account_id, sumIf(x, ` + isRated + `) AS n, sum(x) AS t, sum(parted.u) AS unresolved
    FROM parted GROUP BY part, account_id),
whole AS (
    SELECT part, sum(n) AS rated, sum(t) AS links, sum(unresolved) AS unresolved, sum(n * n) AS nn, countIf(n > 0) AS raters, count() AS accounts
    FROM accounts GROUP BY part),
classes AS (
    SELECT parted.part AS part, parted.source_class AS source_class, sum(parted.x) AS total, sum(parted.x * parted.x) AS xx, sum(parted.x * n) AS xn, count() AS spread
    FROM parted INNER JOIN accounts ON parted.part = accounts.part AND parted.account_id = accounts.account_id
    WHERE source_class != '' GROUP BY part, source_class),
covered AS (
    SELECT multiIf({by:String} = 'platform', platform, {by:String} = 'day', toString(toDate(minute)), {by:String} = 'hour', toString(toStartOfHour(minute)), '') AS part,
        countIf(connected) / count() AS coverage
    FROM ` + Database + `.coverage WHERE minute >= {from:` + typeTime + `} AND minute < {to:` + typeTime + `}
    GROUP BY part),
counted AS (
    SELECT classes.part AS part, source_class, total, spread AS accounts, rated, links, unresolved,
        if(` + isRated + ` AND rated > 0, total / rated, NULL) AS p,
        (xx - 2 * p * xn + p * p * nn) * if(raters > 1, raters / (raters - 1), 1) / (rated * rated) AS variance,
        if(p > 0 AND p < 1 AND raters > 1, least(toFloat64(rated), greatest(1., p * (1 - p) / variance)), toFloat64(raters)) AS n
    FROM classes INNER JOIN whole ON classes.part = whole.part
    UNION ALL
    SELECT part, '' AS source_class, links AS total, accounts, rated, links, unresolved, NULL, NULL, NULL FROM whole)
SELECT counted.part AS part, source_class, total AS links, accounts, p AS share,
    ` + wilson("-") + ` AS low,
    ` + wilson("+") + ` AS high,
    total / counted.links AS share_of_all, rated / counted.links AS rated_share, unresolved / counted.links AS unresolved_share, coverage,
    multiIf(rated = 0 AND unresolved > 0, concat('No link leads to a rated source; of ', toString(round(100 * unresolved_share, 1)), ' % the target is unknown: nothing can be said of shares.'),
        rated = 0, 'No link leads to a rated source: nothing can be said of shares.',
        rated_share < 0.5, concat('Only ', toString(round(100 * rated_share, 1)), ' % of the links lead to rated sources: shares are of these alone.'), '') AS note
FROM counted LEFT JOIN (SELECT part, toNullable(coverage) AS coverage FROM covered) AS covered
ON if({by:String} IN ('platform', 'day', 'hour'), counted.part, '') = covered.part`,
		From: []string{"hourly_links", "coverage"},
	}
}

// hourlyShares are the shares of links by class that charts show: from the counts
// per hour, so that long periods cost little. They sum up: divide sums, not means,
// and take what is divided by from the rows of all links, which every hour has.
func hourlyShares() View {
	columns := []Column{
		{Name: "hour", Type: "DateTime('UTC')", Doc: "Start of the hour."},
		{Name: "platform", Type: typeWord, Doc: "The platform."},
		{Name: "lang", Type: typeWord, Doc: "The language."},
		{Name: "query", Type: typeWord, Doc: "A query of the study; empty in the rows that count every post once."},
		{Name: "source_class", Type: typeWord, Doc: "A class of sources; empty in the row of all links, which is there even if none is rated."},
		{Name: "links", Type: "UInt64", Doc: "Links to sources of the class; in the row of all links these."},
		{Name: "rated_links", Type: "UInt64", Doc: "Links of the hour, platform, language and query that lead to rated sources."},
		{Name: "unresolved_links", Type: "UInt64", Doc: "Those whose target is unknown."},
		{Name: "all_links", Type: "UInt64", Doc: "All of them."},
		{Name: "share", Type: "Nullable(Float64)", Doc: "links of rated_links; null where nothing is rated, and in the row of all links. Over several hours, platforms or languages: sumIf(links, source_class = '…') / sumIf(rated_links, source_class = ''), since an hour without links to a class has no row of it."},
		{Name: "rated_share", Type: "Nullable(Float64)", Doc: "rated_links of all_links; null where there are none."},
		{Name: "unresolved_share", Type: "Nullable(Float64)", Doc: "unresolved_links of all_links."},
		{Name: "coverage", Type: "Nullable(Float64)", Doc: "Share of the minutes of the hour in which the sources of the platform answered; null where none was noted."},
	}
	return View{
		Name: "hourly_shares", Doc: "Share of links by class of source, per hour, platform, language and query, with rated share, unresolved share and coverage.", Columns: columns,
		Query: `SELECT hour, platform, lang, query, source_class, links, rated_links, unresolved_links, all_links,
    if(` + isRated + ` AND rated_links > 0, links / rated_links, NULL) AS share,
    if(all_links > 0, rated_links / all_links, NULL) AS rated_share, if(all_links > 0, unresolved_links / all_links, NULL) AS unresolved_share, coverage
FROM (
    SELECT hour, platform, lang, query, source_class, sum(h.links) AS links, sumIf(sum(h.links), ` + isRated + `) OVER w AS rated_links,
        sum(sum(h.unresolved)) OVER w AS unresolved_links, sumIf(sum(h.links), source_class = '') OVER w AS all_links
    FROM ` + Database + `.hourly AS h
    GROUP BY hour, platform, lang, query, source_class
    WINDOW w AS (PARTITION BY hour, platform, lang, query)) AS counted
LEFT JOIN (SELECT toStartOfHour(minute) AS at, platform, toNullable(countIf(connected) / count()) AS coverage FROM ` + Database + `.coverage GROUP BY at, platform) AS covered
ON counted.hour = covered.at AND counted.platform = covered.platform`,
		From: []string{"hourly", "coverage"},
	}
}

// hourlyLinks are the links that charts and shares over long periods read.
func hourlyLinks() View {
	t := linkRows()
	return View{
		Name: "hourly_links", Doc: "Links with the ratings of their sources, as kept for each hour: what shares and lists of domains read. links has their addresses, and what changed in the last minute.",
		Columns: pick(t, "platform", "post_id", "account_id", "created_at", "hour", "lang", "kind", "queries", "domain", "unresolved", "source_class", "source", "method_version"),
		Query:   "SELECT platform, post_id, account_id, created_at, hour, lang, kind, queries, domain, unresolved, source_class, source, method_version\nFROM " + StoreDatabase + "." + TableLinks + "\nWHERE " + t.Counts(),
		From:    []string{TableLinks},
	}
}

// wilson is one end of Wilson's interval for a share p of n at 95 %.
func wilson(sign string) string {
	return strings.NewReplacer("SIGN", sign).Replace("if(p IS NULL, NULL, least(1, greatest(0, (p + 1.9208 / n SIGN 1.96 * sqrt(p * (1 - p) / n + 0.9604 / (n * n))) / (1 + 3.8416 / n))))")
}

func topDomains() View {
	columns := []Column{
		{Name: "domain", Type: typeWord, Doc: "The registrable domain."},
		{Name: "source_class", Type: "String", Doc: "Its class as of the last link in the period; empty where it is not rated."},
		{Name: "links", Type: "UInt64", Doc: "Links to it in the period."},
		{Name: "posts", Type: "UInt64", Doc: "Posts with such links."},
		{Name: "accounts", Type: "UInt64", Doc: "Accounts that posted them."},
		{Name: "share", Type: "Float64", Doc: "Share of all links of the period."},
		{Name: "first_seen", Type: typeTime, Doc: "The first post with a link to it, in all of the store."},
		{Name: "platforms", Type: "Array(String)", Doc: "The platforms on which it was linked to in the period."},
		{Name: "languages", Type: "Array(String)", Doc: "The languages of these posts."},
	}
	return View{
		Name: "top_domains", Doc: "Domains by the number of links to them, with when they were first seen.", Columns: columns, Params: period(),
		Query: `WITH since AS (
    SELECT domain, min(created_at) AS first_seen FROM ` + Database + `.hourly_links GROUP BY domain)
SELECT found.domain AS domain, source_class, links, posts, accounts, links / sum(links) OVER () AS share, first_seen, platforms, languages
FROM (
    SELECT domain, argMax(source_class, created_at) AS source_class, count() AS links, uniqExact(platform, post_id) AS posts, uniqExact(account_id) AS accounts,
        groupUniqArray(platform) AS platforms, groupUniqArray(lang) AS languages
    FROM ` + Database + `.hourly_links WHERE ` + inPeriod + ` AND domain != ''
    GROUP BY domain) AS found
INNER JOIN since ON found.domain = since.domain
ORDER BY links DESC, domain`,
		From: []string{"hourly_links"},
	}
}

func spreaders() View {
	columns := []Column{
		{Name: "platform", Type: typeWord, Doc: "The platform."},
		{Name: "account_id", Type: "UUID", Doc: "Pseudonym of the account."},
		{Name: "source_class", Type: typeWord, Doc: "A class of sources."},
		{Name: "links", Type: "UInt64", Doc: "The account's links to sources of the class in the period."},
		{Name: "sources", Type: "UInt64", Doc: "Different sources among them."},
		{Name: "all_links", Type: "UInt64", Doc: "All of the account's links in the period."},
		{Name: "share", Type: "Float64", Doc: "Share of the class in these."},
		{Name: "of_class", Type: "Float64", Doc: "Share of the account in all links to the class."},
	}
	return View{
		Name: "spreaders", Doc: "Accounts that link to rated sources, by class: what they link to, and nothing about who or what they are.", Columns: columns, Params: period(),
		Query: `SELECT platform, account_id, source_class, links, sources, all_links, links / all_links AS share, links / sum(links) OVER (PARTITION BY source_class) AS of_class
FROM (
    SELECT platform, account_id, source_class, count() AS links, uniqExact(source) AS sources, sum(links) OVER (PARTITION BY platform, account_id) AS all_links
    FROM ` + Database + `.hourly_links WHERE ` + inPeriod + `
    GROUP BY platform, account_id, source_class)
WHERE ` + isRated + `
ORDER BY links DESC, account_id`,
		From: []string{"hourly_links"},
	}
}

// highFrequency is how many posts a day make an account one of high frequency, in
// the data memos of the Oxford Internet Institute.
const highFrequency = "50"

// accountActivity says how much accounts post. The days are those of the period,
// not those on which an account posted.
func accountActivity() View {
	columns := []Column{
		{Name: "platform", Type: typeWord, Doc: "The platform."},
		{Name: "account_id", Type: "UUID", Doc: "Pseudonym of the account."},
		{Name: "posts", Type: "UInt64", Doc: "Its posts in the period, of all kinds."},
		{Name: "reposts", Type: "UInt64", Doc: "Those of them that are reposts."},
		{Name: "posts_per_day", Type: "Float64", Doc: "posts by the days of the period, whether it posted on them or not."},
		{Name: "active_days", Type: "UInt64", Doc: "Days in UTC on which it posted."},
		{Name: "most_in_a_day", Type: "UInt64", Doc: "Posts of its busiest day: another figure, which one day can make."},
		{Name: "high_frequency", Type: "Bool", Doc: "posts_per_day is " + highFrequency + " or more. It says how much, not how: newsrooms and people who report live have it as well."},
		{Name: "declared_bot", Type: "Nullable(Bool)", Doc: "Whether the account last declared itself automated, which is no secret then; null where unknown."},
		{Name: "first", Type: typeTime, Doc: "Its first post in the period."},
		{Name: "last", Type: typeTime, Doc: "Its last one."},
	}
	days := "greatest(1, dateDiff('second', {from:" + typeTime + "}, {to:" + typeTime + "}) / 86400)"
	return View{
		Name: "account_activity", Doc: "How much accounts post, and which of them with high frequency (50 and more a day on average): a measure of volume and no verdict.", Columns: columns, Params: period(),
		Query: `SELECT platform, account_id, posts, reposts, posts / ` + days + ` AS posts_per_day, active_days, most_in_a_day, CAST(posts_per_day >= ` + highFrequency + ` AS Bool) AS high_frequency,
    declared_bot, first, last
FROM (
    SELECT platform, account_id, sum(n) AS posts, sum(r) AS reposts, count() AS active_days, max(n) AS most_in_a_day, min(f) AS first, max(l) AS last
    FROM (SELECT platform, account_id, count() AS n, countIf(kind = 'repost') AS r, min(created_at) AS f, max(created_at) AS l
        FROM ` + Database + `.posts WHERE ` + inPeriod + ` GROUP BY platform, account_id, toDate(created_at))
    GROUP BY platform, account_id) AS found
LEFT JOIN (SELECT platform, account_id, argMax(declared_bot, collected_at) AS declared_bot FROM ` + Database + `.accounts GROUP BY platform, account_id) AS said
ON found.platform = said.platform AND found.account_id = said.account_id
ORDER BY posts DESC, account_id`,
		From: []string{"posts", "accounts"},
	}
}

// risingDomains compares a period with the one of the same length before it. The
// score is that of the difference of two Poisson counts under equal rates
// (Przyborowski and Wilenski 1940, in its normal approximation).
func risingDomains() View {
	columns := []Column{
		{Name: "domain", Type: typeWord, Doc: "The registrable domain."},
		{Name: "source_class", Type: "String", Doc: "Its class as of the last link; empty where it is not rated."},
		{Name: "links", Type: "UInt64", Doc: "Links to it in the period."},
		{Name: "links_before", Type: "UInt64", Doc: "Links to it in the period of the same length before."},
		{Name: "accounts", Type: "UInt64", Doc: "Accounts that linked to it in the period."},
		{Name: "accounts_before", Type: "UInt64", Doc: "Accounts that did before."},
		{Name: "first_in_both", Type: typeTime, Doc: "The first link in the two periods."},
		{Name: "z", Type: "Float64", Doc: "How far the difference in accounts is above what chance explains, in standard deviations."},
	}
	return View{
		Name: "rising_domains", Doc: "Domains to which more accounts link than in the period before.", Columns: columns, Params: period(),
		Query: `SELECT domain, argMax(source_class, created_at) AS source_class, countIf(created_at >= {from:` + typeTime + `}) AS links, countIf(created_at < {from:` + typeTime + `}) AS links_before,
    uniqExactIf(account_id, created_at >= {from:` + typeTime + `}) AS accounts, uniqExactIf(account_id, created_at < {from:` + typeTime + `}) AS accounts_before, min(created_at) AS first_in_both,
    (toFloat64(accounts) - toFloat64(accounts_before)) / sqrt(accounts + accounts_before) AS z
FROM ` + Database + `.hourly_links
WHERE created_at >= {from:` + typeTime + `} - toIntervalMillisecond(dateDiff('millisecond', {from:` + typeTime + `}, {to:` + typeTime + `})) AND created_at < {to:` + typeTime + `} AND domain != ''
GROUP BY domain
HAVING accounts > accounts_before
ORDER BY z DESC, domain`,
		From: []string{"hourly_links"},
	}
}
