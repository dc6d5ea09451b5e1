package schema

// Reason says why outside input was rejected. The list is closed: reasons are
// labels of metrics and keys of coverage, never free text.
type Reason string

// The reasons for which input is rejected.
const (
	ReasonSyntax       Reason = "syntax"
	ReasonNotAnObject  Reason = "not_an_object"
	ReasonUnknownEvent Reason = "unknown_event"
	ReasonMissingID    Reason = "missing_id"
	ReasonMissingUser  Reason = "missing_author"
	ReasonMissingTime  Reason = "missing_time"
	ReasonBadTime      Reason = "bad_time"
	ReasonBadField     Reason = "bad_field"
	ReasonTooLarge     Reason = "too_large"
	ReasonTooDeep      Reason = "too_deep"
	ReasonUpstream     Reason = "upstream_error"
	ReasonUndecodable  Reason = "undecodable"
)

// described are the reasons in words.
func described() []struct {
	reason Reason
	doc    string
} {
	return []struct {
		reason Reason
		doc    string
	}{
		{ReasonSyntax, "Not the format that it claims to be."},
		{ReasonNotAnObject, "Well-formed, but not a record."},
		{ReasonUnknownEvent, "A record of a kind that the format does not define."},
		{ReasonMissingID, "A record without an id."},
		{ReasonMissingUser, "A record without an author."},
		{ReasonMissingTime, "A record without a time."},
		{ReasonBadTime, "A time that cannot be read or cannot be."},
		{ReasonBadField, "A field of the wrong type or out of range."},
		{ReasonTooLarge, "Larger than an event may be."},
		{ReasonTooDeep, "Nested more deeply than any record of the format."},
		{ReasonUpstream, "An error that the platform sent in place of a record."},
		{ReasonUndecodable, "Bytes on the log that are no event of this contract."},
	}
}

// Reasons lists every reason.
func Reasons() []Reason {
	all := described()
	reasons := make([]Reason, len(all))
	for i, r := range all {
		reasons[i] = r.reason
	}
	return reasons
}

// Doc says in words why; it is empty for what is no reason.
func (r Reason) Doc() string {
	for _, known := range described() {
		if known.reason == r {
			return known.doc
		}
	}
	return ""
}

// MaxRejectBytes is how much of a rejected input is kept, in bytes.
const MaxRejectBytes = 64 << 10

// MaxEventBytes is the largest encoded event that the log takes, in bytes.
// A collector rejects what would be larger with ReasonTooLarge.
const MaxEventBytes = 512 << 10
