package dashboards

// All are the dashboards, in the order in which a newcomer reads them.
func All() []*Dashboard {
	return []*Dashboard{overview(), sources(), coordination(), automation(), narratives(), health(), operations()}
}

func platforms() *Variable {
	return many("platform", "Platform", "SELECT DISTINCT platform FROM hourly WHERE hour >= $__fromTime AND hour <= $__toTime ORDER BY platform")
}

func languages() *Variable {
	return many("lang", "Language sphere", "SELECT lang FROM hourly WHERE query = '' AND source_class = '' AND hour >= $__fromTime AND hour <= $__toTime GROUP BY lang ORDER BY sum(posts) DESC LIMIT 30")
}

// chosen is the condition on the variables.
const chosen = "platform IN (${platform:singlequote}) AND lang IN (${lang:singlequote})"

func overview() *Dashboard {
	d := newDashboard("overview", "Overview by language sphere", "How much is posted, where, in which languages, and what is missing.", platforms(), languages())
	all := "FROM hourly\nWHERE query = '' AND source_class = '' AND $__timeFilter(hour) AND " + chosen
	d.add(4,
		number("Posts", "Posts, replies, quotes, reposts and items of feeds in the range; deleted ones are not counted.", "short", "SELECT sum(posts) AS posts "+all),
		number("Links", "Links in these posts.", "short", "SELECT sum(links) AS links "+all),
		number("Links with an unknown target", "Links through shorteners that nobody followed, of all links.", "percentunit", "SELECT sum(unresolved) / sum(links) AS unresolved "+all),
		number("Links to rated sources", "Where this is low, shares of classes say little.", "percentunit", "SELECT sumIf(links, source_class != '') / sumIf(links, source_class = '') AS rated\nFROM hourly\nWHERE query = '' AND $__timeFilter(hour) AND "+chosen),
		number("Coverage", "Share of the minutes in which the sources of the platforms answered.", "percentunit", "SELECT avg(connected) AS coverage\nFROM coverage\nWHERE $__timeFilter(minute) AND platform IN (${platform:singlequote})"),
		number("Open alerts", "Alerts that nobody has acknowledged, of any time.", "short", "SELECT countIf(acknowledged_at IS NULL) AS alerts FROM alerts"),
	)
	d.add(9, overTime("Posts by platform", "Per step of time. The band is coverage: where it is not full, numbers are too low.", "short", "SELECT $__timeInterval(hour) AS time, platform, sum(posts) AS posts\n"+all+"\nGROUP BY time, platform ORDER BY time"))
	d.add(9,
		overTime("Posts by language sphere", "By the language that is declared, else detected.", "short", "SELECT $__timeInterval(hour) AS time, lang, sum(posts) AS posts\n"+all+"\nGROUP BY time, lang ORDER BY time").wide(16),
		bars("Language spheres", "Posts of the range.", "short", "lang", "SELECT lang, sum(posts) AS posts\n"+all+"\nGROUP BY lang ORDER BY posts DESC LIMIT 12").wide(8),
	)
	d.add(9,
		overTime("Posts that match the study's queries", "A post can match several.", "short", "SELECT $__timeInterval(hour) AS time, query, sum(posts) AS posts\nFROM hourly\nWHERE query != '' AND source_class = '' AND $__timeFilter(hour) AND "+chosen+"\nGROUP BY time, query ORDER BY time").wide(16),
		table("What happened", "As the study says.", "SELECT at, until, title, text, citation\nFROM annotations\nWHERE at <= $__toTime AND ifNull(until, at) >= $__fromTime\nORDER BY at").wide(8),
	)
	d.add(8, table("What is missing", "gap: lost for good, as far as is known. down: asked in vain. silence: nothing came against the source's history.", "SELECT source, kind, reason, from, to\nFROM missing\nWHERE from <= $__toTime AND (to >= $__fromTime OR to IS NULL)\nORDER BY from DESC LIMIT 100").leads("source", "health", "source"))
	return d
}

