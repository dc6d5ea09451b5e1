// Package assess runs methods over the store: each computes results for the
// hours of event time that have changed, from the rows as readers see them.
//
// What has changed is read from the notes that the writer leaves (see package
// store). A [Runner] takes, for each method, the notes between what the method has
// done and what is stored, has the hours computed, and notes how far it came.
//
// # Why nothing stays stale
//
//   - A note is written before the rows that it announces, and acted on only
//     when progress says that they are in. Progress is read before the notes, the
//     notes before the rows.
//   - Cut short anywhere, a runner finds the same notes due and computes the same
//     hours again. Results replace: same key, same or larger version.
//   - The version is the sum of all stored offsets. It never falls. Who saw
//     more rows has the larger version, so that a runner that was held up cannot
//     overwrite what another has computed from newer rows.
//   - Two runners on one store do the same work twice and agree, but for one
//     case: a runner that read before a deletion and inserts after another
//     runner computed the hour can leave a combination that the other did not know to
//     clear, until the hour changes again or is recomputed. One process
//     should run the methods of a store.
//   - Notes of batches that never end, because the log was replaced, are acted on
//     when a runner starts.
package assess
