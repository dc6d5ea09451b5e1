package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func codecs() []Codec { return []Codec{None, Snappy, LZ4, Zstd} }

// encode returns a stamped batch at offset base, without the size in front.
func encode(tb testing.TB, codec Codec, base int64, values ...string) []byte {
	tb.Helper()
	e, err := NewEncoder(codec)
	if err != nil {
		tb.Fatal(err)
	}
	for _, v := range values {
		e.Add([]byte("k"+v), []byte(v))
	}
	b, err := e.Finish(1_700_000_000_000)
	if err != nil {
		tb.Fatal(err)
	}
	Stamp(b, 7, 1, 30)
	b = bytes.Clone(b[sizePrefix:])
	binary.BigEndian.PutUint64(b, uint64(base)) // As the broker does; not part of the checksum.
	return b
}

func newDecoder() *Decoder {
	return &Decoder{Alloc: func(n int) []byte { return make([]byte, 0, n) }}
}

func TestBatchesAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, codec := range codecs() {
		for _, n := range []int{1, 2, 63, 64, 65, 5000} {
			t.Run(fmt.Sprint(codec, "-", n), func(t *testing.T) {
				var want []string
				for range n {
					want = append(want, strings.Repeat("election ", rng.IntN(40)))
				}
				b := encode(t, codec, 100, want...)
				h, complete, err := ParseHeader(b)
				if err != nil || !complete || h.Size != len(b) || h.Next != 100+int64(n) || h.ProducerID != 7 || h.Epoch != 1 || h.Sequence != 30 {
					t.Fatalf("header %+v, %v, %v", h, complete, err)
				}
				records, more, err := newDecoder().Append(nil, b, h, 0, n)
				if err != nil || more {
					t.Fatal(more, err)
				}
				var got []string
				for i, r := range records {
					if r.Offset != 100+int64(i) || r.AppendedMS != 1_700_000_000_000 || string(r.Key) != "k"+string(r.Value) {
						t.Fatalf("record %d is %+v", i, r)
					}
					got = append(got, string(r.Value))
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// An independent decoder reads the same fields.
func TestBatchesAreWhatTheProtocolSays(t *testing.T) {
	t.Parallel()
	b := encode(t, None, 0, "a", "", "c")
	var rb kmsg.RecordBatch
	if err := rb.ReadFrom(b); err != nil {
		t.Fatal(err)
	}
	if rb.Magic != 2 || rb.NumRecords != 3 || rb.LastOffsetDelta != 2 || rb.FirstSequence != 30 || int(rb.Length) != len(b)-12 {
		t.Errorf("batch %+v", rb)
	}
	rest := rb.Records
	for i, want := range []string{"a", "", "c"} {
		var r kmsg.Record
		if err := r.ReadFrom(rest); err != nil {
			t.Fatal(err)
		}
		if string(r.Value) != want || int(r.OffsetDelta) != i {
			t.Errorf("record %d is %+v", i, r)
		}
		_, n := binary.Varint(rest)
		rest = rest[n+int(r.Length):]
	}
	if len(rest) > 0 {
		t.Errorf("%d bytes too many", len(rest))
	}
}

func TestReadingResumesWithinABatch(t *testing.T) {
	t.Parallel()
	b := encode(t, Snappy, 10, "a", "b", "c", "d", "e")
	h, _, err := ParseHeader(b)
	if err != nil {
		t.Fatal(err)
	}
	records, more, err := newDecoder().Append(nil, b, h, 11, 2)
	if err != nil || !more || len(records) != 2 || records[0].Offset != 11 {
		t.Fatalf("%v, %v, %v", records, more, err)
	}
	records, more, err = newDecoder().Append(nil, b, h, 13, 2)
	if err != nil || more || len(records) != 2 || records[0].Offset != 13 {
		t.Fatalf("%v, %v, %v", records, more, err)
	}
}

func TestTheLogsOwnTimeCounts(t *testing.T) {
	t.Parallel()
	b := encode(t, None, 0, "a")
	if !Restamp(b, 1_800_000_000_000) {
		t.Fatal("not stamped")
	}
	h, _, _ := ParseHeader(b)
	records, _, err := newDecoder().Append(nil, b, h, 0, 1)
	if err != nil || records[0].AppendedMS != 1_800_000_000_000 {
		t.Errorf("moved batch: %+v, %v", records, err)
	}
	// A broker leaves the producer's times in place and says that they do not count.
	binary.BigEndian.PutUint16(b[posAttributes:], attrAppendTime)
	binary.BigEndian.PutUint64(b[posMaxTime:], 1_900_000_000_000)
	setChecksum(b)
	h, _, _ = ParseHeader(b)
	records, _, err = newDecoder().Append(nil, b, h, 0, 1)
	if err != nil || records[0].AppendedMS != 1_900_000_000_000 {
		t.Errorf("batch with append time: %+v, %v", records, err)
	}
}

func TestDamageIsNoticed(t *testing.T) {
	t.Parallel()
	for _, codec := range codecs() {
		good := encode(t, codec, 5, strings.Repeat("a", 100), "b", "c")
		for i := range good {
			if i < posMagic && i >= lengthPrefix {
				continue // The leader's epoch is the broker's affair.
			}
			b := bytes.Clone(good)
			b[i] ^= 0x55
			h, complete, err := ParseHeader(b)
			if err != nil || !complete || i < posLength {
				continue // Where the batch begins is checked by who asked for it.
			}
			if _, _, err := newDecoder().Append(nil, b, h, 0, 10); !errors.Is(err, ErrCorrupt) {
				t.Errorf("codec %d, byte %d: %v", codec, i, err)
			}
		}
	}
}

func TestControlBatchesHoldNoRecords(t *testing.T) {
	t.Parallel()
	b := encode(t, None, 5, "a")
	binary.BigEndian.PutUint16(b[posAttributes:], attrControl)
	setChecksum(b)
	h, _, _ := ParseHeader(b)
	records, more, err := newDecoder().Append(nil, b, h, 0, 10)
	if len(records) > 0 || more || err != nil || h.Next != 6 {
		t.Errorf("%v, %v, %v, %+v", records, more, err, h)
	}
}

func TestPartitionIsKafkas(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]int32{
		"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536,
		"a-little-bit-longer-string": -1486304829, "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971, "abc": 479470107,
	} {
		if got := int32(murmur2([]byte(key))); got != want {
			t.Errorf("murmur2(%q) is %d, not %d", key, got, want)
		}
	}
	balancer := kafka.Murmur2Balancer{}
	for i := range 1000 {
		key := []byte(strings.Repeat("x", i%9) + fmt.Sprint(i))
		if got, want := Partition(key, 7), balancer.Balance(kafka.Message{Key: key}, 0, 1, 2, 3, 4, 5, 6); int(got) != want {
			t.Fatalf("key %q goes to %d, not %d", key, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, codec := range codecs() {
		f.Add(encode(f, codec, 3, "a", "b", strings.Repeat("c", 300)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, complete, err := ParseHeader(b)
		if err != nil || !complete {
			return
		}
		setChecksum(b[:h.Size]) // Else nothing gets past it.
		d := newDecoder()
		records, _, err := d.Append(nil, b, h, h.Base, 1000)
		if err != nil && !errors.Is(err, ErrCorrupt) {
			t.Errorf("error %v", err)
		}
		for _, r := range records {
			if r.Offset < h.Base || r.Offset >= h.Next {
				t.Errorf("offset %d outside of %d to %d", r.Offset, h.Base, h.Next)
			}
		}
	})
}

func FuzzFetchAnswer(f *testing.F) {
	c := &Conn{topic: "t", partition: 1}
	var good []byte
	good = be32(be16(be32(good, 0), 0), 0)
	good = c.target(good)
	good = be64(be64(be64(be16(good, 0), 9), 9), 2)
	good = be32(be32(good, 0), 3)
	good = append(good, "abc"...)
	if start, b, err := c.parseFetch(good); start != 2 || string(b) != "abc" || err != nil {
		f.Fatal(start, b, err)
	}
	f.Add(good)
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _, _ = c.parseFetch(b)
	})
}
