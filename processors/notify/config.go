package notify

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config is what observatory.yaml says under alerts.
type Config struct {
	Webhook  string        `yaml:"webhook" doc:"Where alerts are posted to as JSON; its key text is what Slack and Mattermost show. Nobody but you should know it."`
	Email    Email         `yaml:"email" doc:"Who is told by e-mail, and through which server."`
	CoolDown time.Duration `yaml:"cool_down" doc:"How long nothing more is sent of the same subject, as 2h; 1h if left out."`
	Methods  []string      `yaml:"methods" doc:"Only alerts of these methods are sent: silence, search, network, burst, lookalike; all if left out."`
}

// Notice is whom a protected party has asked to be told at, and of what.
type Notice struct {
	Party   string   `yaml:"party" doc:"The outlet, party or election body, by its name."`
	Consent string   `yaml:"consent" doc:"When and how it asked to be told: nobody is told who did not."`
	Names   []string `yaml:"names" doc:"Which of protected_names are its own: it is told of hosts that look like them, and of bursts of links to them in which flagged or new accounts have a part."`
	Queries []string `yaml:"queries" doc:"Queries of the study that are about it: it is told of such bursts of posts that match them."`
	Email   []string `yaml:"email" doc:"Its addresses; the mail server is that of alerts.email."`
	Webhook string   `yaml:"webhook" doc:"Where notices are posted to as JSON. Nobody but you and the party should know it."`
}

// concerns says whether an alert is of what the party asked to be told of.
func (n *Notice) concerns(a *Alert) bool {
	kind, topic, _ := strings.Cut(a.Subject, " ")
	switch {
	case a.Method == "lookalike":
		return slices.Contains(n.Names, a.Reason)
	case a.Method == "burst" && kind == "domain":
		return slices.Contains(n.Names, topic)
	case a.Method == "burst" && kind == "query":
		return slices.Contains(n.Queries, topic)
	}
	return false
}

// Validate says what is wrong, if anything; alerts has the mail server.
func (n *Notice) Validate(alerts Config) error {
	if n.Party == "" || n.Consent == "" {
		return errors.New("notices: each needs party and consent: when and how it asked to be told")
	}
	if len(n.Names)+len(n.Queries) == 0 {
		return fmt.Errorf("notices: %s: say of what it is to be told: names or queries", n.Party)
	}
	if len(n.Email) == 0 && n.Webhook == "" {
		return fmt.Errorf("notices: %s: say where it is to be told: email or webhook", n.Party)
	}
	if !isHook(n.Webhook) {
		return fmt.Errorf("notices: %s: its webhook is not like https://hooks.example/T123", n.Party)
	}
	return n.validateEmail(alerts)
}

func (n *Notice) validateEmail(alerts Config) error {
	if len(n.Email) > 0 && (alerts.Email.Server == "" || alerts.Email.From == "") {
		return fmt.Errorf("notices: %s: e-mail needs alerts.email.server and alerts.email.from", n.Party)
	}
	for _, address := range n.Email {
		if _, err := mail.ParseAddress(address); err != nil {
			return fmt.Errorf("notices: %s: %q is no address, as desk@example.org", n.Party, address)
		}
	}
	return nil
}

// Email is how mail is sent.
type Email struct {
	To           []string `yaml:"to" doc:"Addresses that are told; each sees the others."`
	From         string   `yaml:"from" doc:"The address that it comes from."`
	Server       string   `yaml:"server" doc:"HOST:PORT of the mail server, for example smtp.example:587. The connection is encrypted, on port 465 from the beginning."`
	User         string   `yaml:"user" doc:"Who logs in there, if somebody must."`
	PasswordFile string   `yaml:"password_file" doc:"A file with that user's password; OBSERVATORY_SMTP_PASSWORD serves as well."`
	Plain        bool     `yaml:"plain" doc:"Send without encryption: for a server on this machine only."`
}

// isHook says whether something can be posted to an address, or there is none.
func isHook(address string) bool {
	u, err := url.Parse(address)
	return address == "" || err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

const usualCoolDown = time.Hour

// Methods are those that raise alerts.
func Methods() []string { return []string{"silence", "search", "network", "burst", "lookalike"} }

// On says whether anybody is told.
func (c Config) On() bool { return c.Webhook != "" || c.Email.tells() }

func (e Email) on() bool {
	return len(e.To) > 0 || e.From != "" || e.Server != "" || e.User != "" || e.PasswordFile != "" || e.Plain
}

// tells says whether somebody is told by mail; a server alone is for notices.
func (e Email) tells() bool { return len(e.To) > 0 || e.on() && (e.From == "" || e.Server == "") }

// complete fills in what was left out.
func (c Config) complete() Config {
	if c.CoolDown == 0 {
		c.CoolDown = usualCoolDown
	}
	return c
}

// Validate says what is wrong, if anything.
func (c Config) Validate() error {
	if !isHook(c.Webhook) {
		return errors.New("alerts.webhook: it is not like https://hooks.example/T123") // Without what it says, which is a secret.
	}
	if c.CoolDown < 0 {
		return fmt.Errorf("alerts.cool_down: it must not be below zero, but is %s", c.CoolDown)
	}
	for _, method := range c.Methods {
		if !slices.Contains(Methods(), method) {
			return fmt.Errorf("alerts.methods: %q raises no alerts: use %s", method, strings.Join(Methods(), ", "))
		}
	}
	if !c.Email.on() {
		return nil
	}
	return c.Email.validate()
}

func (e Email) validate() error {
	if e.From == "" || e.Server == "" {
		return errors.New("alerts.email: it needs from and server, and to, unless only notices are sent")
	}
	for _, address := range append([]string{e.From}, e.To...) {
		if _, err := mail.ParseAddress(address); err != nil {
			return fmt.Errorf("alerts.email: %q is no address, as desk@example.org", address)
		}
	}
	if e.PasswordFile != "" && e.User == "" {
		return errors.New("alerts.email: a password without a user says nothing: give alerts.email.user")
	}
	return e.validateServer()
}

func (e Email) validateServer() error {
	host, _, err := net.SplitHostPort(e.Server)
	if err != nil || host == "" {
		return fmt.Errorf("alerts.email.server: %q is not HOST:PORT", e.Server)
	}
	if ip := net.ParseIP(host); e.Plain && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("alerts.email.plain: %s is not this machine: leave plain out", host)
	}
	return nil
}
