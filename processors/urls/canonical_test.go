package urls_test

import (
	"strings"
	"testing"

	"github.com/election-observatory/observatory/processors/urls"
)

func canonicalCases() map[string]string {
	return map[string]string{
		"https://example.org/news/1":                                               "https://example.org/news/1",
		"http://Example.org":                                                       "https://example.org/",
		"HTTPS://user:secret@WWW.example.org:443/a?b=1#part":                       "https://example.org/a?b=1",
		"https://example.org:8080/a":                                               "https://example.org:8080/a",
		"https://example.org./a":                                                   "https://example.org/a",
		"https://example.org/a?utm_source=x&id=7&utm_medium=y&fbclid":              "https://example.org/a?id=7",
		"https://example.org/a?fbclid=abc":                                         "https://example.org/a",
		"https://example.org/a?":                                                   "https://example.org/a",
		"https://example.org/?id=1&id=2":                                           "https://example.org/?id=1&id=2",
		"https://example.org/#!/page":                                              "https://example.org/#!/page",
		"https://example.org/caf%c3%a9/%7Eme/a%2fb":                                "https://example.org/caf%C3%A9/~me/a%2Fb",
		"https://example.org/100%":                                                 "https://example.org/100%",
		"https://m.example.org/a":                                                  "https://example.org/a",
		"https://www.m.example.org/a":                                              "https://example.org/a",
		"https://de.m.wikipedia.org/wiki/Wahl":                                     "https://de.wikipedia.org/wiki/Wahl",
		"https://www.gov.uk/vote":                                                  "https://www.gov.uk/vote", // gov.uk is a public suffix.
		"https://m.com/a":                                                          "https://m.com/a",
		"https://amp.example.org/a":                                                "https://example.org/a",
		"https://example.org/a/amp/":                                               "https://example.org/a",
		"https://example.org/a.amp.html":                                           "https://example.org/a.html",
		"https://example.org/a?amp=1&p=2":                                          "https://example.org/a?p=2",
		"https://example.org/amp/a/b":                                              "https://example.org/a/b",
		"https://example.org/example/amps":                                         "https://example.org/example/amps",
		"https://www.google.com/amp/s/www.example.org/a/amp":                       "https://example.org/a",
		"https://www-example-org.cdn.ampproject.org/c/s/www.example.org/a.amp?x=1": "https://example.org/a?x=1",
		"https://l.facebook.com/l.php?u=https%3A%2F%2Fwww.example.org%2Fa%3Futm_source%3Dfb&h=AT0":                     "https://example.org/a",
		"https://www.google.de/url?sa=t&url=https%3A%2F%2Fexample.org%2F&usg=x":                                        "https://example.org/",
		"https://www.youtube.com/redirect?q=https%3A%2F%2Fl.facebook.com%2Fl.php%3Fu%3Dhttp%253A%252F%252Fexample.org": "https://example.org/",
		"https://www.youtube.com/watch?v=abc&utm_source=x":                                                             "https://youtube.com/watch?v=abc",
		"https://www.google.com/search?q=https%3A%2F%2Fexample.org":                                                    "https://google.com/search?q=https%3A%2F%2Fexample.org",
		"https://l.facebook.com/l.php?u=javascript%3Aalert(1)":                                                         "https://l.facebook.com/l.php?u=javascript%3Aalert(1)",
		"https://web.archive.org/web/2024/https://example.org/":                                                        "https://web.archive.org/web/2024/https://example.org/",
		"ftp://example.org/a":                 "ftp://example.org/a",
		"example.org/a":                       "example.org/a",
		"https://":                            "https://",
		"https://[2001:db8::1]:443/a?gclid=1": "https://[2001:db8::1]/a",
	}
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	canonicalizer := urls.New()
	for given, want := range canonicalCases() {
		if got := canonicalizer.Canonical(given); got != want {
			t.Errorf("%s\n  is  %s\n want %s", given, got, want)
		}
		if again := canonicalizer.Canonical(want); again != want {
			t.Errorf("%s does not stay as it is, but becomes %s", want, again)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for given := range canonicalCases() {
		f.Add(given)
	}
	canonicalizer := urls.New()
	f.Fuzz(func(t *testing.T, address string) {
		once := canonicalizer.Canonical(address)
		if len(once) > 3*len(address)+16 {
			t.Fatalf("%d bytes became %d", len(address), len(once))
		}
		if strings.HasPrefix(once, "https://") && strings.ToValidUTF8(address, "") == address && canonicalizer.Canonical(once) != once {
			if again := canonicalizer.Canonical(once); canonicalizer.Canonical(again) != again {
				t.Fatalf("%q becomes %q, then %q, and so on", address, once, again)
			}
		}
	})
}

func BenchmarkCanonical(b *testing.B) {
	canonicalizer := urls.New()
	for name, address := range map[string]string{
		"common": "https://example.org/politics/2024/06/results", "tracked": "https://www.example.org/politics?utm_source=x&utm_medium=y&id=7",
		"redirect": "https://l.facebook.com/l.php?u=https%3A%2F%2Fwww.example.org%2Fa%3Futm_source%3Dfb&h=AT0",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				canonicalizer.Canonical(address)
			}
		})
	}
}
