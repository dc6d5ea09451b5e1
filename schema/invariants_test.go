package schema_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestInvariantsNameTestsThatExist reads which tests the page of invariants
// names, each after its package, and looks for them there.
func TestInvariantsNameTestsThatExist(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "docs", "invariants.md"))
	if err != nil {
		t.Fatal(err)
	}
	word := regexp.MustCompile("`([a-z/]+)` |((?:Test|Fuzz)[A-Z]\\w*)")
	sources := map[string]string{}
	found := 0
	for line := range strings.SplitSeq(string(text), "\n") {
		dir := ""
		for _, match := range word.FindAllStringSubmatch(line, -1) {
			if match[1] != "" {
				dir = match[1]
				continue
			}
			if _, read := sources[dir]; !read {
				sources[dir] = testsOf(t, dir)
			}
			found++
			if !strings.Contains(sources[dir], "\nfunc "+match[2]+"(") {
				t.Errorf("there is no %s in %q", match[2], dir)
			}
		}
		if strings.HasPrefix(line, "| ") && dir == "" && !strings.Contains(line, "Held by") {
			t.Errorf("nothing holds %q", line)
		}
	}
	if found < 50 {
		t.Errorf("the page names %d tests", found)
	}
}

// testsOf is the text of a package's test files.
func testsOf(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(dir), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}
