package notify_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
	"github.com/election-observatory/observatory/processors/notify"
	"github.com/election-observatory/observatory/processors/store"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// desk is a store with alerts, and a webhook that takes them.
type desk struct {
	t      *testing.T
	store  *store.Store
	engine *enginetest.Engine
	hook   *hook
	*notify.Notifier
}

// hook takes what is posted to it.
type hook struct {
	URL    string
	mu     sync.Mutex
	status int
	got    []posted
}

type posted struct {
	Text   string
	Study  string
	Alerts []notify.Alert
	More   int
}

func newHook(t *testing.T) *hook {
	t.Helper()
	h := &hook{status: http.StatusNoContent}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		var p posted
		if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
			t.Error(err)
		}
		if h.status == http.StatusNoContent {
			h.got = append(h.got, p)
		}
		w.WriteHeader(h.status)
		if h.status != http.StatusNoContent {
			_, _ = io.WriteString(w, "not\nnow")
		}
	}))
	t.Cleanup(server.Close)
	h.URL = server.URL + "/secret"
	return h
}

// subjects are those of the messages since it was last asked.
func (h *hook) subjects() [][]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all [][]string
	for i := range h.got {
		var one []string
		for j := range h.got[i].Alerts {
			one = append(one, h.got[i].Alerts[j].Subject)
		}
		all = append(all, one)
	}
	h.got = nil
	return all
}

func newDesk(t *testing.T, cfg notify.Config) *desk {
	t.Helper()
	e := enginetest.Start(t)
	c := store.DefaultConfig()
	c.Addr, c.User, c.Password = e.URL, string(engine.RoleOwner), store.Secret(enginetest.Password(engine.RoleOwner))
	s, err := store.New(c, zap.NewNop(), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if _, err := store.Migrate(t.Context(), s.DB(), zap.NewNop()); err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, store: s, engine: e, hook: newHook(t)}
	cfg.Webhook = d.hook.URL
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	d.Notifier = notify.New(cfg, "Study", s, notify.Channels(cfg, ""), zap.NewNop(), prometheus.NewRegistry())
	return d
}

func (d *desk) ask(query string) string {
	d.t.Helper()
	got, err := d.engine.Ask(engine.RoleOwner, query)
	if err != nil {
		d.t.Fatal(err)
	}
	return strings.TrimSpace(got)
}

// raise raises an alert, or withdraws it.
func (d *desk) raise(method, subject string, from time.Time, to *time.Time, raised bool, version int) {
	d.t.Helper()
	until := "NULL"
	if to != nil {
		until = fmt.Sprintf("fromUnixTimestamp64Milli(%d)", to.UnixMilli())
	}
	d.ask(fmt.Sprintf(`INSERT INTO observatory_store.alert_rows (method, subject, from, to, expected, observed, reason, evidence, method_version, raised, version)
SELECT '%s', '%s', fromUnixTimestamp64Milli(%d), %s, 1.5, 20, 'flagged accounts', 'words', '1', %t, %d`, method, subject, from.UnixMilli(), until, raised, version))
}

func (d *desk) once(now time.Time, want ...[]string) {
	d.t.Helper()
	if err := d.Once(d.t.Context(), now); err != nil {
		d.t.Fatal(err)
	}
	if diff := cmp.Diff(want, d.hook.subjects()); diff != "" {
		d.t.Errorf("what was told (-want +got):\n%s", diff)
	}
}

