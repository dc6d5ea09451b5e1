package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gotd/td/session"
	"github.com/gotd/td/telegram"
	"github.com/gotd/td/telegram/auth"
	"github.com/gotd/td/tg"
)

// Variables that say which application asks; the same as those of observatory.
const (
	envID   = "OBSERVATORY_TELEGRAM_API_ID"
	envHash = "OBSERVATORY_TELEGRAM_API_HASH"
)

// login makes a session of an account, asking for its number, the code that Telegram sends
// and, if there is one, its password. It registers nobody.
func login(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("login", flag.ContinueOnError)
	path := flags.String("session", "data/keys/telegram.session", "the file that the session is kept in; whoever has it is that account")
	if err := flags.Parse(args); err != nil {
		return err
	}
	id, err := strconv.Atoi(os.Getenv(envID))
	if err != nil || os.Getenv(envHash) == "" {
		return fmt.Errorf("set %s and %s to those of your application (https://my.telegram.org)", envID, envHash)
	}
	if err := os.MkdirAll(filepath.Dir(*path), 0o700); err != nil {
		return err
	}
	client := telegram.NewClient(id, os.Getenv(envHash), telegram.Options{NoUpdates: true, SessionStorage: &session.FileStorage{Path: *path}})
	asks := &person{in: bufio.NewReader(in), out: out}
	err = client.Run(ctx, func(ctx context.Context) error {
		return client.Auth().IfNecessary(ctx, auth.NewFlow(asks, auth.SendCodeOptions{}))
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "Logged in; the session is kept in", *path)
	return nil
}

// person answers at a terminal.
type person struct {
	in  *bufio.Reader
	out io.Writer
}

func (p *person) ask(what string) (string, error) {
	fmt.Fprint(p.out, what+": ")
	line, err := p.in.ReadString('\n')
	return strings.TrimSpace(line), err
}

func (p *person) Phone(context.Context) (string, error) { return p.ask("Phone number, as +49…") }

func (p *person) Code(context.Context, *tg.AuthSentCode) (string, error) {
	return p.ask("Code that Telegram has sent")
}

func (p *person) Password(context.Context) (string, error) {
	return p.ask("Password of the account (it is shown)")
}

func (*person) AcceptTermsOfService(context.Context, tg.HelpTermsOfService) error {
	return errors.New("there is no such account: make one with an app of Telegram first")
}

func (*person) SignUp(context.Context) (auth.UserInfo, error) {
	return auth.UserInfo{}, errors.New("there is no such account: make one with an app of Telegram first")
}
