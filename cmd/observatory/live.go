package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/cmd/observatory/study"
	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/bluesky"
	"github.com/election-observatory/observatory/collectors/expand"
	"github.com/election-observatory/observatory/collectors/mastodon"
	"github.com/election-observatory/observatory/collectors/rss"
	"github.com/election-observatory/observatory/collectors/telegram"
	"github.com/election-observatory/observatory/collectors/twitter"
	"github.com/election-observatory/observatory/collectors/websub"
	"github.com/election-observatory/observatory/collectors/x"
	"github.com/election-observatory/observatory/internal/app"
	"github.com/election-observatory/observatory/processors/urls"
)

// startCollectors runs the live sources of the study, if it has any, and follows
// the configuration when the process gets SIGHUP.
func (s *system) startCollectors() error {
	producer, err := s.producer()
	if err != nil {
		return err
	}
	emit := collectors.Metered(collectors.NewLogEmitter(producer).Emit, s.reg)
	if s.study.Expand != nil {
		if s.expander, err = s.newExpander(*s.study.Expand); err != nil {
			return err
		}
		emit = s.expander.Watch(emit)
	}
	if s.study.WebSub != nil {
		if s.hubs, err = websub.New(*s.study.WebSub, collectors.NewCursors(s.dir.Cursors()), time.Now, s.log); err != nil {
			return err
		}
		s.run("websub", s.hubs.Run)
	}
	still := &collectors.Standstill{}
	emit = still.Watch(emit)
	group := collectors.NewGroup(emit, s.log)
	wanted, err := s.liveSources(s.study)
	if err != nil {
		return err
	}
	group.Set(wanted)
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGHUP) // From before there is anything to see: unheard it would end the process.
	s.run("collectors", group.Run)
	if s.embedsBroker() || s.embedsEngine() {
		s.run("disk", func(ctx context.Context) error { return s.guardDisk(ctx, group, still, emit) })
	}
	s.run("reload", func(ctx context.Context) error {
		defer signal.Stop(asked)
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-asked:
				s.reload(group)
			}
		}
	})
	return nil
}

// newExpander follows links of the shorteners that are known and of those that the
// study names.
func (s *system) newExpander(cfg expand.Config) (*expand.Expander, error) {
	short := map[string]bool{}
	for _, host := range append(urls.Shorteners(), s.study.Shorteners...) {
		short[host] = true
	}
	return expand.New(cfg, nil, func(host string) bool { return short[host] }, collectors.NewCursors(s.dir.Cursors()), s.log, time.Now)
}

// reload brings the collectors in line with the configuration as it is now. A
// faulty one changes nothing.
func (s *system) reload(group *collectors.Group) {
	changed, err := s.again()
	if err != nil {
		s.log.Error("the configuration stays as it was", zap.Error(err))
		return
	}
	wanted, err := s.liveSources(changed)
	if err != nil {
		s.log.Error("the configuration stays as it was", zap.Error(err))
		return
	}
	started, ended := group.Set(wanted)
	s.log.Info("configuration read again", zap.Int("sources", len(wanted)), zap.Int("started", started), zap.Int("ended", ended))
}

// liveSources are the collectors of a study, by all of their configuration. The
// list of platforms is here.
func (s *system) liveSources(of study.Study) (map[string]collectors.Collector, error) {
	cursors := collectors.NewCursors(s.dir.Cursors())
	wanted := map[string]collectors.Collector{}
	if s.expander != nil { // As it was when the process began.
		wanted["expand"] = s.expander
	}
	if len(of.Feeds) > 0 {
		how := fmt.Sprintf("%+v", of.Fetch)
		if s.feeds == nil || s.feedsHow != how {
			s.feeds, s.feedsHow = rss.NewReader(of.Fetch, cursors, s.log, time.Now), how
			if s.hubs != nil { // As they were when the process began.
				s.feeds.Push = s.hubs
			}
		}
		for _, feed := range of.Feeds {
			wanted[fmt.Sprintf("rss %+v %s", feed, how)] = s.feeds.Feed(feed)
		}
	}
	if of.Bluesky != nil {
		c, err := bluesky.New(*of.Bluesky, nil, cursors, time.Now, s.log)
		if err != nil {
			return nil, err
		}
		compare := "as it comes"
		if of.Bluesky.Compare != nil {
			compare = strconv.FormatBool(*of.Bluesky.Compare)
		}
		key := *of.Bluesky
		key.Compare = nil
		wanted[fmt.Sprintf("bluesky %+v %s", key, compare)] = c
	}
	for _, add := range []func(*study.Study, map[string]collectors.Collector) error{s.newMastodon, s.newTwitter, s.newX, s.newTelegram} {
		if err := add(&of, wanted); err != nil {
			return nil, err
		}
	}
	return wanted, nil
}

