package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/schema"
)

// Progress is how far an import has come.
type Progress struct {
	FilesDone, Files int
	BytesDone, Bytes int64 // As they lie on disk.
	Summary
}

// Summary is what an import has come across, earlier runs of it included.
type Summary struct {
	Read     uint64            // Posts, notices and other events; rejects apart.
	Posts    uint64            // Of these, posts.
	Deleted  uint64            // Of these, delete notices.
	Emitted  uint64            // Of these, handed to the log; the others are only counted.
	Rejected map[string]uint64 // By reason.
	Kinds    map[string]uint64 // By kind.
}

// Archive is the collector that reads files.
type Archive struct {
	cfg     Config
	cursors *collectors.Cursors
	now     func() time.Time
	log     *zap.Logger
	metrics *metrics

	read   atomic.Int64
	total  atomic.Int64
	files  atomic.Int32
	arenas sync.Pool // Of *[]byte, for the records of chunks.
	mu     sync.Mutex
	sum    counters
}

// chunkBytes is how many bytes of records a chunk has at most, but for its last
// record: what bounds memory when records are long.
const chunkBytes = 4 << 20

// cursor is where an import of one file goes on.
type cursor struct {
	Chunk  uint64   `json:"chunk"` // The next.
	Place  place    `json:"place"`
	Counts counters `json:"counts"`
}

// New returns a collector of the files. now is the clock of the time of import,
// which only audit columns hold.
func New(cfg Config, cursors *collectors.Cursors, now func() time.Time, log *zap.Logger, reg prometheus.Registerer) (*Archive, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	return &Archive{cfg: cfg, cursors: cursors, now: now, log: log.Named("archive"), metrics: newMetrics(reg), sum: newCounters()}, nil
}

// Name implements [collectors.Collector].
func (a *Archive) Name() string { return "import/" + a.cfg.Format }

// Run reads the files to their ends. It returns nil when all are done, as it
// does when ctx ends before, and an error that names the file where one cannot
// be read; what was read before it is on the log.
func (a *Archive) Run(ctx context.Context, emit collectors.Emit) error {
	if err := a.cfg.CheckFiles(); err != nil {
		return err
	}
	a.total.Store(totalBytes(a.cfg.Files))
	seen := map[string]bool{}
	for _, name := range a.cfg.Files {
		digest, err := a.readFile(ctx, name, seen, emit)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // What the end of ctx cut off goes on in the next run.
		}
		if err != nil {
			return err
		}
		seen[digest] = true
		a.files.Add(1)
	}
	for digest := range seen {
		if err := a.cursors.Remove(a.cursorName(digest)); err != nil {
			return err
		}
	}
	return nil
}

func (a *Archive) cursorName(digest string) string { return a.source(digest) }

// source names a file by its content, and shares by what they were taken for.
func (a *Archive) source(digest string) string {
	if a.cfg.Format == "shares-csv" {
		return a.Name() + "/" + a.cfg.Platform.Name() + "-" + a.cfg.Object + "/" + digest
	}
	return a.Name() + "/" + digest
}

// readFile reads one file from where its cursor stands. A file whose content
// was read already in this import is passed over.
func (a *Archive) readFile(ctx context.Context, name string, seen map[string]bool, emit collectors.Emit) (digest string, err error) {
	f, err := openFile(ctx, name, &a.read)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if seen[f.digest] {
		a.log.Info("file has the content of another and is passed over", zap.String("file", name))
		a.read.Add(f.size)
		return f.digest, nil
	}
	at := cursor{Counts: newCounters()}
	if _, err := a.cursors.Load(a.cursorName(f.digest), &at); err != nil {
		return "", err
	}
	d, split, err := a.decoderFor(f)
	if err != nil {
		return "", err
	}
	if at.Place.Offset > 0 {
		if err := split.skip(at.Place); err != nil {
			return "", fmt.Errorf("%s cannot be read on from where its import was cut off: %w", name, err)
		}
		a.log.Info("import goes on", zap.String("file", name), zap.Uint64("record", at.Place.Number))
	}
	a.note(at.Counts)
	return f.digest, a.readChunks(ctx, f, d, split, at, emit)
}

