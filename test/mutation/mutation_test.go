package mutation

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mutation is one fault, and the test that must notice it.
type mutation struct {
	fault string
	edits []edit
	// pkg is the package of the test, from the top of the tree; test is its
	// name, with the names of subtests after slashes.
	pkg, test string
}

// edit replaces a text that is in the file exactly once.
type edit struct {
	file      string // From the top of the tree.
	text, bad string
}

// patience is how long a test may take. One that does not end has not passed.
const patience = 3 * time.Minute

// hold runs the mutations, two at a time.
func hold(t *testing.T, mutations []mutation) {
	t.Helper()
	if testing.Short() {
		t.Skip("each mutation compiles a package anew")
	}
	slots := make(chan struct{}, 2)
	for _, m := range mutations {
		t.Run(m.fault, func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			m.mustBeNoticed(t)
		})
	}
}

func (m *mutation) mustBeNoticed(t *testing.T) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	name, _, _ := strings.Cut(m.test, "/")
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-vet=off", "-failfast", "-overlay="+m.overlay(t, root),
		"-run=^"+strings.ReplaceAll(m.test, "/", "$/^")+"$", "./"+m.pkg)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "EVENTLOG_PATIENCE=5") // What does not come is not worth a minute here.
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	switch text := string(out); {
	case ctx.Err() != nil:
		t.Fatalf("%s did not end within %v", m.test, patience)
	case err == nil && strings.Contains(text, "no tests to run"):
		t.Fatalf("%s has no test %s", m.pkg, m.test)
	case err == nil:
		t.Errorf("%s passes with the fault", m.test)
	case !strings.Contains(text, "--- FAIL: "+name):
		t.Fatalf("%s did not fail as a test does: %v\n%s", m.test, err, text)
	}
}

// overlay writes the faulty files and what tells the compiler to use them.
func (m *mutation) overlay(t *testing.T, root string) string {
	t.Helper()
	dir := t.TempDir()
	replace := make(map[string]string)
	for _, e := range m.edits {
		file := filepath.Join(root, e.file)
		from := file
		if edited, ok := replace[file]; ok {
			from = edited
		}
		code, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(code), e.text); n != 1 {
			t.Fatalf("%s holds the text to replace %d times, not once: bring the mutation up to date\n%s", e.file, n, e.text)
		}
		replace[file] = filepath.Join(dir, strings.ReplaceAll(e.file, "/", "_"))
		if err := os.WriteFile(replace[file], []byte(strings.Replace(string(code), e.text, e.bad, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	spec, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(name, spec, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
