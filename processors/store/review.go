package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/election-observatory/observatory/processors/review"
	"github.com/election-observatory/observatory/schema"
)

// Waiting is what waits for somebody to look at it.
type Waiting struct {
	Kind      string    `json:"kind"`
	ID        string    `json:"id"`
	What      string    `json:"what"`
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Accounts  uint64    `json:"accounts"`
	Posts     uint64    `json:"posts"`
	Reviewers uint64    `json:"reviewers"`
	Status    string    `json:"status"`
}

// Queue is what waits, that of one kind or all, at most so many of each: the disputed
// first, then what one person has judged, then what has most accounts.
func (s *Store) Queue(ctx context.Context, kind string, limit int) ([]Waiting, error) {
	where := "true"
	if kind != "" {
		where = "subject_kind = " + Quote(kind)
	}
	rows, err := s.db.Query(ctx, fmt.Sprintf(`SELECT toString(subject_kind), subject_id, what, from, to, accounts, posts, reviewers, toString(status) FROM %s.review_queue WHERE %s
ORDER BY subject_kind != 'network', subject_kind, indexOf(['disputed', 'waiting', 'new'], toString(status)), accounts DESC, subject_id LIMIT %d BY subject_kind`, schema.Database, where, limit))
	list := []Waiting{}
	err = each(rows, err, func() error {
		var w Waiting
		err := rows.Scan(&w.Kind, &w.ID, &w.What, &w.From, &w.To, &w.Accounts, &w.Posts, &w.Reviewers, &w.Status)
		list = append(list, w)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("store: read what waits for review: %w", err)
	}
	return list, nil
}

// Reviewable are the networks, bursts and look-alikes with an id, those that were
// judged and are no longer found among them.
func (s *Store) Reviewable(ctx context.Context, id string) ([]review.Subject, error) {
	is := Quote(id)
	rows, err := s.db.Query(ctx, fmt.Sprintf(`SELECT DISTINCT kind, id FROM (
SELECT 'network' AS kind, network_id AS id FROM %[1]s.networks WHERE network_id = %[2]s
UNION ALL SELECT 'burst', burst_id FROM %[1]s.bursts WHERE burst_id = %[2]s
UNION ALL SELECT 'lookalike', host FROM %[1]s.lookalikes WHERE host = %[2]s
UNION ALL SELECT toString(subject_kind), subject_id FROM %[1]s.judgements WHERE subject_id = %[2]s) ORDER BY kind`, schema.Database, is))
	var list []review.Subject
	err = each(rows, err, func() error {
		var one review.Subject
		err := rows.Scan(&one.Kind, &one.ID)
		list = append(list, one)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("store: look up %s: %w", id, err)
	}
	return list, nil
}

// Judge notes a judgement, which must be valid.
func (s *Store) Judge(ctx context.Context, j *review.Judgement) error {
	err := s.fill(ctx, "INSERT INTO "+table(schema.TableJudgements)+" (subject_kind, subject_id, reviewer, at, verdict, confidence, actor_type, citation, note)", func(row func(...any) error) error {
		return row(j.Kind, j.ID, j.Reviewer, j.At.UTC(), j.Verdict, j.Confidence, j.ActorType, j.Citation, j.Note)
	})
	if err != nil {
		return fmt.Errorf("store: note a judgement: %w", err)
	}
	return nil
}

// Judgements are the last ones of each reviewer, of one subject or, where that is nil,
// of all.
func (s *Store) Judgements(ctx context.Context, of *review.Subject) ([]review.Judgement, error) {
	where := "true"
	if of != nil {
		where = "subject_kind = " + Quote(of.Kind) + " AND subject_id = " + Quote(of.ID)
	}
	rows, err := s.db.Query(ctx, "SELECT toString(subject_kind), subject_id, toString(reviewer), at, toString(verdict), toString(confidence), toString(actor_type), citation, note FROM "+schema.Database+".judgements WHERE "+where+" ORDER BY subject_kind, subject_id, reviewer")
	var list []review.Judgement
	err = each(rows, err, func() error {
		var j review.Judgement
		err := rows.Scan(&j.Kind, &j.ID, &j.Reviewer, &j.At, &j.Verdict, &j.Confidence, &j.ActorType, &j.Citation, &j.Note)
		list = append(list, j)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("store: read judgements: %w", err)
	}
	return list, nil
}

// LogCase adds an appeal or a decision to the public log.
func (s *Store) LogCase(ctx context.Context, c *review.Case) error {
	err := s.fill(ctx, "INSERT INTO "+table(schema.TableCorrections)+" (case_id, at, event, subject_kind, subject_id, outcome, text)", func(row func(...any) error) error {
		return row(c.ID, c.At.UTC(), c.Event, c.Subject.Kind, c.Subject.ID, c.Outcome, c.Text)
	})
	if err != nil {
		return fmt.Errorf("store: note in the log of corrections: %w", err)
	}
	return nil
}

// Cases is the public log of appeals and decisions, the oldest case first.
func (s *Store) Cases(ctx context.Context) ([]review.Case, error) {
	rows, err := s.db.Query(ctx, "SELECT case_id, at, toString(event), toString(subject_kind), subject_id, toString(outcome), text FROM "+schema.Database+".corrections ORDER BY min(at) OVER (PARTITION BY case_id), case_id, at")
	var list []review.Case
	err = each(rows, err, func() error {
		var c review.Case
		err := rows.Scan(&c.ID, &c.At, &c.Event, &c.Subject.Kind, &c.Subject.ID, &c.Outcome, &c.Text)
		list = append(list, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("store: read the log of corrections: %w", err)
	}
	return list, nil
}

// each hands on the rows of a query that was made.
func each(rows driver.Rows, err error, row func() error) error {
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err tells.
	for rows.Next() {
		if err := row(); err != nil {
			return err
		}
	}
	return rows.Err()
}
