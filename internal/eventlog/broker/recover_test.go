package broker

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go"
)

// crash copies the directory of a running broker, as a kill would leave it.
func crash(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "log")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

func TestServe_AfterAKillABatchSentAgainIsStoredOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := serveDir(t, dir)
	r.topic(t, kafka.ConfigEntry{ConfigName: "segment.bytes", ConfigValue: "300"})
	for i := range int32(20) {
		r.mustSend(t, batchOf(t, 99, 3*i, "a", "b", "c"))
	}
	torn := crash(t, dir)
	files, err := listSegments(filepath.Join(torn, "partitions", "t.v1-0"))
	if err != nil || len(files) < 5 {
		t.Fatal(len(files), err)
	}
	last := filepath.Join(torn, "partitions", "t.v1-0", fmt.Sprint(files[len(files)-1].base)+".dat")
	f, err := os.OpenFile(last, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	half := batchOf(t, 99, 60, "never acknowledged")[4:]
	binary.BigEndian.PutUint64(half, 60)
	if _, err := f.Write(half[:len(half)-5]); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	again := serveDir(t, torn)
	if start, end := again.ends(t); start != 0 || end != 60 {
		t.Fatalf("the log holds %d to %d", start, end)
	}
	if offset := again.mustSend(t, batchOf(t, 99, 57, "a", "b", "c")); offset != 57 {
		t.Errorf("a batch sent again got offset %d", offset)
	}
	if offset := again.mustSend(t, batchOf(t, 99, 60, "d")); offset != 60 {
		t.Errorf("the next batch got offset %d", offset)
	}
	if _, err := again.send(t, batchOf(t, 99, 70, "e")); err == nil {
		t.Error("a gap in the sequence was accepted")
	}
	again.close(t)
}

func TestServe_DamageInTheMiddleIsNotPassedOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := serveDir(t, dir)
	r.topic(t, kafka.ConfigEntry{ConfigName: "segment.bytes", ConfigValue: "300"})
	for i := range int32(20) {
		r.mustSend(t, batchOf(t, 99, i, strings.Repeat("a", 50)))
	}
	files, err := listSegments(filepath.Join(dir, "partitions", "t.v1-0"))
	if err != nil {
		t.Fatal(err)
	}
	last := files[len(files)-1]
	if last.batches < 2 {
		t.Fatal("the last file has nothing to damage before its end")
	}
	for name, tc := range map[string]struct {
		base   int64
		damage func([]byte) []byte
	}{
		"length":                        {0, func(b []byte) []byte { b[9] ^= 1; return b }},
		"truncated":                     {0, func(b []byte) []byte { return b[:len(b)-3] }},
		"bit in a record":               {0, func(b []byte) []byte { b[len(b)-5] ^= 1; return b }},
		"bit in the last file, not end": {last.base, func(b []byte) []byte { b[70] ^= 1; return b }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broken := crash(t, dir)
			file := filepath.Join(broken, "partitions", "t.v1-0", fmt.Sprint(tc.base)+".dat")
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, tc.damage(b), 0o600); err != nil {
				t.Fatal(err)
			}
			for range 2 { // Refusing must not repair it.
				err = serveDir(t, broken).refused(t)
				if err == nil || !strings.Contains(err.Error(), "the log is damaged") || strings.Contains(err.Error(), "\n") {
					t.Errorf("error %v", err)
				}
			}
		})
	}
}

// What groups committed after a torn entry must be there at the next start.
func TestServe_TornCommitsAreCutOff(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := serveDir(t, dir)
	r.topic(t)
	r.mustSend(t, batchOf(t, 99, 0, "a", "b", "c"))
	r.commit(t, 1)
	for i, cut := range []int{1, entryHeader, 20} {
		torn := crash(t, dir)
		name := filepath.Join(torn, "groups.log")
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, append(b, appendEntry(nil, []byte(`{"type":"commit"}`))[:cut]...), 0o600); err != nil {
			t.Fatal(err)
		}
		again := serveDir(t, torn)
		if at := again.committed(t); at != 1 {
			t.Errorf("cut %d: the group is at %d, not at 1", i, at)
		}
		again.commit(t, 3)
		third := serveDir(t, crash(t, torn))
		if at := third.committed(t); at != 3 {
			t.Errorf("cut %d: after another kill the group is at %d, not at 3", i, at)
		}
		third.close(t)
		again.close(t)
	}
	r.close(t)
}

func (r *running) committed(t *testing.T) int64 {
	t.Helper()
	res, err := r.client.OffsetFetch(t.Context(), &kafka.OffsetFetchRequest{GroupID: "store", Topics: map[string][]int{"t.v1": {0}}})
	if err != nil || res.Error != nil || len(res.Topics["t.v1"]) != 1 || res.Topics["t.v1"][0].Error != nil {
		t.Fatal(err, res)
	}
	return res.Topics["t.v1"][0].CommittedOffset
}

// A server that does not know its topics would make them anew, over what is there.
func TestServe_WithoutItsStateTheLogIsNotBegunAnew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := serveDir(t, dir)
	r.topic(t)
	r.mustSend(t, batchOf(t, 99, 0, "a"))
	for _, name := range []string{"meta.json", "topics.json"} {
		for what, damage := range map[string]func(string) error{
			"removed": os.Remove,
			"emptied": func(name string) error { return os.Truncate(name, 0) },
		} {
			broken := crash(t, dir)
			if err := damage(filepath.Join(broken, name)); err != nil {
				t.Fatal(err)
			}
			err := serveDir(t, broken).refused(t)
			if err == nil || !strings.Contains(err.Error(), "the log is damaged: "+name) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s %s: error %v", name, what, err)
			}
		}
	}
	r.close(t)
}