func sources() *Dashboard {
	d := newDashboard("sources", "Sources", "Where links lead, how that is rated, and how much of it is rated at all.", platforms(), languages(),
		many("class", "Class of source", "SELECT DISTINCT source_class FROM hourly WHERE source_class != '' ORDER BY source_class = 'unreliable' DESC, source_class"))
	of := "FROM hourly_shares\nWHERE query = '' AND $__timeFilter(hour) AND " + chosen
	d.add(9, overTime("Share of the chosen classes by language sphere", "Of links to rated sources, those to sources of the chosen classes, as rated at the time of the post. Links are summed before they are divided.", "percentunit",
		"SELECT $__timeInterval(hour) AS time, lang, sumIf(links, source_class IN (${class:singlequote})) / sumIf(rated_links, source_class = '') AS share\n"+of+"\nGROUP BY time, lang HAVING sumIf(rated_links, source_class = '') >= 10 ORDER BY time"))
	d.add(8,
		overTime("How much is rated", "Of all links those to rated sources, and those whose target is unknown.", "percentunit", "SELECT $__timeInterval(hour) AS time, sumIf(rated_links, source_class = '') / sumIf(all_links, source_class = '') AS rated, sumIf(unresolved_links, source_class = '') / sumIf(all_links, source_class = '') AS unresolved\n"+of+"\nGROUP BY time HAVING sumIf(all_links, source_class = '') > 0 ORDER BY time"),
		overTime("Links by class", "Links to rated sources of each class.", "short", "SELECT $__timeInterval(hour) AS time, source_class, sum(links) AS links\n"+of+" AND source_class IN (${class:singlequote})\nGROUP BY time, source_class ORDER BY time"),
	)
	d.add(10, table("Shares by language sphere", "All platforms. The interval is at 95 %; share_of_all is the least that it can be, whatever the unrated are.", "SELECT part AS lang, source_class, links, accounts, share, low, high, share_of_all, rated_share, unresolved_share, coverage, note\nFROM source_shares("+days+", by = 'lang')\nWHERE part IN (${lang:singlequote}) AND source_class IN (${class:singlequote})\nORDER BY lang, source_class").
		percent("share", "low", "high", "share_of_all", "rated_share", "unresolved_share", "coverage"))
	d.add(10,
		table("Domains with most links", "Registrable domains.", "SELECT domain, source_class, links, posts, accounts, share, first_seen, languages\nFROM top_domains("+days+")\nORDER BY links DESC, domain LIMIT 50").percent("share"),
		table("Domains on the rise", "More accounts than in the period of the same length before; z in standard deviations of what chance explains.", "SELECT domain, source_class, accounts, accounts_before, links, z\nFROM rising_domains("+days+")\nWHERE accounts >= 5\nORDER BY z DESC, domain LIMIT 50").override("z", [2]any{"decimals", 1}),
	)
	d.add(8,
		table("Linked most, and rated by nobody", "What to code next: observatory sources queue.", "SELECT domain, links, accounts, languages\nFROM top_domains("+days+")\nWHERE source_class = ''\nORDER BY links DESC, domain LIMIT 50"),
		table("Look-alikes", "Hosts whose names look like a protected one. A candidate by a rule: it says nothing of who is behind it.", "SELECT host, target, rule, evidence, posts, accounts, first_seen\nFROM lookalikes\nORDER BY posts DESC, host LIMIT 50"),
		table("What lists changed", "By each import.", "SELECT loaded_at, rater, list_version, change, domain_or_account, before, after\nFROM source_changes\nORDER BY loaded_at DESC, domain_or_account LIMIT 100"),
	)
	return d
}

