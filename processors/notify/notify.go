package notify

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// What becomes of an alert.
const (
	Sent         = "sent"
	Failed       = "failed"
	HeldBack     = "held back"
	Acknowledged = "acknowledged"
)

// Event is what became of an alert.
type Event struct {
	AlertID string
	At      time.Time
	Event   string
	Channel string // Empty for an acknowledgement.
	Note    string
}

// Log keeps alerts, and what became of them.
type Log interface {
	// Untold are the alerts, the newest first, that last or ended after a time, that
	// nobody acknowledged, and that were not sent on a channel yet; of these methods,
	// if there are any.
	Untold(ctx context.Context, channel string, after time.Time, methods []string) ([]Alert, error)
	// Note adds events.
	Note(ctx context.Context, events []Event) error
}

const (
	every   = 30 * time.Second
	longest = 30 * time.Minute // Between attempts on a channel that fails.
	fresh   = 24 * time.Hour   // What ended longer ago is told to nobody.
)

// Notifier tells people of alerts.
type Notifier struct {
	cfg      Config
	study    string
	alerts   Log
	channels []Channel
	log      *zap.Logger
	sent     *prometheus.CounterVec
	failures map[string]int       // In a row, by channel.
	rests    map[string]time.Time // Until when a channel that fails is left alone.
}

// New prepares a notifier of a study with this title. It does no I/O.
func New(cfg Config, study string, alerts Log, channels []Channel, log *zap.Logger, reg prometheus.Registerer) *Notifier {
	n := &Notifier{
		cfg: cfg.complete(), study: study, alerts: alerts, channels: channels, log: log.Named("alerts"), failures: map[string]int{}, rests: map[string]time.Time{},
		sent: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "observatory_alert_messages_total", Help: "Messages about alerts, by channel and outcome."}, []string{"channel", "outcome"}),
	}
	if err := reg.Register(n.sent); err != nil {
		if there, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok { // Of those who tell others.
			n.sent = there.ExistingCollector.(*prometheus.CounterVec) //nolint:forcetypeassert // It has the same name and labels.
		}
	}
	return n
}

// ForParty prepares a notifier that tells a party of what it asked to be told of. What
// it was told is kept in the log, under the party's name.
func ForParty(notice *Notice, cfg Config, password, study string, alerts Log, log *zap.Logger, reg prometheus.Registerer) *Notifier {
	of := Config{CoolDown: cfg.CoolDown, Methods: []string{"lookalike", "burst"}}
	return New(of, study, concerning{alerts, notice}, notice.channels(cfg, password), log, reg)
}

// concerning is a log of what concerns a party.
type concerning struct {
	Log
	notice *Notice
}

// Untold are the alerts that the party was not told of.
func (c concerning) Untold(ctx context.Context, channel string, after time.Time, methods []string) ([]Alert, error) {
	all, err := c.Log.Untold(ctx, channel, after, methods)
	return slices.DeleteFunc(all, func(a Alert) bool { return !c.notice.concerns(&a) }), err
}

// Run tells people until ctx ends, and then returns nil.
func (n *Notifier) Run(ctx context.Context) error {
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	failing := false
	for {
		err := n.Once(ctx, time.Now())
		if err != nil && ctx.Err() == nil && !failing {
			n.log.Error("alerts wait: the store does not say which there are", zap.Error(err))
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
	}
}

// Once tells what there is to tell. Its error is one of the log; a channel that fails
// is tried again later.
func (n *Notifier) Once(ctx context.Context, now time.Time) error {
	for _, channel := range n.channels {
		if now.Before(n.rests[channel.Name()]) {
			continue
		}
		untold, err := n.alerts.Untold(ctx, channel.Name(), now.Add(-fresh), n.cfg.Methods)
		if err != nil {
			return err
		}
		due, held := n.sort(untold, channel.Name(), now)
		if len(held) > 0 {
			if err := n.alerts.Note(ctx, held); err != nil {
				return err
			}
		}
		if len(due) == 0 {
			continue
		}
		if err := n.tell(ctx, channel, due, now); err != nil {
			return err
		}
	}
	return nil
}

// sort tells what is due from what is held back since its subject was told of a
// short while ago. What is held back becomes due after that.
func (n *Notifier) sort(untold []Alert, channel string, now time.Time) (due []Alert, held []Event) {
	for i := range untold {
		a := &untold[i]
		switch {
		case a.LastSent == nil || now.Sub(*a.LastSent) >= n.cfg.CoolDown:
			due = append(due, *a)
		case !a.Held:
			held = append(held, Event{AlertID: a.ID, At: now, Event: HeldBack, Channel: channel, Note: "sent of this subject at " + a.LastSent.UTC().Format(time.DateTime)})
		}
	}
	return due, held
}

// tell sends one message of all that is due, and notes what became of it.
func (n *Notifier) tell(ctx context.Context, channel Channel, due []Alert, now time.Time) error {
	m := Message{Study: n.study, Alerts: due[:min(len(due), mostListed)], More: max(len(due)-mostListed, 0)}
	name, outcome, note := channel.Name(), Sent, ""
	if err := channel.Send(ctx, &m); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		outcome, note = Failed, clean(err.Error())
		rest := min(every<<min(n.failures[name], 10), longest)
		n.failures[name]++
		n.rests[name] = now.Add(rest)
		n.log.Warn("alerts could not be sent", zap.String("channel", name), zap.Int("alerts", len(due)), zap.Duration("again_in", rest), zap.String("reason", note))
	} else {
		n.failures[name] = 0
		n.log.Info("alerts sent", zap.String("channel", name), zap.Int("alerts", len(due)))
	}
	n.sent.WithLabelValues(name, outcome).Inc()
	events := make([]Event, len(due))
	for i := range due {
		events[i] = Event{AlertID: due[i].ID, At: now, Event: outcome, Channel: name, Note: note}
		if outcome == Sent && i >= mostListed {
			events[i].Note = "counted in the message, not listed"
		}
	}
	return n.alerts.Note(ctx, events)
}
