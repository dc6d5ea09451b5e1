// Command scale makes a store of many posts inside the engine, and measures the
// dashboards' panels and the cookbook's queries over one week of it.
//
//	go run ./test/scale -data /somewhere/with/40GB -weeks 10 -copies 5
//
// One week is that of the demo; it is copied with other ids, addresses and texts,
// so that a week holds several times as many posts, and then to the weeks before.
// A directory that is filled already is measured again.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/test/owner"
)

// config is what the flags say.
type config struct {
	program, data         string
	posts, weeks, copies  int
	rounds                int
	cookbook              string
	onlySlowerThanSeconds float64
}

func main() {
	var c config
	flag.StringVar(&c.program, "program", "bin/observatory", "the program to measure")
	flag.StringVar(&c.data, "data", "", "where the store is, or is to be made")
	flag.IntVar(&c.posts, "posts", 1_000_000, "posts of the demo's week")
	flag.IntVar(&c.weeks, "weeks", 10, "weeks")
	flag.IntVar(&c.copies, "copies", 5, "how many times the demo's posts are in each week")
	flag.IntVar(&c.rounds, "rounds", 5, "how often each query is asked")
	flag.StringVar(&c.cookbook, "cookbook", "docs/queries.md", "the page with the queries")
	flag.Float64Var(&c.onlySlowerThanSeconds, "list", 0.3, "list queries that take longer, in seconds")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, &c); err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, c *config) error {
	if c.data == "" {
		return errors.New("say with -data where the store is to be made")
	}
	if _, err := os.Stat(filepath.Join(c.data, "store")); err != nil {
		started := time.Now()
		cmd := exec.CommandContext(ctx, c.program, "--data", c.data, "demo", "--posts", strconv.Itoa(c.posts), "--seed", "1")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("demo: %w: %s", err, out)
		}
		fmt.Printf("the demo's week of %d posts: %s\n", c.posts, time.Since(started).Round(time.Second))
	}
	o, err := owner.Start(ctx, c.program, c.data)
	if err != nil {
		return err
	}
	defer o.Stop()
	db, err := connect(o)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // It is measured, not kept.
	if err := fill(ctx, db, c); err != nil {
		return err
	}
	if err := sizes(ctx, db); err != nil {
		return err
	}
	return ask(ctx, o, c)
}

func connect(o *owner.Owner) (driver.Conn, error) {
	password, err := os.ReadFile(filepath.Join(o.Data, "keys", "password-owner"))
	if err != nil {
		return nil, err
	}
	cfg := store.DefaultConfig()
	cfg.Addr, cfg.User, cfg.Password = o.Ends.Clickhouse, "owner", store.Secret(strings.TrimSpace(string(password)))
	cfg.QueryTimeout = time.Hour
	return store.Open(cfg)
}
