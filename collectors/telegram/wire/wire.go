// Package wire is how the observatory and the program that speaks MTProto understand each
// other: the program is told on its standard input what to do, a JSON object on a line, and
// says on its standard output what it found, one on each line. It ends when its input does.
//
// A message goes over the wire as Telegram Desktop exports it, with what an export lacks:
// views, forwards, replies, and where a forward comes from.
package wire

import "encoding/json"

// Start is what the program is told.
type Start struct {
	APIID    int       `json:"api_id"`
	APIHash  string    `json:"api_hash"`
	Session  string    `json:"session"` // The file with the session that a login made.
	Channels []Channel `json:"channels"`
	PollMS   int       `json:"poll_ms"`          // Between two questions for news of a channel, unless Telegram asks for another time.
	Check    bool      `json:"check,omitempty"`  // Only say whether Telegram takes the session: up, or down with the reason.
	Server   *Server   `json:"server,omitempty"` // In place of Telegram: for tests.
}

// Server is a server of MTProto.
type Server struct {
	DC      int    `json:"dc"`
	Address string `json:"address"`    // HOST:PORT.
	Key     string `json:"public_key"` // PKCS #1, PEM.
}

// Channel is a public channel, and up to where it was read.
type Channel struct {
	Username   string `json:"username"`
	ID         int64  `json:"id,omitempty"` // 0 where it was never found.
	AccessHash int64  `json:"access_hash,omitempty"`
	PTS        int    `json:"pts,omitempty"`  // The state of the channel, as its server counts.
	Last       int    `json:"last,omitempty"` // The largest id of a message that was read.
	LastMS     int64  `json:"last_ms,omitempty"`
}

// What a line is.
const (
	Up      = "up"      // The channel is read: up to its state.
	Down    = "down"    // It is not, or nothing is, where no channel is named; Outage says why.
	Message = "message" // As in an export.
	Delete  = "delete"  // Messages that are gone.
	Gap     = "gap"     // What was said from FromMS to ToMS was not given.
	State   = "state"   // All before the channel's state was said.
)

// Line is what the program says.
type Line struct {
	Event    string          `json:"event"`
	Username string          `json:"username,omitempty"`
	Channel  *Channel        `json:"channel,omitempty"`
	Record   json.RawMessage `json:"record,omitempty"`
	Deleted  []int           `json:"deleted,omitempty"`
	FromMS   int64           `json:"from_ms,omitempty"`
	ToMS     int64           `json:"to_ms,omitempty"`
	Outage   string          `json:"outage,omitempty"`
	WaitMS   int64           `json:"wait_ms,omitempty"`
	Detail   string          `json:"detail,omitempty"`
}

// Record is a message of a channel as it is exported.
type Record struct {
	Chat    Chat            `json:"chat"`
	Message ExportedMessage `json:"message"`
}

// Chat is a channel or a group.
type Chat struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Type     string `json:"type"`
	Username string `json:"username,omitempty"`
}

// ExportedMessage is a message in the form of an export.
type ExportedMessage struct {
	ID        int        `json:"id"`
	Type      string     `json:"type"`
	Unixtime  string     `json:"date_unixtime"`
	Edited    string     `json:"edited_unixtime,omitempty"`
	From      string     `json:"from,omitempty"`
	FromID    string     `json:"from_id,omitempty"`
	ReplyTo   int        `json:"reply_to_message_id,omitempty"`
	ReplyPeer string     `json:"reply_to_peer_id,omitempty"`
	Entities  []Entity   `json:"text_entities"`
	Reactions []Reaction `json:"reactions,omitempty"`
	Media     string     `json:"media_type,omitempty"`
	Views     int        `json:"views,omitempty"`
	Forwards  int        `json:"forwards,omitempty"`
	Replies   int        `json:"replies,omitempty"`
	Forwarded *Forwarded `json:"forwarded,omitempty"`
}

// Entity is a part of a text.
type Entity struct {
	Type   string `json:"type"`
	Text   string `json:"text"`
	Href   string `json:"href,omitempty"`
	UserID int64  `json:"user_id,omitempty"`
}

// Reaction is how often readers reacted in one way.
type Reaction struct {
	Count int `json:"count"`
}

// Forwarded is where a forward comes from.
type Forwarded struct {
	FromID  string `json:"from_id,omitempty"` // As channel123 or user123; empty where it is hidden.
	Message int    `json:"message_id,omitempty"`
}
