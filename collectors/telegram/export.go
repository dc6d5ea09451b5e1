// Package telegram reads public channels and groups of Telegram: as Telegram Desktop exports
// them, and live through a program of its own that speaks MTProto.
package telegram

import (
	"bytes"
	"strconv"
	"strings"

	gojson "github.com/goccy/go-json"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/collectors/telegram/wire"
	"github.com/election-observatory/observatory/schema"
)

// record is a message with the chat that it is of.
type record struct {
	Chat    chat               `json:"chat"`
	Message *gojson.RawMessage `json:"message"`
}

type chat struct {
	ID       gojson.RawMessage `json:"id"`
	Name     string            `json:"name"`
	Type     string            `json:"type"`
	Username string            `json:"username"` // Live alone.
}

// message is a message of an export (JSON, as Telegram Desktop writes it since 2021).
type message struct {
	ID           int64             `json:"id"`
	Type         string            `json:"type"`
	Unixtime     string            `json:"date_unixtime"`
	Edited       string            `json:"edited_unixtime"`
	From         string            `json:"from"`
	FromID       string            `json:"from_id"`
	ReplyTo      int64             `json:"reply_to_message_id"`
	ReplyToPeer  string            `json:"reply_to_peer_id"`
	Text         gojson.RawMessage `json:"text"`
	TextEntities []entity          `json:"text_entities"`
	Reactions    []struct {
		Count int `json:"count"`
	} `json:"reactions"`

	// What exports lack.
	Media     string          `json:"media_type"`
	Views     int             `json:"views"`
	Forwards  int             `json:"forwards"`
	Replies   int             `json:"replies"`
	Forwarded *wire.Forwarded `json:"forwarded"`
}

type entity struct {
	Type   string            `json:"type"`
	Text   string            `json:"text"`
	Href   string            `json:"href"`
	UserID gojson.RawMessage `json:"user_id"`
}

// Decode reads a message. Service messages, and whatever is of a chat that is not public,
// are only counted.
func Decode(rec []byte) (mapping.Decoded, error) {
	if err := mapping.CheckJSON(rec); err != nil {
		return mapping.Decoded{}, err
	}
	var r record
	if err := mapping.Unmarshal(rec, &r); err != nil {
		return mapping.Decoded{}, err
	}
	if r.Chat.Type != "public_channel" && r.Chat.Type != "public_supergroup" {
		return mapping.Decoded{Kind: "not_public"}, nil // Nothing else of it is read.
	}
	if r.Message == nil {
		return mapping.Decoded{}, mapping.Reject(schema.ReasonUnknownEvent, "no message of an export")
	}
	var m message
	if err := mapping.Unmarshal(*r.Message, &m); err != nil {
		return mapping.Decoded{}, err
	}
	if m.Type != "message" {
		return mapping.Decoded{Kind: "service"}, nil
	}
	return m.post(&r.Chat)
}

func (m *message) post(of *chat) (mapping.Decoded, error) {
	channel := strings.Trim(string(of.ID), `" `)
	if !mapping.Digits(channel) || m.ID <= 0 {
		return mapping.Decoded{}, mapping.Reject(schema.ReasonMissingID, "a message without id, or a chat without")
	}
	ms, err := seconds(m.Unixtime, "date_unixtime")
	if err != nil {
		return mapping.Decoded{}, err
	}
	p := &schema.Post{Platform: schema.PlatformTelegram, NativeId: channel + "/" + strconv.FormatInt(m.ID, 10), Kind: schema.KindPost, Author: m.author(of, channel), ClaimedMs: ms}
	if p.Revision, err = m.revision(); err != nil {
		return mapping.Decoded{}, err
	}
	if m.ReplyTo > 0 && (m.ReplyToPeer == "" || m.ReplyToPeer == "channel"+channel) {
		p.Kind, p.ReplyTo = schema.KindReply, &schema.Reference{NativeId: channel + "/" + strconv.FormatInt(m.ReplyTo, 10)}
	}
	if m.Forwarded != nil {
		m.forward(p)
	}
	if err := m.words(p); err != nil {
		return mapping.Decoded{}, err
	}
	p.Metrics = m.counts()
	m.address(of, channel, p)
	kind := p.Kind.Name()
	if p.Revision > 0 {
		kind += "_update"
	}
	return mapping.Decoded{Kind: kind, MS: ms, Event: &schema.Event{Kind: &schema.Event_Post{Post: p}}}, nil
}

// revision is when a message was edited; 0 for never.
func (m *message) revision() (uint64, error) {
	if m.Edited == "" || m.Edited == "0" {
		return 0, nil
	}
	edited, err := seconds(m.Edited, "edited_unixtime")
	return uint64(edited), err
}

// address is where the message is shown, and what the channel is called there, if that is
// known.
func (m *message) address(of *chat, channel string, p *schema.Post) {
	name := mapping.Short(of.Username)
	if name == "" {
		return
	}
	p.Permalink = "https://t.me/" + name + "/" + strconv.FormatInt(m.ID, 10)
	if p.Author.NativeId == "channel"+channel {
		p.Author.Handle = name
	}
}

