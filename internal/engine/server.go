package engine

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"github.com/election-observatory/observatory/internal/engine/access"
	"github.com/election-observatory/observatory/internal/engine/chdb"
)

// server answers the HTTP interface.
type server struct {
	cfg      Config
	log      *zap.Logger
	lib      *chdb.Library
	version  string
	settings map[string]bool // That the engine knows.
	readable map[string]bool // Of them, those that readers may give.
	checker  *access.Checker
	roles    map[Role]*access.Reader
	quotas   quotas
	audit    io.WriteCloser // Nil for none.
	readers  chan struct{}  // A place in it is a running query of a reader.
	writers  chan struct{}
}

// Serve runs the engine on its directory and answers requests on ln until ctx
// ends. There is one engine per process, and the process is the engine's: from
// when it serves on, it opens no sockets and runs no programs.
func Serve(ctx context.Context, ln net.Listener, cfg Config, log *zap.Logger) error {
	if err := cfg.Validate(); err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	path, err := chdb.Find(cfg.Library)
	if err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	unlock, err := lock(cfg.Dir)
	if err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	defer unlock()
	// A result that nobody reads any more is an error to the engine's thread that
	// writes it, and not the end of the process.
	signal.Ignore(unix.SIGPIPE)
	lib, err := chdb.Load(path)
	if err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	s := &server{
		cfg: cfg, log: log.Named("engine"), lib: lib, readable: access.Settings(), roles: map[Role]*access.Reader{},
		quotas: quotas{bound: cfg.Quota, now: time.Now}, audit: newAudit(cfg.Audit),
		readers: make(chan struct{}, cfg.Readers.Concurrent), writers: make(chan struct{}, cfg.WriterConcurrent),
	}
	if s.audit != nil {
		defer s.audit.Close() //nolint:errcheck // Every line was written.
	}
	defer lib.Shutdown()
	if err := s.open(); err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	defer s.checker.Close() // Its connection keeps the engine open while requests come and go.
	if err := confine(); err != nil {
		s.log.Warn("the system does not confine the engine; what statements may do is checked all the same", zap.Error(err))
	}
	return s.serve(ctx, ln)
}

// open starts the engine, makes the default database and learns the engine's catalogue.
func (s *server) open() error {
	settings := s.engineSettings()
	var err error
	if settings["config-file"], err = s.configFile(); err != nil {
		return err
	}
	root, err := s.lib.Connect(s.path(), settings)
	if err != nil {
		return err
	}
	if err := s.learn(root); err != nil {
		root.Close()
		return err
	}
	return nil
}

// Backups is the one folder that BACKUP and RESTORE of an owner may name, for the
// engine whose data are in dir.
func Backups(dir string) string { return filepath.Join(dir, "backups") }

// configFile writes the configuration for what has no setting: backups.
func (s *server) configFile() (path string, err error) {
	folder, err := filepath.Abs(Backups(s.cfg.Dir))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	var escaped bytes.Buffer
	if err := xml.EscapeText(&escaped, []byte(folder)); err != nil {
		return "", err
	}
	path = filepath.Join(s.cfg.Dir, "backups.xml")
	return path, os.WriteFile(path, []byte("<clickhouse><backups><allowed_path>"+escaped.String()+"</allowed_path></backups>"+s.cfg.Further+"</clickhouse>\n"), 0o600)
}

func (s *server) learn(root *chdb.Conn) error {
	if _, _, err := root.Query("CREATE DATABASE IF NOT EXISTS "+s.cfg.Database, "TSV"); err != nil {
		return err
	}
	out, _, err := root.Query("SELECT version()", "TSVRaw")
	if err != nil {
		return err
	}
	s.version = strings.TrimSpace(string(out))
	if out, _, err = root.Query("SELECT name FROM system.settings", "TSVRaw"); err != nil {
		return err
	}
	s.settings = map[string]bool{}
	for name := range strings.FieldsSeq(string(out)) {
		s.settings[name] = true
	}
	if s.checker, err = access.New(root, s.cfg.Database); err != nil {
		return err
	}
	for _, role := range Roles() {
		if !role.writes() {
			s.roles[role] = s.checker.Reader(s.cfg.permitted(role))
		}
	}
	return nil
}

// path is where the engine keeps its data.
func (s *server) path() string { return filepath.Join(s.cfg.Dir, "data") }

// serve ends in three steps: no new requests, those that run are given a
// moment, the rest is cancelled.
func (s *server) serve(ctx context.Context, ln net.Listener) error {
	requests, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	web := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		MaxHeaderBytes:    1 << 20,
		BaseContext:       func(net.Listener) context.Context { return requests },
	}
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(ln) }()
	s.log.Info("engine serves", zap.String("version", s.version), zap.Stringer("address", ln.Addr()))
	select {
	case err := <-failed:
		return fmt.Errorf("engine: serve: %w", err)
	case <-ctx.Done():
	}
	grace, stop := context.WithTimeout(requests, 3*time.Second)
	defer stop()
	if err := web.Shutdown(grace); err != nil {
		cancel()
		grace, stop := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer stop()
		if err := web.Shutdown(grace); err != nil {
			return fmt.Errorf("engine: requests did not end: %w", err)
		}
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("engine: serve: %w", err)
	}
	return nil
}

// acquire waits for a place. The error is the engine's own for too many queries.
func acquire(ctx context.Context, places chan struct{}, wait time.Duration) (release func(), err error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-timer.C:
		return nil, chdb.Exception(202, "TOO_MANY_SIMULTANEOUS_QUERIES", "Too many simultaneous queries: %d run, and none ended within %v", cap(places), wait)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// lock holds the directory for this process. A process that just ended may
// still be letting go of it, so a taken lock is tried for a while.
func lock(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for range 100 {
		if err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err == nil {
			return func() { _ = f.Close() }, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	_ = f.Close()
	return nil, fmt.Errorf("another engine holds %s: end it first, or use another directory", dir)
}
