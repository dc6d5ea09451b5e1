package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Dir is the data directory of one study.
type Dir string

// Log holds the embedded log, its identity and how it was left.
func (d Dir) Log() string { return filepath.Join(string(d), "log") }

// Broker is where the embedded broker keeps its files.
func (d Dir) Broker() string { return filepath.Join(d.Log(), "broker") }

// Store is where the embedded engine keeps its tables.
func (d Dir) Store() string { return filepath.Join(string(d), "store") }

// Cursors is where collectors keep how far they have come.
func (d Dir) Cursors() string { return filepath.Join(string(d), "cursors") }

// Audit is where the engine notes what readers ask.
func (d Dir) Audit() string { return filepath.Join(d.run(), "audit.jsonl") }

func (d Dir) keys() string      { return filepath.Join(string(d), "keys") }
func (d Dir) run() string       { return filepath.Join(string(d), "run") }
func (d Dir) endpoints() string { return filepath.Join(d.run(), "endpoints.json") }

// ErrOwned says that another process holds the directory. A command that only
// asks goes to that process; one that must be the owner reports it.
var ErrOwned = errors.New("another observatory holds the directory")

// Lock is the ownership of a directory. It ends with the process, however that
// ends.
type Lock struct {
	file *os.File
	dir  Dir
}

// Lock makes this process the owner, or returns ErrOwned.
func (d Dir) Lock() (*Lock, error) {
	if err := os.MkdirAll(d.run(), 0o700); err != nil {
		return nil, fmt.Errorf("the data directory cannot be made: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(d.run(), "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the data directory cannot be written: %w", err)
	}
	// Locks of an open file, unlike those of a process, can be asked for
	// without being taken, and do not end with another descriptor.
	err = unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
	if err == nil {
		return &Lock{file: f, dir: d}, nil
	}
	_ = f.Close()
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return nil, fmt.Errorf("%w: %s", ErrOwned, d)
	}
	return nil, fmt.Errorf("the data directory cannot be locked: %w", err)
}

// Owned says whether any process owns the directory.
func (d Dir) Owned() bool {
	f, err := os.Open(filepath.Join(d.run(), "lock"))
	if err != nil {
		return false
	}
	defer f.Close() //nolint:errcheck // Nothing was written.
	asked := &unix.Flock_t{Type: unix.F_RDLCK}
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, asked); err != nil {
		return true // Not known: to go on as if it were owned does no harm.
	}
	return asked.Type != unix.F_UNLCK
}

// Release gives the directory up and removes what told of it.
func (l *Lock) Release() {
	_ = os.Remove(l.dir.endpoints())
	_ = l.file.Close()
}

// Endpoints are the addresses of an owner.
type Endpoints struct {
	ClickHouse string `json:"clickhouse"` // For example http://127.0.0.1:8123.
	Page       string `json:"page"`
	Kafka      string `json:"kafka"` // HOST:PORT.
	Log        string `json:"log"`   // Identity of the log.
	PID        int    `json:"pid"`
}

// Publish writes the owner's addresses for other commands.
func (l *Lock) Publish(e Endpoints) error {
	text, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return fmt.Errorf("write the endpoints: %w", err)
	}
	return writeDurably(l.dir.endpoints(), append(text, '\n'), 0o600)
}

// ReadEndpoints reads the addresses of the owner; false while there are none.
func (d Dir) ReadEndpoints() (Endpoints, bool) {
	var e Endpoints
	text, err := os.ReadFile(d.endpoints())
	if err != nil || json.Unmarshal(text, &e) != nil || e.ClickHouse == "" {
		return Endpoints{}, false
	}
	return e, true
}

// settled is a mark that the store has all of the log.
func (d Dir) settled() string { return filepath.Join(string(d), "log", "settled") }

// Settled says whether the store had everything of the log, counted and all,
// when the last owner ended. Who only asks then needs no broker.
func (l *Lock) Settled() bool {
	if _, err := os.Stat(l.dir.settled()); err == nil {
		return true
	}
	_, err := os.Stat(l.dir.Log())
	return errors.Is(err, fs.ErrNotExist)
}

// SetSettled makes or removes the mark. It is removed before anything is
// written to the log.
func (l *Lock) SetSettled(settled bool) error {
	if settled {
		return writeDurably(l.dir.settled(), nil, 0o600)
	}
	if err := os.Remove(l.dir.settled()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("prepare the log: %w", err)
	}
	return syncDir(l.dir.Log())
}

// LogBytes is how many bytes of batches the embedded log holds.
func (d Dir) LogBytes() int64 {
	var total int64
	_ = filepath.WalkDir(d.Broker(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".dat" {
			return nil //nolint:nilerr // A file that was just removed is no part of the log.
		}
		if info, err := entry.Info(); err == nil {
			total += info.Size()
		}
		return nil
	})
	return total
}

// writeDurably replaces a file so that either the old or the new one is there
// whenever the machine stops.
func writeDurably(path string, data []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
