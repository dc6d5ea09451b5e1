package store

import (
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/schema"
)

// Store is the way to ClickHouse. It is safe for concurrent use.
type Store struct {
	cfg     Config
	db      driver.Conn
	client  *Client
	log     *zap.Logger
	metrics *metrics
}

// New prepares a store. It does no I/O.
func New(cfg Config, log *zap.Logger, reg prometheus.Registerer) (*Store, error) {
	db, err := Open(cfg)
	if err != nil {
		return nil, err
	}
	log = log.Named("store")
	m := newMetrics(reg)
	return &Store{cfg: cfg, db: db, client: newClient(cfg, log, m), log: log, metrics: m}, nil
}

// DB is for queries.
func (s *Store) DB() driver.Conn { return s.db }

// Close gives the connections back.
func (s *Store) Close() error {
	s.client.close()
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("store: close: %w", err)
	}
	return nil
}

// table is the full name of a table of rows.
func table(name string) string { return schema.StoreDatabase + "." + name }

// Quote writes a text as a literal of ClickHouse's SQL.
func Quote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
