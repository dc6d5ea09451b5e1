package store

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Secret is a password. It prints as stars.
type Secret string

// String hides the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "***"
}

// GoString hides the secret.
func (s Secret) GoString() string { return s.String() }

// MarshalText hides the secret from every encoder.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Config says where the store is and how patient to be with it.
type Config struct {
	Addr          string        // Of ClickHouse's HTTP interface, for example "http://127.0.0.1:8123".
	User          string        // Who writes; needs INSERT and SELECT on the rows, and DDL to migrate.
	Password      Secret        // Of User; may be empty.
	DialTimeout   time.Duration // To connect.
	InsertTimeout time.Duration // For one attempt of an insert; an insert is tried again until its context ends.
	QueryTimeout  time.Duration // For one query.
	RetryFirst    time.Duration // The first pause after a failed insert; it doubles up to RetryMax.
	RetryMax      time.Duration // The longest pause.
	MaxConns      int           // Connections for queries; inserts have their own.
	Parallel      int           // Inserts of one batch that run at the same time.
	Layout        Layout        // How the store lies on servers.
}

// Layout is how a store lies on the servers of a cluster. One server needs none.
type Layout struct {
	Replicated bool   // Databases and tables are replicated: an insert is done when most replicas have it.
	Cluster    string // Posts lie on the shards of this cluster; empty where every server has all rows.
}

// settings are those of every statement.
func (l Layout) settings() clickhouse.Settings {
	settings := clickhouse.Settings{}
	if l.Replicated {
		settings["insert_quorum"] = "auto"
	}
	if l.Cluster != "" {
		settings["distributed_product_mode"] = "global" // A query within a query sees all shards.
		settings["distributed_foreground_insert"] = 1   // Rows are on their shards when an insert is answered.
	}
	return settings
}

// DefaultConfig is an engine on this machine.
func DefaultConfig() Config {
	return Config{
		Addr:          "http://127.0.0.1:8123",
		User:          "ingest",
		DialTimeout:   5 * time.Second,
		InsertTimeout: time.Minute,
		QueryTimeout:  5 * time.Minute,
		RetryFirst:    50 * time.Millisecond,
		RetryMax:      10 * time.Second,
		MaxConns:      8,
		Parallel:      3,
	}
}

// Validate says what is wrong with the configuration.
func (c Config) Validate() error {
	u, err := url.Parse(c.Addr)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("the store's address must be like http://127.0.0.1:8123, not %q", c.Addr)
	}
	if u.User != nil {
		return errors.New("the store's address must not hold a user: set user and password by themselves")
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"the time to connect", c.DialTimeout},
		{"the time for an insert", c.InsertTimeout},
		{"the time for a query", c.QueryTimeout},
		{"the first pause between attempts", c.RetryFirst},
		{"the longest pause between attempts", c.RetryMax},
	} {
		if d.value <= 0 {
			return fmt.Errorf("%s must be more than nothing", d.name)
		}
	}
	if c.MaxConns < 1 || c.Parallel < 1 {
		return errors.New("the store needs at least one connection and one insert at a time")
	}
	return nil
}

// Open prepares connections for queries and statements. It does no I/O.
func Open(cfg Config) (driver.Conn, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	u, err := url.Parse(cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	options := &clickhouse.Options{
		Protocol:     clickhouse.HTTP,
		Addr:         []string{u.Host},
		Auth:         clickhouse.Auth{Username: cfg.User, Password: string(cfg.Password)},
		DialTimeout:  cfg.DialTimeout,
		ReadTimeout:  cfg.QueryTimeout,
		MaxOpenConns: cfg.MaxConns,
		MaxIdleConns: cfg.MaxConns,
		HttpUrlPath:  u.Path,
		Settings:     cfg.Layout.settings(),
	}
	options.Settings["async_insert"] = 0 // Small inserts must be on disk when they are answered.
	if u.Scheme == "https" {
		options.TLS = newTLS()
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return conn, nil
}
