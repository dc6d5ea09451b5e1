package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/election-observatory/observatory/internal/engine/enginetest"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

func reposting(n, of int) tag.Event {
	post := sharing(n)
	post.Kind, post.RepostOf, post.RepostOfAccount, post.RawText, post.ImportedMS, post.Shares = schema.KindRepost, numbered(of), numbered(1000+of), "RT @a: t", 4e12, nil
	return tag.Event{Post: post}
}

// What the views hide leaves the files: posts and shares, what reposts repeat, and all
// that is left of forgotten accounts, whenever it came. Nothing else does.
func TestWhatIsHiddenIsErased(t *testing.T) {
	t.Parallel()
	onEachLayout(t, whatIsHiddenIsErased)
}

func whatIsHiddenIsErased(t *testing.T, s *store.Store, e *enginetest.Engine, rows string) {
	t.Helper()
	w := s.NewWriter()
	naming := sharing(20)
	naming.Mentions, naming.RawText, naming.ImportedMS = []uuid.UUID{numbered(1011)}, "t @handle", 4e12 // In time for its retention.
	account := func(n int) tag.Event {
		return tag.Event{
			Account:    &tag.Account{Platform: schema.PlatformX, AccountID: numbered(1000 + n), Version: tag.Version{Low: 1}},
			Identities: []tag.Identity{{Platform: schema.PlatformX, AccountID: numbered(1000 + n), NativeID: "1", ImportedMS: 4e12}},
		}
	}
	nobody := uuid.UUID{}
	events := []tag.Event{
		{Post: sharing(1)},
		account(1),                          // Stays,
		reposting(2, 1),                     // as what repeats it does,
		deletion(numbered(2), numbered(77)), // whatever a stranger says.
		{Post: sharing(3)},
		deletion(numbered(3), nobody), // By the platform.
		{Post: sharing(4)},
		deletion(numbered(4), numbered(1004)), // By its author.
		reposting(5, 3), reposting(6, 4),
		{Post: sharing(11)},
		account(11),
		{Post: naming},
		reposting(12, 11),
		deletion(nobody, numbered(1011)), // Forgotten.
		{Post: sharing(12)},
	}
	events[len(events)-1].Post.AccountID = numbered(1011) // And came once more.
	for i := range events {
		write(t, w, uint64(i), events[i])
	}
	const visible = "SELECT (SELECT groupArray(toString(post_id)) FROM (SELECT post_id FROM observatory.posts ORDER BY post_id)), (SELECT count() FROM observatory.accounts), (SELECT count() FROM observatory.identities), (SELECT count() FROM observatory.actions)"
	ask(t, e, "OPTIMIZE TABLE "+rows+".post_rows FINAL") // The fourth goes with that.
	before := ask(t, e, visible)
	erased, err := s.Erase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]uint64{}
	for _, x := range erased {
		got[x.Table+": "+x.Doc] += x.Rows
	}
	list := schema.Erasures()
	want := map[string]uint64{}
	for i, n := range []uint64{3, 3, 1, 4, 1, 1} { // 3, 11 and the last; reposts 5, 6, 12; the one that names them.
		want[list[i].Table+": "+list[i].Doc] = n
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("erased (-want +got):\n%s", diff)
	}
	if after := ask(t, e, visible); after != before {
		t.Errorf("readers saw %s and see %s", before, after)
	}
	if again, err := s.Erase(t.Context()); err != nil || len(again) != 0 {
		t.Errorf("a second time it erased %v, %v", again, err)
	}
	const raw = "SELECT (SELECT countIf(NOT deleted) FROM observatory_store.post_rows), (SELECT countIf(text != '') FROM observatory_store.post_rows WHERE kind = 'repost'), (SELECT countIf(raw_text != '') FROM observatory_store.post_rows)," +
		"(SELECT count() FROM observatory_store.share_rows), (SELECT count() FROM observatory_store.account_rows), (SELECT count() FROM observatory_store.identity_rows)"
	if got := ask(t, e, raw); got != "6\t1\t1\t2\t1\t1" {
		t.Errorf("the tables hold %s", got)
	}
}
