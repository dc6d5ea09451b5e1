// Package x reads posts of X as its API v2 gives them: pages of a search, messages of a
// stream, posts that twarc has flattened, and notices of compliance
// (https://docs.x.com/x-api).
package x

import (
	"bytes"
	"slices"
	"strconv"
	"time"

	gojson "github.com/goccy/go-json"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// Each takes what a part of a record says, or why it cannot be used, with its bytes.
type Each func(raw []byte, out mapping.Decoded, err error)

// response is what the API answers with, or a post alone.
type response struct {
	Data     gojson.RawMessage `json:"data"`
	Includes includes          `json:"includes"`
	Rules    []rule            `json:"matching_rules"`
	Errors   gojson.RawMessage `json:"errors"`
	Meta     gojson.RawMessage `json:"meta"`
	Twarc    *struct {
		RetrievedAt string `json:"retrieved_at"`
	} `json:"__twarc"`

	ID         string `json:"id"` // Of a flattened post, or of a notice.
	Text       string `json:"text"`
	Action     string `json:"action"`
	RedactedAt string `json:"redacted_at"`
	CreatedAt  string `json:"created_at"`
}

type rule struct {
	Tag string `json:"tag"`
}

// Decode reads a record, which may hold many posts. What a response only includes are
// references, not posts. Its error is that of the record as a whole.
func Decode(rec []byte, each Each) error {
	if err := mapping.CheckJSON(rec); err != nil {
		return err
	}
	var r response
	if err := mapping.Unmarshal(rec, &r); err != nil {
		return err
	}
	c := r.scope()
	data := bytes.TrimSpace(r.Data)
	switch {
	case len(data) > 0 && data[0] == '[':
		return c.page(data, each)
	case len(data) > 0 && !bytes.Equal(data, []byte("null")):
		out, err := c.decode(data)
		each(rec, out, err)
		return nil
	}
	return r.alone(c, rec, each)
}

// scope is what the response says of all of its posts.
func (r *response) scope() *scope {
	c := &scope{included: r.Includes.byName()}
	if r.Twarc != nil {
		if at, err := time.Parse(time.RFC3339Nano, r.Twarc.RetrievedAt); err == nil && mapping.Plausible(at.UnixMilli()) {
			c.collected = at.UnixMilli()
		}
	}
	for _, rule := range r.Rules[:min(len(r.Rules), mapping.MaxEntities)] {
		if tag := mapping.Short(rule.Tag); tag != "" && !slices.Contains(c.rules, tag) { // A query may take several rules.
			c.rules = append(c.rules, tag)
		}
	}
	return c
}

// page reads the posts of a page.
func (c *scope) page(data []byte, each Each) error {
	var posts []gojson.RawMessage
	if err := mapping.Unmarshal(data, &posts); err != nil {
		return err
	}
	for _, raw := range posts {
		out, err := c.decode(raw)
		each(raw, out, err)
	}
	return nil
}

// alone reads what has no data: a flattened post, a notice, an error, an empty page.
func (r *response) alone(c *scope, rec []byte, each Each) error {
	switch {
	case r.Action != "":
		out, err := r.notice()
		each(rec, out, err)
	case r.ID != "" || r.Text != "":
		out, err := c.decode(rec)
		each(rec, out, err)
	case len(r.Errors) > 0:
		return mapping.Reject(schema.ReasonUpstream, "X sent an error")
	case len(r.Meta) > 0:
		each(rec, mapping.Decoded{Kind: "empty_page", MS: c.collected}, nil)
	default:
		return mapping.Reject(schema.ReasonUnknownEvent, "neither a post nor a notice of X")
	}
	return nil
}

// notice is a line of what a compliance job found: a post that is no longer to be shown.
func (r *response) notice() (mapping.Decoded, error) {
	if r.Action != "delete" {
		return mapping.Decoded{Kind: "compliance_" + mapping.Short(r.Action)}, nil
	}
	ms := int64(0)
	if r.RedactedAt != "" {
		var err error
		if ms, err = mapping.Moment(r.RedactedAt, "redacted_at"); err != nil {
			return mapping.Decoded{}, err
		}
	}
	return deletion(r.ID, "", ms)
}

func deletion(id, author string, ms int64) (mapping.Decoded, error) {
	if !mapping.Digits(id) || author != "" && !mapping.Digits(author) {
		return mapping.Decoded{}, mapping.Reject(schema.ReasonMissingID, "a deletion that names no post")
	}
	return mapping.Decoded{Kind: "delete", MS: ms, Event: &schema.Event{Kind: &schema.Event_Delete{Delete: &schema.Delete{
		Platform: schema.PlatformX, NativeId: id, AuthorId: author, ClaimedMs: ms, CollectedMs: ms,
	}}}}, nil
}

// revision numbers an edit: every version of a post has an id of its own, the newest the
// largest; the post is known by the first.
func revision(id string, history []string) (first string, n uint64, err error) {
	if len(history) == 0 || history[0] == id {
		return id, 0, nil
	}
	if !mapping.Digits(history[0]) {
		return "", 0, mapping.Reject(schema.ReasonBadField, "edit_history_tweet_ids holds no id")
	}
	n, err = strconv.ParseUint(id, 10, 64)
	if err != nil {
		return "", 0, mapping.Reject(schema.ReasonBadField, "an id is no decimal number")
	}
	return history[0], n, nil
}
