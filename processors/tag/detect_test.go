package tag_test

import (
	"slices"
	"testing"

	"github.com/election-observatory/observatory/processors/match"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

func TestLanguageIsDetectedWhereNoneIsDeclared(t *testing.T) {
	t.Parallel()
	const german = "Die Wahlbeteiligung ist heute deutlich höher als bei der letzten Europawahl vor fünf Jahren"
	for _, c := range []struct {
		name, text, title string
		langs             []string
		lang, source      string
	}{
		{name: "declared", text: german, langs: []string{"en"}, lang: "en", source: "declared"},
		{name: "long enough", text: german, lang: "de", source: "detected"},
		{name: "the title alone", title: german, lang: "de", source: "detected"},
		{name: "the platform does not know", text: german, langs: []string{"und"}, lang: "de", source: "detected"},
		{name: "another script", text: "Вибори до Європейського парламенту завершилися, і їхні результати вже відомі", lang: "uk", source: "detected"},
		{name: "too short", text: "Die Wahl heute", lang: "und", source: "none"},
		{name: "nothing but names and links", text: "@somebody @another https://example.org/die-wahlbeteiligung-ist-heute-hoeher #wahlbeteiligung #europawahl", lang: "und", source: "none"},
		{name: "none", lang: "und", source: "none"},
	} {
		p := status(c.text)
		p.Title, p.Langs = c.title, c.langs
		tagger := newTagger(t)
		for range 20 {
			if post := tagged(t, tagger, p).Post; post.Lang != c.lang || post.LangSource != c.source {
				t.Errorf("%s: %s %s, want %s %s", c.name, post.Lang, post.LangSource, c.lang, c.source)
				break
			}
		}
	}
}

func TestOnlyTheStudysLanguagesAreDetected(t *testing.T) {
	t.Parallel()
	cfg := tag.DefaultConfig()
	cfg.Key, cfg.Languages = testKey(), []string{"fr", "it"}
	tagger, err := tag.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p := status("Le parole della presidente sono state accolte con favore da tutti i partiti della maggioranza")
	p.Langs = nil
	if post := tagged(t, tagger, p).Post; post.Lang != "it" {
		t.Errorf("%s, want it", post.Lang)
	}
}

func TestPostsAreMatchedAsTheyAreStored(t *testing.T) {
	t.Parallel()
	set, err := match.New([]match.Query{
		{Name: "words", Terms: []string{"wahl*"}},
		{Name: "link", Terms: []string{"domain:example.org"}},
		{Name: "name", Terms: []string{"iunida"}}, // Masked before it is matched.
		{Name: "french", Terms: []string{"wahlen"}, Languages: []string{"fr"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg := tag.DefaultConfig()
	cfg.Key, cfg.Queries = testKey(), set
	tagger, err := tag.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p := status("@iunida Wahlen", &schema.Mention{NativeId: "14824411", Handle: "iunida", Start: 0, End: 7})
	p.Rules = []string{"rule 1"}
	p.Links = []*schema.Link{{Url: "https://l.facebook.com/l.php?u=https%3A%2F%2Fnews.example.org%2F"}}
	post := tagged(t, tagger, p).Post
	if want := []string{"rule 1", "words", "link"}; !slices.Equal(post.Queries, want) || post.QuerySet != set.Version() {
		t.Errorf("%v of %q, want %v of %q", post.Queries, post.QuerySet, want, set.Version())
	}
	if post := tagged(t, newTagger(t), p).Post; !slices.Equal(post.Queries, []string{"rule 1"}) || post.QuerySet != "" {
		t.Errorf("without queries: %v of %q", post.Queries, post.QuerySet)
	}
}

func BenchmarkDetect(b *testing.B) {
	p := status("Die Wahlbeteiligung ist heute deutlich höher als bei der letzten Europawahl vor fünf Jahren")
	p.Langs = nil
	tagger, value := newTagger(b), encode(b, p)
	b.ReportAllocs()
	var ev tag.Event
	for b.Loop() {
		if err := tagger.Tag(value, 0, 0, &ev); err != nil {
			b.Fatal(err)
		}
	}
}