// Each alert is told once; of the same subject no more often than once in the
// cool-down, and then of what was held back.
func TestAlertsAreToldOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t, notify.Config{})
	now := time.Now().Truncate(time.Second)
	ago := func(h float64) time.Time { return now.Add(-time.Duration(h * float64(time.Hour))) }
	until := func(h float64) *time.Time { at := ago(h); return &at }
	d.once(now)
	d.raise("silence", "rss/a", ago(3), nil, true, 1)
	d.raise("burst", "hashtag b", ago(2), until(1), true, 1)
	d.raise("burst", "hashtag old", ago(26), until(25), true, 1)
	d.raise("network", "withdrawn", ago(1), nil, true, 1)
	d.raise("network", "withdrawn", ago(1), nil, false, 2)
	d.once(now, []string{"hashtag b", "rss/a"})
	d.once(now.Add(time.Minute))
	// The same topic again, and that its burst before ended later than was known.
	d.raise("burst", "hashtag b", ago(0.5), until(0.2), true, 1)
	d.raise("burst", "hashtag b", ago(2), until(0.9), true, 2)
	d.raise("burst", "hashtag c", ago(0.5), until(0.2), true, 1)
	d.once(now.Add(2*time.Minute), []string{"hashtag c"})
	d.once(now.Add(3 * time.Minute))
	d.once(now.Add(59 * time.Minute))
	d.once(now.Add(61*time.Minute), []string{"hashtag b"})
	d.once(now.Add(5 * time.Hour))
	if got := d.ask("SELECT event, channel, count(), uniqExact(alert_id) FROM alert_log GROUP BY ALL ORDER BY event"); got != "held back\twebhook\t1\t1\nsent\twebhook\t4\t4" {
		t.Errorf("the log has\n%s", got)
	}
	if got := d.ask("SELECT countIf(sent_at IS NOT NULL), countIf(sent_at IS NULL) FROM alerts"); got != "4\t1" {
		t.Errorf("alerts that say that they were sent, and others: %s", got)
	}
}

// What somebody has seen to is told to nobody.
func TestAcknowledgedAlertsAreNotTold(t *testing.T) {
	t.Parallel()
	d := newDesk(t, notify.Config{Methods: []string{"network", "burst"}})
	now := time.Now().Truncate(time.Second)
	d.raise("network", "a", now.Add(-time.Hour), nil, true, 1)
	d.raise("silence", "rss/a", now.Add(-time.Hour), nil, true, 1) // Not asked for.
	id := d.ask("SELECT alert_id FROM alerts WHERE subject = 'a'")
	if unknown, err := d.store.UnknownAlerts(t.Context(), []string{id, "0000000000000000"}); err != nil || len(unknown) != 1 || unknown[0] != "0000000000000000" {
		t.Errorf("unknown are %v: %v", unknown, err)
	}
	if err := d.store.Note(t.Context(), []notify.Event{{AlertID: id, At: now, Event: notify.Acknowledged, Note: "a petition"}}); err != nil {
		t.Fatal(err)
	}
	d.once(now)
	if open, err := d.store.Alerts(t.Context(), false, 10); err != nil || len(open) != 1 || open[0].Subject != "rss/a" {
		t.Errorf("open are %+v: %v", open, err)
	}
	all, err := d.store.Alerts(t.Context(), true, 10)
	if err != nil || len(all) != 2 || all[0].Note != "a petition" || all[0].AcknowledgedAt == nil || !all[0].AcknowledgedAt.Equal(now) || all[0].SentAt != nil {
		t.Errorf("all are %+v: %v", all, err)
	}
}

// A channel that fails is left alone for longer and longer; nothing is lost.
func TestAChannelThatFails(t *testing.T) {
	t.Parallel()
	d := newDesk(t, notify.Config{})
	now := time.Now().Truncate(time.Second)
	d.raise("network", "a", now.Add(-time.Hour), nil, true, 1)
	d.hook.status = http.StatusTooManyRequests
	attempts := 0
	for s := 0; s <= 600; s += 30 { // 0, 30, 90, 210, 450.
		d.once(now.Add(time.Duration(s) * time.Second))
	}
	if _, err := fmt.Sscan(d.ask("SELECT count() FROM alert_log WHERE event = 'failed'"), &attempts); err != nil || attempts != 5 {
		t.Errorf("%d attempts in ten minutes: %v", attempts, err)
	}
	if got := d.ask("SELECT DISTINCT note FROM alert_log"); got != "it answers 429 Too Many Requests: not now" {
		t.Errorf("the log says %q", got)
	}
	d.hook.status = http.StatusNoContent
	d.once(now.Add(20*time.Minute), []string{"a"})
	d.once(now.Add(21 * time.Minute))
}

