package tag

import (
	"strings"

	"github.com/election-observatory/observatory/schema"
)

// startsURL says whether a URL begins at a place of a text: with a scheme, or
// with a host of a platform that people write without one.
func startsURL(text string, at int) bool {
	if at > 0 && (isWord(text[at-1]) || text[at-1] == '.' || text[at-1] == '-') {
		return false
	}
	rest := text[at:]
	switch rest[0] | 0x20 {
	case 'h':
		return hasPrefixFold(rest, "http://") || hasPrefixFold(rest, "https://")
	case 'a':
		return hasPrefixFold(rest, "at://")
	case 'd':
		return hasPrefixFold(rest, "did:plc:") || hasPrefixFold(rest, "did:web:")
	case 't', 'x', 'b', 'w', 'm', 'f', 'v':
		for _, host := range [...]string{"twitter.com/", "x.com/", "t.me/", "telegram.me/", "bsky.app/", "www.", "mobile.twitter.com/", "m.twitter.com/", "fxtwitter.com/", "vxtwitter.com/", "fixupx.com/"} {
			if hasPrefixFold(rest, host) {
				return true
			}
		}
	}
	return false
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// urlEnd is where a URL in a text ends: before white space, quotes and brackets
// of its surroundings, and without closing punctuation.
func urlEnd(text string, at int) int {
	end := at
	for end < len(text) && !strings.ContainsRune(" \t\r\n\"<>`{}|\\^", rune(text[end])) {
		if text[end] == 0xE2 || text[end] == 0xC2 { // Typographic quotes, ellipsis, no-break space.
			break
		}
		end++
	}
	for end > at+1 && strings.IndexByte(".,;:!?)]}'*…", text[end-1]) >= 0 {
		end--
	}
	return end
}

// hostOf is the host of a URL in lower case, without user, port and final dot.
func hostOf(url string) string {
	host, _ := cutURL(url)
	return host
}

// cutURL takes a URL apart by hand: net/url refuses much of what people post.
func cutURL(url string) (host, rest string) {
	s := url
	if i := strings.Index(s, "://"); i >= 0 && i < 12 {
		s = s[i+3:]
	} else {
		s = strings.TrimPrefix(s, "//")
	}
	end := strings.IndexAny(s, "/?#\\")
	if end < 0 {
		end = len(s)
	}
	host, rest = s[:end], s[end:]
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	return strings.TrimSuffix(strings.ToLower(host), "."), rest
}

// url masks a URL: one of a profile or a post becomes platform and pseudonym;
// in any other, names and ids are replaced where they can be told.
func (m *masker) url(url string) string {
	if hasPrefixFold(url, "at://") || hasPrefixFold(url, "did:") {
		return m.atURI(url)
	}
	host, rest := cutURL(url)
	path, query := rest, ""
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		path, query = rest[:i], rest[i:]
	}
	segments := strings.Split(strings.Trim(path, "/"), "/")
	if len(segments) > 16 {
		segments = segments[:16]
	}
	switch site := siteOf(host); {
	case site == schema.PlatformX:
		return m.xURL(url, path, query, segments)
	case site == schema.PlatformBluesky:
		return m.blueskyURL(url, host, query, segments)
	case site == schema.PlatformTelegram:
		return m.telegramURL(url, segments)
	case strings.HasSuffix(host, ".twimg.com") || host == "cdn.bsky.app" || host == "video.bsky.app":
		return m.platform.Name() + ":media:" + m.tagger.pseudonyms.id(purposeMedia, m.platform, host+rest).String()
	}
	if masked, ok := m.fediverseURL(url, host, segments); ok {
		return masked
	}
	return m.scrub(maskStatusIDs(m, url))
}

// siteOf is the platform whose site a host is.
func siteOf(host string) schema.Platform {
	for _, prefix := range [...]string{"www.", "mobile.", "m."} {
		host = strings.TrimPrefix(host, prefix)
	}
	switch host {
	case "twitter.com", "x.com", "fxtwitter.com", "vxtwitter.com", "fixupx.com", "nitter.net":
		return schema.PlatformX
	case "bsky.app", "staging.bsky.app", "main.bsky.dev":
		return schema.PlatformBluesky
	case "t.me", "telegram.me", "telegram.dog":
		return schema.PlatformTelegram
	}
	if strings.HasSuffix(host, ".bsky.social") {
		return schema.PlatformBluesky
	}
	return schema.Platform_PLATFORM_UNSPECIFIED
}

// on writes a name of another platform than the post's.
func (m *masker) on(p schema.Platform, a named) string {
	if p == m.platform {
		a = m.completed(a)
	}
	return accountName(m.tagger, p, m.tagger.account(p, a.id, a.handle))
}

func (m *masker) completed(a named) named {
	if a.id == "" {
		return m.byHandle(a.handle)
	}
	return a
}

func (m *masker) publicOn(p schema.Platform, a named) bool {
	if p == m.platform {
		a = m.completed(a)
	}
	return m.tagger.isPublic(p, a.id, a.handle)
}

func (m *masker) xURL(url, path, query string, segments []string) string {
	const p = schema.PlatformX
	for i := 0; i+1 < len(segments); i++ {
		if word := strings.ToLower(segments[i]); word == "status" || word == "statuses" {
			if id := digits(segments[i+1]); id != "" {
				if i == 1 && m.publicOn(p, named{handle: segments[0]}) {
					return url
				}
				return postName(m.tagger, p, id)
			}
		}
		if strings.EqualFold(segments[i], "user") && digits(segments[i+1]) != "" {
			return m.on(p, named{id: digits(segments[i+1])})
		}
	}
	first := strings.TrimLeft(segments[0], "@#!")
	if first == "" || reservedOnX(first) || handleLength(first, p) != len(first) {
		return m.opaque(url, path, query)
	}
	if m.publicOn(p, named{handle: first}) {
		return url
	}
	return m.on(p, named{handle: first})
}

