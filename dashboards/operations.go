package dashboards

func aSource() *Variable {
	return many("source", "Source", "SELECT source FROM coverage WHERE minute >= $__fromTime AND minute <= $__toTime GROUP BY source ORDER BY sum(received) DESC, source LIMIT 200")
}

func health() *Dashboard {
	d := newDashboard("health", "Collection health", "What each source delivered, and what is missing.", aSource())
	of := "FROM coverage\nWHERE $__timeFilter(minute) AND source IN (${source:singlequote})"
	d.add(4,
		number("Sources", "That were watched in the range.", "short", "SELECT uniqExact(source) AS sources "+of),
		number("Coverage", "Share of their minutes in which they answered.", "percentunit", "SELECT avg(connected) AS coverage "+of),
		number("Events", "Received, rejects included.", "short", "SELECT sum(received) AS received "+of),
		number("Gaps", "Declared: lost for good, as far as is known.", "short", "SELECT count() AS gaps\nFROM missing\nWHERE kind = 'gap' AND from <= $__toTime AND (to >= $__fromTime OR to IS NULL)"),
	)
	d.add(9,
		panel("timeseries", "Connected", "1 where the source answered in all minutes of the step.", series("A", "SELECT $__timeInterval(minute) AS time, source, avg(connected) AS connected\n"+of+"\nGROUP BY time, source ORDER BY time")).unit("percentunit"),
		panel("timeseries", "Received against expected", "By what the sources' own history lets expect.", series("A", "SELECT $__timeInterval(minute) AS time, sum(received) AS received, sum(expected) AS expected\n"+of+"\nGROUP BY time ORDER BY time")).unit("short"),
	)
	d.add(9,
		table("Sources", "The one with least coverage first.", "SELECT source, any(collector) AS collector, any(platform) AS platform, max(minute) AS last_seen, avg(connected) AS coverage, sum(received) AS received, sum(emitted) AS emitted, sum(arraySum(mapValues(rejected))) AS rejected, sum(late) AS late\n"+of+"\nGROUP BY source ORDER BY coverage, source LIMIT 200").percent("coverage").wide(14),
		table("What is missing", "gap, down or silence; see the overview.", "SELECT source, kind, reason, from, to\nFROM missing\nWHERE from <= $__toTime AND (to >= $__fromTime OR to IS NULL)\nORDER BY from DESC LIMIT 200").wide(10),
	)
	d.add(8,
		panel("timeseries", "Received by kind", "Posts, reposts, likes, deletions and so on.", series("A", "SELECT time, kind, sum(n) AS events\nFROM (SELECT $__timeInterval(minute) AS time, arrayJoin(mapKeys(kinds)) AS kind, kinds[kind] AS n "+of+")\nGROUP BY time, kind ORDER BY time")).unit("short"),
		panel("timeseries", "Rejected", "Input that could not be used; `rejects` has the reasons, for the custodian.", series("A", "SELECT $__timeInterval(minute) AS time, sum(arraySum(mapValues(rejected))) AS rejected\n"+of+"\nGROUP BY time ORDER BY time")).unit("short"),
	)
	return d
}

func operations() *Dashboard {
	d := newDashboard("operations", "Operations", "How much goes through, how late, and what wants attention.", many("collector", "Collector", "SELECT DISTINCT collector FROM coverage WHERE minute >= $__fromTime AND minute <= $__toTime ORDER BY collector"))
	of := "FROM coverage\nWHERE $__timeFilter(minute) AND collector IN (${collector:singlequote})"
	d.add(9,
		panel("timeseries", "Throughput", "Events a second that were handed to the log.", series("A", "SELECT $__timeInterval(minute) AS time, collector, sum(emitted) / $__interval_s AS events\n"+of+"\nGROUP BY time, collector ORDER BY time")).unit("eps"),
		panel("timeseries", "Lag", "Median seconds from when an event was written to when it was collected, of the slowest source.", series("A", "SELECT $__timeInterval(minute) AS time, collector, max(lag_s) AS lag\n"+of+"\nGROUP BY time, collector ORDER BY time")).unit("s"),
	)
	d.add(9,
		panel("timeseries", "Received and not handed on", "Rejected, or only counted as likes are.", series("A", "SELECT $__timeInterval(minute) AS time, sum(received) - least(sum(received), sum(emitted)) AS events\n"+of+"\nGROUP BY time ORDER BY time")).unit("short"),
		panel("timeseries", "Late events", "Older than the source's watermark when they came.", series("A", "SELECT $__timeInterval(minute) AS time, sum(late) AS late\n"+of+"\nGROUP BY time ORDER BY time")).unit("short"),
	)
	d.add(9,
		table("Alerts", "The newest first. `observatory alerts ack` notes that one is seen to.", "SELECT alert_id, method, subject, from, to, reason, sent_at, acknowledged_at, evidence\nFROM alerts\nORDER BY from DESC, method, subject LIMIT 100").wide(14),
		table("What methods made", "Rows that count, by method and version.", "SELECT method, method_version, count() AS rows\nFROM labels\nGROUP BY method, method_version ORDER BY method, method_version").wide(10),
	)
	d.add(8,
		table("Audit: where rows come from", "Partitions of the log, and how far the store has them.", "SELECT _partition AS partition, count() AS posts, min(_offset) AS first_offset, max(_offset) AS last_offset, max(imported_at) AS newest\nFROM posts\nWHERE $__timeFilter(created_at)\nGROUP BY partition ORDER BY partition"),
		table("Versions of the study's queries", "Which were in use, and since when.", "SELECT query, list_version, terms, valid_from, valid_to\nFROM queries\nORDER BY query, list_version LIMIT 200"),
	)
	return d
}
