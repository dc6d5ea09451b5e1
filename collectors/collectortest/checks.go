package collectortest

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/schema"
)

// checkCut disturbs one run at one batch, runs again from where that one stood,
// and holds everything that reached the log against an undisturbed run.
func (s *Subject) checkCut(t *testing.T, calm *journal, f fault, cut int) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "cursors")
	first := &journal{fault: f, at: cut}
	if f == unsaved { // A file stands where the directory would.
		if err := os.WriteFile(dir, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	err := s.run(t, collectors.NewCursors(dir), first)
	first.checkEnd(t, calm, err)
	if f == unsaved {
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
	}
	second := &journal{at: -1, batches: first.batches}
	if err := s.run(t, collectors.NewCursors(dir), second); err != nil {
		t.Fatalf("batch %d: the run after the fault failed: %v", cut, err)
	}
	compare(t, calm, second)
}

// checkEnd checks with what a disturbed run ended.
func (j *journal) checkEnd(t *testing.T, calm *journal, err error) {
	t.Helper()
	switch j.fault {
	case blocks, ends, never:
		if err != nil {
			t.Errorf("batch %d: Run returned %v when its context ended, want nil", j.at, err)
		}
	case refuses, loses, halves:
		if err != nil && !errors.Is(err, errLog) {
			t.Errorf("batch %d: Run returned %v, which does not wrap the log's error", j.at, err)
		}
		if err == nil && j.calls == j.at+1 && len(calm.batches) > j.calls {
			t.Errorf("batch %d: Run gave up without an error", j.at)
		}
	case unsaved:
		if err == nil && len(calm.batches) > 0 {
			t.Error("a cursor that could not be saved was no error")
		}
	}
}

// compare holds the distinct events of two journals against each other.
func compare(t *testing.T, want, got *journal) {
	t.Helper()
	a, b := whole(want), whole(got)
	for text := range a {
		if b[text] == nil {
			t.Fatalf("lost: %v", a[text])
		}
	}
	for text := range b {
		if a[text] == nil {
			t.Fatalf("invented: %v", b[text])
		}
	}
}

// whole are the distinct events and, of the records of coverage that replace one
// another, those that stand at the end.
func whole(j *journal) map[string]*schema.Event {
	all := distinct(j.batches, false)
	for _, c := range final(j) {
		if j.until > 0 { // How long an event took depends on the run, and so does where nothing came.
			if c.GetReceived() == 0 {
				continue
			}
			c.LagS = 0
		}
		maps.Copy(all, distinct([][]*schema.Event{{{Kind: &schema.Event_Coverage{Coverage: c}}}}, true))
	}
	return all
}

// final is, of each source, minute and part, the record that counted most, as
// the store keeps it.
func final(j *journal) map[string]*schema.Coverage {
	records := map[string]*schema.Coverage{}
	for _, batch := range j.batches {
		for _, e := range batch {
			if c := e.GetCoverage(); c != nil {
				key := fmt.Sprint(c.GetSource(), "/", c.GetMinuteMs(), "/", c.GetPart())
				if old := records[key]; old == nil || c.GetReceived() >= old.GetReceived() {
					records[key] = proto.CloneOf(c)
				}
			}
		}
	}
	return records
}

// distinct are the events by what they say, less when they were imported.
func distinct(batches [][]*schema.Event, coverage bool) map[string]*schema.Event {
	all := map[string]*schema.Event{}
	for _, batch := range batches {
		for _, e := range batch {
			if e.GetCoverage() != nil && !coverage {
				continue
			}
			e = proto.CloneOf(e)
			switch kind := e.GetKind().(type) {
			case *schema.Event_Post:
				kind.Post.ImportedMs = 0
			case *schema.Event_Action:
				kind.Action.ImportedMs = 0
			case *schema.Event_Delete:
				kind.Delete.ImportedMs = 0
			case *schema.Event_Account:
				kind.Account.ImportedMs = 0
			case *schema.Event_Reject:
				kind.Reject.ImportedMs = 0
			}
			text, err := proto.MarshalOptions{Deterministic: true}.Marshal(e)
			if err != nil {
				text = []byte(err.Error()) // checkEvents says so too.
			}
			all[string(text)] = e
		}
	}
	return all
}

func (s *Subject) checkWhole(t *testing.T, calm *journal) {
	t.Helper()
	all, rejects := distinct(calm.batches, false), 0
	for _, e := range all {
		if e.GetReject() != nil {
			rejects++
		}
	}
	if len(all) != s.Events || rejects != s.Rejects {
		t.Errorf("%d events, %d of them rejects; want %d and %d", len(all), rejects, s.Events, s.Rejects)
	}
}

func (s *Subject) checkEvents(t *testing.T, calm *journal) {
	t.Helper()
	name := s.New(t, collectors.NewCursors(t.TempDir())).Name()
	for _, batch := range calm.batches {
		if len(batch) == 0 {
			t.Error("an empty batch")
		}
		for _, e := range batch {
			checkEvent(t, e, name)
		}
	}
}

func checkEvent(t *testing.T, e *schema.Event, name string) {
	t.Helper()
	if e.Topic() == "" || len(e.AppendKey(nil)) == 0 {
		t.Errorf("an event without topic or key: %v", e)
	}
	if _, err := proto.Marshal(e); err != nil {
		t.Errorf("an event that cannot be written: %v", err)
	}
	if size := e.SizeVT(); size > schema.MaxEventBytes {
		t.Errorf("an event of %d bytes", size)
	}
	if collector, source := provenance(e); collector != name || source == "" {
		t.Errorf("collector %q, source %q; want %q and a source", collector, source, name)
	}
	if r := e.GetReject(); r != nil && (!slices.Contains(schema.Reasons(), schema.Reason(r.GetReason())) || len(r.GetRaw()) > schema.MaxRejectBytes) {
		t.Errorf("reason %q, %d bytes kept", r.GetReason(), len(r.GetRaw()))
	}
}

func provenance(e *schema.Event) (collector, source string) {
	var from interface {
		GetCollector() string
		GetSource() string
	}
	switch kind := e.GetKind().(type) {
	case *schema.Event_Post:
		from = kind.Post
	case *schema.Event_Action:
		from = kind.Action
	case *schema.Event_Delete:
		from = kind.Delete
	case *schema.Event_Account:
		from = kind.Account
	case *schema.Event_Coverage:
		from = kind.Coverage
	case *schema.Event_Reject:
		from = kind.Reject
	default:
		return "", ""
	}
	return from.GetCollector(), from.GetSource()
}

// checkCoverage adds the records of coverage up and holds them against what
// was emitted.
func checkCoverage(t *testing.T, calm *journal) {
	t.Helper()
	var events, rejects, received, emitted, rejected, kinds uint64
	for _, batch := range calm.batches {
		for _, e := range batch {
			switch {
			case e.GetReject() != nil:
				rejects++
			case e.GetCoverage() == nil:
				events++
			}
		}
	}
	for _, c := range coverageOf(t, calm) {
		received, emitted = received+c.GetReceived(), emitted+c.GetEmitted()
		rejected, kinds = rejected+sum(c.GetRejected()), kinds+sum(c.GetKinds())
	}
	if emitted != events || rejected != rejects || received != kinds+rejected || kinds < emitted {
		t.Errorf("coverage: received %d = %d by kind + %d rejected, emitted %d; the log has %d events and %d rejects", received, kinds, rejected, emitted, events, rejects)
	}
}

// coverageOf lists the records of coverage that stand at the end. A source that
// ends states each once.
func coverageOf(t *testing.T, calm *journal) map[string]*schema.Coverage {
	t.Helper()
	records := final(calm)
	stated := 0
	for _, batch := range calm.batches {
		for _, e := range batch {
			if e.GetCoverage() != nil {
				stated++
			}
		}
	}
	if calm.until == 0 && stated != len(records) {
		t.Errorf("%d records of coverage are of %d sources, minutes and parts", stated, len(records))
	}
	for _, c := range records {
		if c.GetMinuteMs()%60_000 != 0 || c.GetMinuteMs() < 0 || c.GetMinuteMs() >= 4102444800000 {
			t.Errorf("a minute of coverage begins at %d", c.GetMinuteMs())
		}
	}
	return records
}

func sum(counts map[string]uint64) (total uint64) {
	for _, n := range counts {
		total += n
	}
	return total
}
