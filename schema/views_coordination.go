package schema

func pairs() View {
	columns := []Column{
		{Name: "object_kind", Type: typeWord, Doc: "What was shared: url, repost, text, media, hashtags or reply."},
		{Name: "object_id", Type: "String", Doc: "The object, as in actions."},
		{Name: "platform", Type: typeWord, Doc: "The platform of the older share."},
		{Name: "post_id", Type: "UUID", Doc: "The post of the older share."},
		{Name: "account_id", Type: "UUID", Doc: "The account of the older share."},
		{Name: "created_at", Type: typeTime, Doc: "When the older share was made."},
		{Name: "platform_newer", Type: typeWord, Doc: "The platform of the newer share."},
		{Name: "post_id_newer", Type: "UUID", Doc: "The post of the newer share."},
		{Name: "account_id_newer", Type: "UUID", Doc: "The account of the newer share."},
		{Name: "created_at_newer", Type: typeTime, Doc: "When the newer share was made."},
		{Name: "time_delta", Type: "Float64", Doc: "Seconds between the two."},
		{Name: "self", Type: "Bool", Doc: "Both are of one account: no coordination by itself."},
		{Name: "original", Type: "Bool", Doc: "One of them is the object itself: neither is this."},
		{Name: "method_version", Type: typeWord, Doc: "The version of the method, with the widest window in seconds and the cap."},
	}
	return View{
		Name: "pairs", Doc: "Two shares of one object within the study's widest window. Shares of an object beyond the cap are in mass_shares and in no pair.", Columns: columns,
		Query: selectFrom(columns, map[string]string{"time_delta": "delta_ms / 1000", "created_at_newer": "created_at + toIntervalMillisecond(delta_ms)"}, StoreDatabase+"."+TablePairs+"\nWHERE "+pairRows().Counts()),
		From:  []string{TablePairs, TableRuns},
	}
}

func massShares() View {
	columns := pick(massRows(), "object_kind", "object_id", "platform", "hour", "shares", "first", "last", "method_version")
	return View{
		Name: "mass_shares", Doc: "Objects that so many shared within the window that these shares are in no pair.", Columns: columns,
		Query: selectFrom(columns, nil, StoreDatabase+"."+TableMass+"\nWHERE "+massRows().Counts()), From: []string{TableMass, TableRuns},
	}
}

// coAction are the parameters of networks.
func coAction() []Param {
	return append(period(),
		Param{Name: "object", Type: "String", Doc: "What was shared: url, repost, text, media, hashtags or reply."},
		Param{Name: "window", Type: "Float64", Doc: "Longest time between two shares of a pair, in seconds; up to the study's widest window."},
	)
}

func edgeColumns() []Column {
	return []Column{
		{Name: "account_a", Type: "UUID", Doc: "One account: the first in the order of the text of the pseudonyms."},
		{Name: "account_b", Type: "UUID", Doc: "The other."},
		{Name: "weight", Type: "UInt64", Doc: "Pairs of shares of the two."},
		{Name: "avg_time_delta", Type: "Float64", Doc: "Mean seconds between the shares of a pair."},
		{Name: "symmetry", Type: "Float64", Doc: "Distinct older posts by distinct newer ones, or the other way, from 0 to 1."},
		{Name: "above_threshold", Type: "Bool", Doc: "The weight is above the quantile edge_weight of all weights."},
	}
}

const (
	coActions = Database + `.actions WHERE kind = {object:String} AND created_at >= {from:` + typeTime + `} AND created_at < {to:` + typeTime + `}`
	coPairs   = Database + `.pairs WHERE object_kind = {object:String} AND created_at >= {from:` + typeTime + `} AND created_at_newer < {to:` + typeTime + `} AND time_delta <= {window:Float64}`
	windowToo = `NOT throwIf({window:Float64} > (SELECT toFloat64OrZero(splitByChar('/', toString(method_version))[2]) FROM ` + StoreDatabase + `.` + TableRuns + ` WHERE method = '` + MethodPairs + `' ORDER BY version DESC LIMIT 1), 'window is larger than the one that pairs are kept for')`
)

