package schema

// Pairs and mass shares are computed by hour: that of the newer share, so that
// what comes later changes no hour before its own. Rows are of a run of their
// method and count if it is the one that runRows name for the hour: a run becomes
// visible at once, whole, and one that was cut short or held up never does.

func runRows() Table {
	return Table{
		Name: TableRuns,
		Doc:  "Which run of a method counts for an hour: rows of its tables that are of other runs are left over.",
		Columns: []Column{
			{Name: "method", Type: typeWord, Doc: "The method."},
			{Name: "hour", Type: "DateTime('UTC')", Doc: "Start of the hour.", Codec: codecTime},
			{Name: "run", Type: "UInt64", Doc: "The run, as in the rows that it made.", Codec: codecID, Audit: true},
			{Name: "method_version", Type: typeWord, Doc: "The version of the method, with its parameters."},
			{Name: "version", Type: "UInt64", Doc: "Number of the computation.", Codec: codecID, Audit: true},
		},
		Engine:    "ReplacingMergeTree(version)",
		OrderBy:   "(method, hour)",
		Settings:  durable,
		Retention: "Until the study ends.",
		Deletion:  "Holds no data of posts.",
	}
}

const ofRun = "Of runs that no longer count; they are removed within hours."

// runColumns are what says of a row which run made it.
func runColumns() []Column {
	return []Column{
		{Name: "method_version", Type: typeWord, Doc: "The version of the method, with its parameters."},
		{Name: "run", Type: "UInt64", Doc: "The run that made the row.", Codec: codecID, Audit: true},
	}
}

// Counts is the condition that rows are of the runs that count; that of a table
// without runs always holds.
func (t Table) Counts() string {
	if t.Runs == "" {
		return "true"
	}
	return "(hour, run) IN (SELECT hour, run FROM " + StoreDatabase + "." + TableRuns + " FINAL WHERE method = '" + t.Runs + "')"
}

// MethodPairs is the method whose runs make pairs and mass shares.
const MethodPairs = "pairs"

func pairRows() Table {
	return Table{
		Name: TablePairs,
		Doc:  "Two shares of one object within the study's widest window, whoever made them, computed again whenever one of them changes.",
		Columns: append([]Column{
			{Name: "object_kind", Type: typeWord, Doc: "What was shared: url, repost, text, media, hashtags or reply, as in actions."},
			{Name: "hour", Type: "DateTime('UTC')", Doc: "Start of the hour of the newer share.", Codec: codecTime},
			{Name: "object_id", Type: "String", Doc: "The object, as in actions.", Codec: codecID},
			{Name: "platform", Type: typeWord, Doc: "The platform of the older share."},
			{Name: "post_id", Type: "UUID", Doc: "The post of the older share.", Codec: codecID},
			{Name: "account_id", Type: "UUID", Doc: "The account of the older share.", Codec: codecID},
			{Name: "created_at", Type: typeTime, Doc: "When the older share was made.", Codec: codecTime},
			{Name: "platform_newer", Type: typeWord, Doc: "The platform of the newer share; another only for url, text and media."},
			{Name: "post_id_newer", Type: "UUID", Doc: "The post of the newer share.", Codec: codecID},
			{Name: "account_id_newer", Type: "UUID", Doc: "The account of the newer share.", Codec: codecID},
			{Name: "delta_ms", Type: "UInt32", Doc: "Milliseconds between the two.", Codec: codecID},
			{Name: "self", Type: "Bool", Doc: "Both are of one account."},
			{Name: "original", Type: "Bool", Doc: "One of them is the object itself."},
		}, runColumns()...),
		Engine:    "MergeTree",
		OrderBy:   "(object_kind, hour, run, object_id, created_at)",
		Runs:      MethodPairs,
		Settings:  durable,
		Retention: "Until the study ends. " + ofRun,
		Deletion:  "Computed again from what is left.",
	}
}

func massRows() Table {
	return Table{
		Name: TableMass,
		Doc:  "Objects that so many shared within the window that who shares them says nothing: shares after the first so many are in no pair.",
		Columns: append([]Column{
			{Name: "object_kind", Type: typeWord, Doc: "What was shared, as in actions."},
			{Name: "hour", Type: "DateTime('UTC')", Doc: "Start of the hour.", Codec: codecTime},
			{Name: "object_id", Type: "String", Doc: "The object, as in actions.", Codec: codecID},
			{Name: "platform", Type: typeWord, Doc: "The platform; empty for url, text and media, which are looked at across platforms."},
			{Name: "shares", Type: "UInt64", Doc: "Shares of the hour that have more than the cap of others within the window before them.", Codec: codecID},
			{Name: "first", Type: typeTime, Doc: "The first of them.", Codec: codecTime},
			{Name: "last", Type: typeTime, Doc: "The last of them.", Codec: codecTime},
		}, runColumns()...),
		Engine:    "MergeTree",
		OrderBy:   "(object_kind, hour, run, object_id)",
		Runs:      MethodPairs,
		Settings:  durable,
		Retention: "Until the study ends. " + ofRun,
		Deletion:  "Computed again from what is left.",
	}
}

