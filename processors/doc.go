// Package processors is everything after the log. Its [Pipeline] handles the
// batches of a consumer: every record is tagged and written to the store, and
// only then does the log's position move.
//
// A record that is no event of the contract becomes a reject: it is appended to
// the topic of rejects, with its bytes, before the batch that holds it is done. A gap in the
// offsets becomes a record of coverage. Nothing is skipped in silence.
package processors
