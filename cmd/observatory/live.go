package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/cmd/observatory/study"
	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/bluesky"
	"github.com/election-observatory/observatory/collectors/expand"
	"github.com/election-observatory/observatory/collectors/rss"
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
	group := collectors.NewGroup(emit, s.log)
	wanted, err := s.liveSources(s.study)
	if err != nil {
		return err
	}
	group.Set(wanted)
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGHUP) // From before there is anything to see: unheard it would end the process.
	s.run("collectors", group.Run)
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
	return wanted, nil
}
