package store

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	rows          *prometheus.CounterVec
	bytes         *prometheus.CounterVec
	retries       *prometheus.CounterVec
	insertSeconds *prometheus.HistogramVec
	commitSeconds prometheus.Histogram
	lookups       prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		rows: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "observatory_store_rows_total", Help: "Rows that the store confirmed, by table; redelivered ones count again.",
		}, []string{"table"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "observatory_store_bytes_total", Help: "Bytes of confirmed inserts, by table.",
		}, []string{"table"}),
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "observatory_store_insert_retries_total", Help: "Attempts of inserts that failed and are made again, by reason. A lasting rate means that the store is unreachable, refuses, or is short of memory, disk or merges; offsets wait meanwhile.",
		}, []string{"reason"}),
		insertSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "observatory_store_insert_seconds", Help: "Time until the store confirmed an insert, attempts included, by table.",
			Buckets: prometheus.ExponentialBuckets(0.002, 2, 15),
		}, []string{"table"}),
		commitSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "observatory_store_commit_seconds", Help: "Time to make a batch durable: look-ups, notes, rows and progress.",
			Buckets: prometheus.ExponentialBuckets(0.005, 2, 14),
		}),
		lookups: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "observatory_store_lookups_total", Help: "Posts whose earlier hour was looked up because a deletion, an edit or a clamped time moves them.",
		}),
	}
	reg.MustRegister(m.rows, m.bytes, m.retries, m.insertSeconds, m.commitSeconds, m.lookups)
	return m
}
