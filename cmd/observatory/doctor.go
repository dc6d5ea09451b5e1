package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"github.com/election-observatory/observatory/cmd/observatory/study"
	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/mastodon"
	"github.com/election-observatory/observatory/collectors/twitter"
	"github.com/election-observatory/observatory/collectors/x"
	"github.com/election-observatory/observatory/internal/app"
	"github.com/election-observatory/observatory/internal/engine/chdb"
	"github.com/election-observatory/observatory/internal/eventlog"
)

// enoughDisk is what a study should have free, in bytes.
const enoughDisk = 5 << 30

func (c *cli) doctor() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Checks what the observatory needs, and says what to change",
		Long:  `Checks the configuration, the engine, the data directory, its keys, the disk, the ports, and the clusters if there are any. It changes nothing and prints no secret. Exit code 1 if something is wrong.`,
		Example: `  observatory doctor
  observatory doctor --json`,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.runDoctor(cmd.Context(), asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for machines")
	return cmd
}

// finding is one thing that was looked at.
type finding struct {
	What   string `json:"what"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

func (c *cli) runDoctor(ctx context.Context, asJSON bool) error {
	study, err := c.study()
	if err != nil {
		return err
	}
	dir := c.dir()
	findings := []finding{found("configuration", "valid", nil)}
	if study.ClickHouse.Address == "" {
		library, err := chdb.Find("")
		findings = append(findings, found("engine", library, err))
	} else {
		findings = append(findings, found("clickhouse", study.ClickHouse.Address, ping(ctx, study.ClickHouse.Address+"/ping")))
	}
	if len(study.Kafka.Brokers) > 0 {
		findings = append(findings, c.lookAtKafka(ctx, study))
	}
	findings = append(findings, lookAtDir(dir), lookAtKeys(dir), lookAtDisk(dir))
	findings = append(findings, c.lookAtPlatforms(ctx, &study)...)
	if !dir.Owned() {
		findings = append(findings, lookAtPort(ctx, "--listen-page", "127.0.0.1:8080"))
		if study.ClickHouse.Address == "" {
			findings = append(findings, lookAtPort(ctx, "--listen-clickhouse", "127.0.0.1:8123"))
		}
		if len(study.Kafka.Brokers) == 0 {
			findings = append(findings, lookAtPort(ctx, "--listen-kafka", "127.0.0.1:9092"))
		}
	}
	wrong := 0
	for _, f := range findings {
		if !f.OK {
			wrong++
		}
	}
	if err := c.tellFindings(findings, asJSON); err != nil {
		return err
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d checks failed: see above", wrong, len(findings))
	}
	return nil
}

func (c *cli) tellFindings(findings []finding, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(c.out).Encode(findings)
	}
	w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
	for _, f := range findings {
		fmt.Fprintf(w, "%s\t%s\t%s\n", map[bool]string{true: "ok", false: "WRONG"}[f.OK], f.What, f.Detail)
	}
	return w.Flush()
}

func found(what, detail string, err error) finding {
	if err != nil {
		return finding{What: what, Detail: oneLine(err)}
	}
	return finding{What: what, OK: true, Detail: detail}
}

func (c *cli) lookAtKafka(ctx context.Context, study study.Study) finding {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	id, err := eventlog.ClusterID(ctx, study.Kafka.Brokers)
	return found("kafka", "cluster "+id, err)
}

// lookAtPlatforms says of each platform what it takes to collect from it, and of each
// credential whether it is taken, without showing it.
func (c *cli) lookAtPlatforms(ctx context.Context, of *study.Study) []finding {
	list := []finding{found("rss", fmt.Sprintf("%d feeds; no credential is needed", len(of.Feeds)), nil)}
	if of.Bluesky != nil {
		list = append(list, found("bluesky", "collected; no credential is needed", nil))
	} else {
		list = append(list, found("bluesky", "not in the study; no credential is needed", nil))
	}
	list = append(list, c.lookAtMastodon(ctx, of)...)
	list = append(list, c.lookAtX(ctx, of), lookAtTwitter(ctx, of))
	return append(list, c.lookAtTelegram(ctx, of))
}

func lookAtTwitter(ctx context.Context, of *study.Study) finding {
	const what, patience = "twitter", 20 * time.Second
	if of.Twitter == nil {
		return found(what, "not in the study; for endpoints that still speak API v1.1", nil)
	}
	queries, err := of.TwitterQueries(time.Now())
	if err != nil {
		return found(what, "", err)
	}
	token, err := of.TwitterToken()
	if err != nil {
		return found(what, "", err)
	}
	stream, err := twitter.New(*of.Twitter, queries, token, nil, time.Now, zap.NewNop())
	if err != nil {
		return found(what, "", err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return found(what, of.Twitter.API+" opens its stream", stream.Check(ctx))
}

// lookAtTelegram looks whether there are the program, an application and a session, and lets
// Telegram say whether it takes the session; nobody is logged in for that.
func (c *cli) lookAtTelegram(ctx context.Context, of *study.Study) finding {
	const what, patience = "telegram", 40 * time.Second
	if of.Telegram == nil {
		return found(what, "not in the study; an application ("+study.EnvTelegramID+", "+study.EnvTelegramHash+"), an account and the program observatory-telegram are needed", nil)
	}
	collector, err := telegramOf(of, c.dir(), c.environ, zap.NewNop())
	if err != nil {
		return found(what, "", err)
	}
	session := telegramSession(c.dir())
	if _, err := os.Stat(session); err != nil {
		return found(what, "", fmt.Errorf("nobody is logged in: observatory-telegram login --session %s", session))
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return found(what, fmt.Sprintf("%d channels; the session is taken", len(of.Telegram.Channels)), collector.Check(ctx))
}

// lookAtX asks for the rules of the app, and whether it would take those of the study. No
// post is read.
func (c *cli) lookAtX(ctx context.Context, of *study.Study) finding {
	const what, patience = "x", 20 * time.Second
	if of.X == nil {
		return found(what, "not in the study; a bearer token and a budget are needed ("+study.EnvX+")", nil)
	}
	queries, err := of.XQueries(time.Now())
	if err != nil {
		return found(what, "", err)
	}
	token, err := of.XToken(c.environ)
	if err != nil {
		return found(what, "", err)
	}
	streams, err := x.New(*of.X, queries, token, nil, time.Now, zap.NewNop())
	if err != nil {
		return found(what, "", err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, stream := range streams {
		if err := stream.Check(ctx); err != nil {
			return found(what, "", err)
		}
		break // They have the token and the rules in common.
	}
	said, err := x.Spent(collectors.NewCursors(c.dir().Cursors()), *of.X, time.Now)
	return found(what, "takes the token and the rules; "+said, err)
}

func (c *cli) lookAtMastodon(ctx context.Context, of *study.Study) []finding {
	const what = "mastodon"
	if of.Mastodon == nil {
		return []finding{found(what, "not in the study; servers since version 4.2 want a token for their streams", nil)}
	}
	streams, err := mastodon.New(*of.Mastodon, of.MastodonToken(c.environ), nil, time.Now, zap.NewNop())
	if err != nil {
		return []finding{found(what, "", err)}
	}
	var list []finding
	for _, source := range slices.Sorted(maps.Keys(streams)) {
		const patience = 20 * time.Second
		asked, cancel := context.WithTimeout(ctx, patience)
		err := streams[source].Check(asked)
		cancel()
		if err != nil {
			err = fmt.Errorf("%s: %w", source, err)
		}
		list = append(list, found(what, source+" opens its stream", err))
	}
	return list
}

func lookAtDir(dir app.Dir) finding {
	const what = "data directory"
	if dir.Owned() {
		return found(what, string(dir)+", held by a running observatory", nil)
	}
	at := existing(string(dir))
	if err := unix.Access(at, unix.W_OK|unix.X_OK); err != nil {
		return found(what, "", fmt.Errorf("%s cannot be written: %w", at, err))
	}
	if at != filepath.Clean(string(dir)) {
		return found(what, string(dir)+", not there yet", nil)
	}
	return found(what, string(dir), nil)
}

// existing is the directory itself, or the first one above it that is there.
func existing(dir string) string {
	at, err := filepath.Abs(dir)
	if err != nil {
		return dir
	}
	if _, err := os.Stat(at); err == nil {
		return filepath.Clean(dir)
	}
	for at != filepath.Dir(at) {
		if _, err := os.Stat(at); err == nil {
			return at
		}
		at = filepath.Dir(at)
	}
	return at
}

func lookAtKeys(dir app.Dir) finding {
	const what = "keys"
	keys := filepath.Join(string(dir), "keys")
	entries, err := os.ReadDir(keys)
	if errors.Is(err, fs.ErrNotExist) {
		return found(what, "none yet: they are made when the directory is first used", nil)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			return found(what, "", fmt.Errorf("%s can be read by others: chmod 600 it", filepath.Join(keys, entry.Name())))
		}
	}
	return found(what, fmt.Sprintf("%d, for their owner alone; keep a copy elsewhere", len(entries)), err)
}

func lookAtDisk(dir app.Dir) finding {
	free, err := freeBytes(dir)
	if err != nil {
		return found("disk", "", err)
	}
	if free < enoughDisk {
		return found("disk", "", fmt.Errorf("%s free, and a study should have %s: make room, or give another directory with --data", size(free), size(enoughDisk)))
	}
	return found("disk", size(free)+" free", nil)
}

func lookAtPort(ctx context.Context, flag, address string) finding {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return found("port", "", fmt.Errorf("%s is taken: give `observatory up` another with %s", address, flag))
	}
	return found("port", address+" is free", ln.Close())
}
