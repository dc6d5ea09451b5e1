package chdb_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const envWrite = "OBSERVATORY_CHDB_WRITE"

// TestARefusedWriteEndsTheProcess writes results in another process: to a file,
// and to a device that is always full.
func TestARefusedWriteEndsTheProcess(t *testing.T) {
	if to := os.Getenv(envWrite); to != "" {
		writeTo(t, to)
		return
	}
	t.Parallel()
	for name, test := range map[string]struct {
		to   string
		code int
		says string
	}{
		"room":       {t.TempDir() + "/out", 0, "PASS"},
		"full":       {"/dev/full", 1, "the disk did not take what the engine wrote"},
		"not a disk": {"/proc/self/oom_score_adj", 0, "PASS"}, // It takes numbers.
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestARefusedWriteEndsTheProcess$", "-test.v")
			cmd.Env = append(os.Environ(), envWrite+"="+test.to)
			out, err := cmd.CombinedOutput()
			if strings.Contains(string(out), "--- SKIP") {
				t.Skip("no engine")
			}
			code := 0
			if exit, ok := errors.AsType[*exec.ExitError](err); ok {
				code = exit.ExitCode()
			}
			if code != test.code || !strings.Contains(string(out), test.says) {
				t.Errorf("it ended with %v: %s", err, out)
			}
		})
	}
}

func writeTo(t *testing.T, path string) {
	t.Helper()
	lib := load(t)
	conn, err := lib.Connect(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = conn.Query("SELECT 'abc' INTO OUTFILE '"+path+"' APPEND FORMAT TSV", "Null")
	if err != nil {
		t.Error(err)
	}
	conn.Close()
	lib.Shutdown()
}
