package eventlog

import (
	"context"
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go"
)

// ClusterID is the identity of a Kafka cluster. It stays when brokers come and
// go, and is another for a cluster that was made anew at the same addresses.
func ClusterID(ctx context.Context, brokers []string) (string, error) {
	if err := validBrokers(brokers); err != nil {
		return "", fmt.Errorf("eventlog: identity of the cluster: %w", err)
	}
	client, transport := newClient(brokers, adminTimeout)
	defer transport.CloseIdleConnections()
	var id string
	err := poll(ctx, "identity of the cluster", func(ctx context.Context) error {
		res, err := client.Metadata(ctx, &kafka.MetadataRequest{})
		if err != nil {
			return err
		}
		if id = res.ClusterID; id == "" {
			return &refusal{errors.New("the brokers name no cluster: use Kafka 0.10.1 or newer")}
		}
		return nil
	})
	return id, err
}