// newTelegram adds the collector of public channels of Telegram.
func (s *system) newTelegram(of *study.Study, wanted map[string]collectors.Collector) error {
	if of.Telegram == nil {
		return nil
	}
	c, err := telegramOf(of, s.dir, s.environ, s.log)
	if err != nil {
		return err
	}
	wanted[fmt.Sprintf("telegram %+v", *of.Telegram)] = c
	return nil
}

// newMastodon adds a collector for each stream of each server.
func (s *system) newMastodon(of *study.Study, wanted map[string]collectors.Collector) error {
	if of.Mastodon == nil {
		return nil
	}
	streams, err := mastodon.New(*of.Mastodon, of.MastodonToken(s.environ), collectors.NewCursors(s.dir.Cursors()), time.Now, s.log)
	if err != nil {
		return err
	}
	for source, c := range streams {
		wanted[fmt.Sprintf("mastodon %s %+v", source, *of.Mastodon)] = c
	}
	return nil
}

// telegramOf is that collector, with the application, the session and the program that it needs.
func telegramOf(of *study.Study, dir app.Dir, environ []string, log *zap.Logger) (*telegram.Collector, error) {
	id, hash, err := of.TelegramApp(environ)
	if err != nil {
		return nil, err
	}
	program, err := telegramProgram(of)
	if err != nil {
		return nil, err
	}
	with := telegram.Credentials{APIID: id, APIHash: hash, Session: telegramSession(dir), Program: []string{program}}
	return telegram.New(*of.Telegram, with, collectors.NewCursors(dir.Cursors()), time.Now, log)
}

// telegramSession is the file with the session that a login to Telegram made.
func telegramSession(dir app.Dir) string {
	return filepath.Join(string(dir), "keys", "telegram.session")
}

// telegramProgram finds the program that speaks MTProto: where the study says, else beside
// this one.
func telegramProgram(of *study.Study) (string, error) {
	path := of.At(of.Telegram.Program)
	if path == "" {
		own, err := os.Executable()
		if err != nil {
			return "", err
		}
		path = filepath.Join(filepath.Dir(own), "observatory-telegram")
	}
	if info, err := os.Stat(path); err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
		return "", fmt.Errorf("telegram: there is no program %s: make it with 'make telegram', or name it with telegram.program", path)
	}
	return path, nil
}

// newTwitter adds the collector of an endpoint that speaks API v1.1.
func (s *system) newTwitter(of *study.Study, wanted map[string]collectors.Collector) error {
	if of.Twitter == nil {
		return nil
	}
	queries, err := of.TwitterQueries(time.Now())
	if err != nil {
		return err
	}
	token, err := of.TwitterToken()
	if err != nil {
		return err
	}
	c, err := twitter.New(*of.Twitter, queries, token, collectors.NewCursors(s.dir.Cursors()), time.Now, s.log)
	if err != nil {
		return err
	}
	wanted[fmt.Sprintf("twitter %+v %+v", *of.Twitter, queries)] = c
	return nil
}

// newX adds the collectors of X: with other queries, others.
func (s *system) newX(of *study.Study, wanted map[string]collectors.Collector) error {
	if of.X == nil {
		return nil
	}
	queries, err := of.XQueries(time.Now())
	if err != nil {
		return err
	}
	token, err := of.XToken(s.environ)
	if err != nil {
		return err
	}
	streams, err := x.New(*of.X, queries, token, collectors.NewCursors(s.dir.Cursors()), time.Now, s.log)
	if err != nil {
		return err
	}
	for source, c := range streams {
		wanted[fmt.Sprintf("x %s %+v %+v", source, *of.X, queries)] = c
	}
	return nil
}
