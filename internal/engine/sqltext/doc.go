// Package sqltext takes the text of a statement apart as far as the HTTP
// interface must: where an INSERT ends and its data begin, and which format and
// settings stand at the end of a query. What a statement means is left to the
// engine's own parser.
package sqltext
