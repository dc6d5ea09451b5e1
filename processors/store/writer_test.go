package store_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/processors/store/storetest"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

// proxied is a store behind a proxy, before an engine that is migrated.
func proxied(t *testing.T, change func(*store.Config)) (*store.Store, *storetest.Proxy) {
	t.Helper()
	_, e := open(t)
	proxy := storetest.Start(t, e.URL, 300*time.Millisecond)
	cfg := config(proxy.URL)
	cfg.RetryFirst, cfg.RetryMax = time.Millisecond, 10*time.Millisecond
	if change != nil {
		change(&cfg)
	}
	return connect(t, cfg), proxy
}

// trace lists the tables of inserts in their order, and refuses those of one
// table.
type trace struct {
	mu      sync.Mutex
	tables  []string
	refused string
	give    func() // Called when the refused table was tried several times.
	tries   int
}

func (tr *trace) decide(table string) storetest.Fault {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.tables = append(tr.tables, table)
	if table == tr.refused {
		if tr.tries++; tr.tries == 5 {
			tr.give()
		}
		return storetest.Overloaded
	}
	return storetest.None
}

func batchOfEverything() []tag.Event {
	post := sharing(0)
	post.Author = &tag.Account{Platform: post.Platform, AccountID: post.AccountID}
	return []tag.Event{
		{Post: post, Identities: []tag.Identity{{Platform: post.Platform, AccountID: post.AccountID, NativeID: "1", ImportedMS: time.Now().UnixMilli()}}},
		deletion(numbered(3), numbered(4)),
		{Coverage: &schema.Coverage{Source: "s"}},
		{Reject: &schema.Reject{Source: "s"}},
	}
}

// Notes come before the rows that they announce, progress after all of them:
// whatever of a batch is missing, there is no progress.
func TestABatchIsWrittenInOrder(t *testing.T) {
	t.Parallel()
	s, proxy := proxied(t, nil)
	facts := []string{
		schema.TableAccounts, schema.TableCoverage, schema.TableIdentities, schema.TablePosts, schema.TableRejects, schema.TableShares, schema.TableTombstones,
	}
	tr := &trace{}
	proxy.Decide(tr.decide)
	write(t, s.NewWriter(), 0, batchOfEverything()...)
	if n := len(tr.tables); n != len(facts)+2 || tr.tables[0] != schema.TableChanged || tr.tables[n-1] != schema.TableProgress {
		t.Fatalf("inserted in the order %v", tr.tables)
	}
	if diff := cmp.Diff(facts, slices.Sorted(slices.Values(tr.tables[1:len(tr.tables)-1]))); diff != "" {
		t.Error(diff)
	}
	for _, refused := range append(facts, schema.TableChanged) {
		ctx, stop := context.WithCancel(t.Context())
		tr := &trace{refused: refused, give: stop}
		proxy.Decide(tr.decide)
		w := s.NewWriter()
		w.Begin(batch(0, 4))
		for _, ev := range batchOfEverything() {
			if err := w.Add(&ev, 0); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Commit(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("without %s: %v", refused, err)
		}
		stop()
		tr.mu.Lock()
		if slices.Contains(tr.tables, schema.TableProgress) || (refused == schema.TableChanged && slices.Contains(tr.tables, schema.TablePosts)) {
			t.Errorf("without %s, what is written is %v", refused, tr.tables)
		}
		tr.mu.Unlock()
	}
}

// What repetition does not mend is said at once, without end what it may.
func TestAnInsertIsRepeatedUntilItIsIn(t *testing.T) {
	t.Parallel()
	s, proxy := proxied(t, func(cfg *store.Config) { cfg.InsertTimeout = 200 * time.Millisecond })
	for fault := range storetest.Fault(storetest.Faults) {
		left := 3
		proxy.Decide(func(string) storetest.Fault {
			if left == 0 {
				return storetest.None
			}
			left--
			return fault
		})
		if err := s.SetProgress(t.Context(), store.JobStored, store.Offsets{batch(0, 0).Partition: uint64(fault) + 1}); err != nil {
			t.Errorf("fault %d: %v", fault, err)
		}
		if got, err := s.Progress(t.Context(), store.JobStored); err != nil || got[batch(0, 0).Partition] != uint64(fault)+1 {
			t.Errorf("fault %d: progress %v, %v", fault, got, err)
		}
	}
	if err := s.DB().Exec(t.Context(), "DROP TABLE observatory_store.progress SYNC"); err != nil {
		t.Fatal(err)
	}
	proxy.Decide(nil)
	var refused *store.RefusedError
	if err := s.SetProgress(t.Context(), store.JobStored, store.Offsets{batch(0, 0).Partition: 1}); !errors.As(err, &refused) || refused.Code != 60 {
		t.Errorf("without its table: %v", err)
	}
}
