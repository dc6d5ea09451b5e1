package study

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/election-observatory/observatory/collectors/mastodon"
	"github.com/election-observatory/observatory/collectors/rss"
	"github.com/election-observatory/observatory/collectors/twitter"
	"github.com/election-observatory/observatory/collectors/x"
	"github.com/election-observatory/observatory/processors/match"
)

// Live says whether the study has sources that are collected as they come.
func (s *Study) Live() bool {
	return len(s.Feeds) > 0 || s.Bluesky != nil || s.Mastodon != nil || s.X != nil || s.Twitter != nil || s.Telegram != nil
}

// AllowsPrivate says whether any live source may lie inside a private network.
func (s *Study) AllowsPrivate() bool {
	return s.Fetch.AllowPrivate || s.Bluesky != nil && s.Bluesky.AllowPrivate || s.Mastodon != nil && s.Mastodon.AllowPrivate || s.X != nil && s.X.AllowPrivate ||
		s.Twitter != nil && s.Twitter.AllowPrivate
}

func (s *Study) validateLive() error {
	feeds := rss.Config{Feeds: s.Feeds, Fetch: s.Fetch}
	_, err := s.Matching()
	if s.WebSub != nil {
		err = errors.Join(err, s.WebSub.Validate())
	}
	if s.Bluesky != nil {
		err = errors.Join(err, s.Bluesky.Validate())
	}
	if s.Mastodon != nil {
		err = errors.Join(err, s.Mastodon.Validate())
	}
	if s.X != nil {
		err = errors.Join(err, s.X.Validate())
	}
	if s.Twitter != nil {
		err = errors.Join(err, s.Twitter.Validate())
	}
	if s.Telegram != nil {
		err = errors.Join(err, s.Telegram.Validate())
	}
	return errors.Join(feeds.Validate(), err)
}

// MastodonToken is the access token for a server; empty for none.
func (s *Study) MastodonToken(environ []string) func(mastodon.Server) (string, error) {
	return func(server mastodon.Server) (string, error) {
		of := environ
		if server.TokenFile != "" { // Its own.
			of = nil
		}
		return password(of, EnvMastodon, "mastodon.servers: "+server.URL+": token_file", s.At(server.TokenFile))
	}
}

// XToken is the bearer token of an app of X; empty for none.
func (s *Study) XToken(environ []string) (string, error) {
	if s.X == nil || s.X.TokenFile == "" {
		return password(environ, EnvX, "x.token_file", "")
	}
	return password(nil, EnvX, "x.token_file", s.At(s.X.TokenFile))
}

// TelegramApp is the application that asks Telegram; nothing of it where it is not known.
func (s *Study) TelegramApp(environ []string) (id int, hash string, err error) {
	id = s.Telegram.APIID
	if given, ok := lookup(environ, EnvTelegramID); ok {
		if id, err = strconv.Atoi(given); err != nil {
			return 0, "", fmt.Errorf("the variable %s: %q is no number", EnvTelegramID, given)
		}
	}
	hash, err = password(environ, EnvTelegramHash, "telegram.api_hash_file", s.At(s.Telegram.HashFile))
	return id, hash, err
}

// TwitterToken is the bearer token for an endpoint that speaks API v1.1; empty for none.
func (s *Study) TwitterToken() (string, error) {
	return password(nil, "", "twitter.token_file", s.At(s.Twitter.TokenFile))
}

// current are the queries whose time is not over.
func (s *Study) current(now time.Time) ([]match.Query, error) {
	set, err := s.Matching()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(set.Queries()), func(q match.Query) bool { return !q.To.IsZero() && !now.Before(q.To) }), nil
}

// XQueries are the queries as X is asked for them.
func (s *Study) XQueries(now time.Time) ([]x.Query, error) {
	current, err := s.current(now)
	queries := make([]x.Query, 0, len(current))
	for _, q := range current {
		queries = append(queries, x.Query{Name: q.Name, Terms: q.Terms, Without: q.Without, Languages: q.Languages})
	}
	return queries, err
}

// TwitterQueries are the queries as an endpoint that speaks API v1.1 is asked for them.
func (s *Study) TwitterQueries(now time.Time) ([]twitter.Query, error) {
	current, err := s.current(now)
	queries := make([]twitter.Query, 0, len(current))
	for _, q := range current {
		queries = append(queries, twitter.Query{Name: q.Name, Terms: q.Terms, Languages: q.Languages})
	}
	return queries, err
}
