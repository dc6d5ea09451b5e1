package eventlog

import (
	"context"
	"fmt"
	"strconv"

	"github.com/segmentio/kafka-go"

	"github.com/election-observatory/observatory/internal/eventlog/wire"
	"github.com/election-observatory/observatory/schema"
)

// AppendToAll appends a message to every partition of a topic.
func (p *Producer) AppendToAll(ctx context.Context, topic string, value []byte) error {
	senders, err := p.partitions(ctx, topic)
	if err != nil {
		return fmt.Errorf("eventlog: append to %s: %w", topic, err)
	}
	var batch []Message
	for reached, i := map[int32]bool{}, 0; len(reached) < len(senders); i++ {
		key := strconv.AppendInt(nil, int64(i), 10)
		if at := wire.Partition(key, len(senders)); !reached[at] {
			reached[at] = true
			batch = append(batch, Message{Key: key, Value: value})
		}
	}
	_, err = p.Append(ctx, topic, batch)
	return err
}

// Cut removes from a topic what was appended before the offsets, whoever still wants
// to read it. A broker frees the room of whole files only, and not of the one that
// it is writing to.
func Cut(ctx context.Context, brokers []string, topic string, before map[int32]int64) error {
	if err := validBrokers(brokers); err != nil {
		return fmt.Errorf("eventlog: cut %s: %w", topic, err)
	}
	client, transport := newClient(brokers, adminTimeout)
	defer transport.CloseIdleConnections()
	return poll(ctx, "cut "+topic, func(ctx context.Context) error {
		partitions, err := lookup(ctx, client, topic)
		if err != nil {
			return err
		}
		for _, p := range partitions {
			offset, ok := before[int32(p.ID)]
			if !ok || offset <= 0 {
				continue
			}
			if err := cutOne(ctx, leaderAddress(p), topic, int32(p.ID), offset); err != nil {
				return fmt.Errorf("partition %d: %w", p.ID, err)
			}
		}
		return nil
	})
}

func cutOne(ctx context.Context, leader, topic string, partition int32, before int64) error {
	conn, err := wire.Dial(ctx, leader, clientID, topic, partition)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // The answer tells.
	start, err := conn.ListOffset(wire.Earliest)
	if err != nil || start >= before { // Retention was there first.
		return err
	}
	_, err = conn.DeleteRecords(before)
	return err
}

// NewFiles has the embedded broker begin a new file with every batch that it
// appends to a topic, until it is called again with false: what was appended before is
// then in files of its own, which Cut removes. Brokers of Apache Kafka refuse
// files that small; they begin a new one once a day.
func NewFiles(ctx context.Context, brokers []string, t *schema.Topic, always bool) error {
	if err := validBrokers(brokers); err != nil {
		return fmt.Errorf("eventlog: new files of %s: %w", t.Name, err)
	}
	client, transport := newClient(brokers, adminTimeout)
	defer transport.CloseIdleConnections()
	size := segmentBytes(t)
	if always {
		size = 1
	}
	return poll(ctx, "new files of "+t.Name, func(ctx context.Context) error {
		return setTopic(ctx, client, t.Name, map[string]string{"segment.bytes": strconv.FormatInt(size, 10)})
	})
}

// setTopic gives a topic settings.
func setTopic(ctx context.Context, client *kafka.Client, topic string, settings map[string]string) error {
	resource := kafka.IncrementalAlterConfigsRequestResource{ResourceType: kafka.ResourceTypeTopic, ResourceName: topic}
	for name, value := range settings {
		resource.Configs = append(resource.Configs, kafka.IncrementalAlterConfigsRequestConfig{
			Name: name, Value: value, ConfigOperation: kafka.ConfigOperationSet,
		})
	}
	res, err := client.IncrementalAlterConfigs(ctx, &kafka.IncrementalAlterConfigsRequest{Resources: []kafka.IncrementalAlterConfigsRequestResource{resource}})
	if err != nil {
		return fmt.Errorf("change settings: %w", err)
	}
	for _, r := range res.Resources {
		if r.Error != nil {
			return fmt.Errorf("change settings: %w", r.Error)
		}
	}
	return nil
}
