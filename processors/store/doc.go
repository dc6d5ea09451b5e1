// Package store writes rows to ClickHouse, applies deletions, notes which hours
// change, and answers how far all this has come.
//
// # Delivery
//
// The log delivers at least once, cut anywhere. Every row has a key that
// follows from what it is and a version that follows from what it says, so that a
// second delivery replaces and never adds (ReplacingMergeTree, read with FINAL).
// Hence an insert whose outcome is unknown is made again, and a batch that was
// cut short is delivered again; neither needs to know what came before.
//
// # Order of a batch
//
// [Writer.Commit] makes a batch durable in this order:
//
//  1. Look up in which hours those posts stand now that the batch may move or
//     remove: deleted ones, edits, clamped times (rows.Unsettled).
//  2. Insert notes into changed_hours: these hours, and those of the batch's
//     own posts, each with the offset after the batch.
//  3. Insert the rows of all tables, some at the same time.
//  4. For deletions that name no author, and for forgotten accounts, look up the hours
//     of these posts and note them. Their rows stay, so that this can come after the fact, and must:
//     the post may be on its way in another partition. Whichever comes second, the
//     deletion's look-up or the post's own note, finds the other.
//  5. Insert progress: the job "stored" has come to the end of the batch.
//
// Only then is the log told. Package assess acts on notes up to progress.
//
// # Cut short
//
// After any step the process may end; the log then delivers from the same offset
// again, perhaps in other cuts.
//
//   - After 1: nothing has happened.
//   - After 2: notes announce rows that are not there. They are not due before
//     progress passes them; computing an hour that did not change does no harm.
//   - Within 3: some rows are in, without progress. Readers may see them early.
//     When they replaced others, and a merge has removed those, the second look-up
//     does not find the hours that they left; the notes of the first attempt have
//     them, and are due when progress passes where that attempt would have ended.
//   - After 4: the whole batch is written again, which changes nothing.
//   - After 5, before the log is told: the same. Progress never goes back, and
//     notes below it that are written again announce rows that are in.
//
// A former owner of a partition that wakes up late writes rows that are in
// already, or that the new owner will write just so.
//
// Steps 1 and 3 rely on deliveries of one author's posts coming one after the
// other, which they do as they share a partition.
//
// # Deletions
//
// A deletion that names the author is a row of the post's own key with the
// largest version: it replaces the post, and one that arrives later never replaces
// it. Under the name of another author it has another key and hides nothing. A
// deletion that names none, which only a platform can send, is in tombstone_rows,
// which the views subtract, as they do all rows of accounts that are to be forgotten.
// [Store.Erase] takes from the files what the views hide. Shares, likes and follows are in share_rows, from
// which the views subtract both.
package store
