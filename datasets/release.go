package datasets

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/election-observatory/observatory/schema"
)

// Complete is the file that a release has when nothing is missing of it.
const Complete = "COMPLETE"

// sumsFile has the checksums of all other files, as sha256sum writes them.
const sumsFile = "SHA256SUMS"

// The tiers.
const (
	Public = "public" // Counts, for anybody.
	Vetted = "vetted" // Post by post, under pseudonyms, for those with whom it is agreed on.
)

// Config says what is published, and in whose name.
type Config struct {
	Week      Week
	Tier      string
	Study     string   // Its title.
	Languages []string // In which the memo is, of those that there are texts for; empty for all.
	Contact   string   // Whom readers tell of a mistake; may be empty.
	Creators  []string // In whose name; the study's title if empty.
	Licence   string   // SPDX, for example CC-BY-4.0.
	Program   string   // The version of the program.
	Out       string   // The folder that releases lie in.
	// LeastCoverage is the share of minutes in which sources must have answered, from
	// 0 to 1; Gaps publishes a week with less, which then says so.
	LeastCoverage float64
	Gaps          bool
	// Correct makes the next version of a release of the vetted tier, without what was
	// withdrawn; Objections is the collector of deletions that somebody asked for.
	Correct    bool
	Note       string // Why there is this version; empty for the first.
	Objections string
	Withheld   []string           // Platforms that the study does not publish, beyond those that their policy forbids.
	Signer     ed25519.PrivateKey // Signs; nil for none.
	// Master is the study's key, from which that of the vetted tier follows, and
	// Pseudonym is what it makes of an account's native id.
	Master    []byte
	Pseudonym func(platform, nativeID string) string
}

// Result is what was published.
type Result struct {
	Folder   string
	Version  int
	Made     bool // False where the release was complete already.
	Files    int
	Rows     uint64
	Checksum string // SHA-256 of SHA256SUMS.
	Coverage float64
}

// Errors of a week that cannot be published.
var (
	ErrNothing  = errors.New("there are no posts of enough accounts")
	ErrCoverage = errors.New("too much is missing")
	ErrKey      = errors.New("keys/study.key is not the key under which the store's pseudonyms were made: put back the one that was")
)

// Publish makes a tier of a week, or a new version of it.
func Publish(ctx context.Context, cfg Config, ask Ask) (*Result, error) {
	version := newest(cfg.Out, cfg.Week, cfg.Tier)
	if version > 0 && !cfg.Correct {
		folder := filepath.Join(cfg.Out, FolderName(cfg.Week, cfg.Tier, version))
		sum, err := os.ReadFile(filepath.Join(folder, Complete))
		return &Result{Folder: folder, Version: version, Checksum: strings.TrimSpace(string(sum))}, errors.Join(err, supersede(cfg.Out, cfg.Week, cfg.Tier, version))
	}
	version++
	folder := filepath.Join(cfg.Out, FolderName(cfg.Week, cfg.Tier, version))
	r := &release{cfg: cfg, number: version}
	if err := r.read(ctx, ask); err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.Week, err)
	}
	part := folder + ".part"
	if err := errors.Join(os.RemoveAll(part), os.MkdirAll(cfg.Out, 0o755), os.Mkdir(part, r.folderMode())); err != nil { //nolint:gosec // Releases are published.
		return nil, err
	}
	sum, err := r.write(part)
	if err != nil {
		return nil, err
	}
	if err := os.Rename(part, folder); err != nil {
		return nil, fmt.Errorf("the release cannot be completed: %w", err)
	}
	if err := supersede(cfg.Out, cfg.Week, cfg.Tier, version); err != nil {
		return nil, err
	}
	done := &Result{Folder: folder, Version: version, Made: true, Files: r.count(), Checksum: sum, Coverage: r.covered.share()}
	for _, t := range r.tables {
		done.Rows += uint64(len(t.Rows))
	}
	return done, nil
}

// release is one that is being made.
type release struct {
	cfg     Config
	number  int // Of the version, from 1.
	made    provenance
	covered coverage
	leftOut []string // What is in no table since it is too small, in words.
	tables  []*Table
	files   []file
}

// count is how many files there are, checksums and the one that says that it is complete
// among them.
func (r *release) count() int {
	n := len(r.files) + 2
	if r.cfg.Signer != nil {
		n++
	}
	return n
}

// read makes the tables.
func (r *release) read(ctx context.Context, ask Ask) (err error) {
	if r.covered, err = readCoverage(ctx, r.cfg.Week, ask); err != nil {
		return err
	}
	if share := r.covered.share(); share < r.cfg.LeastCoverage && !r.cfg.Gaps {
		return fmt.Errorf("%w: sources answered in %.1f %% of the minutes, and the study wants %.1f %%", ErrCoverage, 100*share, 100*r.cfg.LeastCoverage)
	}
	if r.made, err = readProvenance(ctx, r.cfg.Week, ask); err != nil {
		return err
	}
	if r.cfg.Tier == Vetted {
		return r.readVetted(ctx, ask)
	}
	p := &public{week: r.cfg.Week, ask: ask, covered: r.covered, withheld: r.cfg.withheld()}
	if err := p.read(ctx); err != nil {
		return err
	}
	if len(p.shown()) == 0 {
		return ErrNothing
	}
	r.leftOut = p.leftOut
	r.tables, err = p.tables(ctx)
	return err
}

