package engine_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
)

var pythonOnce sync.Mutex // Tests share the interpreter.

// python is an interpreter with clickhouse-connect, kept between runs. Where
// Python cannot make one the test is skipped; where it can and the package does
// not come, it is skipped too, unless CI is set.
func python(t *testing.T) string {
	t.Helper()
	if err := exec.CommandContext(t.Context(), "python3", "-c", "import venv, ensurepip").Run(); err != nil {
		t.Skip("no python3 with venv")
	}
	pythonOnce.Lock()
	defer pythonOnce.Unlock()
	dir, err := filepath.Abs("../../.cache/engine-python")
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := os.ReadFile("testdata/requirements.txt")
	if err != nil {
		t.Fatal(err)
	}
	program, stamp := filepath.Join(dir, "bin", "python"), filepath.Join(dir, "requirements.txt")
	if have, err := os.ReadFile(stamp); err == nil && string(have) == string(wanted) {
		return program
	}
	for _, command := range [][]string{{"python3", "-m", "venv", "--clear", dir}, {program, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "testdata/requirements.txt"}} {
		if out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput(); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("%v: %v\n%s", command, err, out)
			}
			t.Skipf("clickhouse-connect cannot be installed: %v: %s", err, lastLine(string(out)))
		}
	}
	if err := os.WriteFile(stamp, wanted, 0o600); err != nil {
		t.Fatal(err)
	}
	return program
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

func TestClickHouseConnect(t *testing.T) {
	t.Parallel()
	program := python(t)
	e := enginetest.Start(t, func(c *engine.Config) { c.Readers.Time = 10 * time.Minute })
	contract(t, e)
	command := exec.CommandContext(t.Context(), program, "testdata/client.py", e.URL[strings.LastIndexByte(e.URL, ':')+1:], enginetest.Password("owner"))
	command.WaitDelay = time.Minute
	if out, err := command.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "done") {
		t.Fatalf("%v\n%s", err, out)
	}
}
