package main

import (
	"bytes"
	"encoding/json"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
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
		draws(t, port, "spheres, drawn to", python, cells(t, "../../docs/examples/memo.ipynb"))
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
	cmd.Env = append(os.Environ(), "OBSERVATORY_PORT="+port, "MPLBACKEND=Agg", "MEMO_PICTURE="+picture)
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

// cells are the cells of a notebook as one script.
func cells(t *testing.T, notebook string) string {
	t.Helper()
	text, err := os.ReadFile(notebook)
	if err != nil {
		t.Fatal(err)
	}
	var book struct {
		Cells []struct {
			Type    string   `json:"cell_type"`
			Source  []string `json:"source"`
			Outputs []any    `json:"outputs"`
		} `json:"cells"`
	}
	if err := json.Unmarshal(text, &book); err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for _, cell := range book.Cells {
		if cell.Type == "code" {
			script.WriteString(strings.Join(cell.Source, "") + "\n")
		}
		if len(cell.Outputs) > 0 {
			t.Errorf("%s has outputs of somebody's store: clear them", notebook)
		}
	}
	return written(t, "notebook.py", script.String())
}

// pythons are the environments that tests share, one maker at a time.
var pythons sync.Mutex

// withPandas is an interpreter with what the examples and the checks of releases need.
func withPandas(t *testing.T) string {
	t.Helper()
	return pythonWith(t, "pandas", "../../docs/examples/requirements.txt", "testdata/requirements.txt")
}

// pythonWith is an interpreter with the packages of files, kept between runs under a name;
// none where Python cannot make one, or, unless CI is set, where a package does not come.
func pythonWith(t *testing.T, name string, requirements ...string) string {
	t.Helper()
	pythons.Lock()
	defer pythons.Unlock()
	if err := exec.CommandContext(t.Context(), "python3", "-c", "import venv, ensurepip").Run(); err != nil {
		t.Log("nothing in Python was run: there is no python3 with venv")
		return ""
	}
	dir, err := filepath.Abs("../../.cache/python-" + name)
	if err != nil {
		t.Fatal(err)
	}
	program, stamp := filepath.Join(dir, "bin", "python"), filepath.Join(dir, "requirements.txt")
	var wanted []byte
	install := []string{program, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "10", "--timeout", "60"}
	for _, file := range requirements {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		wanted, install = append(wanted, text...), append(install, "-r", file)
	}
	if have, err := os.ReadFile(stamp); err == nil && bytes.Equal(have, wanted) {
		return program
	}
	for _, command := range [][]string{{"python3", "-m", "venv", "--clear", dir}, install} {
		if out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput(); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("%v: %v\n%s", command, err, out)
			}
			t.Logf("nothing in Python was run: %v: %s", err, out)
			return ""
		}
	}
	if err := os.WriteFile(stamp, wanted, 0o600); err != nil {
		t.Fatal(err)
	}
	return program
}
