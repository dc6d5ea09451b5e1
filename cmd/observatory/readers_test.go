package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// othersReadIt reads releases with what other people wrote: validators of what describes
// them, and the lines that docs/datasets.md gives to readers.
func othersReadIt(t *testing.T, out, public, vetted string) {
	t.Helper()
	python := withPandas(t)
	if python == "" {
		return
	}
	run := func(says, program string, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Dir = out
		if said, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(said), says) {
			t.Errorf("%s %.80q: %v\n%s", program, args, err, said)
		}
	}
	check, err := filepath.Abs("testdata/check_release.py")
	if err != nil {
		t.Fatal(err)
	}
	run("cells follow from the Parquet", python, check, public, vetted)
	if cff := pythonWith(t, "cff", "testdata/requirements-cff.txt"); cff != "" {
		for _, folder := range []string{public, vetted} {
			run("valid", filepath.Join(filepath.Dir(cff), "cffconvert"), "--validate", "-i", filepath.Join(folder, "CITATION.cff"))
		}
	}
	text, err := os.ReadFile("../../docs/datasets.md")
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]int{}
	for _, block := range regexp.MustCompile("(?s)```(python|r|sql)\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		language, code := block[1], block[2]
		read[language]++
		switch language {
		case "python":
			run("unreliable", python, "-c", code)
		case "sql":
			run("unreliable", python, "-c", "import duckdb, sys\nprint(duckdb.sql(sys.argv[1]).df().to_string())", code)
		case "r":
			r, err := exec.LookPath("Rscript")
			if err != nil {
				t.Log("the lines in R were not run: there is no Rscript")
				continue
			}
			run("unreliable", r, "-e", code)
		}
	}
	if read["python"] == 0 || read["r"] == 0 || read["sql"] == 0 {
		t.Errorf("docs/datasets.md has lines for %v", read)
	}
}
