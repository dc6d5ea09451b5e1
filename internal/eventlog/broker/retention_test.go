package broker

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
)

func TestCut(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	ago := func(base, size, batches int64, age time.Duration) segment {
		return segment{base: base, size: size, batches: batches, written: now.Add(-age)}
	}
	four := []segment{ago(0, 100, 10, 4*time.Hour), ago(10, 100, 10, 3*time.Hour), ago(20, 100, 10, 2*time.Hour), ago(30, 100, 10, 9*time.Hour)}
	const all = math.MaxInt64
	for name, tc := range map[string]struct {
		limits limits
		max    int
		unread int64
		want   int64
	}{
		"young":                       {limits{5 * time.Hour, -1}, 1000, all, -1},
		"two are old":                 {limits{3 * time.Hour, -1}, 1000, all, 20},
		"all are old, one is in use":  {limits{time.Minute, -1}, 1000, all, 30},
		"old, but not read":           {limits{time.Minute, -1}, 1000, 0, -1},
		"old, and read up to within":  {limits{time.Minute, -1}, 1000, 29, 20},
		"old, and read up to a file":  {limits{time.Minute, -1}, 1000, 20, 20},
		"large":                       {limits{-1, 250}, 1000, all, 20},
		"just not too large":          {limits{-1, 400}, 1000, all, -1},
		"large, but not read":         {limits{-1, 0}, 1000, 15, 10},
		"too many batches":            {limits{-1, -1}, 15, all, 30},
		"too many batches, some read": {limits{-1, -1}, 15, 12, 10},
		"no limit":                    {limits{-1, -1}, 1000, all, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := &keeper{cfg: &Config{MaxBatches: tc.max}}
			if got := k.cut(four, tc.limits, tc.unread, now); got != tc.want {
				t.Errorf("cut at %d, not %d", got, tc.want)
			}
		})
	}
}

// Retention spares what a protected group has not committed, in files of a size
// that makes it bite at once, and what it removes stays removed after a kill.
func TestRetentionSparesTheUnread(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := serveDir(t, dir, func(c *Config) { c.ProtectGroups = []string{"store", "other"} })
	r.topic(t, kafka.ConfigEntry{ConfigName: "segment.bytes", ConfigValue: "300"}, kafka.ConfigEntry{ConfigName: "retention.bytes", ConfigValue: "0"},
		kafka.ConfigEntry{ConfigName: "retention.ms", ConfigValue: "-1"})
	for i := range int32(40) {
		r.mustSend(t, batchOf(t, 99, i, strings.Repeat("a", 50)))
	}
	time.Sleep(200 * time.Millisecond) // Several checks.
	if start, end := r.ends(t); start != 0 || end != 40 {
		t.Fatalf("before anyone read: %d to %d", start, end)
	}
	r.commit(t, 17)
	start := r.waitStart(t, 10)
	if start > 17 {
		t.Errorf("the log starts at %d, but 17 was read", start)
	}
	killed := crash(t, dir)
	again := serveDir(t, killed, func(c *Config) { c.ProtectGroups = []string{"store"} })
	if s, end := again.ends(t); s != start || end != 40 {
		t.Errorf("after a kill: %d to %d, not %d to 40", s, end, start)
	}
	again.commit(t, 40)
	if start := again.waitStart(t, 30); start >= 40 {
		t.Errorf("the file in use was removed: %d", start)
	}
	again.close(t)
	third := serveDir(t, killed)
	if _, end := third.ends(t); end != 40 {
		t.Errorf("the log ends at %d", end)
	}
	third.close(t)
	if files, err := listSegments(filepath.Join(killed, "partitions", "t.v1-0")); err != nil || len(files) > 2 {
		t.Errorf("%d files are left, %v", len(files), err)
	}
	r.close(t)
}

func (r *running) commit(t *testing.T, offset int64) {
	t.Helper()
	res, err := r.client.OffsetCommit(t.Context(), &kafka.OffsetCommitRequest{
		GroupID: "store", GenerationID: -1, Topics: map[string][]kafka.OffsetCommit{"t.v1": {{Offset: offset}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range res.Topics["t.v1"] {
		if p.Error != nil {
			t.Fatal(p.Error)
		}
	}
}

// waitStart waits until the log starts at an offset or beyond.
func (r *running) waitStart(t *testing.T, atLeast int64) int64 {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		start, _ := r.ends(t)
		if start >= atLeast {
			return start
		}
		if time.Now().After(deadline) {
			t.Fatalf("the log still starts at %d", start)
		}
	}
}

func TestConfig_Validate(t *testing.T) {
	t.Parallel()
	valid := DefaultConfig()
	valid.Dir = "x"
	if err := valid.Validate(); err != nil {
		t.Fatal(err)
	}
	for i, change := range []func(*Config){
		func(c *Config) { c.Dir = "" },
		func(c *Config) { c.ProtectGroups = []string{""} },
		func(c *Config) { c.RetentionCheck = 0 },
		func(c *Config) { c.MaxBatches = 0 },
		func(c *Config) { c.MinFreeBytes = -1 },
		func(c *Config) { c.MemoryGoal = 0 },
		func(c *Config) { c.MinSessionTimeout = 0 },
	} {
		c := valid
		change(&c)
		if err := c.Validate(); err == nil {
			t.Errorf("case %d: no error for %s", i, fmt.Sprintf("%+v", c))
		}
	}
}
