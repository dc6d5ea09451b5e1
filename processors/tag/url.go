package tag

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/election-observatory/observatory/processors/urls"
	"github.com/election-observatory/observatory/schema"
)

const maxSegments = 16 // Of a path; no address of a profile or a post is deeper.

// startsURL says whether a URL begins at a place of a text: with a scheme, or
// with a host of a platform that people write without one.
func startsURL(text string, at int) bool {
	switch text[at] | 0x20 {
	case 'h':
		return beginsWith(text, at, "http://", "https://")
	case 'a':
		return beginsWith(text, at, "at://")
	case 'd':
		return beginsWith(text, at, "did:plc:", "did:web:")
	case 'w':
		return beginsWith(text, at, "www.")
	case 't':
		return beginsWith(text, at, "twitter.com/", "t.me/", "telegram.me/", "telegram.dog/")
	case 'x':
		return beginsWith(text, at, "x.com/", "xcancel.com/")
	case 'm':
		return beginsWith(text, at, "mobile.twitter.com/", "m.twitter.com/", "mobile.x.com/")
	case 'b', 'f', 'v', 'p', 'n':
		return beginsWith(text, at, "bsky.app/", "fxtwitter.com/", "fixupx.com/", "vxtwitter.com/", "pic.twitter.com/", "pic.x.com/", "nitter.net/")
	}
	return false
}

// mayStartURL says whether any URL that startsURL knows begins so.
func mayStartURL(c byte) bool {
	const letters = 1 | 1<<('h'-'a') | 1<<('d'-'a') | 1<<('w'-'a') | 1<<('t'-'a') | 1<<('x'-'a') | 1<<('b'-'a') | 1<<('m'-'a') | 1<<('f'-'a') | 1<<('v'-'a') | 1<<('p'-'a') | 1<<('n'-'a')
	letter := c | 0x20
	return letter >= 'a' && letter <= 'z' && letters>>(letter-'a')&1 == 1
}

func beginsWith(text string, at int, prefixes ...string) bool {
	for _, prefix := range prefixes {
		if urls.HasPrefixFold(text[at:], prefix) {
			return at == 0 || (!isWord(text[at-1]) && text[at-1] != '.' && text[at-1] != '-')
		}
	}
	return false
}

// urlEnd is where a URL in a text ends: before white space, quotes and brackets
// of its surroundings, and without closing punctuation. The addresses of
// platforms have no letters beyond ASCII, others may.
func urlEnd(text string, at int) int {
	end := at
	for end < len(text) && text[end] < utf8.RuneSelf && !endsURL(rune(text[end])) {
		end++
	}
	if end < len(text) && text[end] >= utf8.RuneSelf && !ofPlatform(text[at:end]) {
		if n := strings.IndexFunc(text[end:], endsURL); n >= 0 {
			end += n
		} else {
			end = len(text)
		}
	}
	bracketed := strings.IndexByte(text[at:end], '(') >= 0
	for end > at+1 && (strings.IndexByte(".,;:!?]'*", text[end-1]) >= 0 || (text[end-1] == ')' && !bracketed)) {
		end--
	}
	return end
}

func endsURL(r rune) bool {
	if r >= utf8.RuneSelf {
		return !unicode.In(r, unicode.Letter, unicode.Digit, unicode.Mark, unicode.Pd)
	}
	switch r {
	case '"', '<', '>', '`', '{', '}', '\\', '^', 0x7f:
		return true
	}
	return r <= ' '
}

func ofPlatform(address string) bool {
	if urls.HasPrefixFold(address, "at://") || urls.HasPrefixFold(address, "did:") {
		return true
	}
	host, _ := urls.Cut(address)
	return host == "t.co" || siteOf(host) != schema.Platform_PLATFORM_UNSPECIFIED
}

// url masks a URL: one of a profile or a post becomes platform and pseudonym;
// in any other, names and ids are replaced where they can be told.
func (m *masker) url(address string) string {
	host, rest := urls.Cut(address)
	return m.cut(address, host, rest)
}

// cut is url for a URL that was taken apart.
func (m *masker) cut(address, host, rest string) string {
	if urls.HasPrefixFold(address, "at://") || urls.HasPrefixFold(address, "did:") {
		return m.atURI(address)
	}
	if len(address) > urls.Longest {
		_, end := urls.Authority(address[:urls.Longest])
		return withoutUser(address[:end])
	}
	if isMediaHost(host) {
		return mediaName(m.tagger, mediaSite(host), host+rest)
	}
	site := siteOf(host)
	path, query := rest, ""
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		path, query = rest[:i], rest[i:]
	}
	switch site {
	case schema.PlatformX:
		if strings.HasPrefix(query, "#!") { // As X wrote its addresses until 2012.
			path, query, _ = strings.Cut(query[len("#!"):], "?")
		}
		return m.xURL(address, path, query, segments(path))
	case schema.PlatformBluesky:
		return m.blueskyURL(address, host, query, segments(path))
	case schema.PlatformTelegram:
		return m.telegramURL(address, segments(path))
	default:
	}
	if masked, ok := m.fediverseURL(address, host, path, query); ok {
		return masked
	}
	return m.scrub(m.others(address))
}

// segments are the parts of a path, with escapes undone: escaped names are names.
func segments(path string) []string {
	parts := strings.SplitN(strings.Trim(path, "/"), "/", maxSegments+1)
	parts = parts[:min(len(parts), maxSegments)]
	for i, part := range parts {
		if strings.IndexByte(part, '%') >= 0 {
			if plain, err := url.PathUnescape(part); err == nil {
				parts[i] = plain
			}
		}
	}
	return parts
}

// siteOf is the platform whose site a host is.
func siteOf(host string) schema.Platform {
	switch host {
	case "twitter.com", "x.com", "www.twitter.com", "www.x.com", "mobile.twitter.com", "mobile.x.com", "m.twitter.com", "fxtwitter.com", "vxtwitter.com", "fixupx.com", "nitter.net", "xcancel.com":
		return schema.PlatformX
	case "bsky.app", "www.bsky.app", "staging.bsky.app", "main.bsky.dev":
		return schema.PlatformBluesky
	case "t.me", "www.t.me", "telegram.me", "www.telegram.me", "telegram.dog":
		return schema.PlatformTelegram
	}
	if strings.HasSuffix(host, blueskyDomain) {
		return schema.PlatformBluesky
	}
	return schema.Platform_PLATFORM_UNSPECIFIED
}

// isMediaHost says whether a host serves the images and videos of posts.
func isMediaHost(host string) bool {
	switch host {
	case "pic.twitter.com", "pic.x.com", "cdn.bsky.app", "video.bsky.app":
		return true
	}
	return strings.HasSuffix(host, ".twimg.com")
}

func mediaSite(host string) schema.Platform {
	if strings.HasSuffix(host, ".bsky.app") {
		return schema.PlatformBluesky
	}
	return schema.PlatformX
}

// digits is the run of digits that a segment begins with.
func digits(s string) string {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return s[:n]
}
