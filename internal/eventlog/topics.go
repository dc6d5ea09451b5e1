package eventlog

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"github.com/election-observatory/observatory/internal/eventlog/wire"
	"github.com/election-observatory/observatory/schema"
)

// adminTimeout bounds one administrative request.
const adminTimeout = 10 * time.Second

// segmentBytes is how much a broker puts into one file of a partition: a
// thousandth of what it keeps, within limits. Only whole files are removed when
// retention is over, so that small files follow it closely. The embedded broker
// holds one per partition in memory while it starts, and a descriptor for each
// that was read, so that they must be neither large nor many.
func segmentBytes(t *schema.Topic) int64 {
	const least, most = 1 << 20, 16 << 20 // Kafka refuses less.
	if t.RetentionBytes < 0 {
		return most
	}
	return min(max(t.RetentionBytes>>10, least), most)
}

// segmentAge is how long a broker writes to one file of a partition, for topics
// that take long to fill one. It adds to the age at which records are removed.
// The embedded broker knows no age, and keeps the file that it is writing.
const segmentAge = 24 * time.Hour

// EnsureTopics creates the topics that do not exist yet, with the retention that
// they declare, counted from when the log took a record and not from what an
// archive says. It gives existing topics the same settings, and refuses one with
// fewer partitions than declared: adding partitions to it would move keys.
// Brokers that are still starting are waited for until ctx ends.
func EnsureTopics(ctx context.Context, brokers []string, topics []schema.Topic, replication int) error {
	if err := validBrokers(brokers); err != nil {
		return fmt.Errorf("eventlog: ensure topics: %w", err)
	}
	client, transport := newClient(brokers, adminTimeout)
	defer transport.CloseIdleConnections()
	return poll(ctx, "ensure topics", func(ctx context.Context) error {
		return ensureTopics(ctx, client, topics, replication)
	})
}

func ensureTopics(ctx context.Context, client *kafka.Client, topics []schema.Topic, replication int) error {
	if len(topics) == 0 {
		return nil
	}
	req := &kafka.CreateTopicsRequest{}
	for i := range topics {
		t := &topics[i]
		c := kafka.TopicConfig{Topic: t.Name, NumPartitions: t.Partitions, ReplicationFactor: replication}
		for _, name := range slices.Sorted(maps.Keys(settings(t))) {
			c.ConfigEntries = append(c.ConfigEntries, kafka.ConfigEntry{ConfigName: name, ConfigValue: settings(t)[name]})
		}
		req.Topics = append(req.Topics, c)
	}
	res, err := client.CreateTopics(ctx, req)
	if err != nil {
		return err
	}
	for i := range topics {
		err := res.Errors[topics[i].Name]
		if errors.Is(err, kafka.TopicAlreadyExists) {
			err = alignTopic(ctx, client, &topics[i])
		}
		if err != nil {
			return fmt.Errorf("topic %s: %w", topics[i].Name, err)
		}
	}
	return nil
}

// settings are the topic's settings as brokers name them.
func settings(t *schema.Topic) map[string]string {
	return map[string]string{
		"cleanup.policy":         "delete",
		"compression.type":       "producer",
		"message.timestamp.type": "LogAppendTime",
		"retention.ms":           strconv.FormatInt(t.Retention.Milliseconds(), 10),
		"retention.bytes":        strconv.FormatInt(t.RetentionBytes, 10),
		"segment.bytes":          strconv.FormatInt(segmentBytes(t), 10),
		"segment.ms":             strconv.FormatInt(segmentAge.Milliseconds(), 10),
	}
}

// alignTopic checks a topic that exists and gives it the declared settings.
func alignTopic(ctx context.Context, client *kafka.Client, t *schema.Topic) error {
	partitions, err := lookup(ctx, client, t.Name)
	if err != nil {
		return err
	}
	if n := len(partitions); n < t.Partitions {
		return &refusal{fmt.Errorf("has %d partitions and needs %d: add them with Kafka's tools, or move the topic away", n, t.Partitions)}
	}
	return setTopic(ctx, client, t.Name, settings(t))
}

// Ends are the offsets after the last record of each partition that consumers
// can see.
func Ends(ctx context.Context, brokers []string, topic string) (map[int32]int64, error) {
	return offsets(ctx, brokers, topic, wire.Latest)
}

// Starts are the offsets of the oldest record of each partition.
func Starts(ctx context.Context, brokers []string, topic string) (map[int32]int64, error) {
	return offsets(ctx, brokers, topic, wire.Earliest)
}

