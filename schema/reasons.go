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

// Reasons lists every reason.
func Reasons() []Reason {
	return []Reason{
		ReasonSyntax, ReasonNotAnObject, ReasonUnknownEvent, ReasonMissingID, ReasonMissingUser, ReasonMissingTime,
		ReasonBadTime, ReasonBadField, ReasonTooLarge, ReasonTooDeep, ReasonUpstream, ReasonUndecodable,
	}
}

// Doc says in words why.
func (r Reason) Doc() string {
	switch r {
	case ReasonSyntax:
		return "Not the format that it claims to be."
	case ReasonNotAnObject:
		return "Well-formed, but not a record."
	case ReasonUnknownEvent:
		return "A record of a kind that the format does not define."
	case ReasonMissingID:
		return "A record without an id."
	case ReasonMissingUser:
		return "A record without an author."
	case ReasonMissingTime:
		return "A record without a time."
	case ReasonBadTime:
		return "A time that cannot be read or cannot be."
	case ReasonBadField:
		return "A field of the wrong type or out of range."
	case ReasonTooLarge:
		return "Larger than an event may be."
	case ReasonTooDeep:
		return "Nested more deeply than any record of the format."
	case ReasonUpstream:
		return "An error that the platform sent in place of a record."
	case ReasonUndecodable:
		return "Bytes on the log that are no event of this contract."
	}
	return ""
}

// MaxRejectBytes is how much of a rejected input is kept, in bytes.
const MaxRejectBytes = 64 << 10

// MaxEventBytes is the largest encoded event that the log takes, in bytes.
// A collector rejects what would be larger with ReasonTooLarge.
const MaxEventBytes = 512 << 10
