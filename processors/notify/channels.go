package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// Channel is a way to tell people.
type Channel interface {
	Name() string
	// Send returns nil when the other side has taken the message. An error says
	// nothing that is secret.
	Send(ctx context.Context, m *Message) error
}

// sendTime is how long a message may take.
const sendTime = 30 * time.Second

// Channels are those of a configuration, which must be valid.
func Channels(cfg Config, password string) []Channel {
	var all []Channel
	if cfg.Webhook != "" {
		all = append(all, newWebhook(cfg.Webhook))
	}
	if cfg.Email.tells() {
		all = append(all, &email{cfg.Email, password})
	}
	return all
}

// channels are those on which a party is told; alerts has the mail server.
func (n *Notice) channels(alerts Config, password string) []Channel {
	var all []Channel
	if n.Webhook != "" {
		all = append(all, toParty{newWebhook(n.Webhook), n})
	}
	if len(n.Email) > 0 {
		cfg := alerts.Email
		cfg.To = n.Email
		all = append(all, toParty{&email{cfg, password}, n})
	}
	return all
}

// toParty is a channel to a party, and is called so in the log.
type toParty struct {
	Channel
	notice *Notice
}

func (p toParty) Name() string { return p.Channel.Name() + " to " + p.notice.Party }

func (p toParty) Send(ctx context.Context, m *Message) error {
	of := *m
	of.Notice = p.notice
	return p.Channel.Send(ctx, &of)
}

// webhook posts JSON.
type webhook struct {
	address string
	client  *http.Client
}

func newWebhook(address string) *webhook {
	return &webhook{address, &http.Client{
		Timeout:       sendTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (*webhook) Name() string { return "webhook" }

func (w *webhook) Send(ctx context.Context, m *Message) error {
	body, err := json.Marshal(struct {
		Text   string  `json:"text"`
		Study  string  `json:"study"`
		Alerts []Alert `json:"alerts"`
		More   int     `json:"more"`
	}{chat(m.Subject()) + "\n\n" + m.text(inCode), m.Study, m.Alerts, m.More})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.address, bytes.NewReader(body))
	if err != nil {
		return errors.New("its address cannot be used")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "election-observatory")
	response, err := w.client.Do(request)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err // Without the address.
		}
		return fmt.Errorf("no answer: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // Its status says it.
	said, _ := io.ReadAll(io.LimitReader(response.Body, 200))
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return fmt.Errorf("it answers %s: %s", response.Status, clean(string(said)))
	}
	return nil
}

// chat keeps programs of chats from taking what comes from outside for commands.
func chat(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "@\u200b", "`", "'").Replace(text)
}

func inCode(text string) string { return "`" + chat(text) + "`" }

// email sends through a server.
type email struct {
	cfg      Email
	password string
}

func (*email) Name() string { return "email" }

func (e *email) Send(ctx context.Context, m *Message) error {
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	letter := mail.NewMsg()
	if err := errors.Join(letter.From(e.cfg.From), letter.To(e.cfg.To...)); err != nil {
		return err
	}
	letter.Subject(m.Subject())
	letter.SetDate()
	letter.SetMessageID()
	letter.SetBulk()
	letter.SetBodyString(mail.TypeTextPlain, m.text(func(text string) string { return "“" + text + "”" }))
	client, err := e.client()
	if err != nil {
		return err
	}
	return client.DialAndSendWithContext(ctx, letter)
}

func (e *email) client() (*mail.Client, error) {
	host, service, err := net.SplitHostPort(e.cfg.Server)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(service)
	if err != nil {
		return nil, fmt.Errorf("the port %q is no number", service)
	}
	options := []mail.Option{mail.WithPort(port), mail.WithTimeout(sendTime), mail.WithTLSPolicy(mail.TLSMandatory)}
	switch {
	case e.cfg.Plain:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	case port == 465:
		options = append(options, mail.WithSSL())
	}
	if e.cfg.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(e.cfg.User), mail.WithPassword(e.password))
	}
	return mail.NewClient(host, options...)
}
