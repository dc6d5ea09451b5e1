package schema

// Outage says why a source was not connected in a minute, or why there is a gap
// in what it delivered: coverage.gap_reason. The list is closed, as that of
// reasons is.
type Outage string

// The outages.
const (
	OutageUnreachable   Outage = "unreachable"
	OutageTimeout       Outage = "timeout"
	OutageTLS           Outage = "tls"
	OutagePrivate       Outage = "private_address"
	OutageRobots        Outage = "robots"
	OutageRateLimited   Outage = "rate_limited"
	OutageRefused       Outage = "refused"
	OutageNotFound      Outage = "not_found"
	OutageGone          Outage = "gone"
	OutageServer        Outage = "server_error"
	OutageRedirects     Outage = "redirects"
	OutageContent       Outage = "bad_content"
	OutageClosed        Outage = "closed"
	OutageCursorTooOld  Outage = "cursor_too_old"
	OutageWindow        Outage = "window_overrun"
	OutageBlind         Outage = "blind"
	OutageTooSlow       Outage = "too_slow"
	OutageUnauthorised  Outage = "unauthorised"
	OutageRetention     Outage = "log_retention"
	OutageReplaced      Outage = "log_replaced"
	OutageNotCollecting Outage = "not_collecting"
	OutageDiskFull      Outage = "disk_full"
	OutageBudget        Outage = "budget"
)

// describedOutages are the outages in words.
func describedOutages() []struct {
	outage Outage
	doc    string
} {
	return []struct {
		outage Outage
		doc    string
	}{
		{OutageUnreachable, "No connection: the name does not resolve, or nobody answers there."},
		{OutageTimeout, "It did not answer in time, or too slowly."},
		{OutageTLS, "Its certificate is not valid."},
		{OutagePrivate, "The address lies inside a private network; no connection was made."},
		{OutageRobots, "Its robots.txt does not allow it."},
		{OutageRateLimited, "It asked to wait."},
		{OutageRefused, "It refused the request."},
		{OutageNotFound, "It has nothing at this address."},
		{OutageGone, "It said that it is gone for good; it is not asked again."},
		{OutageServer, "It failed by its own account."},
		{OutageRedirects, "It redirected too often, or to where one must not follow."},
		{OutageContent, "It answered with what cannot be read."},
		{OutageClosed, "It closed the connection."},
		{OutageCursorTooOld, "It no longer has what came after where collecting stopped."},
		{OutageWindow, "All that it shows is newer than what was seen last: items in between may have passed."},
		{OutageBlind, "It delivered far less than another host of the same stream."},
		{OutageTooSlow, "It closed the connection because it was read too slowly."},
		{OutageUnauthorised, "It wants credentials, or other ones."},
		{OutageRetention, "The log's retention removed records before they were read."},
		{OutageReplaced, "The log was replaced by a shorter one."},
		{OutageNotCollecting, "The collector did not run."},
		{OutageDiskFull, "The disk was nearly full: collectors stood still, so that what was collected could be stored."},
		{OutageBudget, "What may be read or spent in the day or month is used up: by the study's own budget, or by the account at the platform."},
	}
}

// Outages lists every outage.
func Outages() []Outage {
	all := describedOutages()
	outages := make([]Outage, len(all))
	for i, o := range all {
		outages[i] = o.outage
	}
	return outages
}

// Doc says in words what it is; it is empty for what is no outage.
func (o Outage) Doc() string {
	for _, known := range describedOutages() {
		if known.outage == o {
			return known.doc
		}
	}
	return ""
}
