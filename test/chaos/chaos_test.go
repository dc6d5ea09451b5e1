package chaos

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/election-observatory/observatory/schema"
	"github.com/election-observatory/observatory/test/fixture"
)

var (
	schedules = flag.Int("schedules", 6, "how many schedules to run")
	firstSeed = flag.Uint64("seed", 1, "the seed of the first schedule")
)

const records = 30_000 // Of each archive: an import takes long enough to be struck several times.

func TestDisturbedRunsLeaveTheSameRows(t *testing.T) {
	program := builtProgram(t)
	archives := writeArchives(t)
	calm := &observatory{t: t, program: program, data: filepath.Join(t.TempDir(), "calm")}
	calm.importAll(archives)
	want := calm.digests()
	t.Logf("undisturbed:\n%s", want)
	for i := range *schedules {
		seed := *firstSeed + uint64(i)
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			o := &observatory{t: t, program: program, data: filepath.Join(t.TempDir(), "data")}
			o.copyKeys(calm.data)
			told := o.disturb(rand.New(rand.NewPCG(seed, 0)), archives)
			o.importAll(archives)
			if diff := cmp.Diff(want, o.digests()); diff != "" {
				t.Errorf("after %s (-undisturbed +disturbed):\n%s", strings.Join(told, ", "), diff)
			}
			t.Log(strings.Join(told, ", "))
		})
	}
}

type archive struct{ format, path string }

func writeArchives(t *testing.T) []archive {
	t.Helper()
	dir := t.TempDir()
	var archives []archive
	for format, write := range map[string]func(io.Writer, uint64, int) error{
		"jetstream": fixture.Jetstream, "twitter-v1": fixture.Twitter, "shares-csv": fixture.Shares,
	} {
		path := filepath.Join(dir, format)
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := write(f, 7, records); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		archives = append(archives, archive{format, path})
	}
	return archives
}

func builtProgram(t *testing.T) string {
	t.Helper()
	program, err := filepath.Abs("../../bin/observatory")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{program, filepath.Join(filepath.Dir(program), "libchdb.so")} {
		if _, err := os.Stat(path); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal("run make build first: ", err)
			}
			t.Skip("run make build first: ", err)
		}
	}
	return program
}

// observatory is one data directory and the processes on it.
type observatory struct {
	t       *testing.T
	program string
	data    string
}

func (o *observatory) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(o.t.Context(), o.program, append([]string{"--data", o.data}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second
	return cmd
}

func importArgs(a archive) []string {
	args := []string{"import", "--json", "--format", a.format}
	if a.format == "shares-csv" {
		args = append(args, "--platform", "x", "--object", "url")
	}
	return append(args, a.path)
}

// importAll reads every archive to its end, undisturbed.
func (o *observatory) importAll(archives []archive) {
	o.t.Helper()
	for _, a := range archives {
		if out, err := o.command(importArgs(a)...).CombinedOutput(); err != nil {
			o.t.Fatalf("import %s: %v\n%s", a.format, err, tail(out))
		}
	}
}

// digests are the SHA-256 of every table's rows, less its audit columns.
func (o *observatory) digests() map[string]string {
	o.t.Helper()
	var queries []string
	for _, table := range schema.Tables() {
		var columns []string
		for _, c := range table.Columns {
			if !c.Audit {
				columns = append(columns, "`"+c.Name+"`")
			}
		}
		if len(columns) == 0 || table.Name == schema.TableChanged || table.Name == schema.TableRuns { // The last two say how something was computed, not what.
			continue
		}
		where := " WHERE " + table.Counts()
		if table.Runs == "" {
			where = " FINAL"
		}
		if table.Name == schema.TableHourly {
			where += " WHERE posts > 0"
		}
		if table.Name == schema.TableAlerts { // Others were withdrawn.
			where += " WHERE raised"
		}
		queries = append(queries, fmt.Sprintf(
			"SELECT '%s' AS name, concat(toString(count()), ' rows, ', lower(hex(SHA256(arrayStringConcat(arraySort(groupArray(toString(tuple(%s)))), '\n'))))) FROM %s.%s%s",
			table.Name, strings.Join(columns, ", "), schema.StoreDatabase, table.Name, where))
	}
	out, err := o.command("query", "--user", "owner", "--format", "TSV", strings.Join(queries, "\nUNION ALL\n")).Output()
	if err != nil {
		o.t.Fatalf("query: %v\n%s", err, stderr(err))
	}
	digests := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, digest, _ := strings.Cut(strings.TrimSpace(line), "\t")
		digests[name] = digest
	}
	return digests
}

func (o *observatory) copyKeys(from string) {
	o.t.Helper()
	if err := os.CopyFS(filepath.Join(o.data, "keys"), os.DirFS(filepath.Join(from, "keys"))); err != nil {
		o.t.Fatal(err)
	}
}

func tail(b []byte) string { return string(b[max(0, len(b)-2000):]) }

func stderr(err error) string {
	if exit, ok := err.(*exec.ExitError); ok { //nolint:errorlint // Output returns it unwrapped.
		return string(exit.Stderr)
	}
	return ""
}
