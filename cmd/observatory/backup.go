package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/schema"
)

// manifest is what a backup says of itself: backup.json in its folder.
type manifest struct {
	Made    time.Time `json:"made"`
	Title   string    `json:"title"`
	Version uint32    `json:"store_version"`
	Files   []sum     `json:"files"`
}

// sum is a file of a backup with its checksum.
type sum struct {
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

const (
	manifestFile = "backup.json"
	storePart    = "store"
)

func (c *cli) backup() *cobra.Command {
	return &cobra.Command{
		Use:   "backup FOLDER",
		Short: "Copies everything of a study into a folder, also while it runs",
		Long: `Copies the store, the log, the cursors and the keys of a data directory into a new folder below FOLDER, with checksums. On another
disk than the data's the store is there twice for a while. An observatory that runs goes on meanwhile: what comes in later is in the log behind the copy of the store, and is stored again from there.

Whoever has the copy has the study's key: keep it as you keep the data directory. 'observatory restore' makes a directory of it.`,
		Example: `  observatory backup /backups
  observatory restore --data ./restored /backups/observatory-20240610T120000Z`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.runBackup(cmd.Context(), args[0]) },
	}
}

func (c *cli) restore() *cobra.Command {
	return &cobra.Command{
		Use:   "restore FOLDER",
		Short: "Makes a data directory of a backup",
		Long: `Makes the data directory of --data, which must not have a store or a log yet, of what 'observatory backup' copied, after it has compared
all checksums. It brings the store to this program's version.`,
		Example: `  observatory restore --data ./restored /backups/observatory-20240610T120000Z`,
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return c.runRestore(cmd.Context(), args[0]) },
	}
}

func (c *cli) runBackup(ctx context.Context, to string) error {
	s, err := c.open(ctx, "warn", needs{listen: anywhere(), asking: true})
	if err != nil {
		return err
	}
	defer s.close()
	if !s.embedsEngine() {
		return usage(errors.New("the store is a ClickHouse server (clickhouse.address): use its own BACKUP, and keep a copy of keys/ and cursors/ of the data directory"))
	}
	now := time.Now().UTC().Truncate(time.Second)
	folder, err := filepath.Abs(filepath.Join(to, "observatory-"+now.Format("20060102T150405Z")))
	if err != nil {
		return err
	}
	part := folder + ".part"
	if err := os.MkdirAll(part, 0o700); err != nil {
		return usage(fmt.Errorf("the folder cannot be made: %w", err))
	}
	m := manifest{Made: now, Title: s.study.Name()}
	if m.Version, err = store.Version(s.ctx, s.store.DB()); err != nil {
		return s.why(err)
	}
	// The store first and the log last: what lies between is read from the log again.
	if err := s.backUpStore(filepath.Join(part, storePart)); err != nil {
		return s.why(err)
	}
	for _, of := range []string{"keys", "cursors", "log"} {
		if err := copyTree(filepath.Join(string(s.dir), of), filepath.Join(part, of)); err != nil {
			return fmt.Errorf("copy %s: %w", of, err)
		}
	}
	var done atomic.Int64
	line := func() string { return "checksums  " + size(done.Load()) }
	if err := c.progress().during(s.ctx, line, func() error { m.Files, err = sums(part, &done); return err }); err != nil {
		return err
	}
	if err := writeManifest(part, &m); err != nil {
		return err
	}
	if err := os.Rename(part, folder); err != nil {
		return fmt.Errorf("the backup cannot be completed: %w", err)
	}
	_, err = fmt.Fprintf(c.out, "%s: %d files, %s\n", folder, len(m.Files), size(m.bytes()))
	return err
}

// backUpStore has the engine write its backup, in the one folder that it may write
// to, and takes it from there.
func (s *system) backUpStore(to string) error {
	own := filepath.Join(engine.Backups(s.dir.Store()), filepath.Base(filepath.Dir(to)))
	if err := s.owns(s.ctx, fmt.Sprintf("BACKUP DATABASE %s TO File(%s)", schema.StoreDatabase, store.Quote(own))); err != nil {
		return err
	}
	if os.Rename(own, to) == nil {
		return nil
	}
	return errors.Join(copyTree(own, to), os.RemoveAll(own)) // It lies on another disk.
}

// owns has a statement carried out as the owner of the embedded engine, however long
// that takes.
func (s *system) owns(ctx context.Context, statement string) error {
	password, err := s.dir.Password(ownerUser)
	if err != nil {
		return err
	}
	owner := &asker{client: http.DefaultClient, address: s.ends.ClickHouse, user: ownerUser, password: password}
	_, _, err = owner.ask(ctx, statement)
	return err
}

func (m *manifest) bytes() (n int64) {
	for _, f := range m.Files {
		n += f.Bytes
	}
	return n
}

func writeManifest(folder string, m *manifest) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, manifestFile), append(text, '\n'), 0o600)
}

