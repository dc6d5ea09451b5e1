package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gotd/td/session"
	"github.com/gotd/td/telegram"
	"github.com/gotd/td/telegram/dcs"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"github.com/election-observatory/observatory/collectors/telegram/wire"
)

// reader asks for the news of channels, one after another.
type reader struct {
	start    wire.Start
	poll     time.Duration
	channels []*channel

	mu  sync.Mutex
	out *json.Encoder
}

// channel is a channel that is read.
type channel struct {
	wire.Channel
	chat     wire.Chat
	due      time.Time
	failures int
	up       bool
}

func newReader(start wire.Start, out io.Writer) *reader {
	r := &reader{start: start, poll: time.Duration(start.PollMS) * time.Millisecond, out: json.NewEncoder(out)}
	for _, of := range start.Channels {
		r.channels = append(r.channels, &channel{Channel: of})
	}
	return r
}

// say says a line. Who does not listen any more has closed the input as well.
func (r *reader) say(line wire.Line) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.out.Encode(line)
}

// options are those of the library.
func (r *reader) options() (telegram.Options, error) {
	options := telegram.Options{NoUpdates: true, SessionStorage: &session.FileStorage{Path: r.start.Session}}
	server := r.start.Server
	if server == nil {
		return options, nil
	}
	block, _ := pem.Decode([]byte(server.Key))
	if block == nil {
		return options, errors.New("the key of the server is no PEM")
	}
	key, err := x509.ParsePKCS1PublicKey(block.Bytes)
	if err != nil {
		return options, fmt.Errorf("the key of the server: %w", err)
	}
	host, port, err := net.SplitHostPort(server.Address)
	if err != nil {
		return options, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return options, err
	}
	options.DC, options.PublicKeys = server.DC, []telegram.PublicKey{{RSA: key}}
	options.DCList = dcs.List{Options: []tg.DCOption{{ID: server.DC, IPAddress: host, Port: number, Static: true}}}
	options.Resolver = dcs.Plain(dcs.PlainOptions{})
	return options, nil
}

// connecting is how long to wait for a connection until that is said.
const connecting = 30 * time.Second

// run reads until ctx ends.
func (r *reader) run(ctx context.Context) error {
	options, err := r.options()
	if err != nil {
		return err
	}
	client := telegram.NewClient(r.start.APIID, r.start.APIHash, options)
	late := time.AfterFunc(connecting, func() {
		r.say(wire.Line{Event: wire.Down, Outage: "unreachable", Detail: "Telegram does not answer"})
	})
	defer late.Stop()
	err = client.Run(ctx, func(ctx context.Context) error {
		late.Stop()
		status, err := client.Auth().Status(ctx)
		if err != nil {
			return err
		}
		if !status.Authorized {
			return errLogin
		}
		if r.start.Check {
			r.say(wire.Line{Event: wire.Up})
			return nil
		}
		return r.read(ctx, client.API())
	})
	if err == nil || ctx.Err() != nil {
		return nil
	}
	line := wire.Line{Event: wire.Down, Outage: "unreachable", Detail: err.Error()}
	if wait, is := tgerr.AsFloodWait(err); is {
		line.Outage, line.WaitMS = "rate_limited", wait.Milliseconds()
	}
	if errors.Is(err, errLogin) || unauthorised(err) {
		line.Outage = "unauthorised"
	}
	r.say(line)
	return err
}

var errLogin = errors.New("nobody is logged in: run observatory-telegram login")

// unauthorised says whether an error is of a session that was ended, or of an account that
// was banned.
func unauthorised(err error) bool {
	failed, is := tgerr.As(err)
	return is && (failed.IsCode(401) || failed.IsOneOf("AUTH_KEY_DUPLICATED", "USER_DEACTIVATED", "USER_DEACTIVATED_BAN", "API_ID_INVALID", "API_ID_PUBLISHED_FLOOD"))
}

// read asks for news of whichever channel is due, again and again.
func (r *reader) read(ctx context.Context, api *tg.Client) error {
	for {
		next := r.channels[0]
		for _, of := range r.channels {
			if of.due.Before(next.due) {
				next = of
			}
		}
		if err := sleep(ctx, time.Until(next.due)); err != nil {
			return err
		}
		wait, err := r.news(ctx, api, next)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			if unauthorised(err) {
				return err
			}
			r.failed(next, err)
			continue
		}
		next.failures, next.due = 0, time.Now().Add(wait)
		if !next.up {
			next.up = true
			r.say(wire.Line{Event: wire.Up, Username: next.Username})
		}
	}
}

// failed says why a channel cannot be read, and when to try again. A flood wait is for all.
func (r *reader) failed(of *channel, err error) {
	if wait, is := tgerr.AsFloodWait(err); is {
		for _, each := range r.channels {
			if until := time.Now().Add(wait); each.due.Before(until) {
				each.due = until
			}
			each.up = false
			r.say(wire.Line{Event: wire.Down, Username: each.Username, Outage: "rate_limited", WaitMS: wait.Milliseconds(), Detail: err.Error()})
		}
		return
	}
	const first, last = 5 * time.Second, time.Hour
	outage, wait := "unreachable", min(first<<min(of.failures, 12), last)
	switch {
	case tgerr.Is(err, "USERNAME_NOT_OCCUPIED", "USERNAME_INVALID", "CHANNEL_INVALID"):
		outage, wait = "not_found", last
		of.ID = 0 // A name may come to be another's.
	case errors.Is(err, errNoChannel):
		outage, wait = "not_found", last
	case tgerr.Is(err, "CHANNEL_PRIVATE", "CHANNEL_PUBLIC_GROUP_NA"):
		outage, wait = "refused", last
	}
	of.failures++
	of.due, of.up = time.Now().Add(wait), false
	r.say(wire.Line{Event: wire.Down, Username: of.Username, Outage: outage, WaitMS: wait.Milliseconds(), Detail: err.Error()})
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

var errNoChannel = errors.New("the name is not that of a public channel or group")

// find finds a channel by its name.
func (r *reader) find(ctx context.Context, api *tg.Client, of *channel) error {
	found, err := api.ContactsResolveUsername(ctx, &tg.ContactsResolveUsernameRequest{Username: of.Username})
	if err != nil {
		return err
	}
	peer, is := found.Peer.(*tg.PeerChannel)
	if !is {
		return errNoChannel
	}
	for _, chat := range found.Chats {
		c, is := chat.(*tg.Channel)
		if !is || c.ID != peer.ChannelID {
			continue
		}
		if of.ID != 0 && of.ID != c.ID { // Another channel has the name now.
			of.PTS, of.Last, of.LastMS = 0, 0, 0
		}
		of.ID, of.AccessHash = c.ID, c.AccessHash
		of.chat = wire.Chat{ID: c.ID, Name: c.Title, Type: "public_channel", Username: strings.ToLower(of.Username)}
		if c.Megagroup {
			of.chat.Type = "public_supergroup"
		}
		return nil
	}
	return errNoChannel
}
