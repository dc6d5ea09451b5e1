package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"github.com/segmentio/kafka-go"
)

// discard is what it cost this process to read a topic and do nothing with it.
type discard struct {
	records uint64
	cpu     time.Duration
}

// consumeAndDiscard reads every partition of the topic once, one after the
// other, with the same low-level call that the consumer uses.
func consumeAndDiscard(ctx context.Context, broker, topic string) (discard, error) {
	conn, err := kafka.DialContext(ctx, "tcp", broker)
	if err != nil {
		return discard{}, err
	}
	partitions, err := conn.ReadPartitions(topic)
	_ = conn.Close()
	if err != nil {
		return discard{}, err
	}
	before := ownCPU()
	var d discard
	for _, p := range partitions {
		n, err := discardPartition(ctx, broker, topic, p.ID)
		if err != nil {
			return discard{}, fmt.Errorf("partition %d: %w", p.ID, err)
		}
		d.records += n
	}
	d.cpu = ownCPU() - before
	if d.records == 0 {
		return discard{}, errors.New("the topic is empty")
	}
	return d, nil
}

func discardPartition(ctx context.Context, broker, topic string, partition int) (uint64, error) {
	conn, err := kafka.DialLeader(ctx, "tcp", broker, topic, partition)
	if err != nil {
		return 0, err
	}
	defer conn.Close() //nolint:errcheck // Nothing was written.
	first, last, err := conn.ReadOffsets()
	if err != nil {
		return 0, err
	}
	if _, err := conn.Seek(first, kafka.SeekAbsolute); err != nil {
		return 0, err
	}
	var records uint64
	buf := make([]byte, 1<<20)
	for next := first; next < last; {
		batch := conn.ReadBatch(1, 4<<20)
		for {
			if _, err := batch.Read(buf); err != nil {
				if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrShortBuffer) {
					_ = batch.Close()
					return records, err
				}
				break
			}
			records++
		}
		next = batch.Offset()
		if err := batch.Close(); err != nil {
			return records, err
		}
	}
	return records, nil
}

func ownCPU() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
