package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/election-observatory/observatory/processors/store/rows"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

// Batch is a run of one partition of the log, [First, Next).
type Batch struct {
	Partition
	First, Next uint64
}

// Writer makes the events of one batch after the other durable: Begin, Add for
// every event, Commit. After an error Begin starts anew. It is for one goroutine
// and keeps its memory from batch to batch.
type Writer struct {
	s     *Store
	batch Batch

	posts      *rows.Posts
	shares     *rows.Shares
	accounts   *rows.Accounts
	identities *rows.Identities
	tombstones *rows.Tombstones
	coverage   *rows.Coverage
	rejects    *rows.Rejects
	expansions *rows.Expansions
	notes      *rows.Hours
	tables     []*rows.Table // Those that hold facts.

	hours     map[uint32]struct{} // In which posts of the batch stand.
	lastHour  uint32
	moved     keys // Posts that may stand in another hour until now.
	nameless  keys // Posts that a notice without an author hides.
	forgotten []account
}

// NewWriter returns a writer of its own memory.
func (s *Store) NewWriter() *Writer {
	w := &Writer{
		s: s, posts: rows.NewPosts(), shares: rows.NewShares(), accounts: rows.NewAccounts(), identities: rows.NewIdentities(),
		tombstones: rows.NewTombstones(), coverage: rows.NewCoverage(), rejects: rows.NewRejects(), expansions: rows.NewExpansions(), notes: rows.NewHours(),
		hours: map[uint32]struct{}{}, moved: keys{}, nameless: keys{},
	}
	w.tables = []*rows.Table{
		&w.posts.Table, &w.shares.Table, &w.accounts.Table, &w.identities.Table,
		&w.tombstones.Table, &w.coverage.Table, &w.rejects.Table, &w.expansions.Table,
	}
	return w
}

// Begin starts a batch and forgets the one before.
func (w *Writer) Begin(b Batch) {
	w.batch = b
	w.posts.Reset()
	w.shares.Reset()
	w.accounts.Reset()
	w.identities.Reset()
	w.tombstones.Reset()
	w.coverage.Reset()
	w.rejects.Reset()
	w.expansions.Reset()
	w.notes.Reset()
	clear(w.hours)
	w.lastHour = 0
	w.moved.reset()
	w.nameless.reset()
	w.forgotten = w.forgotten[:0]
}

// Add copies an event into the batch. appendedMS is when the log took it, in
// Unix milliseconds; it stands in for the time of import where the event has none.
func (w *Writer) Add(ev *tag.Event, appendedMS int64) error {
	from := rows.Origin{ImportedMS: appendedMS, Partition: ev.Partition, Offset: ev.Offset}
	if err := w.addFact(ev, from); err != nil {
		return err
	}
	for i := range ev.Identities {
		id := &ev.Identities[i]
		from.ImportedMS = id.ImportedMS
		if err := w.identities.Add(id, from); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) addFact(ev *tag.Event, from rows.Origin) error {
	switch {
	case ev.Post != nil:
		return w.addPost(ev.Post, from)
	case ev.Action != nil:
		from.ImportedMS = ev.Action.ImportedMS
		return w.shares.AddAction(ev.Action, from)
	case ev.Tombstone != nil:
		return w.addTombstone(ev.Tombstone, from)
	case ev.Account != nil:
		from.ImportedMS = ev.Account.ImportedMS
		return w.accounts.Add(ev.Account, from)
	case ev.Expansion != nil:
		return w.expansions.Add(ev.Expansion, from)
	case ev.Coverage != nil:
		return w.coverage.Add(ev.Coverage, from)
	case ev.Reject != nil:
		if at := ev.Reject.GetImportedMs(); at != 0 {
			from.ImportedMS = at
		}
		return w.rejects.Add(ev.Reject, from)
	}
	return nil
}

func (w *Writer) addPost(post *tag.Post, from rows.Origin) error {
	from.ImportedMS = post.ImportedMS
	if err := w.posts.Add(post, from); err != nil {
		return err
	}
	if hour := rows.Hour(post.CreatedMS); hour != w.lastHour {
		w.hours[hour] = struct{}{}
		w.lastHour = hour
	}
	if rows.Unsettled(post) {
		w.moved.add(post.Platform, post.IDDay, post.PostID)
	}
	if len(post.Shares) > 0 {
		if err := w.shares.Add(post, from); err != nil {
			return err
		}
	}
	if post.Author == nil {
		return nil
	}
	return w.accounts.Add(post.Author, from)
}

func (w *Writer) addTombstone(t *tag.Tombstone, from rows.Origin) error {
	from.ImportedMS = t.ImportedMS
	if err := w.tombstones.Add(t, from); err != nil {
		return err
	}
	if t.PostID == (uuid.UUID{}) {
		w.forgotten = append(w.forgotten, account{t.Platform, t.AccountID})
		return nil
	}
	if t.AccountID == (uuid.UUID{}) {
		w.nameless.add(t.Platform, t.IDDay, t.PostID)
		return nil
	}
	w.moved.add(t.Platform, t.IDDay, t.PostID)
	return w.posts.AddDeletion(t, from)
}

// Commit makes the batch durable, in the order that the package describes. When
// it returns nil, the log may be committed up to the batch's end.
func (w *Writer) Commit(ctx context.Context) error {
	start := time.Now()
	if err := w.s.hoursOf(ctx, w.moved, w.hours); err != nil {
		return err
	}
	if err := w.note(ctx); err != nil {
		return err
	}
	group, inserting := errgroup.WithContext(ctx)
	group.SetLimit(w.s.cfg.Parallel)
	for _, t := range w.tables {
		group.Go(func() error { return w.s.insert(inserting, t) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if len(w.nameless) > 0 || len(w.forgotten) > 0 {
		clear(w.hours)
		if err := w.s.hoursOf(ctx, w.nameless, w.hours); err != nil {
			return err
		}
		if err := w.s.hoursOfAccounts(ctx, w.forgotten, w.hours); err != nil {
			return err
		}
		if err := w.note(ctx); err != nil {
			return err
		}
	}
	if err := w.s.SetProgress(ctx, JobStored, Offsets{w.batch.Partition: w.batch.Next}); err != nil {
		return err
	}
	w.s.metrics.commitSeconds.Observe(time.Since(start).Seconds())
	return nil
}

// note inserts a note for each hour.
func (w *Writer) note(ctx context.Context) error {
	if len(w.hours) == 0 || w.batch.Topic != schema.TopicPosts {
		return nil
	}
	w.notes.Reset()
	for hour := range w.hours {
		if err := w.notes.Add(w.batch.Log, w.batch.Partition.Partition, w.batch.Next, hour); err != nil {
			return err
		}
	}
	if err := w.s.insert(ctx, &w.notes.Table); err != nil {
		return fmt.Errorf("note changed hours: %w", err)
	}
	return nil
}

// Rows is how many rows the batch has in tables of facts.
func (w *Writer) Rows() int {
	n := 0
	for _, t := range w.tables {
		n += t.Rows()
	}
	return n
}
