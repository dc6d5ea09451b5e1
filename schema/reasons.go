package schema

// Reason says why outside input was rejected. The list is closed: reasons are
// labels of metrics and keys of coverage, never free text.
type Reason string

// The reasons for which input is rejected.
const (
	ReasonSyntax       Reason = "syntax"        // Not the format that it claims to be.
	ReasonNotAnObject  Reason = "not_an_object" // Well-formed, but not a record.
	ReasonUnknownEvent Reason = "unknown_event" // A record of a kind that the format does not define.
	ReasonMissingID    Reason = "missing_id"
	ReasonMissingUser  Reason = "missing_author"
	ReasonMissingTime  Reason = "missing_time"
	ReasonBadTime      Reason = "bad_time"
	ReasonBadField     Reason = "bad_field" // A field of the wrong type or out of range.
	ReasonTooLarge     Reason = "too_large"
	ReasonTooDeep      Reason = "too_deep"
	ReasonUpstream     Reason = "upstream_error" // The platform sent an error in place of a record.
	ReasonUndecodable  Reason = "undecodable"    // Bytes on the log that are no event of this contract.
)

// Reasons lists every reason.
func Reasons() []Reason {
	return []Reason{
		ReasonSyntax, ReasonNotAnObject, ReasonUnknownEvent, ReasonMissingID, ReasonMissingUser, ReasonMissingTime,
		ReasonBadTime, ReasonBadField, ReasonTooLarge, ReasonTooDeep, ReasonUpstream, ReasonUndecodable,
	}
}

// MaxRejectBytes is how much of a rejected input is kept, in bytes.
const MaxRejectBytes = 64 << 10

// MaxEventBytes is the largest encoded event that the log takes, in bytes.
// A collector rejects what would be larger with ReasonTooLarge.
const MaxEventBytes = 512 << 10
