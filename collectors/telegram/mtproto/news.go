package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/gotd/td/tg"

	"github.com/election-observatory/observatory/collectors/telegram/wire"
)

// Bounds of one question.
const (
	perDifference = 100
	perPage       = 100
	mostPages     = 20 // Of the history, where the differences are too many.
)

// news says what is new in a channel, by the differences to the state in which it was read
// (https://core.telegram.org/api/updates#recovering-gaps), and returns how long to wait.
func (r *reader) news(ctx context.Context, api *tg.Client, of *channel) (time.Duration, error) {
	if of.chat.ID == 0 {
		if err := r.find(ctx, api, of); err != nil {
			return 0, err
		}
	}
	input := &tg.InputChannel{ChannelID: of.ID, AccessHash: of.AccessHash}
	if of.PTS == 0 { // It begins with what comes from now on.
		full, err := api.ChannelsGetFullChannel(ctx, input)
		if err != nil {
			return 0, err
		}
		if whole, is := full.FullChat.(*tg.ChannelFull); is {
			of.PTS, of.LastMS = whole.Pts, time.Now().UnixMilli()
		}
		if of.PTS == 0 {
			return 0, fmt.Errorf("there is no state of %s", of.Username)
		}
		r.stands(of)
	}
	for {
		found, err := api.UpdatesGetChannelDifference(ctx, &tg.UpdatesGetChannelDifferenceRequest{Channel: input, Filter: &tg.ChannelMessagesFilterEmpty{}, Pts: of.PTS, Limit: perDifference})
		if err != nil {
			return 0, err
		}
		final, timeout, err := r.difference(ctx, api, of, found)
		if err != nil {
			return 0, err
		}
		if final {
			if timeout > 0 {
				return time.Duration(timeout) * time.Second, nil
			}
			return r.poll, nil
		}
	}
}

// stands says up to where a channel is said.
func (r *reader) stands(of *channel) {
	state := of.Channel
	r.say(wire.Line{Event: wire.State, Username: of.Username, Channel: &state})
}

func (r *reader) difference(ctx context.Context, api *tg.Client, of *channel, found tg.UpdatesChannelDifferenceClass) (final bool, timeout int, err error) {
	switch d := found.(type) {
	case *tg.UpdatesChannelDifferenceEmpty:
		if of.PTS != d.Pts {
			of.PTS = d.Pts
			r.stands(of)
		}
		return true, d.Timeout, nil
	case *tg.UpdatesChannelDifference:
		names := namesOf(d.Users, d.Chats)
		for _, message := range d.NewMessages {
			r.message(of, message, names)
		}
		for _, update := range d.OtherUpdates {
			r.update(of, update, names)
		}
		of.PTS = d.Pts
		r.stands(of)
		return d.Final, d.Timeout, nil
	case *tg.UpdatesChannelDifferenceTooLong:
		dialog, is := d.Dialog.(*tg.Dialog)
		if !is || dialog.Pts == 0 {
			return false, 0, fmt.Errorf("there is no state of %s", of.Username)
		}
		if err := r.history(ctx, api, of); err != nil {
			return false, 0, err
		}
		of.PTS = dialog.Pts
		r.stands(of)
		return d.Final, d.Timeout, nil
	}
	return false, 0, fmt.Errorf("an answer of %T", found)
}

// update says what changed but for new messages.
func (r *reader) update(of *channel, update tg.UpdateClass, known names) {
	switch u := update.(type) {
	case *tg.UpdateNewChannelMessage:
		r.message(of, u.Message, known)
	case *tg.UpdateEditChannelMessage:
		r.message(of, u.Message, known)
	case *tg.UpdateDeleteChannelMessages:
		r.say(wire.Line{Event: wire.Delete, Username: of.Username, Deleted: u.Messages})
	}
}

// history says the messages since the last that was read, where there are too many
// differences: what was edited or deleted meanwhile is not known. What is more than a bound
// is a gap.
func (r *reader) history(ctx context.Context, api *tg.Client, of *channel) error {
	peer := &tg.InputPeerChannel{ChannelID: of.ID, AccessHash: of.AccessHash}
	type found struct {
		message tg.MessageClass
		names   names
	}
	var all []found
	offset, whole := 0, false
	for range mostPages {
		page, err := api.MessagesGetHistory(ctx, &tg.MessagesGetHistoryRequest{Peer: peer, OffsetID: offset, MinID: of.Last, Limit: perPage})
		if err != nil {
			return err
		}
		m, is := page.(*tg.MessagesChannelMessages)
		if !is {
			return fmt.Errorf("an answer of %T", page)
		}
		for _, message := range m.Messages {
			all = append(all, found{message, namesOf(m.Users, m.Chats)})
			offset = message.GetID()
		}
		if len(m.Messages) == 0 || offset <= of.Last+1 {
			whole = true
			break
		}
	}
	if oldest := len(all) - 1; (!whole || of.Last == 0) && oldest >= 0 {
		if known, is := all[oldest].message.AsNotEmpty(); is {
			r.say(wire.Line{Event: wire.Gap, Username: of.Username, FromMS: of.LastMS, ToMS: int64(known.GetDate()) * 1000, Outage: "cursor_too_old"})
		}
	}
	for _, each := range slices.Backward(all) {
		r.message(of, each.message, each.names)
	}
	return nil
}

// message says a message, new or edited.
func (r *reader) message(of *channel, given tg.MessageClass, known names) {
	var m *wire.ExportedMessage
	switch message := given.(type) {
	case *tg.Message:
		m = exported(message, of, known)
	case *tg.MessageService:
		m = &wire.ExportedMessage{ID: message.ID, Type: "service", Unixtime: strconv.Itoa(message.Date)}
	default:
		return
	}
	record, err := json.Marshal(wire.Record{Chat: of.chat, Message: *m})
	if err != nil {
		return // Texts and numbers can be written.
	}
	r.say(wire.Line{Event: wire.Message, Username: of.Username, Record: record})
	if known, is := given.AsNotEmpty(); is && given.GetID() > of.Last {
		of.Last, of.LastMS = given.GetID(), int64(known.GetDate())*1000
	}
}
