package schema

import "strings"

// Erasure is what has to leave a table once views hide it for good: rows, or what
// some of their columns hold.
type Erasure struct {
	Table string
	Where string // Of the rows; it no longer holds once they are erased.
	Set   string // What columns become, where the rows stay; empty where they go.
	Doc   string // What goes, in words.
}

const (
	forgottenAccounts = "SELECT platform, account_id FROM " + StoreDatabase + "." + TableTombstones + " WHERE post_id = " + zeroUUID + " AND account_id != " + zeroUUID
	deletedByAuthors  = "SELECT platform, post_id, account_id FROM " + StoreDatabase + "." + TableTombstones + " WHERE account_id != " + zeroUUID
	deletedByName     = "SELECT platform, post_id FROM " + StoreDatabase + "." + TableTombstones + " WHERE account_id = " + zeroUUID

	notForgotten = "(platform, account_id) NOT IN (" + forgottenAccounts + ")"
)

// goneBy is the condition that a post is deleted, by the columns that name it and its author.
func goneBy(post, account string) string {
	return "((platform, " + post + ") IN (" + deletedByName + ") OR (platform, " + account + ") IN (" + forgottenAccounts + ") OR (platform, " + post + ", " + account + ") IN (" + deletedByAuthors + "))"
}

// Erasures lists what leaves the tables of facts. Results of methods follow when
// their hours are computed again.
func Erasures() []Erasure {
	gone := goneBy("post_id", "account_id")
	forgotten := "(platform, account_id) IN (" + forgottenAccounts + ")"
	// An array of tuples, since IN does not take a query inside of a function of arrays.
	mentioned := "arrayExists(m -> has((SELECT groupArray((toString(platform), account_id)) FROM (" + forgottenAccounts + ")), (toString(platform), m)), " +
		"arrayConcat(mentions, [reply_to_account, repost_of_account, quote_of_account]))"
	return []Erasure{
		{Table: TablePosts, Where: "NOT deleted AND " + gone, Doc: "Posts that were deleted, and those of forgotten accounts."},
		{
			Table: TablePosts, Where: "NOT deleted AND repost_of != " + zeroUUID + " AND (text != '' OR raw_text != '' OR title != '') AND " + goneBy("repost_of", "repost_of_account"),
			Set: "title = '', text = '', raw_text = ''", Doc: "What reposts repeat of deleted posts.",
		},
		{
			Table: TablePosts, Where: "NOT deleted AND raw_text != '' AND " + mentioned,
			Set: "raw_text = ''", Doc: "The published form of posts that name a forgotten account; their text, which names its pseudonym, stays.",
		},
		{Table: TableShares, Where: gone, Doc: "Shares, likes and follows that were taken back, and those of deleted posts and forgotten accounts."},
		{Table: TableAccounts, Where: forgotten, Doc: "Snapshots of forgotten accounts."},
		{Table: TableIdentities, Where: forgotten, Doc: "Ids, handles and names of forgotten accounts."},
	}
}

// Statement is what erases, from a table of the given database. The store carries it
// out by itself, once it has taken it.
func (e Erasure) Statement(database string) string {
	var b strings.Builder
	b.WriteString("ALTER TABLE " + database + "." + e.Table)
	if e.Set == "" {
		b.WriteString(" DELETE WHERE ")
	} else {
		b.WriteString(" UPDATE " + e.Set + " WHERE ")
	}
	// Each server looks into its own tombstones, which are the same.
	b.WriteString(e.Where + " SETTINGS allow_nondeterministic_mutations = 1")
	return b.String()
}
