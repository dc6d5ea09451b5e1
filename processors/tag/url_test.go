package tag_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

func bluesky(kind, id string) string {
	purpose := map[string]string{"account": "account", "handle": "handle", "post": "post"}[kind]
	return "bluesky:" + strings.Replace(kind, "handle", "account", 1) + ":" + reference(purpose, "bluesky", id).String()
}

func TestURLsOfProfilesAndPosts(t *testing.T) {
	t.Parallel()
	const did = "did:plc:abcdefghijklmnop"
	sign := func(name string) string { return short(reference("handle", "", name)) }
	for given, want := range map[string]string{
		"HTTPS://TWITTER.COM:443/Otra/":                               account("otra"),
		"http://twitter.com/@Otra/with_replies":                       account("otra"),
		"//x.com/Otra":                                                account("otra"),
		"https://twitter.com/intent/user?screen_name=otra":            "https://twitter.com/intent",
		"https://x.com/i/lists/123456789":                             "https://x.com/i/lists/" + reference("media", "x", "123456789").String(),
		"https://twitter.com/hashtag/Wahl?src=otra":                   "https://twitter.com/hashtag/Wahl",
		"https://twitter.com/":                                        "https://twitter.com",
		"https://twitter.com/otra/statuses/123456789?s=1#x":           post("123456789"),
		"https://pbs.twimg.com/media/abc.jpg":                         "x:media:" + reference("media", "x", "pbs.twimg.com/media/abc.jpg").String(),
		"https://bsky.app/profile/Otra.bsky.social":                   bluesky("handle", "otra.bsky.social"),
		"https://bsky.app/profile/" + did:                             bluesky("account", did),
		"https://bsky.app/profile/did%3Aplc%3Aabcdefghijklmnop":       bluesky("account", did),
		"https://bsky.app/profile/" + did + "/post/3kabc":             bluesky("post", "at://"+did+"/app.bsky.feed.post/3kabc"),
		"at://" + did + "/app.bsky.feed.post/3kabc":                   bluesky("post", "at://"+did+"/app.bsky.feed.post/3kabc"),
		"https://bsky.app/starter-pack/otra.example/3k":               bluesky("handle", "otra.example"),
		"https://bsky.app/search?q=otra":                              "https://bsky.app/search",
		"https://otra.bsky.social/":                                   bluesky("handle", "otra.bsky.social"),
		"https://t.me/s/Otra/12?single":                               "telegram:post:" + reference("post", "telegram", "otra/12").String(),
		"https://t.me/c/123456/78":                                    "telegram:post:" + reference("post", "telegram", "c/123456/78").String(),
		"https://t.me/+AbCdEf":                                        "telegram:link:" + reference("media", "telegram", "https://t.me/+AbCdEf").String(),
		"https://social.example/@otra/112233445566778899":             "mastodon:post:" + reference("post", "mastodon", "https://social.example/@otra/112233445566778899").String(),
		"https://social.example/users/otra/statuses/1?a=b":            "mastodon:post:" + reference("post", "mastodon", "https://social.example/users/otra/statuses/1").String(),
		"https://site.example/@otra/story":                            "https://site.example/" + sign("otra") + "/story",
		"https://site.example/?u=@otra&v=%40otra":                     "https://site.example/?u=" + sign("otra") + "&v=" + sign("otra"),
		"https://maps.example/@48.85,2.35,15z":                        "https://maps.example/@48.85,2.35,15z",
		"https://otra:secret@www.site.example/x":                      "https://www.site.example/x",
		"https://web.archive.example/2014/http://twitter.com/Otra":    "https://web.archive.example/2014/" + account("otra"),
		"https://site.example/?u=http%3A%2F%2FTwitter.com%2FOtra&x=1": "https://site.example/?u=" + account("otra") + "&x=1",
		"https://site.example/?u=https%3A%2F%2Ft.me%2FOtra&x=1":       "https://site.example/?u=telegram:account:" + reference("handle", "telegram", "otra").String() + "&x=1",
		"https://site.example/?u=//fxtwitter.com/Otra#x":              "https://site.example/?u=//" + account("otra") + "#x",
		"https://site.example/otra/status/123456789":                  "https://site.example/" + post("123456789"),
		"https://site.example/" + did + "/x":                          "https://site.example/" + bluesky("account", did) + "/x",
		"https://site.example/?screen_name=otra&x=1":                  "https://site.example/?screen_name=" + account("otra") + "&x=1",
		"https://netflix.com/title/12":                                "https://netflix.com/title/12",
		"https://site.example/a/index.html?x.com":                     "https://site.example/a/index.html?x.com",
		"mailto:jane@site.example":                                    "site.example",
		"javascript:alert(1)":                                         "javascript:alert(1)",
		"https://site.example/" + strings.Repeat("a", 9000):           "https://site.example",
		"://": "://",
	} {
		p := status("x")
		p.Links = []*schema.Link{{Url: given}}
		if got := tagged(t, newTagger(t), p).Post.Links; len(got) != 1 || got[0].URL != want {
			t.Errorf("%s\n got %v\nwant %s", given, got, want)
		}
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	p := status("x")
	for _, url := range []string{"https://News.BBC.co.uk:443/a?utm_source=x", "http://t.co/abc", "https://x.com/otra", "http://t.co/abc", ""} {
		p.Links = append(p.Links, &schema.Link{Url: url})
	}
	p.Links = append(p.Links, &schema.Link{Short: "https://bit.ly/x"})
	want := []tag.Link{
		{URL: "https://News.BBC.co.uk:443/a?utm_source=x", Canonical: "https://news.bbc.co.uk/a", Domain: "bbc.co.uk"},
		{URL: "http://t.co/abc", Canonical: "https://t.co/abc", Domain: "t.co", Unresolved: true},
		{URL: account("otra"), Domain: "x.com", Account: uuid.MustParse(strings.TrimPrefix(account("otra"), "x:account:"))},
		{URL: "https://bit.ly/x", Domain: "bit.ly", Unresolved: true},
	}
	if diff := cmp.Diff(want, tagged(t, newTagger(t), p).Post.Links); diff != "" {
		t.Error(diff)
	}
}

// A link to a post says whose post it is where its URL does.
func TestLinksToPostsNameTheirAccount(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://twitter.com/otra/status/454212738214178817":            "https://x.com/otra",
		"https://x.com/i/status/454212738214178817":                     "",
		"https://t.me/s/Channel/123":                                    "https://t.me/channel",
		"https://bsky.app/profile/other.bsky.social/post/3kabcdefghi2x": "https://bsky.app/profile/other.bsky.social",
		"https://social.example/@other/112233445566778899":              "https://social.example/@other",
		"https://example.org/?u=https://x.com/otra":                     "",
	} {
		p := status("x")
		p.Links = []*schema.Link{{Url: url}}
		of := uuid.UUID{}
		if want != "" {
			profile := status("x")
			profile.Platform = schema.PlatformMastodon
			profile.Links = []*schema.Link{{Url: want}}
			of = tagged(t, newTagger(t), profile).Post.Links[0].Account
			if of == (uuid.UUID{}) {
				t.Errorf("%s names no account", want)
			}
		}
		if got := tagged(t, newTagger(t), p).Post.Links[0]; got.Account != of {
			t.Errorf("%s: %+v, want account %s", url, got, of)
		}
	}
}

