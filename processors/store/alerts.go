package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/election-observatory/observatory/processors/notify"
	"github.com/election-observatory/observatory/schema"
)

// alertColumns are those of a notify.Alert.
const alertColumns = "alert_id, toString(method), subject, from, to, expected, observed, toString(reason), evidence"

// Untold is what notify.Log says.
func (s *Store) Untold(ctx context.Context, channel string, after time.Time, methods []string) ([]notify.Alert, error) {
	where := "TRUE"
	if len(methods) > 0 {
		where = "method IN (" + strings.TrimPrefix(strings.TrimSuffix(texts(methods), "]"), "[") + ")"
	}
	found, err := s.db.Query(ctx, fmt.Sprintf(`SELECT %s, held, last_sent
FROM (
    SELECT *, max(sent) OVER (PARTITION BY method, subject) AS last_sent
    FROM (SELECT *, %s AS alert_id FROM %s FINAL) AS all_alerts
    LEFT JOIN (
        SELECT alert_id, maxOrNullIf(at, event = 'sent' AND channel = %[4]s) AS sent, countIf(event = 'held back' AND channel = %[4]s) > 0 AS held, countIf(event = 'acknowledged') > 0 AS acknowledged
        FROM %[5]s FINAL GROUP BY alert_id) AS known USING (alert_id)
)
WHERE raised AND sent IS NULL AND NOT acknowledged AND (to IS NULL OR to > fromUnixTimestamp64Milli(%[6]d)) AND %[7]s
ORDER BY from DESC, method, subject`, alertColumns, schema.AlertID, table(schema.TableAlerts), Quote(channel), table(schema.TableAlertLog), after.UnixMilli(), where))
	if err != nil {
		return nil, fmt.Errorf("store: read alerts: %w", err)
	}
	defer found.Close() //nolint:errcheck // Err tells.
	var list []notify.Alert
	for found.Next() {
		var a notify.Alert
		if err := found.Scan(&a.ID, &a.Method, &a.Subject, &a.From, &a.To, &a.Expected, &a.Observed, &a.Reason, &a.Evidence, &a.Held, &a.LastSent); err != nil {
			return nil, fmt.Errorf("store: read alerts: %w", err)
		}
		list = append(list, a)
	}
	return list, found.Err()
}

// KnownAlert is an alert with what became of it.
type KnownAlert struct {
	notify.Alert
	SentAt         *time.Time `json:"sent_at"`
	AcknowledgedAt *time.Time `json:"acknowledged_at"`
	Note           string     `json:"note"` // What the last acknowledgement says, or why nobody could be told.
}

// Alerts are those that are raised, the newest first, all or those that nobody has
// acknowledged; at most limit.
func (s *Store) Alerts(ctx context.Context, all bool, limit int) ([]KnownAlert, error) {
	where := "acknowledged_at IS NULL"
	if all {
		where = "TRUE"
	}
	found, err := s.db.Query(ctx, fmt.Sprintf(`SELECT %s, sent_at, acknowledged_at, note FROM %s.alerts
LEFT JOIN (SELECT alert_id, if(countIf(event = 'acknowledged') > 0, argMaxIf(note, at, event = 'acknowledged'), argMaxIf(note, at, event = 'failed')) AS note FROM %[2]s.alert_log GROUP BY alert_id) AS notes USING (alert_id)
WHERE %[3]s ORDER BY from DESC, method, subject LIMIT %[4]d`, alertColumns, schema.Database, where, limit))
	if err != nil {
		return nil, fmt.Errorf("store: read alerts: %w", err)
	}
	defer found.Close() //nolint:errcheck // Err tells.
	list := []KnownAlert{}
	for found.Next() {
		var a KnownAlert
		if err := found.Scan(&a.ID, &a.Method, &a.Subject, &a.From, &a.To, &a.Expected, &a.Observed, &a.Reason, &a.Evidence, &a.SentAt, &a.AcknowledgedAt, &a.Note); err != nil {
			return nil, fmt.Errorf("store: read alerts: %w", err)
		}
		list = append(list, a)
	}
	return list, found.Err()
}

// UnknownAlerts are those of the given that the store has no alert of.
func (s *Store) UnknownAlerts(ctx context.Context, ids []string) ([]string, error) {
	var unknown []string
	err := s.db.QueryRow(ctx, fmt.Sprintf("SELECT arrayFilter(id -> NOT has((SELECT groupArray(alert_id) FROM %s.alerts), id), %s)", schema.Database, texts(ids))).Scan(&unknown)
	if err != nil {
		return nil, fmt.Errorf("store: read alerts: %w", err)
	}
	return unknown, nil
}

// Note is what notify.Log says.
func (s *Store) Note(ctx context.Context, events []notify.Event) error {
	err := s.fill(ctx, "INSERT INTO "+table(schema.TableAlertLog)+" (alert_id, at, event, channel, note)", func(row func(...any) error) error {
		for _, e := range events {
			if err := row(e.AlertID, e.At.UTC(), e.Event, e.Channel, e.Note); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("store: note what became of alerts: %w", err)
	}
	return nil
}
