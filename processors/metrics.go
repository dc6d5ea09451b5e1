package processors

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	batches    *prometheus.CounterVec
	records    *prometheus.CounterVec
	bytes      *prometheus.CounterVec
	rejects    *prometheus.CounterVec
	lost       *prometheus.CounterVec
	lag        *prometheus.GaugeVec
	tagSeconds prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "observatory_processors_" + name, Help: help}, labels)
	}
	m := &metrics{
		batches: counter("batches_total", "Batches of the log that are stored, by topic.", "topic"),
		records: counter("records_total", "Records of the log that are stored, by topic; redelivered ones count again.", "topic"),
		bytes:   counter("bytes_total", "Bytes of those records, by topic.", "topic"),
		rejects: counter("rejects_total", "Records of the log that are no event of the contract, by reason. A rate means that something else writes to the log, or an older program reads a newer one's events.", "reason"),
		lost:    counter("lost_offsets_total", "Offsets that were gone before they were read, by topic. Any increase is an incident: what they held is missing from the store, and coverage says so.", "topic"),
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "observatory_processors_lag_seconds", Help: "Seconds from when the log took the last record of a batch to when it was stored.",
		}, []string{"topic", "partition"}),
		tagSeconds: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "observatory_processors_tag_seconds_total", Help: "Seconds spent on decoding, tagging and building columns.",
		}),
	}
	reg.MustRegister(m.batches, m.records, m.bytes, m.rejects, m.lost, m.lag, m.tagSeconds)
	return m
}