func TestRegistrableDomains(t *testing.T) {
	t.Parallel()
	tagger := newTagger(t)
	for url, want := range map[string]string{
		"https://www.example.com/": "example.com", "https://WWW.Example.COM": "example.com", "http://example.com:8080/x": "example.com", "https://a:b@example.com/": "example.com",
		"https://news.bbc.co.uk/": "bbc.co.uk", "https://co.uk/": "", "https://localhost/": "", "https://example.com./": "example.com", "https://example.com..": "example.com",
		"https://jane.github.io/x": "jane.github.io", "https://a.b.jane.github.io": "jane.github.io", "https://my_site.blogspot.com/": "my_site.blogspot.com", "https://sub_domain.example.com": "example.com",
		"https://münchen.de/": "xn--mnchen-3ya.de", "https://MÜNCHEN.DE": "xn--mnchen-3ya.de", "https://straße.de": "xn--strae-oqa.de", "https://xn--mnchen-3ya.de/": "xn--mnchen-3ya.de", "http://例え.テスト/": "xn--r8jz45g.xn--zckzah",
		"http://127.0.0.1/x": "", "http://127.0.0.1:80/": "", "http://[2001:db8::1]:443/": "", "http://[::1]": "", "javascript:alert(1)": "", "mailto:a@example.com": "example.com",
		"https://" + strings.Repeat("a.", 200) + "com/": "", "https://exa mple.com/": "", "https://-/": "", "https:///x": "", "example.org/x": "example.org", "//example.org": "example.org",
	} {
		p := status("x")
		p.Links = []*schema.Link{{Url: url}}
		links := tagged(t, tagger, p).Post.Links
		if len(links) != 1 || links[0].Domain != want {
			t.Errorf("%s: %+v, want %q", url, links, want)
		}
	}
}

func FuzzURL(f *testing.F) {
	for _, url := range []string{"https://www.example.com/@a", "http://[::1", "https://x.com/a/status/1", "https://münchen.de:1/%zz", "at://", "did:plc:", "//", "https://a/?u=https%3A%2F%2Fx.com%2Fb", "https://bsky.app/profile/", "https://t.me/", "https://a/users/"} {
		f.Add(url)
	}
	tagger := newTagger(f)
	f.Fuzz(func(t *testing.T, url string) {
		p := status("x")
		p.Links = []*schema.Link{{Url: url}}
		first := tagged(t, tagger, p).Post.Links
		again := tagged(t, newTagger(t), p).Post.Links
		if diff := cmp.Diff(first, again, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
		for _, l := range first {
			if l.Domain != strings.ToLower(l.Domain) || strings.ContainsAny(l.Domain, "/@: ") {
				t.Errorf("%q has domain %q", url, l.Domain)
			}
		}
	})
}

// TestLinksAreOfTheCanonicalForm tags what people post and looks at the row.
func TestLinksAreOfTheCanonicalForm(t *testing.T) {
	t.Parallel()
	p := status("see")
	for _, address := range []string{
		"https://l.facebook.com/l.php?u=https%3A%2F%2Fm.example.org%2Fa%3Ffbclid%3D1", "https://example.org/b", "https://www.bit.ly/abc", "http://twitter.com/somebody/status/454212738214178817?s=20",
	} {
		p.Links = append(p.Links, &schema.Link{Url: address})
	}
	post := tagged(t, newTagger(t), p).Post
	want := []struct {
		canonical, domain string
		unresolved        bool
	}{{"https://example.org/a", "example.org", false}, {"", "example.org", false}, {"https://bit.ly/abc", "bit.ly", true}, {"", "twitter.com", false}}
	for i, w := range want {
		if got := post.Links[i]; got.Canonical != w.canonical || got.Domain != w.domain || got.Unresolved != w.unresolved {
			t.Errorf("%s: %+v, want %+v", p.GetLinks()[i].GetUrl(), got, w)
		}
	}
}
