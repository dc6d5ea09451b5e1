package tag_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

func testKey() []byte { return []byte("0123456789abcdef0123456789abcdef") }

func newTagger(t testing.TB, public ...tag.PublicAccount) *tag.Tagger {
	t.Helper()
	cfg := tag.DefaultConfig()
	cfg.Key, cfg.Public = testKey(), public
	tagger, err := tag.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return tagger
}

func encode(t testing.TB, p *schema.Post) []byte {
	t.Helper()
	value, err := (&schema.Event{Kind: &schema.Event_Post{Post: p}}).MarshalVT()
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func tagged(t testing.TB, tagger *tag.Tagger, p *schema.Post) *tag.Event {
	t.Helper()
	var ev tag.Event
	if err := tagger.Tag(encode(t, p), 1, 2, &ev); err != nil {
		t.Fatal(err)
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

func TestTextIsMasked(t *testing.T) {
	t.Parallel()
	short := func(u uuid.UUID) string { return "@" + hex.EncodeToString(u[:4]) }
	known := short(reference("account", "x", "222333444"))
	byHandle := func(h string) string { return short(reference("handle", "x", h)) }
	account := func(h string) string { return "x:account:" + reference("handle", "x", h).String() }
	post := func(id string) string { return "x:post:" + reference("post", "x", id).String() }
	mention := &schema.Mention{NativeId: "222333444", Handle: "IUnida", Start: 3, End: 10}
	cases := []struct{ name, text, want string }{
		{"a marked mention", "RT @iunida: hola", "RT " + known + ": hola"},
		{"a mention that nobody marked", "RT @iunida: y @otra_7.", "RT " + known + ": y " + byHandle("otra_7") + "."},
		{"the same account again", "RT @iunida @IUNIDA", "RT " + known + " " + known},
		{"full-width", "RT @iunida ＠otra", "RT " + known + " " + byHandle("otra")},
		{"a lone sign", "RT @iunida at 5 @ home", "RT " + known + " at 5 @ home"},
		{"e-mail", "RT @iunida mail jane.doe+x@example", "RT " + known + " mail " + byHandle("example")},
		{"a profile", "RT @iunida https://twitter.com/Otra?s=20 ya", "RT " + known + " " + account("otra") + " ya"},
		{"a status without a scheme", "RT @iunida (x.com/otra/status/123456789/photo/1).", "RT " + known + " (" + post("123456789") + ")."},
		{"the web form", "RT @iunida https://mobile.twitter.com/i/web/status/99999999", "RT " + known + " " + post("99999999")},
		{"own id", "RT @iunida 454016550023229440", "RT " + known + " " + post("454016550023229440")},
		{"a search keeps its page alone", "RT @iunida https://twitter.com/search?q=from%3Aotra", "RT " + known + " https://twitter.com/search"},
		{"another site stays", "RT @iunida https://example.org/a@b?c=1234567", "RT " + known + " https://example.org/a@b?c=1234567"},
		{"another site that carries a status", "RT @iunida http://favstar.example/users/x/status/123456789", "RT " + known + " http://favstar.example/users/x/status/" + post("123456789")},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := tagged(t, newTagger(t), status(c.text, mention)).Post
			if got.Text != c.want {
				t.Errorf("%q\n got %q\nwant %q", c.text, got.Text, c.want)
			}
			if got.RawText != c.text {
				t.Errorf("raw text %q", got.RawText)
			}
		})
	}
}

func TestPublicAccountsKeepTheirNames(t *testing.T) {
	t.Parallel()
	tagger := newTagger(t, tag.PublicAccount{Platform: schema.PlatformX, Handle: "IUnida"})
	text := "RT @iunida: https://twitter.com/iunida/status/123456789"
	if got := tagged(t, tagger, status(text)).Post; got.Text != text || got.RawText != "" {
		t.Errorf("text %q, raw %q", got.Text, got.RawText)
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	p := status("x")
	for _, url := range []string{
		"https://News.BBC.co.uk:443/a?utm_source=x", "http://t.co/abc", "https://user@www.example.com/", "http://127.0.0.1/x", "https://münchen.de./", "javascript:alert(1)", "",
		"https://x.com/otra", "http://t.co/abc", "https://localhost/", "https://co.uk/",
	} {
		p.Links = append(p.Links, &schema.Link{Url: url})
	}
	want := []tag.Link{
		{URL: "https://News.BBC.co.uk:443/a?utm_source=x", Domain: "bbc.co.uk"},
		{URL: "http://t.co/abc", Domain: "t.co", Unresolved: true},
		{URL: "https://user@www.example.com/", Domain: "example.com"},
		{URL: "http://127.0.0.1/x", Domain: "127.0.0.1"},
		{URL: "https://münchen.de./", Domain: "xn--mnchen-3ya.de"},
		{URL: "javascript:alert(1)"},
		{URL: "x:account:" + reference("handle", "x", "otra").String(), Domain: "x.com"},
		{URL: "https://localhost/"},
		{URL: "https://co.uk/"},
	}
	if diff := cmp.Diff(want, tagged(t, newTagger(t), p).Post.Links); diff != "" {
		t.Error(diff)
	}
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	cases := []struct {
		declared           []string
		want, source, list string
	}{
		{[]string{"es"}, "es", "declared", "es"}, {[]string{"en-GB", "en", "de"}, "en", "declared", "en de"}, {[]string{"und"}, "und", "none", ""},
		{nil, "und", "none", ""}, {[]string{"klingon!", "iw"}, "he", "declared", "he"}, {[]string{"in"}, "id", "declared", "id"}, {[]string{strings.Repeat("a", 1000)}, "und", "none", ""},
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

// TestNothingNamesAnAccount draws posts full of names and looks for them in
// everything that researchers read.
func TestNothingNamesAnAccount(t *testing.T) {
	t.Parallel()
	names := regexp.MustCompile(`(?:@|twitter\.com/|x\.com/)\w+`)
	rapid.Check(t, func(t *rapid.T) {
		handle := rapid.StringMatching(`[A-Za-z_][A-Za-z0-9_]{3,14}`).Draw(t, "handle")
		id := rapid.StringMatching(`[1-9][0-9]{7,17}`).Draw(t, "id")
		forms := []string{"@" + handle, "@" + strings.ToUpper(handle), "http://twitter.com/" + handle, "https://x.com/" + handle + "/status/" + id, "twitter.com/i/user/" + id, "x@" + handle, "(@" + handle + ")", ".@" + handle + ":", "＠" + handle, "https://mobile.twitter.com/" + handle + "?ref=@" + handle, id, "https://twitter.com/intent/user?user_id=" + id + "&screen_name=" + handle}
		var words []string
		for range rapid.IntRange(1, 8).Draw(t, "words") {
			words = append(words, rapid.SampledFrom(append(forms, "vote", "und", "https://example.org/x", "…")).Draw(t, "word"))
		}
		p := &schema.Post{Platform: schema.PlatformX, NativeId: "1" + id, Kind: schema.KindPost, Text: strings.Join(words, rapid.SampledFrom([]string{" ", "\n", ", "}).Draw(t, "between")), Author: &schema.AccountSnapshot{NativeId: id, Handle: handle}}
		for _, w := range words {
			if strings.Contains(w, "/") {
				p.Links = append(p.Links, &schema.Link{Url: w})
			}
		}
		cfg := tag.DefaultConfig()
		cfg.Key = testKey()
		tagger, err := tag.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		value, _ := (&schema.Event{Kind: &schema.Event_Post{Post: p}}).MarshalVT()
		var ev tag.Event
		if err := tagger.Tag(value, 0, 0, &ev); err != nil {
			t.Fatal(err)
		}
		shown := ev.Post.Text
		for _, l := range ev.Post.Links {
			shown += " " + l.URL
		}
		if strings.Contains(shown, id) {
			t.Fatalf("%q shows the id %s", shown, id)
		}
		for _, name := range names.FindAllString(strings.ToLower(shown), -1) {
			if strings.HasSuffix(name, strings.ToLower(handle)) {
				t.Fatalf("%q shows %s", shown, name)
			}
		}
	})
}

func TestHostileTextCostsLittle(t *testing.T) {
	t.Parallel()
	tagger := newTagger(t)
	for _, text := range []string{strings.Repeat("@", 200_000), strings.Repeat("@a", 100_000), strings.Repeat("http://x.com/a ", 20_000), strings.Repeat("a@", 100_000), strings.Repeat("\xef\xbc", 100_000)} {
		tagged(t, tagger, status(text)) // Quadratic work would take minutes.
	}
}

func FuzzTag(f *testing.F) {
	f.Add(encode(f, status("RT @a: https://x.com/b/status/1", &schema.Mention{NativeId: "1", Start: 3, End: 5})))
	f.Add([]byte{})
	f.Add([]byte{0x0a, 0xff})
	tagger := newTagger(f)
	f.Fuzz(func(t *testing.T, value []byte) {
		var first, second tag.Event
		err := tagger.Tag(value, 0, 0, &first)
		again := tagger.Worker().Tag(value, 0, 0, &second)
		if (err == nil) != (again == nil) {
			t.Fatalf("%v, then %v", err, again)
		}
		if err == nil && first.Post != nil && (first.Post.Text != second.Post.Text || first.Post.Version != second.Post.Version) {
			t.Fatal("the same bytes were tagged in two ways")
		}
	})
}

func BenchmarkTag(b *testing.B) {
	tagger := newTagger(b)
	p := status("RT @iunida: Tras años de heroica lucha clandestina, el 9 de abril del 77 fue legalizado @elpce. Felicidades camaradas! https://t.co/x3D6329JIe",
		&schema.Mention{NativeId: "14824411", Handle: "iunida", Start: 3, End: 10})
	p.Links = []*schema.Link{{Url: "https://www.example.org/noticias/2014/04/09/pce", Short: "https://t.co/x3D6329JIe"}}
	p.RepostOf = &schema.Reference{NativeId: "453856116842065921", AuthorId: "14824411", AuthorHandle: "iunida"}
	value := encode(b, p)
	b.SetBytes(int64(len(value)))
	b.ReportAllocs()
	var ev tag.Event
	for b.Loop() {
		if err := tagger.Tag(value, 0, 0, &ev); err != nil {
			b.Fatal(err)
		}
	}
}
