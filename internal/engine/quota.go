package engine

import (
	"sync"
	"time"

	"github.com/election-observatory/observatory/internal/engine/chdb"
)

// Quota bounds what one user asks in an hour, by the clock; 0 is no bound. It is
// what CREATE QUOTA … KEYED BY user_name FOR INTERVAL 1 hour is to a server.
type Quota struct {
	Queries int
	Errors  int
	Time    time.Duration // Of execution.
}

// spent is what a user has used of an hour.
type spent struct {
	hour            int64
	queries, errors int
	time            time.Duration
}

// quotas count.
type quotas struct {
	bound Quota
	now   func() time.Time

	mu    sync.Mutex
	users map[Role]*spent
}

const quotaHour = int64(time.Hour / time.Second)

func (q *quotas) of(user Role) *spent {
	hour := q.now().Unix() / quotaHour
	if q.users == nil {
		q.users = map[Role]*spent{}
	}
	if s := q.users[user]; s != nil && s.hour == hour {
		return s
	}
	q.users[user] = &spent{hour: hour}
	return q.users[user]
}

// take counts a query, or says which bound is reached.
func (q *quotas) take(user Role) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.of(user)
	exceeded := func(what string, has, bound any) error {
		end := time.Unix((s.hour+1)*quotaHour, 0).UTC().Format(time.TimeOnly)
		return chdb.Exception(201, "QUOTA_EXCEEDED", "Quota for user %q for 3600s has been exceeded: %s = %v/%v. It begins anew at %s UTC; the study's key engine sets it", user, what, has, bound, end)
	}
	switch {
	case q.bound.Queries > 0 && s.queries >= q.bound.Queries:
		return exceeded("queries", s.queries, q.bound.Queries)
	case q.bound.Errors > 0 && s.errors >= q.bound.Errors:
		return exceeded("errors", s.errors, q.bound.Errors)
	case q.bound.Time > 0 && s.time >= q.bound.Time:
		return exceeded("execution_time", s.time.Round(time.Second), q.bound.Time)
	}
	s.queries++
	return nil
}

// ended counts how a query ended.
func (q *quotas) ended(user Role, took time.Duration, failed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.of(user)
	s.time += took
	if failed {
		s.errors++
	}
}
