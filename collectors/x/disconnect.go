package x

import (
	"bytes"
	"cmp"
	"fmt"
	"time"

	gojson "github.com/goccy/go-json"

	"github.com/election-observatory/observatory/collectors/fetch"
	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// disconnection is what X says in a stream before it closes it; nil for any other message
// (https://docs.x.com/x-api/fundamentals/handling-disconnections).
func disconnection(data []byte) error {
	if !bytes.Contains(data, []byte(`"errors"`)) {
		return nil
	}
	var said struct {
		Data   gojson.RawMessage `json:"data"`
		Errors []struct {
			Title          string `json:"title"`
			Detail         string `json:"detail"`
			DisconnectType string `json:"disconnect_type"`
		} `json:"errors"`
	}
	if err := gojson.Unmarshal(data, &said); err != nil || len(said.Data) > 0 || len(said.Errors) == 0 {
		return nil //nolint:nilerr // What cannot be read is a reject.
	}
	e := said.Errors[0]
	if e.Title != "operational-disconnect" && e.Title != "ConnectionException" && e.DisconnectType == "" {
		return nil
	}
	down := &fetch.Error{Outage: schema.OutageClosed, Err: fmt.Errorf("the stream is ended: %s", mapping.Clean(cmp.Or(e.Detail, e.Title)+" "+e.DisconnectType, mapping.MaxShort))}
	switch e.DisconnectType { // Of operational ones; all others are X's own affairs.
	case "SlowReader":
		down.Outage = schema.OutageTooSlow
	case "UsageCapExceeded":
		down.Outage = schema.OutageBudget
	}
	if e.Title == "ConnectionException" { // Another connection is open.
		down.Outage = schema.OutageRateLimited
	}
	return down
}

// pauses are those that X prescribes: the first after a connection at once, then by what
// failed (https://docs.x.com/x-api/posts/filtered-stream/integrate/handling-disconnections).
type pauses struct {
	hurry                  time.Duration // Divides them.
	network, http, limited int           // Failures since the last connection.
}

const (
	networkStep, networkLast = 250 * time.Millisecond, 16 * time.Second
	httpFirst, httpLast      = 5 * time.Second, 320 * time.Second
	limitedFirst             = time.Minute
	limitedLast              = 16 * time.Minute // Just above the windows of X's limits; it names no last one.
)

func (p *pauses) next(down *fetch.Error) time.Duration {
	var wait time.Duration
	switch {
	case down.Outage == schema.OutageBudget && down.Status == 0 && down.Wait > 0: // The study's own, whose end is known.
		return down.Wait
	case down.Outage == schema.OutageRateLimited:
		wait = min(limitedFirst<<min(p.limited, 10), limitedLast)
		p.limited++
	case down.Status != 0 || down.Outage == schema.OutageBudget || down.Outage == schema.OutageContent:
		wait = min(httpFirst<<min(p.http, 10), httpLast)
		p.http++
	default:
		wait = min(networkStep*time.Duration(p.network), networkLast)
		p.network++
	}
	return max(wait, down.Wait) / p.hurry
}
