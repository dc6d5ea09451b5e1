package broker

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/zap"
)

// keeper applies retention: it removes whole files of a partition, oldest first,
// once they are too old, too many or too large together, and once all protected
// groups have committed past them. The file that is being written stays.
type keeper struct {
	cfg     *Config
	log     *zap.Logger
	cluster *kfake.Cluster
}

// segment is one file of a partition.
type segment struct {
	base    int64 // Offset of its first record.
	size    int64 // In bytes.
	batches int64
	written time.Time // When the last batch was appended.
}

// limits are the settings of a topic.
type limits struct {
	age   time.Duration // Below zero for no limit.
	bytes int64         // Per partition, below zero for no limit.
}

// indexEntry is the size of what the server's index has for each batch.
const indexEntry = 15

// apply applies retention to all partitions.
func (k *keeper) apply(now time.Time) error {
	dirs, err := os.ReadDir(filepath.Join(k.cfg.Dir, "partitions"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list partitions: %w", err)
	}
	commits := k.commits()
	var errs []error
	for _, d := range dirs {
		topic, partition, ok := partitionOf(d.Name())
		if !ok {
			continue
		}
		info := k.cluster.TopicInfo(topic)
		if info == nil {
			continue // Deleted meanwhile.
		}
		segments, err := listSegments(filepath.Join(k.cfg.Dir, "partitions", d.Name()))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		start := k.cut(segments, limitsOf(info.Configs), k.unread(commits, topic, partition), now)
		if start < 0 {
			continue
		}
		if err := k.cluster.DeleteRecords(topic, partition, start); err != nil {
			errs = append(errs, fmt.Errorf("%s-%d: remove records below %d: %w", topic, partition, start, err))
			continue
		}
		k.log.Info("retention removed records", zap.String("topic", topic), zap.Int32("partition", partition), zap.Int64("below", start))
	}
	return errors.Join(errs...)
}

// cut returns the offset below which everything is to be removed, or -1.
func (k *keeper) cut(segments []segment, l limits, unread int64, now time.Time) int64 {
	var bytes, batches int64
	for _, s := range segments {
		bytes += s.size
		batches += s.batches
	}
	start := int64(-1)
	for i := 0; i+1 < len(segments); i++ {
		s, end := segments[i], segments[i+1].base
		old := l.age >= 0 && now.Sub(s.written) >= l.age
		large := l.bytes >= 0 && bytes > l.bytes || batches > int64(k.cfg.MaxBatches)
		if !old && !large || end > unread {
			break
		}
		start = end
		bytes -= s.size
		batches -= s.batches
	}
	return start
}

// commits are the positions of the protected groups that exist.
func (k *keeper) commits() []map[string]map[int32]kfake.GroupCommit {
	var out []map[string]map[int32]kfake.GroupCommit
	for _, g := range k.cfg.ProtectGroups {
		if info := k.cluster.GroupInfo(g); info != nil {
			out = append(out, info.Commits)
		}
	}
	return out
}

// unread is the lowest offset of a partition that a protected group still has to
// read. Groups that have no position anywhere in the topic do not read it; if
// that is all of them, nobody has read it yet.
func (k *keeper) unread(commits []map[string]map[int32]kfake.GroupCommit, topic string, partition int32) int64 {
	if len(k.cfg.ProtectGroups) == 0 {
		return math.MaxInt64
	}
	readers, lowest := 0, int64(math.MaxInt64)
	for _, c := range commits {
		if len(c[topic]) == 0 {
			continue
		}
		readers++
		lowest = min(lowest, c[topic][partition].Offset)
	}
	if readers == 0 {
		return 0
	}
	return lowest
}

func limitsOf(configs map[string]*string) limits {
	l := limits{age: 7 * 24 * time.Hour, bytes: -1}
	number := func(name string) (int64, bool) {
		v := configs[name]
		if v == nil {
			return 0, false
		}
		n, err := strconv.ParseInt(*v, 10, 64)
		return n, err == nil
	}
	if n, ok := number("retention.ms"); ok {
		l.age = -1
		if n >= 0 {
			l.age = time.Duration(min(n, math.MaxInt64/int64(time.Millisecond))) * time.Millisecond
		}
	}
	if n, ok := number("retention.bytes"); ok {
		l.bytes = n
	}
	return l
}

// partitionOf reads the name of a partition's directory.
func partitionOf(name string) (topic string, partition int32, ok bool) {
	i := strings.LastIndexByte(name, '-')
	if i < 0 {
		return "", 0, false
	}
	n, err := strconv.ParseInt(name[i+1:], 10, 32)
	if err != nil {
		return "", 0, false
	}
	topic, err = url.PathUnescape(name[:i])
	return topic, int32(n), err == nil
}

// listSegments lists the files of a partition, oldest first.
func listSegments(dir string) ([]segment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list segments: %w", err)
	}
	var out []segment
	for _, e := range entries {
		base, isData := strings.CutSuffix(e.Name(), ".dat")
		n, err := strconv.ParseInt(base, 10, 64)
		if !isData || err != nil {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list segments: %w", err)
		}
		s := segment{base: n, size: info.Size(), written: info.ModTime()}
		if index, err := os.Stat(filepath.Join(dir, base+".idx")); err == nil {
			s.batches = index.Size() / indexEntry
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b segment) int { return cmp.Compare(a.base, b.base) })
	return out, nil
}