// forward notes whose message was forwarded, as far as Telegram says.
func (m *message) forward(p *schema.Post) {
	channel, ok := strings.CutPrefix(m.Forwarded.FromID, "channel")
	p.Kind, p.ReplyTo = schema.KindRepost, nil
	if m.Forwarded.FromID == "" { // It is hidden.
		return
	}
	p.RepostOf = &schema.Reference{AuthorId: mapping.Short(m.Forwarded.FromID)}
	if ok && mapping.Digits(channel) && m.Forwarded.Message > 0 {
		p.RepostOf.NativeId = channel + "/" + strconv.Itoa(m.Forwarded.Message)
	}
}

// counts takes reactions of all sorts for likes.
func (m *message) counts() *schema.Metrics {
	counts := &schema.Metrics{Views: uint64(max(m.Views, 0)), Reposts: uint64(max(m.Forwards, 0)), Replies: uint64(max(m.Replies, 0))}
	for _, r := range m.Reactions {
		counts.Likes += uint64(max(r.Count, 0))
	}
	if counts.Views+counts.Reposts+counts.Replies+counts.Likes == 0 {
		return nil
	}
	return counts
}

// author is the channel, or in a group who wrote.
func (m *message) author(of *chat, channel string) *schema.AccountSnapshot {
	id := mapping.Short(m.FromID)
	if id == "" {
		id = "channel" + channel
	}
	name := m.From
	if name == "" {
		name = of.Name
	}
	return &schema.AccountSnapshot{NativeId: id, Name: mapping.Short(name)}
}

// seconds reads Unix seconds, which exports write as a text, as milliseconds.
func seconds(text, name string) (int64, error) {
	if text == "" {
		return 0, mapping.Reject(schema.ReasonMissingTime, "no %s", name)
	}
	s, err := strconv.ParseInt(text, 10, 64)
	if err != nil || s > 1<<40 || !mapping.Plausible(s*1000) {
		return 0, mapping.Reject(schema.ReasonBadTime, "%s is no time", name)
	}
	return s * 1000, nil
}

// parts are the parts of a text: a text alone, or a list of texts and entities. Newer
// exports say them once more as text_entities, all of them as entities.
func (m *message) parts() ([]entity, error) {
	if len(m.TextEntities) > 0 {
		return m.TextEntities, nil
	}
	given := bytes.TrimSpace(m.Text)
	if len(given) == 0 || given[0] != '[' {
		var text string
		if len(given) > 0 {
			if err := mapping.Unmarshal(given, &text); err != nil {
				return nil, err
			}
		}
		return []entity{{Type: "plain", Text: text}}, nil
	}
	var list []gojson.RawMessage
	if err := mapping.Unmarshal(given, &list); err != nil {
		return nil, err
	}
	parts := make([]entity, 0, len(list))
	for _, raw := range list {
		var e entity
		if raw = bytes.TrimSpace(raw); len(raw) > 0 && raw[0] == '"' {
			e.Type = "plain"
			if err := mapping.Unmarshal(raw, &e.Text); err != nil {
				return nil, err
			}
		} else if err := mapping.Unmarshal(raw, &e); err != nil {
			return nil, err
		}
		parts = append(parts, e)
	}
	return parts, nil
}

// words joins the parts of a text, and notes what they are.
func (m *message) words(p *schema.Post) error {
	parts, err := m.parts()
	if err != nil {
		return err
	}
	var text strings.Builder
	for i := range parts {
		e := &parts[i]
		start := text.Len()
		text.WriteString(mapping.Clean(e.Text, mapping.MaxText))
		switch e.Type {
		case "link", "text_link":
			addLink(p, e)
		case "hashtag":
			if tag := strings.TrimPrefix(mapping.Short(e.Text), "#"); tag != "" && len(p.Hashtags) < mapping.MaxEntities {
				p.Hashtags = append(p.Hashtags, tag)
			}
		case "mention", "mention_name":
			addMention(p, e, start, text.Len())
		}
		if text.Len() > mapping.MaxText {
			break
		}
	}
	p.Text = mapping.Clean(text.String(), mapping.MaxText)
	for _, named := range p.Mentions {
		if int(named.End) > len(p.Text) {
			named.Start, named.End = 0, 0
		}
	}
	return nil
}

// addLink adds an address; Telegram shows many without their scheme.
func addLink(p *schema.Post, e *entity) {
	address := e.Href
	if address == "" {
		address = strings.TrimSpace(e.Text)
	}
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	if strings.HasPrefix(address, "http://") || strings.HasPrefix(address, "https://") {
		mapping.AddLink(p, address)
	}
}

func addMention(p *schema.Post, e *entity, start, end int) {
	if len(p.Mentions) >= mapping.MaxEntities {
		return
	}
	named := &schema.Mention{Start: uint32(start), End: uint32(end)}
	if id := strings.Trim(string(e.UserID), `" `); mapping.Digits(id) {
		named.NativeId = "user" + id
	} else if name := strings.TrimPrefix(mapping.Short(e.Text), "@"); name != e.Text {
		named.Handle = name
	}
	if named.NativeId != "" || named.Handle != "" {
		p.Mentions = append(p.Mentions, named)
	}
}