func coordination() *Dashboard {
	d := newDashboard("coordination", "Coordination", "Accounts that shared the same objects within seconds of each other more often than chance explains. It says nothing of who they are, nor that they know of each other.",
		one("network", "Network", "SELECT network_id FROM networks GROUP BY network_id ORDER BY max(accounts) DESC, network_id LIMIT 100"))
	last := "day = (SELECT max(day) FROM networks WHERE network_id IN (${network:singlequote}))"
	is := "network_id IN (${network:singlequote}) AND " + last
	d.add(9,
		overTime("Pairs of shares", "Two shares of one object within five minutes, by what was shared; pairs of one account with itself are left out.", "short", "SELECT $__timeInterval(created_at_newer) AS time, object_kind, count() AS pairs\nFROM pairs\nWHERE $__timeFilter(created_at_newer) AND NOT self AND NOT original\nGROUP BY time, object_kind ORDER BY time").wide(14),
		table("Networks", "Of the seven days up to each day. q is the false discovery rate among the networks of the day.", "SELECT network_id, max(day) AS last_day, any(object_kind) AS kind, argMax(accounts, day) AS accounts, argMax(objects, day) AS objects, argMax(posts, day) AS posts, argMax(pairs, day) AS pairs, argMax(expected_pairs, day) AS expected, argMax(q_value, day) AS q\nFROM networks\nGROUP BY network_id ORDER BY accounts DESC, network_id LIMIT 100").wide(10).leads("network_id", "coordination", "network").override("expected", [2]any{"decimals", 1}).override("q", [2]any{"unit", "sci"}),
	)
	graph := panel("nodeGraph", "The network", "Accounts under pseudonyms, and the pairs of them that stand out; the thicker, the more distinct objects.",
		rows("nodes", "SELECT toString(account_id) AS id, substring(toString(account_id), 1, 8) AS title, toString(platform) AS subtitle, toFloat64(objects) AS mainstat, toFloat64(posts) AS secondarystat\nFROM network_members\nWHERE "+is+"\nORDER BY id LIMIT 200"),
		rows("edges", "SELECT concat(toString(account_a), ' ', toString(account_b)) AS id, toString(account_a) AS source, toString(account_b) AS target, toFloat64(weight) AS mainstat, round(avg_time_delta, 1) AS secondarystat\nFROM network_edges\nWHERE "+is+"\nORDER BY weight DESC, id LIMIT 1000"),
	)
	d.add(12, graph.wide(14),
		table("Its accounts", "edges: with how many others it stands out. `observatory evidence` with the network's id shows everything.", "SELECT account_id, platform, edges, objects, posts\nFROM network_members\nWHERE "+is+"\nORDER BY edges DESC, account_id LIMIT 200").wide(10).leads("account_id", "automation", "account"))
	members := "(SELECT account_id FROM network_members WHERE network_id IN (${network:singlequote}))"
	d.add(9,
		table("What it shared", "Objects of pairs between its accounts in the range.", "SELECT object_kind, object_id, count() AS pairs, uniqExact(account_id) AS accounts, min(created_at) AS first, max(created_at_newer) AS last\nFROM pairs\nWHERE $__timeFilter(created_at_newer) AND NOT self AND NOT original AND account_id IN "+members+" AND account_id_newer IN "+members+"\nGROUP BY object_kind, object_id ORDER BY pairs DESC, object_id LIMIT 100"),
		table("Sources that networks link to", "Links by accounts of any network in the range.", "SELECT if(source_class = '', 'not rated', source_class) AS class, domain, count() AS links, uniqExact(account_id) AS accounts\nFROM hourly_links\nWHERE $__timeFilter(created_at) AND account_id IN (SELECT account_id FROM network_members)\nGROUP BY class, domain ORDER BY links DESC, domain LIMIT 100"),
	)
	d.add(8, table("Objects with most pairs", "mass_shares: shares that are in no pair, because more than the cap of others shared the object within the window before: so many that it says nothing of who acts together.", `SELECT p.object_kind AS object_kind, p.object_id AS object_id, p.pairs AS pairs, p.accounts AS accounts, m.shares AS mass_shares
FROM (
    SELECT object_kind, object_id, count() AS pairs, uniqExact(account_id) AS accounts
    FROM pairs WHERE $__timeFilter(created_at_newer) AND NOT self AND NOT original
    GROUP BY object_kind, object_id ORDER BY pairs DESC, object_id LIMIT 100) AS p
LEFT JOIN (SELECT object_kind, object_id, sum(shares) AS shares FROM mass_shares WHERE $__timeFilter(hour) GROUP BY object_kind, object_id) AS m ON p.object_kind = m.object_kind AND p.object_id = m.object_id
ORDER BY pairs DESC, object_id`))
	return d
}
