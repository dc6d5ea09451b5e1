package main

import (
	"context"
	"time"

	"github.com/election-observatory/observatory/internal/eventlog"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/schema"
)

// settled says whether everything that the log has is stored and counted, and
// how large the log was before that was asked. It does not wait: what is left
// is done by the next owner.
func (s *system) settled() (settled bool, size int64) {
	if s.lock == nil || !s.embedsBroker() || s.store == nil || s.logID == "" || len(s.parts) == 0 {
		return false, 0
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), 5*time.Second)
	defer cancel()
	size = s.dir.LogBytes()
	ends, err := s.logEnds(ctx)
	if err != nil {
		return false, 0
	}
	stored, err := s.store.Progress(ctx, store.JobStored)
	if err != nil || !stored.Reached(ends) {
		return false, 0
	}
	counted, err := s.store.Progress(ctx, store.JobHourly)
	return err == nil && counted.Reached(ofPosts(ends)), size
}

// logEnds are the ends of all topics now.
func (s *system) logEnds(ctx context.Context) (store.Offsets, error) {
	all := store.Offsets{}
	for _, topic := range schema.Topics() {
		ends, err := eventlog.Ends(ctx, s.brokers, topic.Name)
		if err != nil {
			return nil, err
		}
		for partition, next := range ends {
			all[store.Partition{Log: s.logID, Topic: topic.Name, Partition: uint32(partition)}] = uint64(next)
		}
	}
	return all, nil
}

func ofPosts(offsets store.Offsets) store.Offsets {
	of := store.Offsets{}
	for p, next := range offsets {
		if p.Topic == schema.TopicPosts {
			of[p] = next
		}
	}
	return of
}
