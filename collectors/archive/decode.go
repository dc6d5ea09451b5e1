package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	gojson "github.com/goccy/go-json"

	"github.com/election-observatory/observatory/schema"
)

const (
	maxDepth    = 64        // Of nested JSON.
	maxText     = 100 << 10 // Bytes of a text.
	maxShort    = 2 << 10   // Bytes of a name, an id, a label.
	maxURL      = 8 << 10   // Bytes of a URL.
	maxEntities = 200       // Links, mentions, hashtags or media of one post.
)

// decoded is what a record says.
type decoded struct {
	event *schema.Event // nil for a record that is only counted.
	kind  string        // How coverage counts it.
	ms    int64         // Event time, for coverage.
}

// decoder turns a record into what it says. It keeps no state between records.
type decoder interface {
	decode(rec []byte) (decoded, error)
}

// rejection is why a record cannot be used.
type rejection struct {
	reason schema.Reason
	detail string
}

func (r *rejection) Error() string { return string(r.reason) + ": " + r.detail }

func reject(reason schema.Reason, format string, args ...any) error {
	return &rejection{reason, fmt.Sprintf(format, args...)}
}

// checkJSON refuses what is no object or is nested too deeply, before a decoder
// that would follow every level sees it.
func checkJSON(rec []byte) error {
	// Most records have too few brackets to be deep, which is quickly counted.
	if bytes.Count(rec, []byte("{"))+bytes.Count(rec, []byte("[")) > maxDepth && tooDeep(rec) {
		return reject(schema.ReasonTooDeep, "nested more than %d levels", maxDepth)
	}
	if first := bytes.TrimLeft(rec, " \t"); len(first) == 0 || first[0] != '{' {
		if json.Valid(rec) {
			return reject(schema.ReasonNotAnObject, "JSON, but no object")
		}
		return reject(schema.ReasonSyntax, "not JSON")
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
			if depth++; depth > maxDepth {
				return true
			}
		case '}', ']':
			depth--
		}
	}
	return false
}

// unmarshal decodes a record, and tells what is no JSON from what is of another
// type than the format has.
func unmarshal(rec []byte, into any) error {
	if err := gojson.Unmarshal(rec, into); err != nil {
		var wrong *gojson.UnmarshalTypeError
		switch {
		case errors.As(err, &wrong) && json.Valid(rec):
			return reject(schema.ReasonBadField, "%s is a JSON %s", wrong.Field, wrong.Value)
		case json.Valid(rec):
			return reject(schema.ReasonBadField, "%v", err)
		}
		return reject(schema.ReasonSyntax, "%v", err)
	}
	return nil
}

// count is a count of what a platform sends.
func count(name string, n int) (*uint64, error) {
	if n < 0 {
		return nil, reject(schema.ReasonBadField, "%s is below zero", name)
	}
	u := uint64(n)
	return &u, nil
}

// digits says whether s is a decimal number of an id's length.
func digits(s string) bool {
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

// plausible says whether a time, in Unix milliseconds, can be one of a platform
// or of its clients: after 1970 and before 2100.
func plausible(ms int64) bool { return ms > 0 && ms < 4102444800000 }
