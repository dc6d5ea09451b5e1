package broker

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/internal/eventlog/wire"
)

// What the protocol server writes when it is closed, and needs to start well.
// Without it, after a kill, the server reads all of a partition into memory at
// once, and forgets what producers have sent: a batch whose answer was lost
// would be stored a second time. So it is derived from the log itself, before
// every start.
type (
	snapshot struct {
		Version    int           `json:"version"`
		End        int64         `json:"high_watermark"`
		StableEnd  int64         `json:"last_stable_offset"`
		Start      int64         `json:"log_start_offset"`
		Epoch      int32         `json:"epoch"`
		LeaderNode int32         `json:"leader_node"`
		NewestMS   int64         `json:"max_timestamp"`
		Created    time.Time     `json:"created_at"`
		Segments   []segmentInfo `json:"segments"`
	}
	segmentInfo struct {
		Base     int64 `json:"base_offset"`
		Size     int64 `json:"size"`
		MinEpoch int32 `json:"min_epoch,omitempty"`
		MaxEpoch int32 `json:"max_epoch,omitempty"`
	}
	windows struct {
		Version int      `json:"version"`
		Windows []window `json:"windows"`
	}
	// window is what a partition remembers of a producer.
	window struct {
		ProducerID int64    `json:"pid"`
		Topic      string   `json:"topic"`
		Partition  int32    `json:"partition"`
		Sent       [5]batch `json:"entries"` // A ring of the latest batches.
		Count      int      `json:"count"`
		At         int      `json:"at"`
		Epoch      int16    `json:"epoch"`
		Seen       bool     `json:"seen"`
		Next       int32    `json:"next_seq"`
	}
	batch struct {
		First  int32 `json:"first_seq"`
		Next   int32 `json:"next_seq"`
		Offset int64 `json:"offset"`
	}
	producer struct {
		Type  string `json:"type"`
		ID    int64  `json:"pid"`
		Epoch int16  `json:"epoch"`
	}
)

const fileVersion = 1

