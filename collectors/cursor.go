package collectors

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const cursorVersion = 1

// files is what cursors ask of a file system. A test puts one in its place that
// forgets whatever was not synced.
type files interface {
	ReadFile(name string) ([]byte, error)
	WriteSynced(name string, data []byte) error
	Rename(from, to string) error
	SyncDir(dir string) error
	Remove(name string) error
	MkdirAll(dir string) error
}

// Cursors keeps where collectors will go on, a file for each. A cursor is saved
// after the log has everything before it, and survives the loss of power from
// when Save returns.
type Cursors struct {
	dir string
	fs  files
}

// NewCursors keeps cursors in a directory, which it makes when it is first needed.
func NewCursors(dir string) *Cursors { return &Cursors{dir: dir, fs: disk{}} }

type cursorFile struct {
	Version int             `json:"version"`
	Name    string          `json:"name"`
	State   json.RawMessage `json:"state"`
}

// Load reads a cursor into state and says whether there was one. A file that
// cannot be understood is an error: to begin anew in silence would be to
// declare as seen what was not, or the reverse.
func (c *Cursors) Load(name string, state any) (bool, error) {
	path := c.path(name)
	data, err := c.fs.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("collectors: read cursor %s: %w", path, err)
	}
	var file cursorFile
	if err := json.Unmarshal(data, &file); err != nil {
		return false, fmt.Errorf("collectors: cursor %s is damaged: remove it to begin again from the start: %w", path, err)
	}
	if file.Version != cursorVersion || file.Name != name {
		return false, fmt.Errorf("collectors: cursor %s is of %q, version %d, not of %q, version %d: remove it to begin again from the start", path, file.Name, file.Version, name, cursorVersion)
	}
	if err := json.Unmarshal(file.State, state); err != nil {
		return false, fmt.Errorf("collectors: cursor %s is damaged: remove it to begin again from the start: %w", path, err)
	}
	return true, nil
}

// Save replaces a cursor, durably: the old one stands until the new one is
// wholly on disk.
func (c *Cursors) Save(name string, state any) error {
	text, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("collectors: save cursor %s: %w", name, err)
	}
	data, err := json.Marshal(cursorFile{Version: cursorVersion, Name: name, State: text})
	if err != nil {
		return fmt.Errorf("collectors: save cursor %s: %w", name, err)
	}
	path := c.path(name)
	for _, step := range []func() error{
		func() error { return c.fs.MkdirAll(c.dir) },
		func() error { return c.fs.WriteSynced(path+".new", append(data, '\n')) },
		func() error { return c.fs.Rename(path+".new", path) },
		func() error { return c.fs.SyncDir(c.dir) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("collectors: save cursor %s: %w", path, err)
		}
	}
	return nil
}

// Remove forgets a cursor. It is no error if there is none.
func (c *Cursors) Remove(name string) error {
	if err := c.fs.Remove(c.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("collectors: remove cursor %s: %w", name, err)
	}
	return nil
}

// path keeps to characters that every file system takes.
func (c *Cursors) path(name string) string {
	safe := strings.Map(func(r rune) rune {
		if r == '-' || r == '.' || r == '_' || (r >= '0' && r <= '9') || (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') {
			return r
		}
		return '_'
	}, name)
	return filepath.Join(c.dir, safe+".json")
}

// disk is the file system of the machine.
type disk struct{}

func (disk) ReadFile(name string) ([]byte, error) { return os.ReadFile(name) }
func (disk) Rename(from, to string) error         { return os.Rename(from, to) }
func (disk) Remove(name string) error             { return os.Remove(name) }
func (disk) MkdirAll(dir string) error            { return os.MkdirAll(dir, 0o700) }

func (disk) WriteSynced(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

func (disk) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
