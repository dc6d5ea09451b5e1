package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
	"github.com/gotd/td/tgtest"
	"github.com/gotd/td/tgtest/cluster"

	"github.com/election-observatory/observatory/collectors/telegram/wire"
)

// telegramServer is a public channel on the test server of gotd/td, which speaks MTProto as
// Telegram does.
type telegramServer struct {
	mu       sync.Mutex
	pts      int
	news     []news // In the order of their states.
	messages []*tg.Message
	tooLong  bool           // It answers that there is too much, once.
	failures []*tgerr.Error // That are answered to the next questions for news,
	banned   bool           // and to all.
	asked    int
}

// news is something that changed the state of the channel.
type news struct {
	pts     int
	message tg.MessageClass // New.
	update  tg.UpdateClass  // Or something else.
}

const (
	channelID   = 4242
	channelName = "invented_news"
)

func (s *telegramServer) locked(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *telegramServer) post(m *tg.Message) {
	s.locked(func() {
		s.pts++
		m.PeerID, m.Post = &tg.PeerChannel{ChannelID: channelID}, true
		s.messages = append(s.messages, m)
		s.news = append(s.news, news{pts: s.pts, message: m})
	})
}

func (s *telegramServer) update(u tg.UpdateClass) {
	s.locked(func() {
		s.pts++
		s.news = append(s.news, news{pts: s.pts, update: u})
	})
}

func (s *telegramServer) chats() []tg.ChatClass {
	return []tg.ChatClass{&tg.Channel{ID: channelID, AccessHash: 77, Title: "Invented News", Username: channelName, Broadcast: true, Photo: &tg.ChatPhotoEmpty{}, Date: 1}}
}

// serve starts the test server.
func (s *telegramServer) serve(t *testing.T) *wire.Server {
	t.Helper()
	c := cluster.NewCluster(cluster.Options{})
	d := c.Dispatch(2, "server")
	self := &tg.User{ID: 10, AccessHash: 10, Self: true}
	self.SetFlags()
	d.HandleFunc(tg.UsersGetUsersRequestTypeID, func(server *tgtest.Server, req *tgtest.Request) error {
		if s.isBanned() {
			return server.SendErr(req, tgerr.New(401, "USER_DEACTIVATED_BAN"))
		}
		return server.SendVector(req, self)
	})
	d.HandleFunc(tg.ContactsResolveUsernameRequestTypeID, func(server *tgtest.Server, req *tgtest.Request) error {
		var asked tg.ContactsResolveUsernameRequest
		if err := asked.Decode(req.Buf); err != nil {
			return err
		}
		if !strings.EqualFold(asked.Username, channelName) {
			return server.SendErr(req, tgerr.New(400, "USERNAME_NOT_OCCUPIED"))
		}
		return server.SendResult(req, &tg.ContactsResolvedPeer{Peer: &tg.PeerChannel{ChannelID: channelID}, Chats: s.chats()})
	})
	d.HandleFunc(tg.ChannelsGetFullChannelRequestTypeID, func(server *tgtest.Server, req *tgtest.Request) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		full := &tg.ChannelFull{ID: channelID, Pts: s.pts, ChatPhoto: &tg.PhotoEmpty{}}
		return server.SendResult(req, &tg.MessagesChatFull{FullChat: full, Chats: s.chats()})
	})
	d.HandleFunc(tg.UpdatesGetChannelDifferenceRequestTypeID, s.difference)
	d.HandleFunc(tg.MessagesGetHistoryRequestTypeID, s.history)
	ctx, stop := context.WithCancel(context.Background())
	up := make(chan struct{})
	go func() { defer close(up); _ = c.Up(ctx) }()
	t.Cleanup(func() { stop(); <-up })
	select {
	case <-c.Ready():
	case <-up:
		t.Fatal("the test server does not start")
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(c.Keys()[0].RSA)})
	at := c.List().Options[0]
	return &wire.Server{DC: 2, Address: fmt.Sprintf("%s:%d", at.IPAddress, at.Port), Key: string(bytes.TrimSpace(key))}
}

func (s *telegramServer) isBanned() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.banned
}

func (s *telegramServer) difference(server *tgtest.Server, req *tgtest.Request) error {
	var asked tg.UpdatesGetChannelDifferenceRequest
	if err := asked.Decode(req.Buf); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	switch {
	case s.banned:
		return server.SendErr(req, tgerr.New(401, "USER_DEACTIVATED_BAN"))
	case len(s.failures) > 0:
		err := s.failures[0]
		s.failures = s.failures[1:]
		return server.SendErr(req, err)
	case s.tooLong:
		s.tooLong = false
		dialog := &tg.Dialog{Peer: &tg.PeerChannel{ChannelID: channelID}}
		dialog.SetPts(s.pts)
		return server.SendResult(req, &tg.UpdatesChannelDifferenceTooLong{Final: true, Dialog: dialog, Chats: s.chats()})
	}
	const most = 3 // Of an answer, so that there are several.
	answer := &tg.UpdatesChannelDifference{Final: true, Pts: asked.Pts, Chats: s.chats()}
	for _, n := range s.news {
		if n.pts <= asked.Pts {
			continue
		}
		if n.pts > asked.Pts+most {
			answer.Final = false
			break
		}
		answer.Pts = n.pts
		if n.message != nil {
			answer.NewMessages = append(answer.NewMessages, n.message)
		} else {
			answer.OtherUpdates = append(answer.OtherUpdates, n.update)
		}
	}
	if answer.Pts == asked.Pts {
		return server.SendResult(req, &tg.UpdatesChannelDifferenceEmpty{Final: true, Pts: asked.Pts})
	}
	return server.SendResult(req, answer)
}

func (s *telegramServer) history(server *tgtest.Server, req *tgtest.Request) error {
	var asked tg.MessagesGetHistoryRequest
	if err := asked.Decode(req.Buf); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	page := &tg.MessagesChannelMessages{Pts: s.pts, Chats: s.chats()}
	for i := len(s.messages) - 1; i >= 0 && len(page.Messages) < asked.Limit; i-- {
		if m := s.messages[i]; m.ID > asked.MinID && (asked.OffsetID == 0 || m.ID < asked.OffsetID) {
			page.Messages = append(page.Messages, m)
		}
	}
	return server.SendResult(req, page)
}