// A flood is one message, which lists some and counts the rest.
func TestAFloodIsOneMessage(t *testing.T) {
	t.Parallel()
	d := newDesk(t, notify.Config{})
	now := time.Now().Truncate(time.Second)
	d.ask(`INSERT INTO observatory_store.alert_rows (method, subject, from, to, expected, observed, reason, evidence, method_version, raised, version)
SELECT 'burst', concat('hashtag ', toString(number)), now64(3) - 60, now64(3), 1, 20, '', '', '1', true, 1 FROM numbers(130)`)
	if err := d.Once(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	if len(d.hook.got) != 1 || len(d.hook.got[0].Alerts) != 50 || d.hook.got[0].More != 80 || !strings.Contains(d.hook.got[0].Text, "And 80 more") {
		t.Errorf("%d messages", len(d.hook.got))
	}
	if got := d.ask("SELECT count(), countIf(note != '') FROM alert_log WHERE event = 'sent'"); got != "130\t80" {
		t.Errorf("sent, and not listed: %s", got)
	}
}

func alert(subject string) *notify.Message {
	to := time.Date(2024, 6, 9, 19, 0, 0, 0, time.UTC)
	return &notify.Message{Study: "Study\r\nBcc: all@x.example", Alerts: []notify.Alert{{
		ID: "0123456789abcdef", Method: "burst", Subject: subject, From: to.Add(-time.Hour), To: &to, Reason: "flagged accounts", Evidence: "43 posts; observatory evidence 00ff",
	}}}
}

// Topics are written by strangers: they neither call everybody nor break lines.
func TestTextsOfStrangersAreHarmless(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	channel := notify.Channels(notify.Config{Webhook: h.URL}, "")[0]
	if err := channel.Send(t.Context(), alert("hashtag <!channel> @here `x`\n# big \u202egnp.exe\x00"+strings.Repeat("z", 5000))); err != nil {
		t.Fatal(err)
	}
	text := h.got[0].Text
	for _, bad := range []string{"<!channel>", "@here", "`x`", "\n#", "\u202e", "\x00", strings.Repeat("z", 400)} {
		if strings.Contains(text, bad) {
			t.Errorf("%q is in the text:\n%s", bad, text)
		}
	}
	for _, good := range []string{"Study Bcc: all@\u200bx.example: 1 alert\n", "Burst of `hashtag &lt;!channel&gt;", "from 9 June 2024 18:00 to 9 June 19:00 UTC (flagged accounts)", "observatory alerts ack 0123456789abcdef"} {
		if !strings.Contains(text, good) {
			t.Errorf("%q is not in the text:\n%s", good, text)
		}
	}
}

// An error does not tell the address of a webhook, which is a secret.
func TestAWebhookThatIsGone(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	err := notify.Channels(notify.Config{Webhook: server.URL + "/secret"}, "")[0].Send(t.Context(), alert("a"))
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("the error is %v", err)
	}
	moved := httptest.NewServer(http.RedirectHandler("http://127.0.0.1:1/", http.StatusTemporaryRedirect))
	t.Cleanup(moved.Close)
	if err := notify.Channels(notify.Config{Webhook: moved.URL}, "")[0].Send(t.Context(), alert("a")); err == nil || !strings.Contains(err.Error(), "307") {
		t.Errorf("a redirect: %v", err)
	}
}

// postOffice is a server of mail that takes one letter.
type postOffice struct {
	address string
	done    chan struct{}
	to      []string
	letter  string
}

func newPostOffice(t *testing.T) *postOffice {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &postOffice{address: ln.Addr().String(), done: make(chan struct{})}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		defer close(p.done)
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close() //nolint:errcheck // The test looks at what came.
		p.serve(conn)
	}()
	return p
}

