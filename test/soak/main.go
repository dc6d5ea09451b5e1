// Command soak runs the program for minutes on thousands of feeds and on streams of Bluesky,
// Mastodon, X and an endpoint of API v1.1, all of them served on loopback with faults now
// and then, and fails where memory or sockets grow.
//
//	go run ./test/soak -minutes 10 -feeds 5000
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/election-observatory/observatory/internal/replay"
	"github.com/election-observatory/observatory/test/owner"
)

type options struct {
	program   string
	feeds     int
	hosts     int
	minutes   int
	perSecond int64
	notes     int
}

func main() {
	var o options
	flag.StringVar(&o.program, "program", "bin/observatory", "the program")
	flag.IntVar(&o.feeds, "feeds", 5000, "feeds")
	flag.IntVar(&o.hosts, "hosts", 50, "addresses of loopback that serve them")
	flag.IntVar(&o.minutes, "minutes", 10, "how long, at least 2")
	flag.Int64Var(&o.perSecond, "rate", 200, "events of Bluesky a second")
	flag.IntVar(&o.notes, "notes", 20, "posts a second of each of the other streams")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "soak-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // A leftover in the temporary folder harms nobody.
	study, err := serve(ctx, o)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "study.yaml")
	if err := os.WriteFile(path, []byte(study), 0o600); err != nil {
		return err
	}
	if err := os.Setenv("OBSERVATORY_X_BEARER_TOKEN", "of the soak"); err != nil {
		return err
	}
	up, err := owner.Start(ctx, o.program, filepath.Join(dir, "data"), "--config", path, "--log-level", "error")
	if err != nil {
		return err
	}
	defer up.Stop()
	samples, err := watch(ctx, up, o.minutes)
	if err != nil {
		return err
	}
	return judge(ctx, up, samples)
}

// serve starts the servers and returns the study that collects from them.
func serve(ctx context.Context, o options) (string, error) {
	start := time.Now()
	generator := replay.FeedGenerator{Feeds: o.feeds, Every: 5 * time.Minute, Shown: 30, Start: start.Add(-3 * time.Hour), Edits: 20}
	feeds := replay.NewFeeds(time.Now)
	feeds.Generate(generator)
	feeds.Sometimes(50, replay.FeedFault{Status: 500}, replay.FeedFault{Status: 429, RetryAfter: "5"}, replay.FeedFault{Drop: true}, replay.FeedFault{CutAfter: 300}, replay.FeedFault{Twice: true}, replay.FeedFault{Body: "<html>"})
	var b strings.Builder
	b.WriteString("title: Soak\nfetch: {allow_private: true, min_interval: 1m, max_interval: 3m}\nqueries: [{name: reports, terms: [report*]}]\nfeeds:\n")
	addresses := make([]string, 0, o.hosts)
	for n := range o.hosts {
		address, err := listen(ctx, fmt.Sprintf("127.0.%d.%d:0", 1+n/250, 1+n%250), feeds)
		if err != nil {
			return "", err
		}
		addresses = append(addresses, address)
	}
	for n := range o.feeds {
		fmt.Fprintf(&b, "  - url: http://%s%s\n", addresses[n%len(addresses)], generator.Path(n))
	}
	stream := replay.NewJetstream(replay.Generated{Seed: 1, PerSecond: o.perSecond, Start: start.Add(-time.Minute)}, time.Now, 36*time.Hour, 0)
	stream.Sometimes(replay.JetstreamFault{}, replay.JetstreamFault{After: 4000, Cut: true}, replay.JetstreamFault{After: 3000, Garbage: true}, replay.JetstreamFault{After: 5000, Half: true})
	b.WriteString("bluesky:\n  allow_private: true\n  likes: count\n  hosts:\n")
	for n := range 2 {
		address, err := listen(ctx, fmt.Sprintf("127.0.9.%d:0", n+1), stream)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "    - ws://%s\n", address)
	}
	if err := serveOthers(ctx, o, &b); err != nil {
		return "", err
	}
	return b.String(), nil
}

func listen(ctx context.Context, address string, h http.Handler) (string, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go server.Serve(ln) //nolint:errcheck // It ends with the process.
	return ln.Addr().String(), nil
}

// sample is how much the process tree holds at the end of a minute.
type sample struct {
	resident map[string]uint64
	sockets  map[string]int
}

func (s sample) all() (bytes uint64, sockets int) {
	for _, n := range s.resident {
		bytes += n
	}
	for _, n := range s.sockets {
		sockets += n
	}
	return bytes, sockets
}

// watch takes a sample each minute: the mean of the minute's last ten seconds,
// as memory goes up and down with each collection of garbage and each merge.
func watch(ctx context.Context, up *owner.Owner, minutes int) ([]sample, error) {
	samples := make([]sample, 0, minutes)
	for m := range minutes {
		if err := pause(ctx, 50*time.Second); err != nil {
			return nil, err
		}
		mean := sample{resident: map[string]uint64{}}
		const times = 10
		for range times {
			if err := pause(ctx, time.Second); err != nil {
				return nil, err
			}
			for name, n := range up.Resident() {
				mean.resident[name] += n / times
			}
		}
		mean.sockets = up.Sockets()
		samples = append(samples, mean)
		bytes, sockets := mean.all()
		fmt.Fprintf(os.Stderr, "minute %d: %d MB resident, %d sockets\n", m+1, bytes>>20, sockets)
	}
	return samples, nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// judge compares the last minute with the third, when everything that is there
// to be filled has been filled once.
func judge(ctx context.Context, up *owner.Owner, samples []sample) error {
	early, late := samples[min(2, len(samples)-1)], samples[len(samples)-1]
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "process\tMB at minute %d\tMB at minute %d\tsockets\tsockets\t\n", min(3, len(samples)), len(samples))
	for name := range late.resident {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t\n", name, early.resident[name]>>20, late.resident[name]>>20, early.sockets[name], late.sockets[name])
	}
	before, openBefore := early.all()
	after, openAfter := late.all()
	fmt.Fprintf(w, "all\t%d\t%d\t%d\t%d\t\n", before>>20, after>>20, openBefore, openAfter)
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Printf("ratio of memory %.3f\n\n", float64(after)/float64(before))
	if err := told(ctx, up); err != nil {
		return err
	}
	// Connections come and go: a few more than before are no growth.
	const breathing = 40
	switch {
	case float64(after) > 1.1*float64(before):
		return errors.New("memory grows: more than 1.1 times that of the third minute")
	case openAfter > openBefore+breathing:
		return errors.New("sockets grow")
	}
	return nil
}
