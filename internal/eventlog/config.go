package eventlog

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"time"
)

// Compression names how batches are compressed. Consumers and brokers accept
// every kind, whatever producers choose.
type Compression string

// The kinds of compression.
const (
	CompressionNone   Compression = "none"
	CompressionSnappy Compression = "snappy"
	CompressionLZ4    Compression = "lz4"
	CompressionZstd   Compression = "zstd"
)

// ProducerConfig says how a producer appends.
type ProducerConfig struct {
	// Brokers are HOST:PORT addresses from which the cluster is discovered.
	Brokers []string
	// MaxBufferedBytes bounds the keys and values that wait to be
	// acknowledged. Append blocks while it is exceeded.
	MaxBufferedBytes int
	// MaxBatchBytes bounds one batch of one partition as it is sent. It must
	// not exceed the topic's max.message.bytes; a message that is larger by
	// itself is refused.
	MaxBatchBytes int
	// Compression of the batches.
	Compression Compression
	// RequestTimeout bounds one request, answer included. A request that
	// takes longer is sent again, with the same sequence number.
	RequestTimeout time.Duration
	// RetryBackoff is the first pause before a request is sent again. It
	// doubles with each failure in a row, up to 64 times, with jitter.
	RetryBackoff time.Duration
	// GiveUpAfter is how long faults are retried that rarely pass by
	// themselves: an unknown topic, a broker whose disk is full. All others
	// are retried until the caller's context ends.
	GiveUpAfter time.Duration
}

// DefaultProducerConfig is what suits one collector process. Brokers is left
// to be filled in.
func DefaultProducerConfig() ProducerConfig {
	return ProducerConfig{
		MaxBufferedBytes: 64 << 20,
		MaxBatchBytes:    900 << 10,
		Compression:      CompressionSnappy,
		RequestTimeout:   10 * time.Second,
		RetryBackoff:     20 * time.Millisecond,
		GiveUpAfter:      15 * time.Second,
	}
}

// Validate says what is wrong, if anything.
func (c *ProducerConfig) Validate() error {
	known := []Compression{CompressionNone, CompressionSnappy, CompressionLZ4, CompressionZstd}
	return errors.Join(
		validBrokers(c.Brokers),
		positive("max buffered bytes", c.MaxBufferedBytes),
		positive("max batch bytes", c.MaxBatchBytes),
		when(c.MaxBatchBytes > 64<<20, "max batch bytes %d is above 64 MiB, which no broker accepts", c.MaxBatchBytes),
		when(c.MaxBatchBytes > c.MaxBufferedBytes, "max batch bytes %d must not exceed max buffered bytes %d", c.MaxBatchBytes, c.MaxBufferedBytes),
		when(!slices.Contains(known, c.Compression), "compression %q is not one of none, snappy, lz4, zstd", c.Compression),
		positive("request timeout", c.RequestTimeout),
		positive("retry back-off", c.RetryBackoff),
		positive("give up after", c.GiveUpAfter),
	)
}

// ConsumerConfig says how a consumer reads. A group that has no position in a
// partition starts at the oldest record that the log still holds.
type ConsumerConfig struct {
	// Brokers are HOST:PORT addresses from which the cluster is discovered.
	Brokers []string
	// Group shares the partitions of the topics among its members and holds
	// the position in each.
	Group string
	// Topics to read. They must exist.
	Topics []string
	// MaxBatchRecords hands over a batch as soon as it has so many records.
	MaxBatchRecords int
	// MaxBatchBytes hands over a batch as soon as its keys and values have so
	// many bytes. A batch exceeds it by at most one record.
	MaxBatchBytes int
	// MaxWait hands over a batch that is not full when its first record is so
	// old.
	MaxWait time.Duration
	// FetchBytes is how much is asked of the broker at a time, per partition.
	FetchBytes int
	// SessionTimeout is how long the group waits for a member that fell
	// silent before its partitions go to others.
	SessionTimeout time.Duration
	// RebalanceTimeout is how long a member that lost its partitions has to
	// finish the batch at hand, and how long a rebalance waits for members.
	RebalanceTimeout time.Duration
	// RetryBackoff is the first pause after a failure of a handler, a broker
	// or the group. It doubles with each failure in a row, up to 64 times,
	// with jitter.
	RetryBackoff time.Duration
	// PartitionCheck is how often new partitions are looked for.
	PartitionCheck time.Duration
}

// DefaultConsumerConfig is what suits one processor. Brokers, Group and Topics
// are left to be filled in.
func DefaultConsumerConfig() ConsumerConfig {
	return ConsumerConfig{
		MaxBatchRecords:  50_000,
		MaxBatchBytes:    32 << 20,
		MaxWait:          500 * time.Millisecond,
		FetchBytes:       4 << 20,
		SessionTimeout:   10 * time.Second,
		RebalanceTimeout: 5 * time.Second,
		RetryBackoff:     50 * time.Millisecond,
		PartitionCheck:   10 * time.Second,
	}
}

// Validate says what is wrong, if anything.
func (c *ConsumerConfig) Validate() error {
	return errors.Join(
		validBrokers(c.Brokers),
		when(c.Group == "", "a consumer needs a group"),
		when(len(c.Topics) == 0 || slices.Contains(c.Topics, ""), "a consumer needs topics, none of them empty"),
		positive("max batch records", c.MaxBatchRecords),
		positive("max batch bytes", c.MaxBatchBytes),
		positive("max wait", c.MaxWait),
		positive("fetch bytes", c.FetchBytes),
		when(c.FetchBytes > 512<<20, "fetch bytes %d is above 512 MiB", c.FetchBytes),
		when(c.SessionTimeout < time.Second, "session timeout %v is below 1s", c.SessionTimeout),
		when(c.RebalanceTimeout < time.Second, "rebalance timeout %v is below 1s", c.RebalanceTimeout),
		positive("retry back-off", c.RetryBackoff),
		positive("partition check", c.PartitionCheck),
	)
}

func validBrokers(brokers []string) error {
	if len(brokers) == 0 {
		return errors.New("no broker address given")
	}
	for _, b := range brokers {
		if _, _, err := net.SplitHostPort(b); err != nil {
			return fmt.Errorf("broker address %q is not HOST:PORT", b)
		}
	}
	return nil
}

func positive[T ~int | ~int64](what string, v T) error {
	return when(v <= 0, "%s must be above zero, not %v", what, v)
}

func when(wrong bool, format string, args ...any) error {
	if !wrong {
		return nil
	}
	return fmt.Errorf(format, args...)
}
