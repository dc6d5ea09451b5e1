package assess

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	hours    *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	failures prometheus.Counter
	alerts   prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		hours: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "observatory_assess_hours_total", Help: "Hours of event time that were computed again, by method.",
		}, []string{"method"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "observatory_assess_seconds", Help: "Time to compute what had changed, by method.",
			Buckets: prometheus.ExponentialBuckets(0.01, 2, 15),
		}, []string{"method"}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "observatory_assess_failures_total", Help: "Computations that failed and are tried again. A lasting rate means that results fall behind what is stored.",
		}),
		alerts: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "observatory_alerts", Help: "Alerts that last, as in the relation alerts: sources that are silent against their history.",
		}),
	}
	reg.MustRegister(m.hours, m.seconds, m.failures, m.alerts)
	return m
}
