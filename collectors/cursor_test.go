package collectors

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// volatile is a file system in memory that forgets what was not synced when the
// power goes: contents of files, and names in directories.
type volatile struct {
	content map[string][]byte // As programs see it.
	synced  map[string][]byte // By content that was synced.
	durable map[string][]byte // As it stands after the power went.
	failAt  int               // The power goes at this step; 0 for never.
	steps   int
}

var errPower = errors.New("the power went")

func newVolatile() *volatile {
	return &volatile{content: map[string][]byte{}, synced: map[string][]byte{}, durable: map[string][]byte{}}
}

func (v *volatile) step() error {
	if v.steps++; v.steps == v.failAt {
		return errPower
	}
	return nil
}

func (v *volatile) ReadFile(name string) ([]byte, error) {
	data, ok := v.content[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return data, nil
}

func (v *volatile) WriteSynced(name string, data []byte) error {
	v.content[name] = data[:len(data)/2] // Torn until it is complete.
	if err := v.step(); err != nil {
		return err
	}
	v.content[name], v.synced[name] = data, data
	return v.step()
}

func (v *volatile) Rename(from, to string) error {
	v.content[to], v.synced[to] = v.content[from], v.synced[from]
	delete(v.content, from)
	return v.step()
}

func (v *volatile) SyncDir(string) error {
	for name := range v.content {
		v.durable[name] = v.synced[name]
	}
	return v.step()
}

func (v *volatile) Remove(name string) error { delete(v.content, name); return v.step() }
func (v *volatile) MkdirAll(string) error    { return v.step() }

// loss is the file system after the power came back.
func (v *volatile) loss() *volatile {
	after := newVolatile()
	for name, data := range v.durable {
		after.content[name], after.synced[name], after.durable[name] = data, data, data
	}
	return after
}

func TestACursorThatWasSavedSurvivesTheLossOfPower(t *testing.T) {
	t.Parallel()
	for failAt := 1; failAt <= 12; failAt++ {
		memory := newVolatile()
		c := &Cursors{dir: "d", fs: memory}
		if err := c.Save("x", 1); err != nil {
			t.Fatal(err)
		}
		memory.steps, memory.failAt = 0, failAt
		saved := c.Save("x", 2)
		var got int
		found, err := (&Cursors{dir: "d", fs: memory.loss()}).Load("x", &got)
		if err != nil || !found {
			t.Fatalf("power lost at step %d: found %v, %v", failAt, found, err)
		}
		if saved == nil && got != 2 {
			t.Errorf("power lost after Save returned: the cursor is %d", got)
		}
		if got != 1 && got != 2 {
			t.Errorf("power lost at step %d: the cursor is %d", failAt, got)
		}
	}
}

func TestADamagedCursorIsAnError(t *testing.T) {
	t.Parallel()
	c := NewCursors(t.TempDir())
	for _, damage := range []string{"", "{", `{"version":1,"name":"other","state":1}`, `{"version":9,"name":"x","state":1}`, `{"version":1,"name":"x","state":"one"}`} {
		if err := os.WriteFile(c.path("x"), []byte(damage), 0o600); err != nil {
			t.Fatal(err)
		}
		var state int
		if _, err := c.Load("x", &state); err == nil || !strings.Contains(err.Error(), c.path("x")) {
			t.Errorf("%q: %v", damage, err)
		}
	}
}

func TestCursorsOnDisk(t *testing.T) {
	t.Parallel()
	c := NewCursors(filepath.Join(t.TempDir(), "cursors"))
	var state []string
	if found, err := c.Load("import/a b", &state); found || err != nil {
		t.Fatal(found, err)
	}
	if err := c.Save("import/a b", []string{"x"}); err != nil {
		t.Fatal(err)
	}
	if found, err := c.Load("import/a b", &state); !found || err != nil || state[0] != "x" {
		t.Fatal(found, err, state)
	}
	if err := errors.Join(c.Remove("import/a b"), c.Remove("import/a b")); err != nil {
		t.Fatal(err)
	}
}