// readChunks runs three stages at once, in order and with few chunks between
// them: split, decode, emit.
func (a *Archive) readChunks(ctx context.Context, f *file, d decoder, split *splitter, at cursor, emit collectors.Emit) error {
	workers := max(1, runtime.GOMAXPROCS(0))
	queue, todo := make(chan *chunk, 2*workers), make(chan *chunk, 2*workers)
	group, ctx := errgroup.WithContext(ctx)
	f.until(ctx)
	source, imported := a.source(f.digest), a.now().UnixMilli()
	var broken error // Why the file could not be read to its end.
	group.Go(func() error {
		defer close(queue)
		defer close(todo)
		var err error
		broken, err = a.split(ctx, split, at.Chunk, queue, todo)
		return err
	})
	for range workers {
		group.Go(func() error {
			for c := range todo {
				c.work(d, source, a.Name(), a.platform(), imported)
				a.release(c)
			}
			return nil
		})
	}
	group.Go(func() error { return a.emit(ctx, f, queue, at, emit) })
	if err := group.Wait(); err != nil {
		return err
	}
	if err := f.unchanged(); err != nil {
		return err
	}
	if broken != nil {
		return fmt.Errorf("%s is cut short or damaged: %w; what stands before is imported", f.name, broken)
	}
	return nil
}

// split cuts the file into chunks. A fault of the file ends it like its end
// does, and is returned apart.
func (a *Archive) split(ctx context.Context, split *splitter, index uint64, queue, todo chan<- *chunk) (broken, err error) {
	for {
		c := &chunk{index: index, arena: a.arena(), done: make(chan struct{})}
		index++
		for len(c.records) < a.cfg.ChunkRecords && len(c.arena) < chunkBytes && broken == nil {
			var rec record
			if c.arena, rec, broken = split.next(c.arena, schema.MaxRejectBytes); broken == nil {
				c.records = append(c.records, rec)
			}
		}
		c.after = split.place
		if len(c.records) > 0 {
			for _, to := range []chan<- *chunk{todo, queue} {
				select {
				case to <- c:
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			}
		}
		if errors.Is(broken, io.EOF) {
			return nil, nil
		}
		if broken != nil {
			return broken, nil
		}
	}
}

// arena is room for a chunk's records, which release takes back.
func (a *Archive) arena() []byte {
	if room, ok := a.arenas.Get().(*[]byte); ok {
		return (*room)[:0]
	}
	return nil
}

func (a *Archive) release(c *chunk) {
	room := c.arena
	c.arena = nil
	a.arenas.Put(&room)
}

// emit hands chunks to the log in their order, and saves the cursor after each.
func (a *Archive) emit(ctx context.Context, f *file, queue <-chan *chunk, at cursor, emit collectors.Emit) error {
	for c := range queue {
		select {
		case <-c.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := a.checkFormat(f, c); err != nil {
			return err
		}
		if err := emit(ctx, c.events); err != nil {
			return err
		}
		at.Counts.add(c.counts)
		at.Chunk, at.Place = c.index+1, c.after
		if err := a.cursors.Save(a.cursorName(f.digest), at); err != nil {
			return err
		}
		a.note(c.counts)
	}
	return nil
}

// checkFormat stops before a file of another format fills the log with rejects.
func (a *Archive) checkFormat(f *file, c *chunk) error {
	const enough = 20
	if c.index != 0 || len(c.records) < enough || c.counts.Read > 0 {
		return nil
	}
	return fmt.Errorf("%s does not look like %s: none of its first %d records can be read (%v); name its format with --format", f.name, a.cfg.Format, len(c.records), c.counts.Rejected)
}

func (a *Archive) note(c counters) {
	a.metrics.note(c)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sum.add(c)
}

// Summary is what was come across so far.
func (a *Archive) Summary() Summary {
	a.mu.Lock()
	defer a.mu.Unlock()
	copied := newCounters()
	copied.add(a.sum)
	return Summary{Read: copied.Read, Posts: copied.Posts, Deleted: copied.Deleted, Emitted: copied.Emitted, Rejected: copied.Rejected, Kinds: copied.Kinds}
}

// Progress is how far the import has come. It may be called at any time.
func (a *Archive) Progress() Progress {
	return Progress{FilesDone: int(a.files.Load()), Files: len(a.cfg.Files), BytesDone: a.read.Load(), Bytes: a.total.Load(), Summary: a.Summary()}
}
