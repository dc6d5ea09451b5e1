package archive

import (
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	read     prometheus.Counter
	rejected *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	factory := promauto.With(reg)
	return &metrics{
		read:     factory.NewCounter(prometheus.CounterOpts{Name: "observatory_archive_records_total", Help: "Records of archives that were read and handed to the log or counted."}),
		rejected: factory.NewCounterVec(prometheus.CounterOpts{Name: "observatory_archive_rejected_total", Help: "Records of archives that could not be used. A non-zero rate means that a file is damaged or of another format."}, []string{"reason"}),
	}
}

func (m *metrics) note(c counters) {
	m.read.Add(float64(c.Read))
	for reason, n := range c.Rejected {
		m.rejected.WithLabelValues(reason).Add(float64(n))
	}
}

func totalBytes(files []string) int64 {
	var total int64
	for _, name := range files {
		if info, err := os.Stat(name); err == nil {
			total += info.Size()
		}
	}
	return total
}
