package eventlog

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/internal/eventlog/wire"
)

// batchAt is an encoded batch at an offset.
func batchAt(t *testing.T, base int64, vals ...string) []byte {
	t.Helper()
	e, err := wire.NewEncoder(wire.Snappy)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vals {
		e.Add(nil, []byte(v))
	}
	b, err := e.Finish(1)
	if err != nil {
		t.Fatal(err)
	}
	wire.Stamp(b, 1, 0, 0)
	b = append([]byte(nil), b[4:]...)
	binary.BigEndian.PutUint64(b, uint64(base))
	return b
}

// testReader reads what is given to it instead of a broker's answers.
func testReader(t *testing.T, change func(*ConsumerConfig)) *reader {
	t.Helper()
	cfg := DefaultConsumerConfig()
	cfg.Brokers, cfg.Group, cfg.Topics = []string{"localhost:1"}, "g", []string{"t"}
	change(&cfg)
	c, err := NewConsumer(cfg, func(context.Context, *Batch) error { return nil }, zap.NewNop(), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	r := newReader(c, nil, "t", 0, 0)
	r.begin()
	return r
}

type run struct {
	First, Next int64
	Values      []string
	Gap         *Gap
}

// cuts decodes all that was fetched, batch by batch.
func cuts(t *testing.T, r *reader) []run {
	t.Helper()
	var out []run
	for {
		if _, err := r.decode(); err != nil {
			t.Fatal(err)
		}
		got := run{First: r.batch.First, Next: r.batch.Next, Gap: r.batch.Gap}
		for _, rec := range r.batch.Records {
			got.Values = append(got.Values, string(rec.Value))
		}
		out = append(out, got)
		r.batch.Gap = nil
		if len(r.fetched) == 0 {
			return out
		}
		r.begin()
	}
}

func TestReader_AHoleInTheLogEndsABatchAndIsDeclared(t *testing.T) {
	t.Parallel()
	r := testReader(t, func(*ConsumerConfig) {})
	r.fetched = append(batchAt(t, 0, "a", "b"), batchAt(t, 5, "c")...)
	r.fetched = append(r.fetched, batchAt(t, 6, "d")...)
	r.fetched = append(r.fetched, batchAt(t, 7, "cut off by the broker")[:70]...)
	want := []run{{0, 2, []string{"a", "b"}, nil}, {5, 7, []string{"c", "d"}, &Gap{2, 5}}}
	if diff := cmp.Diff(want, cuts(t, r)); diff != "" {
		t.Error(diff)
	}
}

func TestReader_CutsBatchesToSize(t *testing.T) {
	t.Parallel()
	r := testReader(t, func(c *ConsumerConfig) { c.MaxBatchRecords = 2 })
	r.fetched = append(batchAt(t, 0, "a", "b", "c", "d", "e"), batchAt(t, 5, "f")...)
	want := []run{{0, 2, []string{"a", "b"}, nil}, {2, 4, []string{"c", "d"}, nil}, {4, 6, []string{"e", "f"}, nil}}
	if diff := cmp.Diff(want, cuts(t, r)); diff != "" {
		t.Errorf("by records: %s", diff)
	}
	r = testReader(t, func(c *ConsumerConfig) { c.MaxBatchBytes = 5 })
	r.fetched = append(batchAt(t, 0, "aaa", "bbb", "ccc"), batchAt(t, 3, "ddddddddd", "e")...)
	want = []run{{0, 2, []string{"aaa", "bbb"}, nil}, {2, 4, []string{"ccc", "ddddddddd"}, nil}, {4, 5, []string{"e"}, nil}}
	if diff := cmp.Diff(want, cuts(t, r)); diff != "" {
		t.Errorf("by bytes: %s", diff)
	}
}

// A backlog of batches of one post each takes not much more room than the posts.
func TestReader_SmallBatchesTakeLittleMemory(t *testing.T) {
	t.Parallel()
	r := testReader(t, func(*ConsumerConfig) {})
	const n = 2000
	post := strings.Repeat("a post of a few hundred bytes ", 20)
	for i := range int64(n) {
		r.fetched = append(r.fetched, batchAt(t, i, post)...)
	}
	if _, err := r.decode(); err != nil {
		t.Fatal(err)
	}
	for i := range r.batch.Records {
		if string(r.batch.Records[i].Value) != post {
			t.Fatalf("record %d is %q", i, r.batch.Records[i].Value)
		}
	}
	held := 0
	for _, b := range r.buffers.used {
		held += cap(b)
	}
	if len(r.batch.Records) != n || held > 2*n*len(post) {
		t.Errorf("%d records of %d bytes are held in %d bytes", len(r.batch.Records), len(post), held)
	}
}

func TestReader_DamageIsAnErrorAndNothingIsSkipped(t *testing.T) {
	t.Parallel()
	r := testReader(t, func(*ConsumerConfig) {})
	r.fetched = append(batchAt(t, 0, "a"), batchAt(t, 1, "b")...)
	r.fetched[len(r.fetched)-2] ^= 1
	if _, err := r.decode(); !errors.Is(err, wire.ErrCorrupt) {
		t.Errorf("error %v", err)
	}
	r.rewind()
	if r.next != 0 {
		t.Errorf("goes on at %d", r.next)
	}
}
