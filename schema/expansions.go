package schema

// The statuses of an expansion. ExpansionResolved says that the target is known,
// the others why it is not.
const (
	ExpansionResolved    = "resolved"
	ExpansionRefused     = "refused"       // The server, or its robots.txt, does not let programs in.
	ExpansionNotFound    = "not_found"     // The shortener has no such link, or no longer.
	ExpansionFailed      = "failed"        // It did not answer, or with a page in place of a redirect.
	ExpansionBlocked     = "blocked"       // It leads into a private network, or away from the web.
	ExpansionTooManyHops = "too_many_hops" // After five redirects there were more.
	ExpansionLoop        = "loop"          // It leads back to where it came from.
)
