package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/election-observatory/observatory/cmd/observatory/study"
)

// TestTheDataDirectoryMayBeRelative names it by default, by flag and by
// variable, from the directory in which the program is started.
func TestTheDataDirectoryMayBeRelative(t *testing.T) {
	t.Parallel()
	for made, how := range map[string]struct{ flag, variable string }{
		"observatory-data": {},
		"study/one":        {flag: "study/one"},
		"two":              {variable: "./two"},
	} {
		p := newProgram(t)
		cmd := p.command("query", "--format", "TSV", "SELECT count() FROM posts")
		cmd.Args = append(cmd.Args[:1], cmd.Args[3:]...) // Without --data.
		if how.flag != "" {
			cmd.Args = append(cmd.Args, "--data", how.flag)
		}
		cmd.Env = append(cmd.Env, study.EnvData+"="+how.variable)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err != nil || strings.TrimSpace(out.String()) != "0" {
			t.Errorf("%s: %v: %s%s", made, err, out.String(), errs.String())
		}
		if _, err := os.Stat(filepath.Join(cmd.Dir, made, "store")); err != nil {
			t.Errorf("%s: %v", made, err)
		}
	}
}
