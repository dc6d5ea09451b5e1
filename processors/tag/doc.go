// Package tag turns one event of the log into the rows that follow from it. It
// keeps no state between events, reads no clock and does no input or output:
// the same bytes give the same rows, whenever and in whatever order they come.
//
// What it writes into analytic rows is pseudonymous: accounts and posts are
// UUIDs of version 8 (RFC 9562) from HMAC-SHA-256 (RFC 2104) under the study's
// key, and text and URLs name neither handles nor native ids.
package tag
