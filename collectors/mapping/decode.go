// Package mapping is what the mapping of any platform's records to events has in
// common: bounds, cleaned text, and why a record cannot be used.
package mapping

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	gojson "github.com/goccy/go-json"

	"github.com/election-observatory/observatory/schema"
)

// Bounds of what one record may hold.
const (
	MaxDepth    = 64        // Of nested JSON.
	MaxText     = 100 << 10 // Bytes of a text.
	MaxShort    = 2 << 10   // Bytes of a name, an id, a label.
	MaxURL      = 8 << 10   // Bytes of a URL.
	MaxEntities = 200       // Links, mentions, hashtags or media of one post.
)

// Decoded is what a record says.
type Decoded struct {
	Event *schema.Event // Nil for a record that is only counted.
	Kind  string        // How coverage counts it.
	MS    int64         // Event time, for coverage.
}

// Rejection is why a record cannot be used.
type Rejection struct {
	Reason schema.Reason
	Detail string
}

func (r *Rejection) Error() string { return string(r.Reason) + ": " + r.Detail }

// Reject is the error of a record that cannot be used.
func Reject(reason schema.Reason, format string, args ...any) error {
	return &Rejection{reason, fmt.Sprintf(format, args...)}
}

// CheckJSON refuses what is no object or is nested too deeply, before a decoder
// that would follow every level sees it.
func CheckJSON(rec []byte) error {
	// Most records have too few brackets to be deep, which is quickly counted.
	if bytes.Count(rec, []byte("{"))+bytes.Count(rec, []byte("[")) > MaxDepth && tooDeep(rec) {
		return Reject(schema.ReasonTooDeep, "nested more than %d levels", MaxDepth)
	}
	if first := bytes.TrimLeft(rec, " \t"); len(first) == 0 || first[0] != '{' {
		if json.Valid(rec) {
			return Reject(schema.ReasonNotAnObject, "JSON, but no object")
		}
		return Reject(schema.ReasonSyntax, "not JSON")
	}
	return nil
}

func tooDeep(rec []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(rec); i++ {
		c := rec[i]
		if quoted {
			if c == '\\' {
				i++
			}
			quoted = c != '"'
			continue
		}
		switch c {
		case '"':
			quoted = true
		case '{', '[':
			if depth++; depth > MaxDepth {
				return true
			}
		case '}', ']':
			depth--
		}
	}
	return false
}

// Unmarshal decodes a record, and tells what is no JSON from what is of another
// type than the format has.
func Unmarshal(rec []byte, into any) error {
	if err := gojson.Unmarshal(rec, into); err != nil {
		var wrong *gojson.UnmarshalTypeError
		switch {
		case errors.As(err, &wrong) && json.Valid(rec):
			return Reject(schema.ReasonBadField, "%s is a JSON %s", wrong.Field, wrong.Value)
		case json.Valid(rec):
			return Reject(schema.ReasonBadField, "%v", err)
		}
		return Reject(schema.ReasonSyntax, "%v", err)
	}
	return nil
}

// Count is a count of what a platform sends.
func Count(name string, n int) (*uint64, error) {
	if n < 0 {
		return nil, Reject(schema.ReasonBadField, "%s is below zero", name)
	}
	u := uint64(n)
	return &u, nil
}

// Digits says whether s is a decimal number of an id's length.
func Digits(s string) bool {
	if s == "" || len(s) > 20 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// Plausible says whether a time, in Unix milliseconds, can be one of a platform
// or of its clients: after 1970 and before 2100.
func Plausible(ms int64) bool { return ms > 0 && ms < 4102444800000 }

// Moment reads a time of RFC 3339, which a field of that name has, as Unix milliseconds.
func Moment(text, name string) (int64, error) {
	if text == "" {
		return 0, Reject(schema.ReasonMissingTime, "no %s", name)
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || !Plausible(at.UnixMilli()) {
		return 0, Reject(schema.ReasonBadTime, "%s is no time of RFC 3339", name)
	}
	return at.UnixMilli(), nil
}