// coordinatedNetwork is CooRTweet's network over the stored pairs; see package
// coordination for the definition, and for what it is to be read as.
func coordinatedNetwork() View {
	return View{
		Name: "coordinated_network", Doc: "Accounts that share the same objects within seconds of each other, as CooRTweet 2.1.3 computes it.", Columns: edgeColumns(),
		Params: append(coAction(),
			Param{Name: "min_participation", Type: "UInt32", Doc: "Shares that an account has to have, and to have in pairs; one side of a pair is enough."},
			Param{Name: "edge_weight", Type: "Float64", Doc: "The quantile of the weights above which an edge stands out, from 0 to 1."}),
		Query: `WITH enough AS (
    SELECT account_id FROM ` + coActions + ` GROUP BY account_id HAVING count() >= {min_participation:UInt32}),
near AS (
    SELECT post_id, account_id, post_id_newer, account_id_newer, time_delta FROM ` + coPairs + ` AND NOT self AND NOT original
        AND account_id IN enough AND account_id_newer IN enough AND ` + windowToo + `),
paired AS (SELECT DISTINCT arrayJoin([post_id, post_id_newer]) FROM near),
takes AS (
    SELECT account_id FROM ` + coActions + ` AND post_id IN paired AND account_id IN enough
    GROUP BY account_id HAVING count() >= {min_participation:UInt32}),
counts AS (SELECT DISTINCT post_id FROM ` + coActions + ` AND post_id IN paired AND account_id IN takes)
SELECT toUUID(a) AS account_a, toUUID(b) AS account_b, weight, avg_time_delta, symmetry,
    CAST(weight > quantileExactInclusive({edge_weight:Float64})(weight) OVER () AS Bool) AS above_threshold
FROM (
    SELECT least(toString(account_id), toString(account_id_newer)) AS a, greatest(toString(account_id), toString(account_id_newer)) AS b,
        count() AS weight, avg(time_delta) AS avg_time_delta,
        least(uniqExact(post_id), uniqExact(post_id_newer)) / greatest(uniqExact(post_id), uniqExact(post_id_newer)) AS symmetry
    FROM near WHERE post_id IN counts OR post_id_newer IN counts
    GROUP BY a, b)
ORDER BY a, b`,
		From: []string{"actions", "pairs", TableRuns},
	}
}

// coordinatedNetworkQUT is a network of QUT's toolkit over the stored pairs.
func coordinatedNetworkQUT() View {
	columns := []Column{
		{Name: "account_a", Type: "UUID", Doc: "The account whose posts are counted."},
		{Name: "account_b", Type: "UUID", Doc: "The account that has posts near them; it may be the same."},
		{Name: "weight", Type: "UInt64", Doc: "Posts of account_a that have a post of account_b within the window on the same object."},
	}
	return View{
		Name: "coordinated_network_qut", Doc: "Directed edges between accounts, as the coordination network toolkit of QUT computes them.", Columns: columns,
		Params: append(coAction(), Param{Name: "min_weight", Type: "UInt32", Doc: "Least weight of an edge."}),
		Query: `SELECT account_a, account_b, uniqExact(post) AS weight
FROM (
    SELECT account_id AS account_a, account_id_newer AS account_b, post_id AS post FROM ` + coPairs + ` AND post_id != post_id_newer AND ` + windowToo + `
    UNION ALL
    SELECT account_id_newer, account_id, post_id_newer FROM ` + coPairs + ` AND post_id != post_id_newer)
GROUP BY account_a, account_b
HAVING weight >= {min_weight:UInt32}
ORDER BY toString(account_a), toString(account_b)`,
		From: []string{"pairs", TableRuns},
	}
}

// ofDays names the period of networks by its last day.
func ofDays(table Table, name, doc string) View {
	columns := []Column{{Name: "day", Type: "Date", Doc: "The last day of the period of seven days."}}
	for _, c := range table.Columns {
		if c.Name != "hour" && !c.Audit {
			columns = append(columns, Column{Name: c.Name, Type: c.Type, Doc: c.Doc})
		}
	}
	return View{
		Name: name, Doc: doc, Columns: columns,
		Query: selectFrom(columns, map[string]string{"day": "toDate(hour)"}, StoreDatabase+"."+table.Name+"\nWHERE "+table.Counts()), From: []string{table.Name, TableRuns},
	}
}

func networks() View {
	return ofDays(networkRows(), "networks", "Networks of accounts that shared the same objects within a minute of each other more often than chance explains. It says nothing of who or what they are, nor that they know of each other.")
}

func networkMembers() View {
	return ofDays(memberRows(), "network_members", "The accounts of networks.")
}

func networkEdges() View {
	return ofDays(networkEdgeRows(), "network_edges", "The pairs of accounts of networks that stand out, with what chance explains.")
}