func (p *postOffice) serve(conn net.Conn) {
	in := bufio.NewReader(conn)
	say := func(text string) { _, _ = io.WriteString(conn, text+"\r\n") }
	say("220 post.example")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		switch verb, rest, _ := strings.Cut(strings.TrimSpace(line), " "); strings.ToUpper(verb) {
		case "EHLO":
			say("250 post.example")
		case "RCPT":
			p.to = append(p.to, rest)
			say("250 ok")
		case "DATA":
			say("354 go on")
			for line, err := in.ReadString('\n'); err == nil && line != ".\r\n"; line, err = in.ReadString('\n') {
				p.letter += line
			}
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func TestEmail(t *testing.T) {
	t.Parallel()
	office := newPostOffice(t)
	cfg := notify.Config{Email: notify.Email{To: []string{"desk@x.example", "Anna <anna@x.example>"}, From: "observatory@x.example", Server: office.address, Plain: true}}
	if err := errors.Join(cfg.Validate(), notify.Channels(cfg, "")[0].Send(t.Context(), alert("hashtag Größe"))); err != nil {
		t.Fatal(err)
	}
	<-office.done
	letter, err := mail.ReadMessage(strings.NewReader(office.letter))
	if err != nil {
		t.Fatal(err)
	}
	if len(office.to) != 2 || letter.Header.Get("Bcc") != "" || letter.Header.Get("Subject") != "Study Bcc: all@x.example: 1 alert" || letter.Header.Get("Date") == "" || letter.Header.Get("Message-ID") == "" {
		t.Errorf("to %v:\n%s", office.to, office.letter)
	}
	if !strings.Contains(office.letter, "hashtag Gr=C3=B6=C3=9Fe") || !strings.Contains(office.letter, "ack 0123456789abcdef") {
		t.Errorf("the letter says\n%s", office.letter)
	}
}

// A server that does not encrypt is told nothing, least of all the password.
func TestEmailIsEncrypted(t *testing.T) {
	t.Parallel()
	office := newPostOffice(t)
	cfg := notify.Config{Email: notify.Email{To: []string{"desk@x.example"}, From: "o@x.example", Server: office.address, User: "o"}}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := notify.Channels(cfg, "hunter2")[0].Send(ctx, alert("a")); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error is %v", err)
	}
	<-office.done
	if office.letter != "" || len(office.to) > 0 {
		t.Errorf("it was told %s", office.letter)
	}
}

func TestWrongConfigurations(t *testing.T) {
	t.Parallel()
	right := notify.Email{To: []string{"a@x.example"}, From: "o@x.example", Server: "smtp.example:587"}
	with := func(change func(*notify.Email)) notify.Config {
		e := right
		change(&e)
		return notify.Config{Email: e}
	}
	for want, cfg := range map[string]notify.Config{
		"alerts.webhook: it is not like":          {Webhook: "hooks.example/s3cret"},
		"cool_down: it must not be below zero":    {CoolDown: -time.Second},
		`"bursts" raises no alerts: use silence`:  {Methods: []string{"bursts"}},
		"it needs from and server":                {Email: notify.Email{To: []string{"a@x.example"}}},
		`"nobody" is no address`:                  with(func(e *notify.Email) { e.To = []string{"nobody"} }),
		`"smtp.example" is not HOST:PORT`:         with(func(e *notify.Email) { e.Server = "smtp.example" }),
		"plain: smtp.example is not this machine": with(func(e *notify.Email) { e.Plain = true }),
		"a password without a user":               with(func(e *notify.Email) { e.PasswordFile = "p" }),
		"":                                        {Email: right, Webhook: "https://hooks.example/T1", Methods: notify.Methods()},
		`"a@x.example\r\nBcc: b@x.example" is no`: with(func(e *notify.Email) { e.From = "a@x.example\r\nBcc: b@x.example" }),
	} {
		err := cfg.Validate()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret")) {
			t.Errorf("%+v: %v, want %q", cfg, err, want)
		}
	}
}

