package eventlog

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/election-observatory/observatory/schema"
)

// cut: what was appended before is gone, what comes after stays, and a reader that
// had passed it sees no gap.
func (s *suite) cut(t *testing.T) {
	t.Helper()
	topic := s.topic(t, 3)
	p := newTestProducer(t, s.brokers())
	mustAppend(t, p, topic, values("before", 50))
	before, err := Ends(t.Context(), s.brokers(), topic)
	if err != nil {
		t.Fatal(err)
	}
	l := newLedger()
	stop := consume(t, s.brokers(), "cut", topic, l.take)
	defer stop()
	l.wait(t, 50)
	if err := p.AppendToAll(t.Context(), topic, []byte("mark")); err != nil {
		t.Fatal(err)
	}
	l.wait(t, 51) // All marks say the same.
	if err := Cut(t.Context(), s.brokers(), topic, before); err != nil {
		t.Fatal(err)
	}
	if err := Cut(t.Context(), s.brokers(), topic, before); err != nil {
		t.Fatalf("a second time: %v", err)
	}
	starts, err := Starts(t.Context(), s.brokers(), topic)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(starts) != fmt.Sprint(before) {
		t.Errorf("the topic starts at %v, not at %v", starts, before)
	}
	mustAppend(t, p, topic, values("after", 20))
	l.wait(t, 71)
	l.check(t)
}

// TestCut_LeavesNoBytes removes the files of the embedded broker that hold what was
// appended before, and keeps offsets through a kill.
func TestCut_LeavesNoBytes(t *testing.T) {
	t.Parallel()
	e := newEmbedded(t)
	spec := schema.Topic{Name: "rejects.v1", Partitions: 2, Retention: time.Hour, RetentionBytes: -1}
	if err := EnsureTopics(t.Context(), e.brokers(), []schema.Topic{spec}, 1); err != nil {
		t.Fatal(err)
	}
	p := newTestProducer(t, e.brokers(), func(c *ProducerConfig) { c.Compression = CompressionNone })
	mustAppend(t, p, spec.Name, values("a name to be forgotten", 100))
	if !onDisk(t, e.dir, "a name to be forgotten") {
		t.Fatal("the broker's files do not hold what was appended: the test sees nothing")
	}
	if err := NewFiles(t.Context(), e.brokers(), &spec, true); err != nil {
		t.Fatal(err)
	}
	before, err := Ends(t.Context(), e.brokers(), spec.Name)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.AppendToAll(t.Context(), spec.Name, []byte("mark")); err != nil {
		t.Fatal(err)
	}
	if err := NewFiles(t.Context(), e.brokers(), &spec, false); err != nil {
		t.Fatal(err)
	}
	if err := Cut(t.Context(), e.brokers(), spec.Name, before); err != nil {
		t.Fatal(err)
	}
	if onDisk(t, e.dir, "a name to be forgotten") {
		t.Error("the broker's files still hold it")
	}
	e.end(t, syscall.SIGKILL)
	e.start(t, 0)
	after, err := Ends(t.Context(), e.brokers(), spec.Name)
	if err != nil {
		t.Fatal(err)
	}
	for partition, end := range before {
		if after[partition] != end+1 {
			t.Errorf("partition %d ends at %d after a kill, not at %d", partition, after[partition], end+1)
		}
	}
	l := newLedger()
	defer consume(t, e.brokers(), "g", spec.Name, l.take)()
	l.wait(t, 1)
}

func onDisk(t *testing.T, dir, text string) bool {
	t.Helper()
	found := false
	if err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		found = found || bytes.Contains(data, []byte(text))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return found
}