func (r *release) readVetted(ctx context.Context, ask Ask) (err error) {
	if err := known(ctx, ask, r.cfg.Pseudonym); err != nil {
		return err
	}
	v := &vetted{week: r.cfg.Week, ask: ask, withheld: r.cfg.withheld()}
	if v.key, err = ReleaseKey(r.cfg.Master, r.cfg.Week); err != nil {
		return err
	}
	if r.tables, err = v.tables(ctx); err != nil || r.number == 1 {
		return err
	}
	before := filepath.Join(r.cfg.Out, FolderName(r.cfg.Week, Vetted, r.number-1))
	w, err := v.withdrawn(ctx, before, r.cfg.Objections)
	if err != nil {
		return err
	}
	var earlier [][]string
	if r.number > 2 { //nolint:mnd // The first has none.
		if earlier, err = readCSV(before, "withdrawn", "kind", "id"); err != nil {
			return err
		}
	}
	r.tables = append(r.tables, w.table(r.number-1, earlier))
	return nil
}

// withheld are the platforms that are not published in the tier: by their policy, or
// since the study says so.
func (c *Config) withheld() map[string]bool {
	list := map[string]bool{}
	for _, p := range schema.Policies() {
		if c.Tier == Public && !p.Public || c.Tier == Vetted && !p.Vetted {
			list[p.Platform.Name()] = true
		}
	}
	for _, name := range c.Withheld {
		list[name] = true
	}
	return list
}

// mode is who may read the files: anybody, or who owns the folder.
func (r *release) mode() fs.FileMode {
	if r.cfg.Tier == Vetted {
		return 0o600
	}
	return 0o644
}

// folderMode is who may enter the folder.
func (r *release) folderMode() fs.FileMode {
	if r.cfg.Tier == Vetted {
		return 0o700
	}
	return 0o755
}

// file is a file of a release.
type file struct {
	path string
	data []byte
}

// Path is where it lies in the release, for the memo.
func (f file) Path() string { return f.path }

func (f file) sum() string {
	sum := sha256.Sum256(f.data)
	return hex.EncodeToString(sum[:])
}

// write writes all files into a folder, the one that says that it is complete last, and
// returns the checksum of the checksums.
func (r *release) write(folder string) (sum string, err error) {
	for _, t := range r.tables {
		if err := t.check(); err != nil {
			return "", err
		}
		var parquet, csv bytes.Buffer
		if err := errors.Join(writeParquet(&parquet, t), writeCSV(&csv, t)); err != nil {
			return "", err
		}
		r.files = append(r.files, file{t.Name + ".parquet", parquet.Bytes()}, file{t.Name + ".csv.gz", csv.Bytes()})
	}
	if err := r.describe(); err != nil {
		return "", err
	}
	slices.SortFunc(r.files, func(a, b file) int { return strings.Compare(a.path, b.path) })
	var sums bytes.Buffer
	for _, f := range r.files {
		fmt.Fprintf(&sums, "%s  %s\n", f.sum(), f.path)
	}
	all := file{sumsFile, sums.Bytes()}
	last := []file{all}
	if r.cfg.Signer != nil {
		last = append(last, file{sigFile, ed25519.Sign(r.cfg.Signer, all.data)})
	}
	for _, f := range append(append(slices.Clone(r.files), last...), file{Complete, []byte(all.sum() + "\n")}) {
		if err := writeSynced(filepath.Join(folder, f.path), f.data, r.mode()); err != nil {
			return "", err
		}
	}
	return all.sum(), nil
}

func writeSynced(path string, data []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// Verify says what is wrong with a release, by its own files alone.
func Verify(folder string) (files int, err error) {
	want, err := published(folder)
	if err != nil {
		return 0, err
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return 0, err
	}
	for _, entry := range entries {
		switch entry.Name() {
		case Complete, sumsFile, sigFile, supersededFile:
			continue
		}
		if err := verifyFile(folder, entry, want[entry.Name()]); err != nil {
			return 0, err
		}
		delete(want, entry.Name())
		files++
	}
	superseded := Superseded(folder) != ""
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if !superseded || !isData(name) {
			return 0, fmt.Errorf("%s is damaged: %s is missing", folder, name)
		}
	}
	return files, nil
}

// verifyFile says what is wrong with a file of a release, whose checksum should be sum.
func verifyFile(folder string, entry fs.DirEntry, sum string) error {
	if sum == "" || !entry.Type().IsRegular() {
		return fmt.Errorf("%s is damaged: %s was not published", folder, entry.Name())
	}
	data, err := os.ReadFile(filepath.Join(folder, entry.Name()))
	if err != nil {
		return err
	}
	if (file{entry.Name(), data}).sum() != sum {
		return fmt.Errorf("%s is damaged: %s is not what was published", folder, entry.Name())
	}
	return nil
}

// published reads the checksums of a complete release, by file.
func published(folder string) (map[string]string, error) {
	complete, err := os.ReadFile(filepath.Join(folder, Complete))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is no complete release: it has no file %s", folder, Complete)
	}
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(folder, sumsFile))
	if err != nil {
		return nil, fmt.Errorf("%s is damaged: %s cannot be read", folder, sumsFile)
	}
	if got := (file{sumsFile, text}).sum(); got != strings.TrimSpace(string(complete)) {
		return nil, fmt.Errorf("%s is damaged: %s is not what was published", folder, sumsFile)
	}
	sums := map[string]string{}
	for line := range strings.Lines(string(text)) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok || name != filepath.Base(name) {
			return nil, fmt.Errorf("%s is damaged: a line of %s cannot be read", folder, sumsFile)
		}
		sums[name] = sum
	}
	return sums, nil
}