func offsets(ctx context.Context, brokers []string, topic string, end int64) (map[int32]int64, error) {
	if err := validBrokers(brokers); err != nil {
		return nil, fmt.Errorf("eventlog: offsets of %s: %w", topic, err)
	}
	client, transport := newClient(brokers, adminTimeout)
	defer transport.CloseIdleConnections()
	var out map[int32]int64
	err := poll(ctx, "offsets of "+topic, func(ctx context.Context) error {
		partitions, err := lookup(ctx, client, topic)
		if err != nil {
			return err
		}
		out = make(map[int32]int64, len(partitions))
		for _, p := range partitions {
			o, err := offsetOf(ctx, leaderAddress(p), topic, int32(p.ID), end)
			if err != nil {
				return fmt.Errorf("partition %d: %w", p.ID, err)
			}
			out[int32(p.ID)] = o
		}
		return nil
	})
	return out, err
}

func offsetOf(ctx context.Context, leader, topic string, partition int32, end int64) (int64, error) {
	conn, err := wire.Dial(ctx, leader, clientID, topic, partition)
	if err != nil {
		return 0, err
	}
	defer conn.Close() //nolint:errcheck // Nothing was written that could be lost.
	return conn.ListOffset(end)
}

// Committed are the positions of a group in a topic; partitions without one are
// absent.
func Committed(ctx context.Context, brokers []string, group, topic string) (map[int32]int64, error) {
	if err := validBrokers(brokers); err != nil {
		return nil, fmt.Errorf("eventlog: positions of %s: %w", group, err)
	}
	client, transport := newClient(brokers, adminTimeout)
	defer transport.CloseIdleConnections()
	var out map[int32]int64
	err := poll(ctx, "positions of "+group+" in "+topic, func(ctx context.Context) error {
		var err error
		out, err = committed(ctx, client, group, topic)
		return err
	})
	return out, err
}

func committed(ctx context.Context, client *kafka.Client, group, topic string) (map[int32]int64, error) {
	partitions, err := lookup(ctx, client, topic)
	if err != nil {
		return nil, err
	}
	ids := make([]int, 0, len(partitions))
	for i := range partitions {
		ids = append(ids, partitions[i].ID)
	}
	res, err := client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{topic: ids}})
	if err != nil {
		return nil, err
	}
	if res.Error != nil {
		return nil, res.Error
	}
	out := make(map[int32]int64, len(ids))
	for _, p := range res.Topics[topic] {
		if p.Error != nil {
			return nil, fmt.Errorf("partition %d: %w", p.Partition, p.Error)
		}
		if p.CommittedOffset >= 0 {
			out[int32(p.Partition)] = p.CommittedOffset
		}
	}
	return out, nil
}

// lookup returns the partitions of a topic that exists, from what the client
// knows about the cluster. It never creates the topic, as asking a broker for
// one topic by name may.
func lookup(ctx context.Context, client *kafka.Client, topic string) ([]kafka.Partition, error) {
	ctx, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	res, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic}})
	if err != nil {
		return nil, fmt.Errorf("look up partitions: %w", err)
	}
	for i := range res.Topics {
		t := &res.Topics[i]
		switch {
		case t.Name != topic:
		case t.Error != nil:
			return nil, t.Error
		case len(t.Partitions) > 0:
			return t.Partitions, nil
		}
	}
	return nil, kafka.UnknownTopicOrPartition
}

func leaderAddress(p kafka.Partition) string {
	return net.JoinHostPort(p.Leader.Host, strconv.Itoa(p.Leader.Port))
}

// refusal is an error that time does not heal.
type refusal struct{ error }

func (r *refusal) Unwrap() error { return r.error }

// poll calls f until it succeeds, ctx ends, or the error cannot pass. An unknown
// topic cannot, except right after it was created, for which a few tries are
// enough.
func poll(ctx context.Context, what string, f func(context.Context) error) error {
	pause := backoff{first: 50 * time.Millisecond}
	for {
		attempt, cancel := context.WithTimeout(ctx, adminTimeout)
		err := f(attempt)
		cancel()
		if err == nil {
			return nil
		}
		if passes(err, pause.n) {
			if waitErr := pause.wait(ctx); waitErr == nil {
				continue
			}
			err = explain(ctx.Err(), err)
		}
		return fmt.Errorf("eventlog: %s: %w", what, oneLine(err))
	}
}

func passes(err error, tries uint) bool {
	if _, no := errors.AsType[*refusal](err); no {
		return false
	}
	if errors.Is(err, kafka.UnknownTopicOrPartition) || errors.Is(err, protocol.ErrNoTopic) {
		return tries < 6
	}
	var code kafka.Error
	if errors.As(err, &code) && !code.Temporary() && !code.Timeout() {
		// Too few brokers for the replication is what a cluster says that is
		// still starting, as well as one that is too small.
		return tries < 3 || code == kafka.InvalidReplicationFactor && tries < 7
	}
	return true
}

// oneLine keeps errors of the client library, some of which explain themselves
// over several lines, to one.
func oneLine(err error) error {
	if !strings.Contains(err.Error(), "\n") {
		return err
	}
	return &flat{err}
}

type flat struct{ error }

func (f *flat) Error() string { return strings.Join(strings.Fields(f.error.Error()), " ") }
func (f *flat) Unwrap() error { return f.error }
