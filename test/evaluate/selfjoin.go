package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/election-observatory/observatory/processors/coordination"
)

const aboutSelfJoin = `
## Against a self-join

%d shares of a week, of which %d objects have %d each; window %d s, participation %d. ` + "`test/evaluate/selfjoin.R`" + ` joins each object's shares with themselves, as CooRTweet
2.1.3 does, in R's data.table; both run on this machine, one after the other, on the same file. The join is from shares in memory to pairs in memory; the program reads the
file and writes the pairs as well, and here also makes the network.

`

const (
	viralObjects      = 14
	viralShares       = 14_000
	sharesDrawn       = 200_000
	selfJoinWindow    = 10
	selfJoinTakesPart = 2
	weekSeconds       = 7 * 86_400
)

// viral draws shares of which some objects have most.
func viral(add func(object, account, content string, at float64)) {
	rng := rand.New(rand.NewPCG(1, 61)) //nolint:gosec // Shares are to be the same again.
	for i := range sharesDrawn {
		object := "https://viral.example/" + strconv.Itoa(i%viralObjects)
		if i >= viralObjects*viralShares {
			object = "https://o.example/" + strconv.Itoa(int(math.Pow(rng.Float64(), 3)*2000))
		}
		add(object, "a"+strconv.Itoa(rng.IntN(40_000)), "c"+strconv.Itoa(i), float64(rng.IntN(weekSeconds)))
	}
}

// cost is what a program took.
type cost struct {
	seconds float64
	memory  int64 // Most, in bytes.
	said    string
}

func measure(name string, args ...string) (cost, error) {
	cmd := exec.CommandContext(context.Background(), name, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	started := time.Now()
	if err := cmd.Run(); err != nil {
		return cost{}, fmt.Errorf("%s: %w: %s", name, err, errs.String())
	}
	took := cost{seconds: time.Since(started).Seconds(), said: out.String()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		took.memory = usage.Maxrss << 10
	}
	return took, nil
}

func selfJoin(page io.Writer, _ string) error {
	fmt.Fprintf(page, aboutSelfJoin, sharesDrawn, viralObjects, viralShares, selfJoinWindow, selfJoinTakesPart)
	r, err := exec.LookPath("Rscript")
	if err == nil {
		_, err = measure(r, "-e", "library(data.table)")
	}
	if err != nil {
		fmt.Fprint(page, "Not measured here: R with data.table is missing (Debian: r-base-core, r-cran-data.table).\n")
		return nil
	}
	dir, err := os.MkdirTemp("", "selfjoin")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // It is a folder for temporary files.
	file, theirs, ours := filepath.Join(dir, "shares.csv"), filepath.Join(dir, "theirs.csv"), filepath.Join(dir, "ours.csv")
	if err := writeShares(file); err != nil {
		return err
	}
	program, err := measure(filepath.Join("bin", "observatory"), "coordinate", file, "--mode", "coortweet", "--window", strconv.Itoa(selfJoinWindow), "--min-participation", strconv.Itoa(selfJoinTakesPart), "--pairs", ours)
	if err != nil {
		return err
	}
	join := pairing()
	script, err := measure(r, filepath.Join("test", "evaluate", "selfjoin.R"), file, theirs, strconv.Itoa(selfJoinWindow), strconv.Itoa(selfJoinTakesPart))
	if err != nil {
		return err
	}
	joined, err := strconv.ParseFloat(strings.TrimSpace(script.said), 64)
	if err != nil {
		return fmt.Errorf("what R says is no number: %q: %w", script.said, err)
	}
	pairs, same, err := sameLines(theirs, ours)
	if err != nil {
		return err
	}
	fmt.Fprintf(page, `| | data.table | here | times |
|---|---:|---:|---:|
| the join, s | %.1f | %.4f | %.0f |
| the program, s | %.1f | %.3f | %.0f |
| its memory, MB | %d | %d | %.0f |

`, joined, join, joined/join, script.seconds, program.seconds, script.seconds/program.seconds, script.memory>>20, program.memory>>20, float64(script.memory)/float64(program.memory))
	if !same {
		fmt.Fprintf(page, "The pairs **differ**.\n")
		return errors.New("the pairs differ")
	}
	fmt.Fprintf(page, "The %d pairs are the same.\n", pairs)
	return nil
}

// pairing is how long it takes to pair shares: the median of five times.
func pairing() float64 {
	s := &coordination.Shares{}
	viral(s.Add)
	var times []float64
	for range 5 {
		started := time.Now()
		found, _ := coordination.CooRTweet(s, coordination.CooRTweetParams{Window: selfJoinWindow, MinParticipation: selfJoinTakesPart})
		var kept []coordination.Pair
		_ = found.Each(func(p *coordination.Pair) error { kept = append(kept, *p); return nil })
		times = append(times, time.Since(started).Seconds())
	}
	slices.Sort(times)
	return times[len(times)/2]
}

func writeShares(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // Flush tells.
	out := bufio.NewWriter(f)
	fmt.Fprintln(out, "object_id,account_id,content_id,timestamp_share")
	viral(func(object, account, content string, at float64) {
		fmt.Fprintf(out, "%s,%s,%s,%.0f\n", object, account, content, at)
	})
	return out.Flush()
}

// sameLines says whether two files have the same lines, in whatever order, and how
// many but the first.
func sameLines(a, b string) (n int, same bool, err error) {
	var lines [2][]string
	for i, path := range []string{a, b} {
		text, err := os.ReadFile(path)
		if err != nil {
			return 0, false, err
		}
		lines[i] = strings.Split(strings.TrimSpace(string(text)), "\n")
		slices.Sort(lines[i])
	}
	return len(lines[0]) - 1, slices.Equal(lines[0], lines[1]), nil
}
