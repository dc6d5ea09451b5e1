package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/election-observatory/observatory/cmd/observatory/study"
	"github.com/election-observatory/observatory/processors/notify"
	"github.com/election-observatory/observatory/processors/store"
)

// mostAlerts is how many alerts are shown.
const mostAlerts = 1000

func (c *cli) alerts() *cobra.Command {
	all, asJSON := false, false
	cmd := &cobra.Command{
		Use:   "alerts",
		Short: "Lists what wants attention, and notes what is seen to",
		Long: `Lists the alerts that nobody has acknowledged, the newest first: sources that fell silent, searches with many posts, networks, look-alikes of protected names, and bursts in which flagged or new
accounts have a part. An alert asks somebody to look; 'observatory evidence' shows what a network or burst rests on.

Who is told of them is in the configuration, under alerts.`,
		Example: `  observatory alerts
  observatory alerts --all --json
  observatory alerts ack 9bc65766c8dbc732 --note "a petition, not a campaign"
  observatory alerts test`,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.runAlerts(cmd.Context(), all, asJSON) },
	}
	cmd.Flags().BoolVar(&all, "all", false, "those that are acknowledged as well")
	cmd.Flags().BoolVar(&asJSON, "json", false, "for machines")
	cmd.AddCommand(c.alertsAck(), c.alertsTest())
	return cmd
}

func (c *cli) alertsAck() *cobra.Command {
	note := ""
	cmd := &cobra.Command{
		Use:   "ack ID...",
		Short: "Notes that alerts are seen to: nobody is told of them any more",
		Long:  `Notes that alerts are seen to, and what came of it. Nobody is told of them any more. They stay in alerts, with the time, and the note in alert_log, which researchers can read.`,
		Example: `  observatory alerts ack 9bc65766c8dbc732 --note "a petition, not a campaign"
  observatory alerts ack 9bc65766c8dbc732 51f3a0c2d4e6b788`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.runAck(cmd.Context(), args, note) },
	}
	cmd.Flags().StringVar(&note, "note", "", "what came of it, in words")
	cmd.Args = asUsage(cmd.Args)
	return cmd
}

func (c *cli) alertsTest() *cobra.Command {
	return &cobra.Command{
		Use:     "test",
		Short:   "Sends a message on every channel of the configuration",
		Long:    `Sends a message with an invented alert on every channel of the configuration, to see that it arrives. It needs no store and notes nothing.`,
		Example: `  observatory alerts test --config study.yaml`,
		Args:    asUsage(nil),
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.runAlertsTest(cmd.Context()) },
	}
}

func (c *cli) runAlerts(ctx context.Context, all, asJSON bool) error {
	s, err := c.open(ctx, "warn", needs{listen: anywhere(), asking: true})
	if err != nil {
		return err
	}
	defer s.close()
	found, err := s.store.Alerts(s.ctx, all, mostAlerts)
	if err != nil {
		return s.why(err)
	}
	if asJSON {
		return json.NewEncoder(c.out).Encode(found)
	}
	return writeAlerts(c.out, found)
}

func writeAlerts(out io.Writer, found []store.KnownAlert) error {
	if len(found) == 0 {
		_, err := fmt.Fprintln(out, "no alerts")
		return err
	}
	t := listing{head: "ALERT\tOF\tSUBJECT\tFROM\tTO\tTOLD\tSEEN TO"}
	for i := range found {
		a := &found[i]
		t.add(fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%s", a.ID, a.Method, cut(plainText(a.Subject)), moment(&a.From), moment(a.To), moment(a.SentAt), moment(a.AcknowledgedAt)), a.Evidence, a.Note)
	}
	if err := t.write(out); err != nil {
		return err
	}
	if len(found) == mostAlerts {
		fmt.Fprintf(out, "the newest %d; `observatory query \"SELECT * FROM alerts\"` shows all\n", mostAlerts)
	}
	return nil
}

// moment is a time as a table shows it; a dash where there is none.
func moment(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return minute(t.UTC())
}

func (c *cli) runAck(ctx context.Context, ids []string, note string) error {
	s, err := c.open(ctx, "warn", needs{listen: anywhere(), asking: true})
	if err != nil {
		return err
	}
	defer s.close()
	unknown, err := s.store.UnknownAlerts(s.ctx, ids)
	if err != nil {
		return s.why(err)
	}
	if len(unknown) > 0 {
		return usage(fmt.Errorf("there is no alert %s: `observatory alerts` lists them", strings.Join(unknown, ", ")))
	}
	now := time.Now()
	events := make([]notify.Event, len(ids))
	for i, id := range ids {
		events[i] = notify.Event{AlertID: id, At: now, Event: notify.Acknowledged, Note: note}
	}
	return s.why(s.store.Note(s.ctx, events))
}

func (c *cli) runAlertsTest(ctx context.Context) error {
	of, err := c.study()
	if err != nil {
		return err
	}
	channels, err := c.channels(of)
	if err != nil {
		return err
	}
	if len(channels) == 0 {
		return usage(errors.New("the study tells nobody: give alerts.webhook or alerts.email in the configuration"))
	}
	now := time.Now().UTC()
	m := notify.Message{Study: of.Name(), Alerts: []notify.Alert{{
		ID: "0000000000000000", Method: "test", Subject: "this message", From: now, To: &now,
		Evidence: "Somebody has asked whether messages arrive. They do.",
	}}}
	var failed []error
	for _, channel := range channels {
		if err := channel.Send(ctx, &m); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", channel.Name(), err))
			continue
		}
		fmt.Fprintf(c.out, "%s has taken the message\n", channel.Name())
	}
	return errors.Join(failed...)
}

// channels are those on which the study tells people.
func (c *cli) channels(of study.Study) ([]notify.Channel, error) {
	password, err := of.MailPassword(c.environ)
	if err != nil {
		return nil, usage(err)
	}
	return notify.Channels(of.Alerts, password), nil
}

// startAlerts tells people of alerts, where the study says whom.
func (c *cli) startAlerts(s *system) error {
	channels, err := c.channels(s.study)
	if err != nil {
		return err
	}
	if len(channels) > 0 {
		s.run("alerts", notify.New(s.study.Alerts, s.study.Name(), s.store, channels, s.log, s.reg).Run)
	}
	password, err := s.study.MailPassword(c.environ)
	if err != nil {
		return usage(err)
	}
	for i := range s.study.Notices {
		n := &s.study.Notices[i]
		s.run("notices to "+n.Party, notify.ForParty(n, s.study.Alerts, password, s.study.Name(), s.store, s.log, s.reg).Run)
	}
	return nil
}
