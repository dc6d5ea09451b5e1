// Command road measures the whole road on this machine: from a generated file
// to rows that can be queried, with the CPU time of each process, beside a loop
// that only consumes the same topic and discards it.
//
//	go run ./test/road -posts 1000000
package main

import (
	"context"
	"encoding/json"
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

	"github.com/election-observatory/observatory/schema"
	"github.com/election-observatory/observatory/test/fixture"
	"github.com/election-observatory/observatory/test/owner"
)

func main() {
	posts := flag.Int("posts", 1_000_000, "events to generate")
	program := flag.String("program", "bin/observatory", "the program to measure")
	rounds := flag.Int("rounds", 3, "times that the topic is read to compare")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *program, *posts, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "road:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, program string, posts, rounds int) error {
	dir, err := os.MkdirTemp("", "road-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // A leftover in the temporary folder harms nobody.
	file := filepath.Join(dir, "events.jsonl")
	if err := generate(file, posts); err != nil {
		return err
	}
	up, err := owner.Start(ctx, program, filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	defer up.Stop()
	before := up.CPU()
	start := time.Now()
	imported, err := importFile(ctx, program, up.Data, file)
	if err != nil {
		return err
	}
	wall := time.Since(start)
	spent := up.CPU().Minus(before)
	spent["importer: decode, map, encode, produce"] = imported.cpu
	peak := up.Peak()
	report(wall, imported, spent, peak)
	return compare(ctx, up.Ends.Kafka, rounds)
}

// compare reads the topic again and again, in turns to discard it and to decode,
// tag and encode it, and reports the ratio of each turn.
func compare(ctx context.Context, broker string, rounds int) error {
	t, err := newTagging()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\nround\tconsume and discard µs/record\tconsume, decode, tag, encode µs/record\tratio\t")
	for i := range rounds {
		bare, err := consume(ctx, broker, schema.TopicPosts, discard)
		if err != nil {
			return err
		}
		full, err := consume(ctx, broker, schema.TopicPosts, t.use)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%d\t%.2f\t%.2f\t%.1f\t\n", i+1, bare.each(), full.each(), full.each()/bare.each())
	}
	return w.Flush()
}

// each is microseconds of CPU time per record.
func (p pass) each() float64 { return micros(p.cpu) / float64(p.records) }

func generate(path string, posts int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := fixture.Jetstream(f, 1, posts); err != nil {
		return err
	}
	return f.Close()
}

type imported struct {
	Read   uint64
	Stored uint64
	cpu    time.Duration
}

func importFile(ctx context.Context, program, data, file string) (imported, error) {
	cmd := exec.CommandContext(ctx, program, "--data", data, "import", "--json", "--format", "jetstream", file)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return imported{}, fmt.Errorf("import: %w", err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	var sum imported
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &sum); err != nil {
		return imported{}, fmt.Errorf("import: %w", err)
	}
	sum.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return sum, nil
}

func report(wall time.Duration, sum imported, spent owner.CPUTimes, peak map[string]uint64) {
	events := float64(sum.Read)
	fmt.Printf("%d events read, %d stored, queryable and aggregated after %s: %.0f events/s\n\n", sum.Read, sum.Stored, wall.Round(time.Millisecond), events/wall.Seconds())
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "process\tCPU s\tµs/event\tpeak MB\t")
	var total time.Duration
	for _, name := range spent.Names() {
		fmt.Fprintf(w, "%s\t%.2f\t%.2f\t%d\t\n", name, spent[name].Seconds(), micros(spent[name])/events, peak[name]>>20)
		total += spent[name]
	}
	fmt.Fprintf(w, "all\t%.2f\t%.2f\t\t\n", total.Seconds(), micros(total)/events)
	_ = w.Flush()
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
