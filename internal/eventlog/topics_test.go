package eventlog

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/election-observatory/observatory/schema"
)

func TestEnsureTopics(t *testing.T) {
	t.Parallel()
	cluster, s, _ := fake(t, 1)
	spec := schema.Topic{Name: "posts.v1", Partitions: 2, Retention: 7 * 24 * time.Hour, RetentionBytes: 1 << 30}
	for range 2 { // Safe to repeat.
		if err := EnsureTopics(t.Context(), s.brokers(), []schema.Topic{spec}, 1); err != nil {
			t.Fatal(err)
		}
	}
	configs := cluster.TopicInfo("posts.v1").Configs
	for name, want := range map[string]string{"message.timestamp.type": "LogAppendTime", "retention.ms": "604800000", "retention.bytes": "1073741824", "segment.bytes": "1048576", "segment.ms": "86400000"} {
		if got := configs[name]; got == nil || *got != want {
			t.Errorf("%s is not %s", name, want)
		}
	}
	spec.Retention = time.Hour
	if err := EnsureTopics(t.Context(), s.brokers(), []schema.Topic{spec}, 1); err != nil {
		t.Fatal(err)
	}
	if got := cluster.TopicInfo("posts.v1").Configs["retention.ms"]; got == nil || *got != "3600000" {
		t.Error("a topic that exists does not get the declared retention")
	}
	spec.Partitions = 3
	err := EnsureTopics(t.Context(), s.brokers(), []schema.Topic{spec}, 1)
	if err == nil || !strings.Contains(err.Error(), "posts.v1: has 2 partitions and needs 3") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v", err)
	}
	if _, err := Ends(t.Context(), s.brokers(), "nobody-made-this.v1"); err == nil {
		t.Error("ends of an unknown topic")
	}
}

func TestConfigs_Validate(t *testing.T) {
	t.Parallel()
	producer := DefaultProducerConfig()
	producer.Brokers = []string{"localhost:9092"}
	consumer := DefaultConsumerConfig()
	consumer.Brokers, consumer.Group, consumer.Topics = producer.Brokers, "g", []string{"t"}
	if err := errors.Join(producer.Validate(), consumer.Validate()); err != nil {
		t.Fatal(err)
	}
	for i, change := range []func(*ProducerConfig){
		func(c *ProducerConfig) { c.Brokers = nil },
		func(c *ProducerConfig) { c.Brokers = []string{"localhost"} },
		func(c *ProducerConfig) { c.MaxBufferedBytes = 0 },
		func(c *ProducerConfig) { c.MaxBatchBytes = -1 },
		func(c *ProducerConfig) { c.MaxBatchBytes = c.MaxBufferedBytes + 1 },
		func(c *ProducerConfig) { c.MaxBatchBytes, c.MaxBufferedBytes = 65<<20, 1<<30 },
		func(c *ProducerConfig) { c.Compression = "zip" },
		func(c *ProducerConfig) { c.RequestTimeout = 0 },
		func(c *ProducerConfig) { c.RetryBackoff = 0 },
		func(c *ProducerConfig) { c.GiveUpAfter = 0 },
	} {
		c := producer
		if change(&c); c.Validate() == nil {
			t.Errorf("producer case %d: no error for %s", i, fmt.Sprintf("%+v", c))
		}
	}
	for i, change := range []func(*ConsumerConfig){
		func(c *ConsumerConfig) { c.Brokers = nil },
		func(c *ConsumerConfig) { c.Group = "" },
		func(c *ConsumerConfig) { c.Topics = nil },
		func(c *ConsumerConfig) { c.Topics = []string{""} },
		func(c *ConsumerConfig) { c.MaxBatchRecords = 0 },
		func(c *ConsumerConfig) { c.MaxBatchBytes = 0 },
		func(c *ConsumerConfig) { c.MaxWait = 0 },
		func(c *ConsumerConfig) { c.FetchBytes = 0 },
		func(c *ConsumerConfig) { c.FetchBytes = 1 << 30 },
		func(c *ConsumerConfig) { c.SessionTimeout = time.Millisecond },
		func(c *ConsumerConfig) { c.RebalanceTimeout = time.Millisecond },
		func(c *ConsumerConfig) { c.RetryBackoff = 0 },
		func(c *ConsumerConfig) { c.PartitionCheck = 0 },
	} {
		c := consumer
		if change(&c); c.Validate() == nil {
			t.Errorf("consumer case %d: no error for %s", i, fmt.Sprintf("%+v", c))
		}
	}
}