// copyTree copies a folder of files. One that goes meanwhile, as segments of the log
// do, is left out.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		below, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		at := filepath.Join(to, below)
		switch {
		case entry.IsDir():
			return os.MkdirAll(at, 0o700)
		case !entry.Type().IsRegular():
			return nil
		}
		return copyFile(path, at)
	})
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // It was only read.
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// sums are the checksums of the files of a folder, in order.
func sums(folder string, done *atomic.Int64) ([]sum, error) {
	var all []sum
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		below, err := filepath.Rel(folder, path)
		if err != nil || below == manifestFile {
			return err
		}
		f, err := os.Open(path) //nolint:gosec // The folder is the user's own.
		if err != nil {
			return err
		}
		defer f.Close() //nolint:errcheck // It was only read.
		hash := sha256.New()
		n, err := io.Copy(hash, f)
		done.Add(n)
		all = append(all, sum{filepath.ToSlash(below), n, hex.EncodeToString(hash.Sum(nil))})
		return err
	})
	slices.SortFunc(all, func(a, b sum) int { return strings.Compare(a.Path, b.Path) })
	return all, err
}

func (c *cli) runRestore(ctx context.Context, from string) error {
	from, err := filepath.Abs(from)
	if err != nil {
		return err
	}
	if err := c.sound(ctx, from); err != nil {
		return err
	}
	dir := c.dir()
	for _, part := range []string{dir.Store(), dir.Log()} {
		if _, err := os.Stat(part); err == nil {
			return usage(fmt.Errorf("%s has a store already: give another directory with --data", dir))
		}
	}
	// The keys first, or the engine would draw its own; the log last, since without
	// one nothing is read from it.
	if err := copyTree(filepath.Join(from, "keys"), filepath.Join(string(dir), "keys")); err != nil {
		return fmt.Errorf("the keys: %w", err)
	}
	if err := c.restoreStore(ctx, from); err != nil {
		return err
	}
	for _, of := range []string{"log", "cursors"} {
		target := filepath.Join(string(dir), of)
		if err := os.RemoveAll(target); err != nil { // What the engine's start left there.
			return err
		}
		if err := copyTree(filepath.Join(from, of), target); err != nil {
			return fmt.Errorf("the %s: %w", of, err)
		}
	}
	if lock, err := dir.Lock(); err == nil { // The log may have more than the store.
		err = lock.SetSettled(false)
		lock.Release()
		if err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(c.out, "%s is restored\n", dir)
	return err
}

// restoreStore has the engine take the store of a backup.
func (c *cli) restoreStore(ctx context.Context, from string) error {
	s, err := c.open(ctx, "warn", needs{listen: anywhere(), asking: true, owner: true})
	if err != nil {
		return owned(err)
	}
	defer s.close()
	if !s.embedsEngine() {
		return usage(errors.New("the store is a ClickHouse server (clickhouse.address): restore it there, and copy keys/ and cursors/ into the data directory"))
	}
	own := filepath.Join(engine.Backups(s.dir.Store()), "restore")
	defer os.RemoveAll(own) //nolint:errcheck // It was a copy.
	if err := copyTree(filepath.Join(from, storePart), own); err != nil {
		return fmt.Errorf("the store: %w", err)
	}
	for _, statement := range []string{
		"DROP DATABASE " + schema.StoreDatabase + " SYNC",
		fmt.Sprintf("RESTORE DATABASE %s FROM File(%s)", schema.StoreDatabase, store.Quote(own)),
	} {
		if err := s.owns(s.ctx, statement); err != nil {
			return s.why(err)
		}
	}
	_, err = s.migrate()
	return s.why(err)
}

// sound compares a backup with its checksums.
func (c *cli) sound(ctx context.Context, folder string) error {
	text, err := os.ReadFile(filepath.Join(folder, manifestFile))
	if err != nil {
		return usage(fmt.Errorf("%s is no backup: it has no %s", folder, manifestFile))
	}
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return fmt.Errorf("%s is damaged: %w", filepath.Join(folder, manifestFile), err)
	}
	known, err := store.Migrations()
	if err != nil {
		return err
	}
	if int(m.Version) > len(known) {
		return fmt.Errorf("the backup is of store version %d, this program knows %d: use a newer observatory", m.Version, len(known))
	}
	var done atomic.Int64
	line := func() string { return fmt.Sprintf("checking  %s of %s", size(done.Load()), size(m.bytes())) }
	var found []sum
	if err := c.progress().during(ctx, line, func() error { found, err = sums(folder, &done); return err }); err != nil {
		return fmt.Errorf("the backup cannot be read: %w", err)
	}
	if !slices.Equal(found, m.Files) {
		return fmt.Errorf("%s is damaged: %s: take another backup", folder, difference(m.Files, found))
	}
	return nil
}

// difference says where two lists of files first differ.
func difference(want, got []sum) string {
	for i, w := range want {
		if i >= len(got) || got[i].Path > w.Path {
			return w.Path + " is missing"
		}
		if got[i] != w {
			return got[i].Path + " is not what was copied"
		}
	}
	return got[len(want)].Path + " was not there"
}
