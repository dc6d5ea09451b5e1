package tag_test

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

func short(u uuid.UUID) string { return "@" + hex.EncodeToString(u[:4]) }

// handle is how the mention of a handle is written of which nothing else is known.
func handle(name string) string { return short(reference("handle", "x", name)) }

func account(name string) string { return "x:account:" + reference("handle", "x", name).String() }

func post(id string) string { return "x:post:" + reference("post", "x", id).String() }

func TestTextIsMasked(t *testing.T) {
	t.Parallel()
	known := short(reference("account", "x", "222333444"))
	author := short(reference("account", "x", "157738439"))
	mention := &schema.Mention{NativeId: "222333444", Handle: "IUnida", Start: 3, End: 10}
	cases := []struct{ name, text, want string }{
		{"a marked mention", "RT @iunida: hola", "RT " + known + ": hola"},
		{"a mention that nobody marked", "RT @iunida: y @otra_7.", "RT " + known + ": y " + handle("otra_7") + "."},
		{"the same account again", "RT @iunida @IUNIDA", "RT " + known + " " + known},
		{"after a full stop", "RT @iunida .@otra", "RT " + known + " ." + handle("otra")},
		{"after a word", "RT @iunida RT@otra: hola", "RT " + known + " RT" + handle("otra") + ": hola"},
		{"in brackets and quotes", "RT @iunida (“@otra”)", "RT " + known + " (“" + handle("otra") + "”)"},
		{"with a genitive", "RT @iunida @otra's", "RT " + known + " " + handle("otra") + "'s"},
		{"between letters of other scripts", "RT @iunida の@otraに", "RT " + known + " の" + handle("otra") + "に"},
		{"full-width", "RT @iunida ＠otra", "RT " + known + " " + handle("otra")},
		{"small form", "RT @iunida ﹫otra", "RT " + known + " " + handle("otra")},
		{"a lone sign", "RT @iunida at 5 @ home", "RT " + known + " at 5 @ home"},
		{"e-mail", "RT @iunida mail jane.doe+x@example.co.uk, now", "RT " + known + " mail [e-mail], now"},
		{"no e-mail", "RT @iunida jane@otra", "RT " + known + " jane" + handle("otra")},
		{"an address of the fediverse", "RT @iunida @otra@mastodon.example!", "RT " + known + " " + handle("otra@mastodon.example") + "!"},
		{"a handle of Bluesky without a sign", "RT @iunida otra.bsky.social.", "RT " + known + " " + handle("otra.bsky.social") + "."},
		{"the author without a sign", "RT @iunida: via Jose_7!", "RT " + known + ": via " + author + "!"},
		{"the author within another word", "RT @iunida: Jose_77", "RT " + known + ": Jose_77"},
		{"a profile", "RT @iunida https://twitter.com/Otra?s=20 ya", "RT " + known + " " + account("otra") + " ya"},
		{"a profile of a known account", "RT @iunida https://twitter.com/IUnida", "RT " + known + " x:account:" + reference("account", "x", "222333444").String()},
		{"a profile as of 2012", "RT @iunida http://twitter.com/#!/Otra", "RT " + known + " " + account("otra")},
		{"a status as of 2012", "RT @iunida http://twitter.com/#!/Otra/status/123456789", "RT " + known + " " + post("123456789")},
		{"a profile before another script", "RT @iunida https://twitter.com/Otra、ya", "RT " + known + " " + account("otra") + "、ya"},
		{"an escaped profile", "RT @iunida https://twitter.com/%4ftra", "RT " + known + " " + account("otra")},
		{"a status without a scheme", "RT @iunida (x.com/otra/status/123456789/photo/1).", "RT " + known + " (" + post("123456789") + ")."},
		{"the web form", "RT @iunida https://mobile.twitter.com/i/web/status/99999999", "RT " + known + " " + post("99999999")},
		{"own id", "RT @iunida 454016550023229440", "RT " + known + " " + post("454016550023229440")},
		{"own id within a number", "RT @iunida 4540165500232294401", "RT " + known + " 4540165500232294401"},
		{"a picture", "RT @iunida pic.twitter.com/AbC", "RT " + known + " x:media:" + reference("media", "x", "pic.twitter.com/AbC").String()},
		{"a search keeps its page alone", "RT @iunida https://twitter.com/search?q=from%3Aotra", "RT " + known + " https://twitter.com/search"},
		{"another platform", "RT @iunida https://t.me/otra/77", "RT " + known + " telegram:post:" + reference("post", "telegram", "otra/77").String()},
		{"another site stays", "RT @iunida https://example.org/a?c=1234567.", "RT " + known + " https://example.org/a?c=1234567."},
		{"a short link stays", "RT @iunida https://t.co/abc", "RT " + known + " https://t.co/abc"},
		{"no platform's host", "RT @iunida https://netflix.com/title", "RT " + known + " https://netflix.com/title"},
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

func TestMarksOfPlatformsAreNotTrusted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text, want string
		marks            []*schema.Mention
	}{
		{"too short", "hola @otra ya", "hola " + short(reference("account", "x", "55555")) + " ya", []*schema.Mention{{NativeId: "55555", Start: 5, End: 7}}},
		{"beyond the text", "hola @otra", "hola " + handle("otra"), []*schema.Mention{{NativeId: "55555", Start: 5, End: 70}}},
		{"inside a character", "ñ @otra", "ñ " + handle("otra"), []*schema.Mention{{NativeId: "55555", Start: 1, End: 2}}},
		{"out of order", "@a @b", short(reference("account", "x", "1")) + " " + short(reference("account", "x", "2")), []*schema.Mention{{NativeId: "2", Start: 3, End: 5}, {NativeId: "1", Start: 0, End: 2}}},
		{"twice", "@a @b", short(reference("account", "x", "1")) + " " + handle("b"), []*schema.Mention{{NativeId: "1", Start: 0, End: 2}, {NativeId: "2", Start: 0, End: 2}}},
		{"a name without a sign", "Jane Doe ya", short(reference("account", "x", "1")) + " ya", []*schema.Mention{{NativeId: "1", Start: 0, End: 8}}},
	} {
		if got := tagged(t, newTagger(t), status(c.text, c.marks...)).Post.Text; got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// A handle is completed by the id that the event gives for it, however many
// accounts the event names.
func TestHandlesOfManyAccountsAreCompleted(t *testing.T) {
	t.Parallel()
	var many []*schema.Mention
	for i := range 30 {
		many = append(many, &schema.Mention{NativeId: fmt.Sprint(9000 + i), Handle: fmt.Sprintf("Otra_%d", i)})
	}
	want := short(reference("account", "x", "9000")) + " " + short(reference("account", "x", "9027")) + " " + handle("otra_30")
	if got := tagged(t, newTagger(t), status("@otra_0 @OTRA_27 @otra_30", many...)).Post.Text; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestShortLinksToProfilesAreMasked(t *testing.T) {
	t.Parallel()
	p := status("see https://t.co/one and https://t.co/two")
	p.Links = []*schema.Link{{Url: "https://twitter.com/Otra/status/123456789", Short: "https://t.co/one"}, {Url: "https://example.org/", Short: "https://t.co/two"}}
	got := tagged(t, newTagger(t), p).Post
	if want := "see " + post("123456789") + " and https://t.co/two"; got.Text != want {
		t.Errorf("got %q, want %q", got.Text, want)
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

// A source may be an account; hashtags and names of applications may be
// anything.
func TestNamesElsewhereAreMasked(t *testing.T) {
	t.Parallel()
	tagger := newTagger(t)
	p := status("x")
	p.Source, p.Client, p.Hashtags = "x.com/Otra", "bot of @Otra", []string{"Wahl", "@Otra"}
	p.Author.Followers = new(uint64)
	ev := tagged(t, tagger, p)
	if got, want := ev.Post.Source+" "+ev.Post.Author.Source, account("otra")+" "+account("otra"); got != want {
		t.Errorf("source %q, want %q", got, want)
	}
	if got, want := ev.Post.Client, "bot of "+handle("otra"); got != want {
		t.Errorf("client %q, want %q", got, want)
	}
	if got, want := strings.Join(ev.Post.Hashtags, " "), "wahl "+handle("otra"); got != want {
		t.Errorf("hashtags %q, want %q", got, want)
	}
	for _, event := range []*schema.Event{
		{Kind: &schema.Event_Coverage{Coverage: &schema.Coverage{Platform: schema.PlatformX, Source: "x.com/Otra"}}},
		{Kind: &schema.Event_Delete{Delete: &schema.Delete{Platform: schema.PlatformX, NativeId: "1", Source: "x.com/Otra"}}},
		{Kind: &schema.Event_Action{Action: &schema.Action{Platform: schema.PlatformX, NativeId: "1", AuthorId: "2", Kind: schema.ActionLike, Object: "3", Source: "x.com/Otra"}}},
		{Kind: &schema.Event_Account{Account: &schema.AccountSnapshot{Platform: schema.PlatformX, NativeId: "1", Verified: true, Source: "x.com/Otra"}}},
	} {
		ev := taggedEvent(t, tagger, marshal(t, event))
		var got string
		switch {
		case ev.Coverage != nil:
			got = ev.Coverage.Source
		case ev.Action != nil:
			got = ev.Action.Source
		case ev.Tombstone != nil:
			got = ev.Tombstone.Source
		default:
			got = ev.Account.Source
		}
		if got != account("otra") {
			t.Errorf("%T has source %q", event.GetKind(), got)
		}
	}
}

// TestNothingNamesAnAccount draws posts full of names and looks for them in
// everything that researchers read.
func TestNothingNamesAnAccount(t *testing.T) {
	t.Parallel()
	names := regexp.MustCompile(`(?:[@＠﹫]|%40|twitter\.com/|x\.com/|profile/)[\w.-]+`)
	tagger := newTagger(t)
	rapid.Check(t, func(t *rapid.T) {
		handle := rapid.StringMatching(`[A-Za-z_][A-Za-z0-9_]{3,14}`).Draw(t, "handle")
		id := rapid.StringMatching(`[1-9][0-9]{7,17}`).Draw(t, "id")
		forms := []string{
			"@" + handle, "@" + strings.ToUpper(handle), "http://twitter.com/" + handle, "https://x.com/" + handle + "/status/" + id, "twitter.com/i/user/" + id, "x@" + handle, "(@" + handle + ")",
			".@" + handle + ":", "＠" + handle, "https://mobile.twitter.com/" + handle + "?ref=@" + handle, id, "https://twitter.com/intent/user?user_id=" + id + "&screen_name=" + handle,
			"https://example.org/?u=@" + handle, "https://example.org/%40" + handle, "https://example.org/share?u=https%3A%2F%2Ftwitter.com%2F" + handle + "%2Fstatus%2F" + id + "&x=1",
			"https://web.archive.example/web/2014/https://twitter.com/" + handle, "https://example.org/" + handle + "/status/" + id, "https://example.org/?screen_name=" + handle,
			"http://twitter.com/#!/" + handle, "https://" + handle + "@example.org/", "https://example.org/did:plc:" + handle, "RT@" + handle, "https://twitter.com/" + handle + "。",
		}
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
		value, _ := (&schema.Event{Kind: &schema.Event_Post{Post: p}}).MarshalVT()
		var ev tag.Event
		if err := tagger.Tag(value, 0, 0, &ev); err != nil {
			t.Fatal(err)
		}
		shown := ev.Post.Text
		for _, l := range ev.Post.Links {
			shown += " " + l.URL
		}
		if regexp.MustCompile(`(?:^|\D)` + id + `(?:\D|$)`).MatchString(shown) {
			t.Fatalf("%q shows the id %s", shown, id)
		}
		for _, name := range names.FindAllString(strings.ToLower(shown), -1) {
			if strings.HasSuffix(name, strings.ToLower(handle)) {
				t.Fatalf("%q shows %s", shown, name)
			}
		}
		if strings.Contains(shown, "did:plc:") || strings.Contains(shown, "screen_name="+handle) || strings.Contains(shown, handle+"@") {
			t.Fatalf("%q shows an account", shown)
		}
	})
}

func TestHostileTextCostsLittle(t *testing.T) {
	t.Parallel()
	tagger := newTagger(t)
	many := make([]*schema.Mention, 20_000)
	for i := range many {
		many[i] = &schema.Mention{NativeId: "1234567", Handle: "a" + strings.Repeat("b", i%7), Start: uint32(2 * (len(many) - i)), End: uint32(2*(len(many)-i) + 2)}
	}
	for name, p := range map[string]*schema.Post{
		"signs": status(strings.Repeat("@", 200_000)), "mentions": status(strings.Repeat("@a", 100_000)), "profiles": status(strings.Repeat("http://x.com/a ", 20_000)),
		"words": status(strings.Repeat("a@", 100_000)), "halves of a sign": status(strings.Repeat("\xef\xbc", 100_000)), "marks": status(strings.Repeat("@a", 100_000), many...),
		"one URL": status("http://a.example/" + strings.Repeat("twitter.com/", 20_000)), "statuses": status("http://a.example/" + strings.Repeat("/status/1234567", 20_000)),
		"own id": status(strings.Repeat("454016550023229440 ", 10_000)), "own handle": status(strings.Repeat("Jose_7 ", 30_000)), "hosts": status(strings.Repeat(".bsky.social", 20_000)),
	} {
		start := time.Now()
		tagged(t, tagger, p)
		if took := time.Since(start); took > time.Minute { // Quadratic work would take minutes.
			t.Errorf("%s: %v", name, took)
		}
	}
}

func FuzzMask(f *testing.F) {
	for _, text := range []string{"RT @otra: https://x.com/otra/status/1", "＠otra", "a@b.c", "http://twitter.com/#!/otra", "https://a/?u=https%3A%2F%2Ftwitter.com%2Fotra", "did:plc:a at://b/c/d", "x.bsky.social", "https://[::1]/@a"} {
		f.Add(text, uint32(3), uint32(8), true)
	}
	tagger := newTagger(f)
	f.Fuzz(func(t *testing.T, text string, start, end uint32, linked bool) {
		p := status(text, &schema.Mention{NativeId: "222333444", Handle: "otra", Start: start, End: end})
		if linked {
			p.Links = []*schema.Link{{Url: text}}
		}
		p.Platform = schema.Platforms()[int(start)%len(schema.Platforms())]
		got := tagged(t, tagger, p).Post
		shown := strings.ToLower(got.Text)
		if strings.Contains(shown, "@otra") || strings.Contains(shown, "//twitter.com/otra") {
			t.Errorf("%q becomes %q", text, got.Text)
		}
	})
}
