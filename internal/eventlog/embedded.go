package eventlog

import (
	"context"
	"net"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/internal/eventlog/broker"
)

// BrokerConfig says how the embedded broker keeps the log.
type BrokerConfig = broker.Config

// DefaultBrokerConfig is what suits one machine. Dir and ProtectGroups are left
// to be filled in.
func DefaultBrokerConfig() BrokerConfig { return broker.DefaultConfig() }

// ServeBroker serves the log in cfg.Dir on ln until ctx ends, and closes ln. It
// is meant for a process of its own, which ends when ServeBroker returns.
func ServeBroker(ctx context.Context, ln net.Listener, cfg BrokerConfig, log *zap.Logger) error {
	return broker.Serve(ctx, ln, cfg, log)
}
