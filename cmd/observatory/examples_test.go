package main

import (
	"bytes"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/election-observatory/observatory/internal/app"
)

// theExamplesDraw runs the examples of the tutorial.
func theExamplesDraw(t *testing.T, ends app.Endpoints) {
	t.Helper()
	port := ends.ClickHouse[strings.LastIndexByte(ends.ClickHouse, ':')+1:]
	const from, to = "2024-06-03", "2024-06-10"
	if python := withPandas(t); python != "" {
		draws(t, port, "posts in 168 hours", python, "../../docs/examples/posts_by_hour.py", from, to)
	}
	if r, err := exec.LookPath("Rscript"); err == nil {
		draws(t, port, "languages, drawn to", r, "../../docs/examples/share_by_language.R", from, to)
	} else {
		t.Log("the example in R was not run: there is no Rscript")
	}
}

// draws runs a script that draws a picture.
func draws(t *testing.T, port, says, program string, args ...string) {
	t.Helper()
	picture := filepath.Join(t.TempDir(), "picture.png")
	cmd := exec.CommandContext(t.Context(), program, append(args, picture)...)
	cmd.Env = append(os.Environ(), "OBSERVATORY_PORT="+port)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), says) {
		t.Errorf("%s: %v\n%s", args[0], err, out)
		return
	}
	drawn, err := os.ReadFile(picture)
	if err != nil {
		t.Error(err)
		return
	}
	if is, err := png.DecodeConfig(bytes.NewReader(drawn)); err != nil || is.Width < 800 || len(drawn) < 10_000 {
		t.Errorf("%s draws %d bytes, %d wide: %v", args[0], len(drawn), is.Width, err)
	}
}

// withPandas is an interpreter with what the examples need, kept between runs; none
// where Python cannot make one, or, unless CI is set, where a package does not come.
func withPandas(t *testing.T) string {
	t.Helper()
	if err := exec.CommandContext(t.Context(), "python3", "-c", "import venv, ensurepip").Run(); err != nil {
		t.Log("the example in Python was not run: there is no python3 with venv")
		return ""
	}
	dir, err := filepath.Abs("../../.cache/examples-python")
	if err != nil {
		t.Fatal(err)
	}
	const requirements = "../../docs/examples/requirements.txt"
	wanted, err := os.ReadFile(requirements)
	if err != nil {
		t.Fatal(err)
	}
	program, stamp := filepath.Join(dir, "bin", "python"), filepath.Join(dir, "requirements.txt")
	if have, err := os.ReadFile(stamp); err == nil && bytes.Equal(have, wanted) {
		return program
	}
	for _, command := range [][]string{{"python3", "-m", "venv", "--clear", dir}, {program, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements}} {
		if out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput(); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("%v: %v\n%s", command, err, out)
			}
			t.Logf("the example in Python was not run: %v: %s", err, out)
			return ""
		}
	}
	if err := os.WriteFile(stamp, wanted, 0o600); err != nil {
		t.Fatal(err)
	}
	return program
}