// opaque keeps a page of a platform that is no profile, without its query,
// which may name anybody, and without numbers that may be ids.
func (m *masker) opaque(url, path, query string) string {
	kept := url[:len(url)-len(query)]
	if path == "" || len(kept) < len(path) {
		return kept
	}
	base, tail := kept[:len(kept)-len(path)], kept[len(kept)-len(path):]
	if i := strings.LastIndexByte(base, '@'); i >= 0 {
		base = base[i+1:]
	}
	return base + maskNumbers(m, strings.ReplaceAll(tail, "@", ""))
}

func reservedOnX(word string) bool {
	switch strings.ToLower(word) {
	case "i", "search", "search-advanced", "hashtag", "home", "intent", "share", "explore", "settings", "privacy", "tos", "login", "signup", "about", "download", "jobs",
		"notifications", "messages", "compose", "oauth", "account", "who_to_follow", "widgets", "logout", "help", "rules", "sharer":
		return true
	}
	return false
}

func (m *masker) blueskyURL(url, host, query string, segments []string) string {
	const p = schema.PlatformBluesky
	if strings.HasSuffix(host, ".bsky.social") && host != "www.bsky.social" {
		if m.publicOn(p, named{handle: host}) {
			return url
		}
		return m.on(p, named{handle: host})
	}
	if len(segments) < 2 || segments[0] != "profile" {
		return m.scrub(url[:len(url)-len(query)])
	}
	a := named{handle: segments[1]}
	if strings.HasPrefix(segments[1], "did:") {
		a = named{id: segments[1]}
	}
	if m.publicOn(p, a) {
		return url
	}
	if len(segments) >= 4 && segments[2] == "post" {
		if p == m.platform {
			a = m.completed(a)
		}
		return postName(m.tagger, p, "at://"+first(a.id, a.handle)+"/app.bsky.feed.post/"+segments[3])
	}
	return m.on(p, a)
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// atURI masks an AT URI or a bare DID.
func (m *masker) atURI(uri string) string {
	const p = schema.PlatformBluesky
	rest := uri
	if hasPrefixFold(rest, "at://") {
		rest = rest[len("at://"):]
	}
	who, record, hasRecord := strings.Cut(rest, "/")
	if hasRecord && strings.Contains(record, "/") {
		return postName(m.tagger, p, "at://"+who+"/"+record)
	}
	if strings.HasPrefix(who, "did:") {
		return m.on(p, named{id: who})
	}
	return m.on(p, named{handle: who})
}

func (m *masker) telegramURL(url string, segments []string) string {
	const p = schema.PlatformTelegram
	if segments[0] == "s" && len(segments) > 1 {
		segments = segments[1:]
	}
	channel := strings.ToLower(segments[0])
	switch {
	case channel == "" || handleLength(channel, schema.PlatformX) != len(channel) || channel == "joinchat" || channel == "share" || channel == "addstickers" || channel == "proxy" || channel == "iv":
		return "telegram:link:" + m.tagger.pseudonyms.id(purposeMedia, p, url).String()
	case m.publicOn(p, named{handle: channel}):
		return url
	case len(segments) > 1 && digits(segments[1]) != "":
		return postName(m.tagger, p, strings.Join(segments[:2], "/"))
	}
	return m.on(p, named{handle: channel})
}

// fediverseURL masks profiles and statuses on hosts that nobody lists: by the
// forms that the software of the fediverse gives them.
func (m *masker) fediverseURL(url, host string, segments []string) (string, bool) {
	const p = schema.PlatformMastodon
	var user string
	status := false
	switch {
	case len(segments) >= 2 && segments[0] == "users":
		user = segments[1]
		status = len(segments) >= 4 && segments[2] == "statuses"
		if !status && m.platform != p {
			return "", false
		}
	case strings.HasPrefix(segments[0], "@") && len(segments[0]) > 1:
		user = segments[0][1:]
		status = len(segments) >= 2 && len(digits(segments[1])) >= 15
		if !status && m.platform != p {
			return "", false
		}
	default:
		return "", false
	}
	if !strings.Contains(user, "@") {
		user += "@" + host
	}
	if m.publicOn(p, named{handle: user}) {
		return url, true
	}
	if status {
		return postName(m.tagger, p, strings.TrimRight(url, "/")), true
	}
	return m.on(p, named{handle: user}), true
}

// digits is the run of digits that a segment begins with.
func digits(s string) string {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return s[:n]
}

// maskStatusIDs masks ids of X's posts in the URLs of other sites, which many
// tools write as …/status/ID.
func maskStatusIDs(m *masker, url string) string {
	for _, word := range [...]string{"/status/", "/statuses/", "status%2F"} {
		if i := strings.Index(url, word); i >= 0 {
			from := i + len(word)
			if id := digits(url[from:]); len(id) >= shortestID {
				return url[:from] + postName(m.tagger, schema.PlatformX, id) + url[from+len(id):]
			}
		}
	}
	return url
}

// maskNumbers replaces runs of digits that are long enough to be ids.
func maskNumbers(m *masker, s string) string {
	var b strings.Builder
	for at := 0; at < len(s); {
		run := digits(s[at:])
		switch {
		case run == "":
			b.WriteByte(s[at])
			at++
			continue
		case len(run) >= shortestID:
			b.WriteString(m.tagger.pseudonyms.id(purposeMedia, m.platform, run).String())
		default:
			b.WriteString(run)
		}
		at += len(run)
	}
	return b.String()
}
