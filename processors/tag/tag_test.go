package tag_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

func testKey() []byte { return []byte("0123456789abcdef0123456789abcdef") }

func newTagger(tb testing.TB, public ...tag.PublicAccount) *tag.Tagger {
	tb.Helper()
	cfg := tag.DefaultConfig()
	cfg.Key, cfg.Public = testKey(), public
	tagger, err := tag.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return tagger
}

func encode(tb testing.TB, p *schema.Post) []byte {
	tb.Helper()
	return marshal(tb, &schema.Event{Kind: &schema.Event_Post{Post: p}})
}

func marshal(tb testing.TB, event *schema.Event) []byte {
	tb.Helper()
	value, err := event.MarshalVT()
	if err != nil {
		tb.Fatal(err)
	}
	return value
}

func tagged(tb testing.TB, tagger *tag.Tagger, p *schema.Post) *tag.Event {
	tb.Helper()
	return taggedEvent(tb, tagger, encode(tb, p))
}

func taggedEvent(tb testing.TB, tagger *tag.Tagger, value []byte) *tag.Event {
	tb.Helper()
	var ev tag.Event
	if err := tagger.Tag(value, 1, 2, &ev); err != nil {
		tb.Fatal(err)
	}
	return &ev
}

// reference is the pseudonym by the standard library's HMAC.
func reference(purpose, platform, id string) uuid.UUID {
	mac := hmac.New(sha256.New, testKey())
	mac.Write([]byte(purpose + "\x1f" + platform + "\x1f" + id))
	var u uuid.UUID
	copy(u[:], mac.Sum(nil))
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	return u
}

func status(text string, mentions ...*schema.Mention) *schema.Post {
	return &schema.Post{
		Platform: schema.PlatformX, NativeId: "454016550023229440", Kind: schema.KindPost, Text: text, Mentions: mentions,
		Author: &schema.AccountSnapshot{NativeId: "157738439", Handle: "Jose_7"}, ClaimedMs: 1397080955000, CollectedMs: 1397080960000, Langs: []string{"es"},
	}
}

func TestPseudonymsAreUUIDv8FromHMAC(t *testing.T) {
	t.Parallel()
	p := status("x")
	p.ReplyTo = &schema.Reference{NativeId: "1", AuthorHandle: "Someone"}
	post := tagged(t, newTagger(t), p).Post
	want := map[string]uuid.UUID{
		"post": reference("post", "x", "454016550023229440"), "author": reference("account", "x", "157738439"),
		"parent": reference("post", "x", "1"), "parent's author": reference("handle", "x", "someone"),
	}
	got := map[string]uuid.UUID{"post": post.PostID, "author": post.AccountID, "parent": post.ReplyTo, "parent's author": post.ReplyToAccount}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if post.PostID.Version() != 8 || post.PostID.Variant() != uuid.RFC4122 {
		t.Errorf("%s is no UUID of version 8", post.PostID)
	}
}

func TestEventTime(t *testing.T) {
	t.Parallel()
	const day, minute = 24 * 3600 * 1000, 60 * 1000
	const collected = int64(1_717_400_000_000)
	cases := []struct {
		name     string
		claimed  int64
		archived bool
		want     int64
		clamped  bool
	}{
		{"a plausible claim", collected - day, false, collected - day, false},
		{"the oldest claim that counts", collected - 30*day, false, collected - 30*day, false},
		{"too old", collected - 31*day, false, collected - 30*day, true},
		{"the latest claim that counts", collected + 5*minute, false, collected + 5*minute, false},
		{"from the future", collected + 6*minute, false, collected + 5*minute, true},
		{"no claim", 0, false, collected, false},
		{"before 1970", -1, false, collected - 30*day, true},
		{"an archive is trusted", collected - 3650*day, true, collected - 3650*day, false},
		{"an archive of the far future", 1 << 60, true, 4102444799999, true},
		{"an archive from before there was anything", 1, true, 631152000000, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := status("x")
			p.ClaimedMs, p.CollectedMs, p.Archived = c.claimed, collected, c.archived
			post := tagged(t, newTagger(t), p).Post
			if post.CreatedMS != c.want || post.Clamped != c.clamped {
				t.Errorf("created %d, clamped %v; want %d, %v", post.CreatedMS, post.Clamped, c.want, c.clamped)
			}
		})
	}
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	cases := []struct {
		declared           []string
		want, source, list string
	}{
		{[]string{"es"}, "es", "declared", "es"},
		{[]string{"en-GB", "en", "de"}, "en", "declared", "en de"},
		{[]string{"und"}, "und", "none", ""},
		{nil, "und", "none", ""},
		{[]string{"klingon!", "iw"}, "he", "declared", "he"},
		{[]string{"in"}, "id", "declared", "id"},
		{[]string{strings.Repeat("a", 1000)}, "und", "none", ""},
	}
	for _, c := range cases {
		p := status("x")
		p.Langs = c.declared
		post := tagged(t, newTagger(t), p).Post
		if post.Lang != c.want || post.LangSource != c.source || strings.Join(post.Langs, " ") != c.list {
			t.Errorf("%.20q: %s %s %v", c.declared, post.Lang, post.LangSource, post.Langs)
		}
	}
}

