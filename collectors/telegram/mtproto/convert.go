package main

import (
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/gotd/td/tg"

	"github.com/election-observatory/observatory/collectors/telegram/wire"
)

// names are what an answer calls whom it names, by their ids as exports write them.
type names map[string]string

func namesOf(users []tg.UserClass, chats []tg.ChatClass) names {
	all := names{}
	for _, user := range users {
		if u, is := user.(*tg.User); is {
			all["user"+strconv.FormatInt(u.ID, 10)] = strings.TrimSpace(u.FirstName + " " + u.LastName)
		}
	}
	for _, chat := range chats {
		if c, is := chat.(*tg.Channel); is {
			all["channel"+strconv.FormatInt(c.ID, 10)] = c.Title
		}
	}
	return all
}

// idOf is an id as exports write it; empty for none.
func idOf(peer tg.PeerClass) string {
	switch p := peer.(type) {
	case *tg.PeerUser:
		return "user" + strconv.FormatInt(p.UserID, 10)
	case *tg.PeerChannel:
		return "channel" + strconv.FormatInt(p.ChannelID, 10)
	case *tg.PeerChat:
		return "chat" + strconv.FormatInt(p.ChatID, 10)
	}
	return ""
}

// exported is a message as Telegram Desktop would export it, with what exports lack.
func exported(m *tg.Message, of *channel, known names) *wire.ExportedMessage {
	out := &wire.ExportedMessage{ID: m.ID, Type: "message", Unixtime: strconv.Itoa(m.Date), Entities: parts(m.Message, m.Entities)}
	if edited, is := m.GetEditDate(); is && !m.EditHide { // Else only what readers did has changed.
		out.Edited = strconv.Itoa(edited)
	}
	out.FromID, out.From = "channel"+strconv.FormatInt(of.ID, 10), of.chat.Name
	if from, is := m.GetFromID(); is && idOf(from) != "" {
		out.FromID = idOf(from)
		out.From = known[out.FromID]
	}
	if reply, is := m.ReplyTo.(*tg.MessageReplyHeader); is {
		out.ReplyTo = reply.ReplyToMsgID
		if peer, is := reply.GetReplyToPeerID(); is {
			out.ReplyPeer = idOf(peer)
		}
	}
	if from, is := m.GetFwdFrom(); is {
		out.Forwarded = &wire.Forwarded{Message: from.ChannelPost}
		if peer, is := from.GetFromID(); is {
			out.Forwarded.FromID = idOf(peer)
		}
	}
	out.Views, _ = m.GetViews()
	out.Forwards, _ = m.GetForwards()
	if replies, is := m.GetReplies(); is {
		out.Replies = replies.Replies
	}
	if reactions, is := m.GetReactions(); is {
		for _, r := range reactions.Results {
			out.Reactions = append(out.Reactions, wire.Reaction{Count: r.Count})
		}
	}
	return out
}

// parts divides a text by its entities, whose places are UTF-16 units. Of those that say how
// a text looks none is kept.
func parts(text string, entities []tg.MessageEntityClass) []wire.Entity {
	units := utf16.Encode([]rune(text))
	var all []wire.Entity
	at := 0
	plain := func(to int) {
		if to > at {
			all = append(all, wire.Entity{Type: "plain", Text: string(utf16.Decode(units[at:to]))})
		}
	}
	for _, entity := range entities {
		from := entity.GetOffset()
		to := from + entity.GetLength()
		if from < at || to > len(units) || to <= from { // One that overlaps another, or is no place.
			continue
		}
		e := wire.Entity{Text: string(utf16.Decode(units[from:to]))}
		switch is := entity.(type) {
		case *tg.MessageEntityURL:
			e.Type = "link"
		case *tg.MessageEntityTextURL:
			e.Type, e.Href = "text_link", is.URL
		case *tg.MessageEntityHashtag:
			e.Type = "hashtag"
		case *tg.MessageEntityMention:
			e.Type = "mention"
		case *tg.MessageEntityMentionName:
			e.Type, e.UserID = "mention_name", is.UserID
		default:
			continue
		}
		plain(from)
		all, at = append(all, e), to
	}
	plain(len(units))
	return all
}
