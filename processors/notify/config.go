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
	Methods  []string      `yaml:"methods" doc:"Only alerts of these methods are sent: silence, network, burst; all if left out."`
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

const usualCoolDown = time.Hour

// Methods are those that raise alerts.
func Methods() []string { return []string{"silence", "network", "burst"} }

// On says whether anybody is told.
func (c Config) On() bool { return c.Webhook != "" || c.Email.on() }

func (e Email) on() bool {
	return len(e.To) > 0 || e.From != "" || e.Server != "" || e.User != "" || e.PasswordFile != "" || e.Plain
}

// complete fills in what was left out.
func (c Config) complete() Config {
	if c.CoolDown == 0 {
		c.CoolDown = usualCoolDown
	}
	return c
}

// Validate says what is wrong, if anything.
func (c Config) Validate() error {
	if u, err := url.Parse(c.Webhook); c.Webhook != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
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
	if len(e.To) == 0 || e.From == "" || e.Server == "" {
		return errors.New("alerts.email: it needs to, from and server")
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
