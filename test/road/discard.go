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

// pass is what it cost this process to read a topic once.
type pass struct {
	records uint64
	cpu     time.Duration
}

// use is what a pass does with a record.
type use func(value []byte, partition int, offset int64) error

func discard([]byte, int, int64) error { return nil }

// consume reads every partition of the topic once, one after the other, with
// the client's low-level call, and hands each record to do.
func consume(ctx context.Context, broker, topic string, do use) (pass, error) {
	conn, err := kafka.DialContext(ctx, "tcp", broker)
	if err != nil {
		return pass{}, err
	}
	partitions, err := conn.ReadPartitions(topic)
	_ = conn.Close()
	if err != nil {
		return pass{}, err
	}
	before := ownCPU()
	var d pass
	for _, p := range partitions {
		n, err := consumePartition(ctx, broker, topic, p.ID, do)
		if err != nil {
			return pass{}, fmt.Errorf("partition %d: %w", p.ID, err)
		}
		d.records += n
	}
	d.cpu = ownCPU() - before
	if d.records == 0 {
		return pass{}, errors.New("the topic is empty")
	}
	return d, nil
}

func consumePartition(ctx context.Context, broker, topic string, partition int, do use) (uint64, error) {
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
		n, err := each(batch, buf, partition, do)
		records += n
		next = batch.Offset()
		if err := errors.Join(err, batch.Close()); err != nil {
			return records, err
		}
	}
	return records, nil
}

// each hands the records of a batch on, up to its end.
func each(batch *kafka.Batch, buf []byte, partition int, do use) (uint64, error) {
	var records uint64
	for {
		offset := batch.Offset()
		n, err := batch.Read(buf)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrShortBuffer) {
			return records, nil
		}
		if err != nil {
			return records, err
		}
		if err := do(buf[:n], partition, offset); err != nil {
			return records, err
		}
		records++
	}
}

func ownCPU() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