func TestTextsThatSayTheSameHashTheSame(t *testing.T) {
	t.Parallel()
	tagger := newTagger(t)
	hash := func(text string) uint64 { return tagged(t, tagger, status(text)).Post.TextHash }
	base := hash("Wählt am Sonntag!")
	for _, text := range []string{"wählt  am\nSONNTAG!", "@jemand Wählt am Sonntag! https://t.co/x", "Wa\u0308hlt am Sonntag!", "Ｗählt am Sonntag!"} {
		if hash(text) != base {
			t.Errorf("%q hashes otherwise", text)
		}
	}
	if hash("Wählt am Montag!") == base {
		t.Error("another text hashes the same")
	}
	if hash("@jemand https://t.co/x") != 0 || hash("") != 0 {
		t.Error("an empty normal form has a hash")
	}
}

func TestVersionOrdersDeliveries(t *testing.T) {
	t.Parallel()
	tagger := newTagger(t)
	of := func(change func(*schema.Post)) tag.Version {
		p := status("x")
		change(p)
		return tagged(t, tagger, p).Post.Version
	}
	base := of(func(*schema.Post) {})
	if imported := of(func(p *schema.Post) { p.ImportedMs = 99 }); imported != base {
		t.Error("the time of import is part of the version")
	}
	if other := of(func(p *schema.Post) { p.Text = "y" }); other == base {
		t.Error("other content has the same version")
	}
	later := of(func(p *schema.Post) { p.CollectedMs++ })
	edited := of(func(p *schema.Post) { p.Revision, p.CollectedMs = 1, 1 })
	if !base.Less(later) || !later.Less(edited) {
		t.Error("collection and revision do not order versions")
	}
	value, err := (&schema.Event{Kind: &schema.Event_Delete{Delete: &schema.Delete{Platform: schema.PlatformX, NativeId: "454016550023229440", AuthorId: "157738439"}}}).MarshalVT()
	if err != nil {
		t.Fatal(err)
	}
	var ev tag.Event
	if err := tagger.Tag(value, 0, 0, &ev); err != nil {
		t.Fatal(err)
	}
	post := tagged(t, tagger, status("x")).Post
	if !edited.Less(ev.Tombstone.Version) || ev.Tombstone.PostID != post.PostID || ev.Tombstone.AccountID != post.AccountID || ev.Tombstone.IDDay != post.IDDay {
		t.Errorf("the deletion does not stand over its post: %+v", ev.Tombstone)
	}
}

// Of the snapshots of one account and day one is kept: that which says most.
func TestWhichSnapshotOfADayCounts(t *testing.T) {
	t.Parallel()
	tagger := newTagger(t)
	snapshot := func(a *schema.AccountSnapshot) *tag.Event {
		a.Platform, a.NativeId = schema.PlatformBluesky, "did:plc:somebody"
		return taggedEvent(t, tagger, marshal(t, &schema.Event{Kind: &schema.Event_Account{Account: a}}))
	}
	versionOf := func(a *schema.AccountSnapshot) tag.Version { return snapshot(a).Account.Version }
	followers := uint64(0)
	active := versionOf(&schema.AccountSnapshot{Status: schema.AccountStatus_ACCOUNT_STATUS_ACTIVE, CollectedMs: 4000})
	counted := versionOf(&schema.AccountSnapshot{Followers: &followers, CollectedMs: 2000})
	again := versionOf(&schema.AccountSnapshot{Followers: &followers, CollectedMs: 3000})
	suspended := versionOf(&schema.AccountSnapshot{Status: schema.AccountStatus_ACCOUNT_STATUS_SUSPENDED, CollectedMs: 1000})
	if !active.Less(counted) || !counted.Less(again) || !again.Less(suspended) {
		t.Errorf("versions: active %v, counts %v, later counts %v, suspended %v", active, counted, again, suspended)
	}
	if ev := snapshot(&schema.AccountSnapshot{Handle: "somebody.example", CollectedMs: 5000}); ev.Account != nil || len(ev.Identities) != 1 {
		t.Errorf("a handle alone is a snapshot: %+v, identities %v", ev.Account, ev.Identities)
	}
}

// An account that its platform deleted is a deletion of all that it wrote, and leaves
// neither a name nor a snapshot.
func TestADeletedAccountIsADeletion(t *testing.T) {
	t.Parallel()
	gone := &schema.AccountSnapshot{Platform: schema.PlatformBluesky, NativeId: "did:plc:a", Handle: "a.example", Status: schema.AccountStatus_ACCOUNT_STATUS_DELETED, CollectedMs: 1_700_000_000_000}
	value, err := (&schema.Event{Kind: &schema.Event_Account{Account: gone}}).MarshalVT()
	if err != nil {
		t.Fatal(err)
	}
	ev := taggedEvent(t, newTagger(t), value)
	if ev.Account != nil || len(ev.Identities) > 0 {
		t.Errorf("it leaves %+v and %+v", ev.Account, ev.Identities)
	}
	if got := ev.Tombstone; got == nil || got.PostID != (uuid.UUID{}) || got.AccountID != reference("account", "bluesky", "did:plc:a") || got.DeletedMS != gone.CollectedMs || got.CollectedMS != gone.CollectedMs {
		t.Errorf("the deletion is %+v", got)
	}
}
