// Package broker is the log's broker for a single machine: a Kafka-protocol
// broker that keeps everything on disk and answers an append after fsync.
//
// The protocol is served by kfake. This package adds what a broker needs that
// people rely on: one owner per directory; recovery after a kill in bounded
// memory, with what producers have in flight (recover.go); retention that spares
// what nobody has read (retention.go); connections that cannot take the process
// down (guard.go); and an end, instead of a wrong answer, when the disk fails.
//
// Its times are those at which it took a batch, as topics ask for with
// message.timestamp.type=LogAppendTime, whatever the producer claims.
package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/zap"
	"golang.org/x/sys/unix"
)

// Config says how the broker keeps the log.
type Config struct {
	// Dir holds the log. One broker at a time may serve it.
	Dir string
	// ProtectGroups are the groups that must have committed past a record
	// before retention may remove it. In a topic in which none of them has
	// committed anything, nothing is removed. Without any, retention follows
	// age and size alone.
	ProtectGroups []string
	// RetentionCheck is how often retention is applied.
	RetentionCheck time.Duration
	// MaxBatches bounds the batches that a partition keeps, as the broker holds
	// about 100 bytes of memory for each. Beyond it the oldest are removed as if
	// their retention were over.
	MaxBatches int
	// MinFreeBytes is the space on the disk below which appends are refused.
	// What is left keeps commits and readers going.
	MinFreeBytes int64
	// MemoryGoal is what the process is kept below by collecting garbage more
	// often, in bytes. It is not a limit: what is in use may exceed it.
	MemoryGoal int64
	// MinSessionTimeout is the shortest session timeout that members of a
	// group may ask for.
	MinSessionTimeout time.Duration
}

// DefaultConfig is what suits one machine. Dir and ProtectGroups are left to be
// filled in.
func DefaultConfig() Config {
	return Config{
		RetentionCheck:    time.Minute,
		MaxBatches:        250_000,
		MinFreeBytes:      256 << 20,
		MemoryGoal:        256 << 20,
		MinSessionTimeout: time.Second,
	}
}

// Validate says what is wrong, if anything.
func (c *Config) Validate() error {
	switch {
	case c.Dir == "":
		return errors.New("the broker needs a directory")
	case slices.Contains(c.ProtectGroups, ""):
		return errors.New("a protected group needs a name")
	case c.RetentionCheck <= 0:
		return fmt.Errorf("retention check must be above zero, not %v", c.RetentionCheck)
	case c.MaxBatches <= 0:
		return fmt.Errorf("max batches must be above zero, not %d", c.MaxBatches)
	case c.MinFreeBytes < 0:
		return fmt.Errorf("min free bytes must not be below zero, but is %d", c.MinFreeBytes)
	case c.MemoryGoal < 16<<20:
		return fmt.Errorf("memory goal must be at least 16 MiB, not %d bytes", c.MemoryGoal)
	case c.MinSessionTimeout <= 0:
		return fmt.Errorf("min session timeout must be above zero, not %v", c.MinSessionTimeout)
	}
	return nil
}

// Serve serves the log in cfg.Dir on ln until ctx ends, and closes ln. An error
// means that the directory cannot be served or that the disk failed. After the
// latter the process must end: nothing that was not written may be answered for,
// so the broker stands still from the first failed write on.
func Serve(ctx context.Context, ln net.Listener, cfg Config, log *zap.Logger) error {
	log = log.Named("broker")
	guarded := newGuard(ln)
	defer guarded.shut()
	if err := cfg.Validate(); err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	lock, err := lockDir(cfg.Dir)
	if err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	defer lock.Close() //nolint:errcheck // Closing only gives up the lock.
	debug.SetMemoryLimit(cfg.MemoryGoal)
	begun := time.Now()
	if err := recoverDir(cfg.Dir, log); err != nil {
		return fmt.Errorf("broker: recover %s: %w", cfg.Dir, err)
	}
	disk := &diskWatch{log: log, failed: make(chan error, 1)}
	cluster, err := open(cfg, guarded, disk)
	if err != nil {
		return fmt.Errorf("broker: open %s: %w", cfg.Dir, err)
	}
	cluster.ControlKey(int16(kmsg.Produce), (&gate{cfg: &cfg, cluster: cluster}).produce)
	// Reading the log back leaves a lot of garbage behind, once.
	debug.FreeOSMemory()
	log.Info("serving the log", zap.Stringer("address", ln.Addr()), zap.Duration("recovered_in", time.Since(begun)))
	return serve(ctx, cluster, &cfg, disk, log)
}

