package archive

import (
	"path/filepath"
	"testing"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/collectortest"
)

// TestConformance runs the suite of all collectors over every case, in chunks
// that are small enough for many cuts.
func TestConformance(t *testing.T) {
	t.Parallel()
	inputs, err := filepath.Glob("testcases/*/in.*")
	if err != nil || len(inputs) == 0 {
		t.Fatal(inputs, err)
	}
	for _, input := range inputs {
		t.Run(filepath.Base(filepath.Dir(input)), func(t *testing.T) {
			t.Parallel()
			cfg := caseConfig(t, input)
			sum, _ := read(t, cfg)
			cfg.ChunkRecords = 4
			subject := collectortest.Subject{MaxCuts: 4, Events: int(sum.Emitted), New: func(t *testing.T, cursors *collectors.Cursors) collectors.Collector {
				t.Helper()
				return newArchive(t, cfg, cursors)
			}}
			for _, n := range sum.Rejected {
				subject.Rejects += int(n)
			}
			subject.Events += subject.Rejects
			collectortest.Run(t, subject)
		})
	}
}