// MethodNetworks is the method whose runs make networks. The hour of its rows is
// the first of the last day of the period that they are of.
const MethodNetworks = "networks"

func ofNetwork(columns ...Column) []Column {
	return append([]Column{
		{Name: "object_kind", Type: typeWord, Doc: "What was shared: url, repost, text, media, hashtags or reply."},
		{Name: "hour", Type: "DateTime('UTC')", Doc: "Start of the last day of the period.", Codec: codecTime},
		{Name: "network_id", Type: "String", Doc: "The network; it keeps its id from day to day while half of its accounts stay.", Codec: codecID},
	}, append(columns, runColumns()...)...)
}

func networkTable(name, doc, order string, columns []Column) Table {
	return Table{
		Name: name, Doc: doc, Columns: columns, Engine: "MergeTree", OrderBy: "(object_kind, hour, run, network_id" + order + ")", Settings: durable, Runs: MethodNetworks,
		Retention: "Until the study ends. " + ofRun, Deletion: "Computed again from what is left.",
	}
}

func networkRows() Table {
	return networkTable(TableNetworks, "Accounts that shared the same objects within seconds of each other more often than chance explains, in the seven days up to a day.", "", ofNetwork(
		Column{Name: "accounts", Type: "UInt64", Doc: "Accounts of the network.", Codec: codecID},
		Column{Name: "edges", Type: "UInt64", Doc: "Pairs of accounts that stand out.", Codec: codecID},
		Column{Name: "objects", Type: "UInt64", Doc: "Distinct objects that two of them shared within the window.", Codec: codecID},
		Column{Name: "posts", Type: "UInt64", Doc: "Distinct posts with which they did.", Codec: codecID},
		Column{Name: "pairs", Type: "UInt64", Doc: "Pairs of shares of its accounts.", Codec: codecID},
		Column{Name: "expected_pairs", Type: "Float64", Doc: "Pairs that chance explains, summed over its edges."},
		Column{Name: "p_value", Type: "Float64", Doc: "The probability that chance makes any set of pairs of accounts as extreme, at most: the harmonic mean of the edges' (Wilson 2019)."},
		Column{Name: "q_value", Type: "Float64", Doc: "The false discovery rate at which it stands out among the networks of the day and kind of object."},
		Column{Name: "first", Type: typeTime, Doc: "The first of these shares.", Codec: codecTime},
		Column{Name: "last", Type: typeTime, Doc: "The last of them.", Codec: codecTime},
	))
}

func memberRows() Table {
	return networkTable(TableMembers, "The accounts of networks.", ", account_id", ofNetwork(
		Column{Name: "platform", Type: typeWord, Doc: "The platform."},
		Column{Name: "account_id", Type: "UUID", Doc: "Pseudonym of the account.", Codec: codecID},
		Column{Name: "edges", Type: "UInt64", Doc: "Accounts of the network that it stands out with.", Codec: codecID},
		Column{Name: "objects", Type: "UInt64", Doc: "Distinct objects that it shared within the window of another of the network.", Codec: codecID},
		Column{Name: "posts", Type: "UInt64", Doc: "Distinct posts with which it did.", Codec: codecID},
	))
}

func networkEdgeRows() Table {
	return networkTable(TableNetworkEdges, "The pairs of accounts of networks that stand out.", ", account_a", ofNetwork(
		Column{Name: "account_a", Type: "UUID", Doc: "One account.", Codec: codecID},
		Column{Name: "account_b", Type: "UUID", Doc: "The other.", Codec: codecID},
		Column{Name: "weight", Type: "UInt64", Doc: "Distinct objects that both shared within the window of each other.", Codec: codecID},
		Column{Name: "avg_time_delta", Type: "Float64", Doc: "Mean seconds between the shares of a pair."},
		Column{Name: "symmetry", Type: "Float64", Doc: "The smaller number of distinct posts by the larger, from 0 to 1."},
		Column{Name: "normalised_weight", Type: "Float64", Doc: "Objects, each weighing one by the other accounts that shared it."},
		Column{Name: "expected_pairs", Type: "Float64", Doc: "Pairs that chance explains: popularity of objects, activity of accounts in each hour."},
		Column{Name: "p_value", Type: "Float64", Doc: "The probability of as many objects by chance, at most."},
		Column{Name: "q_value", Type: "Float64", Doc: "The false discovery rate at which the edge stands out."},
	))
}
