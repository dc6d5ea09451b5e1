package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/election-observatory/observatory/schema"
)

// maxLookup is how many posts one query looks up, so that its text stays below
// what ClickHouse parses by default (256 KiB).
const maxLookup = 4000

// keys are posts by platform and by the day in their id, as the table is sorted.
type keys map[schema.Platform]map[uint16][]uuid.UUID

func (k keys) add(platform schema.Platform, day uint16, post uuid.UUID) {
	of := k[platform]
	if of == nil {
		of = map[uint16][]uuid.UUID{}
		k[platform] = of
	}
	of[day] = append(of[day], post)
}

func (k keys) reset() { clear(k) }

// lookup is the text of the two lists of a query.
type lookup struct {
	days, posts strings.Builder
	n           int
}

func (l *lookup) add(day uint16, posts []uuid.UUID) {
	comma(&l.days)
	l.days.WriteString(Quote(time.Unix(int64(day)*24*3600, 0).UTC().Format(time.DateOnly)))
	for _, post := range posts {
		comma(&l.posts)
		l.posts.WriteByte('\'')
		l.posts.WriteString(post.String())
		l.posts.WriteByte('\'')
	}
	l.n += len(posts)
}

func comma(b *strings.Builder) {
	if b.Len() > 0 {
		b.WriteByte(',')
	}
}

// hoursOf adds the hours in which the posts stand now. It may add hours of
// replaced rows, and of posts with the same id under another author: computing an
// hour again does no harm.
func (s *Store) hoursOf(ctx context.Context, of keys, hours map[uint32]struct{}) error {
	for platform, days := range of {
		var l lookup
		for day, posts := range days {
			for len(posts) > 0 {
				n := min(len(posts), maxLookup-l.n)
				l.add(day, posts[:n])
				posts = posts[n:]
				if l.n < maxLookup {
					continue
				}
				if err := s.lookUp(ctx, platform, &l, hours); err != nil {
					return err
				}
				l = lookup{}
			}
		}
		if err := s.lookUp(ctx, platform, &l, hours); err != nil {
			return err
		}
	}
	return nil
}

// account is one of a platform.
type account struct {
	platform schema.Platform
	id       uuid.UUID
}

// hoursOfAccounts adds the hours in which posts of the accounts stand, or shares that
// stand by themselves. It reads their columns whole, for what happens rarely.
func (s *Store) hoursOfAccounts(ctx context.Context, accounts []account, hours map[uint32]struct{}) error {
	if len(accounts) == 0 {
		return nil
	}
	var list strings.Builder
	for _, a := range accounts {
		comma(&list)
		fmt.Fprintf(&list, "(%s, '%s')", Quote(a.platform.Name()), a.id)
	}
	where := " WHERE (platform, account_id) IN (" + list.String() + ")"
	return s.addHours(ctx, "SELECT DISTINCT toUInt32(toStartOfHour(created_at)) FROM "+table(schema.TablePosts)+where+" AND NOT deleted"+
		" UNION DISTINCT SELECT DISTINCT toUInt32(toStartOfHour(created_at)) FROM "+table(schema.TableShares)+where, len(accounts), hours)
}

func (s *Store) lookUp(ctx context.Context, platform schema.Platform, l *lookup, hours map[uint32]struct{}) error {
	if l.n == 0 {
		return nil
	}
	s.metrics.lookups.Add(float64(l.n))
	return s.addHours(ctx, "SELECT DISTINCT toUInt32(toStartOfHour(created_at)) FROM "+table(schema.TablePosts)+
		" WHERE platform = "+Quote(platform.Name())+" AND id_day IN ("+l.days.String()+") AND post_id IN ("+l.posts.String()+") AND NOT deleted", l.n, hours)
}

// addHours adds the hours that a query finds, of so many posts or accounts.
func (s *Store) addHours(ctx context.Context, query string, n int, hours map[uint32]struct{}) error {
	found, err := s.db.Query(ctx, query)
	if err != nil {
		return fmt.Errorf("store: look up the hours of %d: %w", n, err)
	}
	defer found.Close() //nolint:errcheck // Err tells.
	for found.Next() {
		var hour uint32
		if err := found.Scan(&hour); err != nil {
			return fmt.Errorf("store: look up the hours of %d: %w", n, err)
		}
		hours[hour] = struct{}{}
	}
	if err := found.Err(); err != nil {
		return fmt.Errorf("store: look up the hours of %d: %w", n, err)
	}
	return nil
}
