package eventlog

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// producerMetrics are shared by the producers of a process.
type producerMetrics struct {
	records  *prometheus.CounterVec
	bytes    *prometheus.CounterVec
	batches  *prometheus.CounterVec
	retries  *prometheus.CounterVec
	failures *prometheus.CounterVec
	sessions prometheus.Counter
	buffered prometheus.Gauge
}

func newProducerMetrics(reg prometheus.Registerer) (*producerMetrics, error) {
	r := registrar{reg: reg}
	m := &producerMetrics{
		records:  r.counters("appended_records_total", "Records that all in-sync replicas hold, by topic.", "topic"),
		bytes:    r.counters("appended_bytes_total", "Bytes of batches that all in-sync replicas hold, as compressed, by topic.", "topic"),
		batches:  r.counters("appended_batches_total", "Batches that all in-sync replicas hold, by topic.", "topic"),
		retries:  r.counters("append_retries_total", "Batches sent again, by reason. A steady rate means that the brokers are unwell or out of reach; nothing is lost.", "reason"),
		failures: r.counters("append_failures_total", "Batches given up and reported to the caller, by reason. A non-zero rate means that collectors stand still or repeat themselves.", "reason"),
		sessions: r.counter("producer_sessions_total", "Producer sessions begun. More than one per partition and start means that a broker forgot a session or a batch was given up, after which downstream keys absorb a repeated batch."),
		buffered: r.gauge("append_buffered_bytes", "Bytes of messages that wait for their acknowledgement. At the configured bound, appending blocks."),
	}
	return m, r.err
}

// consumerMetrics are shared by the consumers of a process.
type consumerMetrics struct {
	records     *prometheus.CounterVec
	batches     *prometheus.CounterVec
	gaps        *prometheus.CounterVec
	gapOffsets  *prometheus.CounterVec
	replaced    *prometheus.CounterVec
	generations *prometheus.CounterVec
	retries     *prometheus.CounterVec
	position    *prometheus.GaugeVec
}

func newConsumerMetrics(reg prometheus.Registerer) (*consumerMetrics, error) {
	r := registrar{reg: reg}
	m := &consumerMetrics{
		records:     r.counters("consumed_records_total", "Records made durable and committed, by group and topic.", "group", "topic"),
		batches:     r.counters("consumed_batches_total", "Batches made durable and committed, by group and topic.", "group", "topic"),
		gaps:        r.counters("gaps_total", "Runs of records that were gone before this group read them, by group and topic. Any means lost data: retention is too short or the reader too slow.", "group", "topic"),
		gapOffsets:  r.counters("gap_offsets_total", "Offsets in those runs, by group and topic.", "group", "topic"),
		replaced:    r.counters("log_replaced_total", "Times that a partition ended before what the group had committed, by group and topic. Any means that the log was restored, recreated or truncated.", "group", "topic"),
		generations: r.counters("group_generations_total", "Generations of the group that this process took part in, by group. A steady rate means that members come and go, or fail to send heartbeats.", "group"),
		retries:     r.counters("consume_retries_total", "Steps done again after a failure, by group and step. A steady rate means that the brokers or the handler are unwell; nothing is lost.", "group", "step"),
		position:    r.gauges("consumed_offset", "Position committed last, by group, topic and partition.", "group", "topic", "partition"),
	}
	return m, r.err
}

// registrar registers metrics, or finds those that an earlier part of the same
// process registered, and remembers the first error.
type registrar struct {
	reg prometheus.Registerer
	err error
}

const (
	namespace = "observatory"
	subsystem = "eventlog"
)

func (r *registrar) counters(name, help string, labels ...string) *prometheus.CounterVec {
	return register(r, prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help}, labels))
}

func (r *registrar) counter(name, help string) prometheus.Counter {
	return register(r, prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help}))
}

func (r *registrar) gauge(name, help string) prometheus.Gauge {
	return register(r, prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help}))
}

func (r *registrar) gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	return register(r, prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help}, labels))
}

func register[C prometheus.Collector](r *registrar, c C) C {
	err := r.reg.Register(c)
	if err == nil {
		return c
	}
	if already, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if existing, ok := already.ExistingCollector.(C); ok {
			return existing
		}
	}
	r.err = errors.Join(r.err, err)
	return c
}
