package archive

import (
	"math"
	"strconv"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// sharesCSV decodes tables of who shared what when, as CooRTweet reads them:
// each row is one share of an object by a post.
type sharesCSV struct {
	header
	platform                       schema.Platform
	kind                           string
	object, account, content, time int
}

func newSharesCSV(h header, platform schema.Platform, kind string) (*sharesCSV, string) {
	d := &sharesCSV{
		header: h, platform: platform, kind: kind,
		object: h.column("object_id"), account: h.column("account_id"), content: h.column("content_id"), time: h.column("timestamp_share"),
	}
	switch {
	case d.object < 0:
		return nil, "object_id"
	case d.account < 0:
		return nil, "account_id"
	case d.content < 0:
		return nil, "content_id"
	case d.time < 0:
		return nil, "timestamp_share"
	}
	return d, ""
}

func (d *sharesCSV) decode(rec []byte) (mapping.Decoded, error) {
	var buffer [16]string
	r, err := d.row(buffer[:0], rec)
	if err != nil {
		return mapping.Decoded{}, err
	}
	object, account, content := r.get(d.object), r.get(d.account), r.get(d.content)
	switch {
	case account == "":
		return mapping.Decoded{}, mapping.Reject(schema.ReasonMissingUser, "a row without account_id")
	case content == "":
		return mapping.Decoded{}, mapping.Reject(schema.ReasonMissingID, "a row without content_id")
	case object == "":
		return mapping.Decoded{}, mapping.Reject(schema.ReasonMissingID, "a row without object_id")
	case !fit(account, mapping.MaxShort) || !fit(content, mapping.MaxShort) || !fit(object, mapping.MaxText):
		return mapping.Decoded{}, mapping.Reject(schema.ReasonBadField, "an id that is too long or no text")
	}
	ms, err := unixSeconds(r.get(d.time))
	if err != nil {
		return mapping.Decoded{}, err
	}
	p := &schema.Post{
		Platform: d.platform, NativeId: content, Kind: d.postKind(), Author: &schema.AccountSnapshot{NativeId: account}, ClaimedMs: ms,
		Shares: []*schema.Share{{Kind: d.kind, Object: object, ClaimedMs: ms}},
	}
	return mapping.Decoded{Kind: p.Kind.Name(), MS: ms, Event: &schema.Event{Kind: &schema.Event_Post{Post: p}}}, nil
}

func (d *sharesCSV) postKind() schema.PostKind {
	switch {
	case d.kind == "repost":
		return schema.KindRepost
	case d.kind == "reply":
		return schema.KindReply
	case d.platform == schema.PlatformRSS:
		return schema.KindItem
	}
	return schema.KindPost
}

// fit says whether an id can be kept as it is: one that was cut or cleaned
// could become another's.
func fit(id string, limit int) bool { return mapping.Clean(id, limit) == id }

// unixSeconds reads seconds since 1970, with or without a fraction.
func unixSeconds(s string) (int64, error) {
	if s == "" {
		return 0, mapping.Reject(schema.ReasonMissingTime, "a row without timestamp_share")
	}
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(seconds) {
		return 0, mapping.Reject(schema.ReasonBadTime, "timestamp_share is no number of seconds")
	}
	ms := int64(math.Round(min(max(seconds, -1), 1e11) * 1000))
	if !mapping.Plausible(ms) {
		return 0, mapping.Reject(schema.ReasonBadTime, "timestamp_share is no time in seconds since 1970")
	}
	return ms, nil
}
