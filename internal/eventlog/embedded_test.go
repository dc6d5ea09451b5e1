package eventlog

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"golang.org/x/sys/unix"

	"github.com/election-observatory/observatory/schema"
)

// memoryLimit is what the embedded broker may have resident, in bytes.
const memoryLimit = 400 << 20

// TestEmbeddedBroker_MemoryIsBounded appends posts of about 600 bytes, has them
// read, and restarts the broker on what it holds, in order and after a kill.
// EVENTLOG_POSTS sets how many posts, of which 5,000,000 are promised, and
// EVENTLOG_BATCH how many of them are appended at a time.
func TestEmbeddedBroker_MemoryIsBounded(t *testing.T) {
	n, size := int(setting(t, "EVENTLOG_POSTS", 200_000)), int(setting(t, "EVENTLOG_BATCH", 1000))
	e := newEmbedded(t)
	spec := schema.Topic{Name: "posts.v1", Partitions: 4, Retention: time.Hour, RetentionBytes: -1}
	if err := EnsureTopics(t.Context(), e.brokers(), []schema.Topic{spec}, 1); err != nil {
		t.Fatal(err)
	}
	p := newTestProducer(t, e.brokers())
	batch := make([]Message, size)
	rng := rand.New(rand.NewPCG(1, 1))
	var noise [280]byte // Half of a post does not compress, as with real ones.
	text := []byte(strings.Repeat("die wahl und was dazu gesagt wird ", 9))
	begun := time.Now()
	for range n / len(batch) {
		for j := range batch {
			for k := 0; k < len(noise); k += 8 {
				binary.LittleEndian.PutUint64(noise[k:], rng.Uint64())
			}
			batch[j] = Message{Key: bytes.Clone(noise[:12]), Value: slices.Concat(noise[:], text)}
		}
		if _, err := p.Append(t.Context(), spec.Name, batch); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d posts appended in %v", n, time.Since(begun))
	e.checkMemory(t, "after appending")
	begun = time.Now()
	seen := 0
	counted := make(chan int, 64)
	stop := consume(t, e.brokers(), "g", spec.Name, func(_ context.Context, b *Batch) error {
		counted <- len(b.Records)
		return nil
	}, func(c *ConsumerConfig) { c.MaxWait = 200 * time.Millisecond })
	for seen < n {
		seen += <-counted
	}
	go func() {
		for range counted { // Let readers finish.
		}
	}()
	stop()
	close(counted)
	t.Logf("and consumed in %v", time.Since(begun))
	e.checkMemory(t, "after consuming")
	for _, end := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		e.end(t, end)
		begun = time.Now()
		e.start(t, 0)
		ends, err := Ends(t.Context(), e.brokers(), spec.Name)
		if err != nil {
			t.Fatal(err)
		}
		total := int64(0)
		for _, o := range ends {
			total += o
		}
		if total != int64(n/len(batch)*len(batch)) {
			t.Errorf("%d records after %v", total, end)
		}
		t.Logf("serving %v after %v", time.Since(begun), end)
		e.checkMemory(t, "after "+end.String())
	}
}

// checkMemory compares what the broker has resident, now and at its highest.
func (e *embedded) checkMemory(t *testing.T, when string) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", e.cmd.Process.Pid))
	if err != nil {
		t.Skipf("no memory figures here: %v", err)
	}
	var now, highest int64
	for line := range strings.Lines(string(status)) {
		_, _ = fmt.Sscanf(line, "VmRSS: %d kB", &now)
		_, _ = fmt.Sscanf(line, "VmHWM: %d kB", &highest)
	}
	t.Logf("%s: %d MB resident, %d MB at the highest", when, now>>10, highest>>10)
	if highest<<10 > memoryLimit {
		t.Errorf("%s: %d MB resident", when, highest>>10)
	}
}

// A full disk is a clear error for whoever appends, and no loss.
func TestEmbeddedBroker_FullDiskIsAClearError(t *testing.T) {
	t.Parallel()
	e := newEmbedded(t, fmt.Sprint(brokerDir, "_FREE=", 1<<60))
	topic := newTopic(t, e.brokers(), 1, 1)
	p := newTestProducer(t, e.brokers(), func(c *ProducerConfig) { c.GiveUpAfter = 200 * time.Millisecond })
	_, err := p.Append(t.Context(), topic, messages(values("v", 3)))
	if !errors.Is(err, kafka.KafkaStorageError) || !strings.Contains(err.Error(), "disk, which is full or failing") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v", err)
	}
	ends, err := Ends(t.Context(), e.brokers(), topic)
	if err != nil || ends[0] != 0 {
		t.Errorf("the log ends at %v, %v", ends, err)
	}
}

// Appends wait while the disk is full, readers go on, and all is well when there
// is room again. The disk is a real one, of which the test takes a part away.
func TestEmbeddedBroker_FullDiskPasses(t *testing.T) {
	t.Parallel()
	const margin = 1 << 30 // For what others do on the disk meanwhile.
	filler := filepath.Join(t.TempDir(), "filler")
	var disk unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(filler), &disk); err != nil {
		t.Fatal(err)
	}
	free := int64(disk.Bavail) * disk.Bsize
	if disk.Type == unix.TMPFS_MAGIC || free < 4*margin {
		t.Skipf("needs 4 GiB of a real disk, not %d MiB of type %x", free>>20, disk.Type)
	}
	e := newEmbedded(t, fmt.Sprint(brokerDir, "_FREE=", free-margin))
	topic := newTopic(t, e.brokers(), 1, 1)
	p := newTestProducer(t, e.brokers(), func(c *ProducerConfig) { c.GiveUpAfter = time.Minute })
	mustAppend(t, p, topic, values("before", 10))
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if err := unix.Fallocate(int(f.Fd()), 0, 0, 2*margin); err != nil {
		t.Skipf("cannot fill the disk: %v", err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := p.Append(t.Context(), topic, messages(values("during", 10)))
		done <- err
	}()
	l := newLedger()
	stop := consume(t, e.brokers(), "g", topic, l.take)
	l.wait(t, 10)
	stop()
	if at, err := Committed(t.Context(), e.brokers(), "g", topic); err != nil || at[0] != 10 {
		t.Errorf("the group is at %v, %v", at, err)
	}
	select {
	case err := <-done:
		t.Fatalf("the append did not wait: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	if err := f.Truncate(0); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	(&suite{cluster: e, n: 1}).holdsOnce(t, topic, append(values("before", 10), values("during", 10)...))
}