// A party is told of what looks like its names and of bursts about it, and of nothing
// else; the log says that it was. Those who run the study are told all, as ever.
func TestPartiesAreToldWhatTheyAskedFor(t *testing.T) {
	t.Parallel()
	d := newDesk(t, notify.Config{})
	party := newHook(t)
	notice := &notify.Notice{Party: "An outlet", Consent: "letter of 4 May 2026", Names: []string{"outlet.example"}, Queries: []string{"outlet"}, Webhook: party.URL}
	if err := notice.Validate(notify.Config{}); err != nil {
		t.Fatal(err)
	}
	notifier := notify.ForParty(notice, notify.Config{}, "", "Study", d.store, zap.NewNop(), prometheus.NewRegistry())
	now := time.Now().Truncate(time.Second)
	since := now.Add(-time.Hour)
	for host, target := range map[string]string{"out1et.example": "outlet.example", "0ther.example": "other.example"} {
		d.ask(fmt.Sprintf(`INSERT INTO observatory_store.alert_rows (method, subject, from, to, expected, observed, reason, evidence, method_version, raised, version)
SELECT 'lookalike', '%s', fromUnixTimestamp64Milli(%d), NULL, 0, 20, '%s', 'It looks like it.', '1', true, 1`, host, since.UnixMilli(), target))
	}
	d.raise("burst", "domain outlet.example", since, nil, true, 1)
	d.raise("burst", "domain other.example", since, nil, true, 1)
	d.raise("burst", "query outlet", since, nil, true, 1)
	d.raise("network", "outlet.example", since, nil, true, 1)
	for range 2 { // Once.
		if err := notifier.Once(t.Context(), now); err != nil {
			t.Fatal(err)
		}
	}
	party.mu.Lock()
	text := ""
	for _, message := range party.got {
		text += message.Text
	}
	party.mu.Unlock()
	told := party.subjects()
	for i := range told {
		slices.Sort(told[i])
	}
	if diff := cmp.Diff([][]string{{"domain outlet.example", "out1et.example", "query outlet"}}, told); diff != "" {
		t.Errorf("the party was told (-want +got):\n%s", diff)
	}
	if !strings.Contains(text, "3 notices") || !strings.Contains(text, "An outlet asked to be told (letter of 4 May 2026)") || strings.Contains(text, "alerts ack") {
		t.Errorf("the notice reads\n%s", text)
	}
	if got := d.ask("SELECT event, channel, count() FROM alert_log GROUP BY ALL"); got != "sent\twebhook to An outlet\t3" {
		t.Errorf("the log has\n%s", got)
	}
	if err := d.Once(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	if all := d.hook.subjects(); len(all) != 1 || len(all[0]) != 6 {
		t.Errorf("those who run the study were told %v", all)
	}
}

func TestWrongNotices(t *testing.T) {
	t.Parallel()
	right := notify.Notice{Party: "P", Consent: "c", Names: []string{"n"}, Email: []string{"a@x.example"}}
	server := notify.Config{Email: notify.Email{From: "o@x.example", Server: "smtp.example:587"}}
	if err := errors.Join(right.Validate(server), server.Validate()); err != nil || server.On() || len(notify.Channels(server, "")) > 0 {
		t.Errorf("a notice by mail: %v; a mail server alone tells somebody: %v", err, server.On())
	}
	for want, change := range map[string]func(*notify.Notice){
		"each needs party and consent":     func(n *notify.Notice) { n.Consent = "" },
		"names or queries":                 func(n *notify.Notice) { n.Names = nil },
		"email or webhook":                 func(n *notify.Notice) { n.Email = nil },
		"its webhook is not like":          func(n *notify.Notice) { n.Webhook = "hooks.example/s3cret" },
		`"nobody" is no address`:           func(n *notify.Notice) { n.Email = []string{"nobody"} },
		"e-mail needs alerts.email.server": func(n *notify.Notice) {},
	} {
		n, alerts := right, server
		change(&n)
		if strings.HasPrefix(want, "e-mail needs") {
			alerts = notify.Config{}
		}
		if err := n.Validate(alerts); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%+v: %v, want %q", n, err, want)
		}
	}
}