// serve applies retention until ctx ends or the disk fails.
func serve(ctx context.Context, cluster *kfake.Cluster, cfg *Config, disk *diskWatch, log *zap.Logger) error {
	keeper := &keeper{cfg: cfg, log: log, cluster: cluster}
	ticker := time.NewTicker(cfg.RetentionCheck)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			disk.closing.Store(true)
			cluster.Close()
			return disk.err()
		case err := <-disk.failed:
			return fmt.Errorf("broker: %w", err)
		case now := <-ticker.C:
			if err := keeper.apply(now); err != nil {
				log.Warn("retention is delayed", zap.Error(err))
			}
		}
	}
}

// open starts the protocol server on ln.
func open(cfg Config, ln net.Listener, disk *diskWatch) (*kfake.Cluster, error) {
	const never = 10 * 365 * 24 * time.Hour
	cluster, err := kfake.NewCluster(
		kfake.NumBrokers(1),
		kfake.ListenFn(func(string, string) (net.Listener, error) { return ln, nil }),
		kfake.DataDir(cfg.Dir),
		kfake.SyncWrites(),
		kfake.WithLogger(disk),
		kfake.GroupMinSessionTimeout(cfg.MinSessionTimeout),
		kfake.BrokerConfigs(map[string]string{
			// Its own retention goes by what producers claim and spares nothing.
			"log.cleaner.backoff.ms": strconv.FormatInt(never.Milliseconds(), 10),
			// A study that rests for a while must not forget where it was.
			"offsets.retention.minutes": strconv.Itoa(int(never.Minutes())),
			"log.segment.bytes":         strconv.Itoa(16 << 20),
			"group.min.session.timeout.ms": strconv.FormatInt(
				cfg.MinSessionTimeout.Milliseconds(), 10),
		}))
	if err != nil {
		return nil, err
	}
	if err := disk.err(); err != nil {
		return nil, err
	}
	return cluster, nil
}

// lockDir makes this process the one owner of the directory.
func lockDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create the log's directory: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log's lock: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("another broker serves the log in %s: stop it first, or use another directory", dir)
		}
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	return f, nil
}

// diskWatch is the protocol server's log, in which alone it reports failed
// writes: it goes on to count the sequence of the failed batch as used, and
// would answer a repetition with success.
type diskWatch struct {
	log     *zap.Logger
	failed  chan error
	closing atomic.Bool
	last    atomic.Pointer[error]
}

// Logf is called by the one goroutine that does all the server's work. Not
// returning from it keeps the server from answering anything.
func (d *diskWatch) Logf(level kfake.LogLevel, format string, args ...any) {
	if level > kfake.LogLevelWarn {
		return
	}
	text := strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
	damaged := strings.Contains(format, "corrupt bytes")
	if !damaged && !strings.HasPrefix(format, "persist ") {
		d.log.Warn("protocol server", zap.String("message", text))
		return
	}
	err := errors.New("the log cannot be written: " + text)
	if damaged {
		err = errors.New("the log is damaged: " + text)
	}
	d.last.Store(&err)
	select {
	case d.failed <- err:
	default:
	}
	if !damaged && !d.closing.Load() {
		select {}
	}
}

func (d *diskWatch) err() error {
	if p := d.last.Load(); p != nil {
		return *p
	}
	return nil
}
