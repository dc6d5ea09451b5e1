package lists

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/election-observatory/observatory/processors/sources"
)

// BenchmarkLookup looks up URLs of sources that the real lists rate, with a side
// host and a tracking parameter, and as many that nobody rates.
func BenchmarkLookup(b *testing.B) {
	var ratings []sources.Rating
	for name, file := range map[string]string{"dima": "dima_domains.csv", "cred1": "cred1_current.csv", "asd": "state_media_matrix.csv"} {
		format, err := Find(name)
		if err != nil {
			b.Fatal(err)
		}
		list, err := format.Read(bytes.NewReader(realList(b, file)))
		if err != nil {
			b.Fatal(err)
		}
		for _, e := range list.Entries {
			r := e.Rating
			r.Rater = name
			ratings = append(ratings, r)
		}
	}
	var addresses []string
	for i := range ratings {
		side := "www."
		if i%2 == 1 {
			side = "www.un"
		}
		addresses = append(addresses, fmt.Sprintf("https://%s%s/2024/%d?utm_source=x", side, ratings[i].Source, i))
	}
	l := sources.NewLookup(sources.NewRegistry(ratings), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	found, n := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		if l.URL(addresses[n%len(addresses)]).Rating != nil {
			found++
		}
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "URLs/s")
	if n > len(addresses) && found == 0 {
		b.Fatal("nothing is rated")
	}
}
