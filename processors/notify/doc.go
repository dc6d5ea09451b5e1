// Package notify tells people of alerts, by webhook and e-mail: each alert once on
// each channel, many in one message, and the same subject no more often than the
// cool-down allows. What became of each alert is noted in a log, which is also what
// it goes by: an alert is told again only where the program ended between sending
// and noting.
package notify
