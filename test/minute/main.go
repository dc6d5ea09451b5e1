// Command minute measures how long it takes to assess a minute of many posts, with
// every method, after a week in which little happened.
//
//	go run ./test/minute -posts 600000
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/election-observatory/observatory/test/fixture"
)

func main() {
	posts := flag.Int("posts", 600_000, "events of the minute")
	program := flag.String("program", "bin/observatory", "the program to measure")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *program, *posts); err != nil {
		fmt.Fprintln(os.Stderr, "minute:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, program string, posts int) error {
	dir, err := os.MkdirTemp("", "minute-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // A leftover in the temporary folder harms nobody.
	file := filepath.Join(dir, "events.jsonl")
	begin, err := generate(file, posts)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "study.yaml"), []byte(study), 0o600); err != nil {
		return err
	}
	started := time.Now()
	if _, err := command(ctx, program, dir, "import", "--format", "jetstream", file); err != nil {
		return err
	}
	fmt.Printf("imported, counted and assessed in %s\n", time.Since(started).Round(time.Millisecond))
	held, err := command(ctx, program, dir, "query", "--format", "TSV", fmt.Sprintf(`SELECT count(), countIf(kind = 'repost'), uniqExact(text_hash), uniqExact(account_id) FROM posts WHERE created_at >= '%[1]s'`, begin.Format(time.DateTime)))
	if err != nil {
		return err
	}
	fmt.Printf("posts, of these reposts, distinct texts, accounts of the minute: %s\n\n", strings.Join(strings.Fields(held), ", "))
	started = time.Now()
	said, err := command(ctx, program, dir, "--log-level", "debug", "assess", "--from", begin.Format(time.RFC3339), "--to", begin.Add(time.Hour).Format(time.RFC3339))
	if err != nil {
		return err
	}
	return report(said, time.Since(started), posts)
}

// study has a query and protected names, so that every method has something to do.
const study = `
queries: [{name: vote, terms: ["#vote1*", "domain:news7.example"]}]
protected_names: [spiegel.de, lemonde.fr, europarl.europa.eu]
`

func generate(path string, posts int) (time.Time, error) {
	f, err := os.Create(path)
	if err != nil {
		return time.Time{}, err
	}
	begin, err := fixture.Rush(f, 1, posts)
	return begin, errors.Join(err, f.Close())
}

// command runs the program, and returns what it says on both streams.
func command(ctx context.Context, program, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, append([]string{"--data", filepath.Join(dir, "data"), "--config", filepath.Join(dir, "study.yaml")}, args...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", args[0], err, out.String())
	}
	return out.String(), nil
}

// report tells what each method took, by what the program logs.
func report(said string, took time.Duration, posts int) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "method\ts\tµs per post\t")
	all := 0.0
	for lines := bufio.NewScanner(strings.NewReader(said)); lines.Scan(); {
		at := strings.IndexByte(lines.Text(), '{')
		if at < 0 || !strings.Contains(lines.Text(), "computed again") {
			continue
		}
		var of struct {
			Method  string
			Seconds float64
		}
		if err := json.Unmarshal([]byte(lines.Text()[at:]), &of); err != nil {
			return err
		}
		all += of.Seconds
		fmt.Fprintf(w, "%s\t%.2f\t%.2f\t\n", of.Method, of.Seconds, of.Seconds*1e6/float64(posts))
	}
	fmt.Fprintf(w, "all\t%.2f\t%.2f\t\n", all, all*1e6/float64(posts))
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Printf("\nthe command, with its engine: %s\n", took.Round(time.Millisecond))
	return nil
}