// recoverDir brings the directory into the state of a broker that was closed.
func recoverDir(dir string, log *zap.Logger) error {
	if err := cutTorn(filepath.Join(dir, "groups.log"), log); err != nil {
		return err
	}
	entries, err := os.ReadDir(filepath.Join(dir, "partitions"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := checkState(dir); err != nil && len(entries) > 0 {
		return err
	}
	all := windows{Version: fileVersion, Windows: []window{}}
	for _, e := range entries {
		topic, partition, ok := partitionOf(e.Name())
		if !ok {
			continue
		}
		p := &partitionScan{dir: filepath.Join(dir, "partitions", e.Name()), log: log, producers: make(map[int64]*window)}
		if err := p.recover(); err != nil {
			return fmt.Errorf("%s: %w", e.Name(), err)
		}
		for id, w := range p.producers {
			w.ProducerID, w.Topic, w.Partition = id, topic, partition
			all.Windows = append(all.Windows, *w)
		}
	}
	if err := writeJSON(filepath.Join(dir, "seq_windows.json"), all); err != nil {
		return err
	}
	return writeProducers(filepath.Join(dir, "pids.log"), all.Windows)
}

// checkState finds out whether the server will know the topics. If not, it would
// begin anew and write over what partitions hold.
func checkState(dir string) error {
	for _, name := range []string{"meta.json", "topics.json"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil && !json.Valid(b) {
			err = errors.New("it is no JSON")
		}
		if err != nil {
			return fmt.Errorf("the log is damaged: %s: restore it from a backup, or move the directory away: %w", name, err)
		}
	}
	return nil
}

// partitionScan walks the batches of one partition.
type partitionScan struct {
	dir       string
	log       *zap.Logger
	state     snapshot
	producers map[int64]*window
	next      int64 // Offset that the next batch must not be below.
}

func (p *partitionScan) recover() error {
	segments, err := listSegments(p.dir)
	if err != nil {
		return err
	}
	for len(segments) > 0 && segments[len(segments)-1].size == 0 {
		// The kill came between a new file and its first batch.
		if err := p.remove(segments[len(segments)-1].base); err != nil {
			return err
		}
		segments = segments[:len(segments)-1]
	}
	if len(segments) == 0 {
		return nil
	}
	p.state = snapshot{Version: fileVersion, Start: segments[0].base, Created: time.Now().UTC()}
	p.previous()
	for i, s := range segments {
		size, err := p.scan(s, i == len(segments)-1)
		if err != nil {
			return err
		}
		p.state.Segments = append(p.state.Segments, segmentInfo{Base: s.base, Size: size, MaxEpoch: p.state.Epoch})
	}
	p.state.End, p.state.StableEnd = p.next, p.next
	p.state.Start = min(p.state.Start, p.state.End)
	return writeJSON(filepath.Join(p.dir, "snapshot.json"), p.state)
}

// previous takes over what cannot be derived, if the broker was closed well.
func (p *partitionScan) previous() {
	var old snapshot
	raw, err := os.ReadFile(filepath.Join(p.dir, "snapshot.json"))
	if err != nil || json.Unmarshal(raw, &old) != nil || old.Version != fileVersion {
		return
	}
	p.state.Start = max(p.state.Start, old.Start)
	if !old.Created.IsZero() {
		p.state.Created = old.Created
	}
}

func (p *partitionScan) remove(base int64) error {
	name := filepath.Join(p.dir, strconv.FormatInt(base, 10))
	if err := os.Remove(name + ".dat"); err != nil {
		return err
	}
	if err := os.Remove(name + ".idx"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// scan walks the batches of one file and returns how much of it is good. The end
// of the last file may be torn by a kill or a power cut: it was never answered
// for, and is cut off. Anywhere else, damage is damage; the server would cut it
// off together with all that follows in the file.
func (p *partitionScan) scan(s segment, last bool) (int64, error) {
	name := filepath.Join(p.dir, strconv.FormatInt(s.base, 10)+".dat")
	b, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	pos := 0
	for pos < len(b) {
		size, err := p.batch(b[pos:])
		if err == nil {
			pos += size
			continue
		}
		if !last || intactAfter(b[pos+1:], p.next) {
			return 0, fmt.Errorf("the log is damaged: %s at byte %d: restore it from a backup, or move the directory away: %w", filepath.Base(name), pos, err)
		}
		p.log.Warn("cutting off the torn end of the log", zap.String("file", name), zap.Int("bytes", len(b)-pos), zap.Error(err))
		return int64(pos), truncate(name, int64(pos))
	}
	return int64(pos), nil
}

// intactAfter reports whether a whole batch with later records begins anywhere
// in b, which what is written last cannot have after it.
func intactAfter(b []byte, next int64) bool {
	for i := 0; i+wire.HeaderSize <= len(b); i++ {
		h, complete, err := wire.ParseHeader(b[i:])
		if err == nil && complete && h.Base >= next && wire.Verify(b[i:], h) == nil {
			return true
		}
	}
	return false
}

func truncate(name string, size int64) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Sync(), f.Close())
}

// batch checks the batch that b starts with and returns its size.
func (p *partitionScan) batch(b []byte) (int, error) {
	h, complete, err := wire.ParseHeader(b)
	switch {
	case err != nil:
		return 0, err
	case !complete:
		return 0, fmt.Errorf("%w: ends within a batch", wire.ErrCorrupt)
	case h.Base < p.next:
		return 0, fmt.Errorf("%w: offset %d after %d", wire.ErrCorrupt, h.Base, p.next)
	}
	if err := wire.Verify(b, h); err != nil {
		return 0, err
	}
	p.next = h.Next
	p.state.Epoch = int32(binary.BigEndian.Uint32(b[12:]))
	p.state.NewestMS = max(p.state.NewestMS, h.NewestMS)
	p.remember(h)
	return h.Size, nil
}

// remember notes what a producer sent, as the server does when it takes a batch.
func (p *partitionScan) remember(h wire.Header) {
	if h.ProducerID < 0 || h.Control {
		return
	}
	w := p.producers[h.ProducerID]
	if w == nil || w.Epoch != h.Epoch {
		w = &window{Epoch: h.Epoch, Seen: true}
		p.producers[h.ProducerID] = w
	}
	const wrap = 1<<31 - 1 // As the server counts.
	w.Next = int32((int64(h.Sequence) + int64(h.Count)) % wrap)
	w.Sent[w.At] = batch{First: h.Sequence, Next: w.Next, Offset: h.Base}
	w.At = (w.At + 1) % len(w.Sent)
	w.Count = min(w.Count+1, len(w.Sent))
}

func writeJSON(path string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return writeFile(path, data)
}

// writeFile replaces a file as a whole.
func writeFile(path string, data []byte) error {
	tmp, err := os.OpenFile(path+".tmp", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}
