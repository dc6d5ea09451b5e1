package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/election-observatory/observatory/processors/store/rows"
	"github.com/election-observatory/observatory/schema"
)

// The jobs whose progress is noted.
const (
	JobStored     = "stored"     // The writer's: rows are in their tables.
	JobMatched    = "matched"    // Package assess: the posts in these hours are matched with the queries of today.
	JobHourly     = "hourly"     // Package assess: the hours that they change are counted.
	JobNetworks   = "networks"   // Package assess: networks of the periods that these hours are in are made; a version follows.
	JobPairs      = "pairs"      // Package assess: shares in these hours are paired; a version follows.
	JobClusters   = "clusters"   // Package assess: texts of the days of these hours are clustered; a version follows.
	JobScores     = "scores"     // Package assess: accounts are scored over the periods that these hours are in; a version follows.
	JobBursts     = "bursts"     // Package assess: bursts are looked for in these days and those after them; a version follows.
	JobLookalikes = "lookalikes" // Package assess: hosts in these hours are compared with protected names; a version follows.
)

// Partition is a partition of a log.
type Partition struct {
	Log       string // The log's identity: another log, though at the same address, has another.
	Topic     string
	Partition uint32
}

// Offsets says for partitions what the first offset is that is not done.
type Offsets map[Partition]uint64

// Progress is how far a job has come, in every log that it ever saw.
func (s *Store) Progress(ctx context.Context, job string) (Offsets, error) {
	found, err := s.db.Query(ctx, "SELECT log_id, topic, partition, max(next_offset) FROM "+table(schema.TableProgress)+
		" WHERE job = "+Quote(job)+" GROUP BY log_id, topic, partition")
	if err != nil {
		return nil, fmt.Errorf("store: progress of %s: %w", job, err)
	}
	defer found.Close() //nolint:errcheck // Err tells.
	offsets := Offsets{}
	for found.Next() {
		var p Partition
		var next uint64
		if err := found.Scan(&p.Log, &p.Topic, &p.Partition, &next); err != nil {
			return nil, fmt.Errorf("store: progress of %s: %w", job, err)
		}
		offsets[p] = next
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("store: progress of %s: %w", job, err)
	}
	return offsets, nil
}

// SetProgress notes how far a job has come. What is noted never goes back.
func (s *Store) SetProgress(ctx context.Context, job string, offsets Offsets) error {
	b := rows.NewProgress()
	for p, next := range offsets {
		if err := b.Add(job, p.Log, p.Topic, p.Partition, next); err != nil {
			return err
		}
	}
	return s.insert(ctx, &b.Table)
}

// Wait returns when a job has come to all the offsets, or when ctx ends.
func (s *Store) Wait(ctx context.Context, job string, ends Offsets) error {
	pause := 10 * time.Millisecond
	for {
		done, err := s.Progress(ctx, job)
		if ctx.Err() != nil {
			return fmt.Errorf("store: wait for %s: %w", job, context.Cause(ctx))
		}
		if err != nil {
			return err
		}
		if done.Reached(ends) {
			return nil
		}
		if err := sleep(ctx, pause); err != nil {
			return fmt.Errorf("store: wait for %s: %w", job, err)
		}
		pause = min(pause*3/2, 200*time.Millisecond)
	}
}

// Reached reports whether o has come to all of ends.
func (o Offsets) Reached(ends Offsets) bool {
	for p, end := range ends {
		if end > 0 && o[p] < end {
			return false
		}
	}
	return true
}

// Sorted are the partitions in order.
func (o Offsets) Sorted() []Partition {
	return slices.SortedFunc(maps.Keys(o), func(a, b Partition) int {
		if a.Log != b.Log {
			return compare(a.Log, b.Log)
		}
		if a.Topic != b.Topic {
			return compare(a.Topic, b.Topic)
		}
		return int(a.Partition) - int(b.Partition)
	})
}

func compare(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

// insert encodes and inserts the rows of a table, if there are any.
func (s *Store) insert(ctx context.Context, t *rows.Table) error {
	if t.Rows() == 0 {
		return nil
	}
	body, err := t.Encode()
	if err != nil {
		return err
	}
	if err := s.client.Insert(ctx, t.Name(), t.Statement(), body); err != nil {
		return err
	}
	s.metrics.rows.WithLabelValues(t.Name()).Add(float64(t.Rows()))
	return nil
}
