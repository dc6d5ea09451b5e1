package collectors

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/election-observatory/observatory/schema"
)

// meter counts what passes from collectors to the log.
type meter struct {
	events    *prometheus.CounterVec
	rejects   *prometheus.CounterVec
	connected *prometheus.CounterVec
	lag       *prometheus.HistogramVec
	newest    *prometheus.GaugeVec
}

// Metered counts what emit takes, by collector: single sources are in coverage,
// where thousands of them do no harm.
func Metered(emit Emit, reg prometheus.Registerer) Emit {
	m := &meter{
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "observatory_collected_events_total", Help: "Events that the log took, by collector and kind: post, action, delete, account.",
		}, []string{"collector", "kind"}),
		rejects: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "observatory_collected_rejects_total", Help: "Outside input that could not be used, by collector and reason.",
		}, []string{"collector", "reason"}),
		connected: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "observatory_coverage_records_total", Help: "Records of coverage, by collector and outage; empty where the source was connected.",
		}, []string{"collector", "outage"}),
		lag: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "observatory_collected_lag_seconds", Help: "Median seconds from publication to collection of a source's minute, by collector.",
			Buckets: prometheus.ExponentialBuckets(0.1, 4, 10),
		}, []string{"collector"}),
		newest: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "observatory_collected_newest_seconds", Help: "Start of the minute in which a source of the collector delivered events last, in Unix seconds.",
		}, []string{"collector"}),
	}
	reg.MustRegister(m.events, m.rejects, m.connected, m.lag, m.newest)
	return func(ctx context.Context, batch []*schema.Event) error {
		if err := emit(ctx, batch); err != nil {
			return err
		}
		for _, e := range batch {
			m.count(e)
		}
		return nil
	}
}

func (m *meter) count(e *schema.Event) {
	switch kind := e.GetKind().(type) {
	case *schema.Event_Post:
		m.events.WithLabelValues(kind.Post.GetCollector(), "post").Inc()
	case *schema.Event_Action:
		m.events.WithLabelValues(kind.Action.GetCollector(), "action").Inc()
	case *schema.Event_Delete:
		m.events.WithLabelValues(kind.Delete.GetCollector(), "delete").Inc()
	case *schema.Event_Account:
		m.events.WithLabelValues(kind.Account.GetCollector(), "account").Inc()
	case *schema.Event_Expansion:
		m.events.WithLabelValues(kind.Expansion.GetCollector(), "expansion").Inc()
	case *schema.Event_Reject:
		m.rejects.WithLabelValues(kind.Reject.GetCollector(), kind.Reject.GetReason()).Inc()
	case *schema.Event_Coverage:
		c := kind.Coverage
		outage := ""
		if !c.GetConnected() {
			outage = c.GetGapReason()
		}
		m.connected.WithLabelValues(c.GetCollector(), outage).Inc()
		if c.GetLagS() > 0 {
			m.lag.WithLabelValues(c.GetCollector()).Observe(c.GetLagS())
		}
		if c.GetReceived() > 0 {
			m.newest.WithLabelValues(c.GetCollector()).Set(float64(c.GetMinuteMs()) / 1000)
		}
	}
}
