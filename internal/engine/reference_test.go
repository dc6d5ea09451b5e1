package engine_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/election-observatory/observatory/internal/engine/enginetest"
)

// codeBlocks are the blocks of a language on the reference page.
func codeBlocks(t *testing.T, language string) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/reference/engine.md")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for part := range strings.SplitSeq(string(page), "\n```"+language+"\n") {
		block, _, _ := strings.Cut(part, "\n```\n")
		found = append(found, block)
	}
	if len(found) < 2 {
		t.Fatalf("no %s on the page", language)
	}
	return found[1:]
}

// TestReferencePage runs the examples of the page.
func TestReferencePage(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	contract(t, e)
	address := strings.TrimPrefix(e.URL, "http://")
	here := strings.NewReplacer("127.0.0.1:8123", address, "port=8123", "port="+address[strings.LastIndexByte(address, ':')+1:])
	run := func(t *testing.T, name string, args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", args[len(args)-1], err, out)
		}
		return string(out)
	}
	t.Run("curl", func(t *testing.T) {
		t.Parallel()
		if _, err := exec.LookPath("curl"); err != nil {
			t.Skip("no curl")
		}
		for _, block := range codeBlocks(t, "console") {
			for _, step := range strings.Split(block, "$ ")[1:] {
				command, want, _ := strings.Cut(step, "\n")
				if got := run(t, "sh", "-c", here.Replace(command)); strings.TrimSpace(got) != strings.TrimSpace(want) {
					t.Errorf("%s\n%s\nwant\n%s", command, got, want)
				}
			}
		}
	})
	t.Run("python", func(t *testing.T) {
		t.Parallel()
		program := python(t)
		for _, block := range codeBlocks(t, "python") {
			if got := run(t, program, "-c", here.Replace(block)); got != "[]\n" {
				t.Error(got)
			}
		}
	})
	t.Run("go", func(t *testing.T) {
		t.Parallel()
		for _, block := range codeBlocks(t, "go") {
			dir, err := os.MkdirTemp("../../.cache", "example") //nolint:usetesting // It must lie in the module.
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
			write(t, filepath.Join(dir, "main.go"), "package main\n\nimport (\n\t\"context\"\n\t\"fmt\"\n\n\t\"github.com/ClickHouse/clickhouse-go/v2\"\n)\n\nfunc example(ctx context.Context) error {\n"+
				here.Replace(block)+"\nfmt.Print(posts)\nreturn err\n}\n\nfunc main() {\n\tif err := example(context.Background()); err != nil {\n\t\tpanic(err)\n\t}\n}\n")
			if got := run(t, "go", "run", dir); got != "0" {
				t.Error(got)
			}
		}
	})
	t.Run("r", func(t *testing.T) {
		t.Parallel()
		if _, err := exec.LookPath("Rscript"); err != nil {
			t.Skip("no R")
		}
		for _, block := range codeBlocks(t, "r") {
			if got := run(t, "Rscript", "-e", here.Replace(block)); !strings.Contains(got, "0 obs. of  2 variables") {
				t.Error(got)
			}
		}
	})
}
