package tag

import (
	"net/url"
	"strings"

	"github.com/election-observatory/observatory/processors/urls"
	"github.com/election-observatory/observatory/schema"
)

// others masks what a URL of any other site names: the user before the host,
// addresses of platforms inside it, statuses, mentions. It is a function of the
// URL alone, so that one URL stays one URL whoever shares it.
func (m *masker) others(address string) string {
	_, end := urls.Authority(address)
	head, rest := withoutUser(address[:end]), address[end:]
	if at, _ := nestedSite(rest); at >= 0 {
		rest = m.nested(rest)
	}
	if strings.Contains(rest, "status") {
		rest = m.statuses(rest)
	}
	if strings.IndexByte(rest, '@') >= 0 || strings.Contains(rest, "%40") {
		rest = m.signs(rest)
	}
	if strings.Contains(rest, "did:") || strings.Contains(rest, "did%3A") {
		rest = m.dids(rest)
	}
	if at := strings.Index(rest, screenName); at >= 0 {
		from := at + len(screenName)
		if name := handleOnly(rest[from:]); name != "" && !m.tagger.isPublic(schema.PlatformX, "", name) {
			rest = rest[:from] + accountName(schema.PlatformX, m.tagger.account(schema.PlatformX, "", name)) + rest[from+len(name):]
		}
	}
	if len(head)+len(rest) == len(address) && head+rest == address {
		return address
	}
	return head + rest
}

const screenName = "screen_name="

// withoutUser removes user and password from scheme and authority.
func withoutUser(head string) string {
	from, _ := urls.Authority(head)
	if at := strings.LastIndexByte(head, '@'); at >= from {
		return head[:from] + head[at+1:]
	}
	return head
}

// nestedSite finds where the address of a platform begins in the rest of
// another site's URL, as it is or escaped, and where its host ends; -1 for none.
func nestedSite(rest string) (from, end int) {
	for at := 0; ; {
		i := strings.IndexByte(rest[at:], '.')
		if i < 0 {
			return -1, 0
		}
		dot := at + i
		at = dot + 1
		end := dot + 1 + handleLength(rest[at:], schema.PlatformX)
		if !endsHost(rest[end:]) {
			continue
		}
		from := hostStart(rest, dot)
		host := strings.ToLower(rest[from:end])
		switch {
		case siteOf(host) != schema.Platform_PLATFORM_UNSPECIFIED || isMediaHost(host):
			return from, end
		case strings.HasSuffix(host, "twitter.com"):
			return end - len("twitter.com"), end
		}
	}
}

// hostStart is where the host begins whose dot is at a place.
func hostStart(rest string, dot int) int {
	from := dot
	for from > 0 && dot-from < longestHost && (isWord(rest[from-1]) || rest[from-1] == '-' || rest[from-1] == '.') && !isEscape(rest[:from]) {
		from--
	}
	return from
}

// endsHost says whether a path follows.
func endsHost(rest string) bool {
	return len(rest) > 0 && (rest[0] == '/' || (rest[0] == '%' && (urls.HasPrefixFold(rest, "%2f") || urls.HasPrefixFold(rest, "%252f"))))
}

// isEscape says whether a text ends with an escaped slash or colon.
func isEscape(s string) bool {
	const width = len("%2f")
	return len(s) >= width && s[len(s)-width] == '%' && (strings.EqualFold(s[len(s)-width:], "%2f") || strings.EqualFold(s[len(s)-width:], "%3a"))
}

// nested masks the addresses of platforms inside the rest of a URL, each up to
// the next parameter.
func (m *masker) nested(rest string) string {
	var b strings.Builder
	for {
		from, end := nestedSite(rest)
		if from < 0 {
			b.WriteString(rest)
			return b.String()
		}
		before := rest[:from]
		for _, scheme := range [...]string{"https://", "http://", "https%3A%2F%2F", "http%3A%2F%2F"} {
			if n := len(before) - len(scheme); n >= 0 && strings.EqualFold(before[n:], scheme) {
				before = before[:n]
				break
			}
		}
		b.WriteString(before)
		if i := strings.IndexAny(rest[end:], "&#"); i >= 0 {
			end += i
		} else {
			end = len(rest)
		}
		address := rest[from:end]
		if plain, err := url.QueryUnescape(address); err == nil {
			address = plain
		} else {
			address = strings.NewReplacer("%2F", "/", "%2f", "/").Replace(address)
		}
		b.WriteString(m.url(address))
		rest = rest[end:]
	}
}

// statuses masks the author and id of X's posts, which the addresses of many
// tools hold as …/name/status/id.
func (m *masker) statuses(rest string) string {
	for _, word := range [...]string{"/status/", "/statuses/", "%2Fstatus%2F", "%2fstatus%2f"} {
		for at := 0; ; {
			i := strings.Index(rest[at:], word)
			if i < 0 {
				break
			}
			from := at + i + len(word)
			id := digits(rest[from:])
			if len(id) < shortestID {
				at = from
				continue
			}
			name := at + i
			for name > at && isWord(rest[name-1]) && !isEscape(rest[:name]) {
				name--
			}
			post := postName(m.tagger, schema.PlatformX, id)
			rest = rest[:name] + post + rest[from+len(id):]
			at = name + len(post)
		}
	}
	return rest
}

// signs masks what follows an '@' in the rest of a URL, if it can be a handle.
func (m *masker) signs(rest string) string {
	var b strings.Builder
	for at := 0; ; {
		i := strings.IndexAny(rest[at:], "@%")
		if i < 0 {
			b.WriteString(rest[at:])
			return b.String()
		}
		from := at + i
		b.WriteString(rest[at:from])
		width := 1
		if rest[from] == '%' {
			if !strings.HasPrefix(rest[from:], "%40") {
				b.WriteByte('%')
				at = from + 1
				continue
			}
			width = len("%40")
		}
		name := handleOnly(rest[from+width:])
		at = from + width + len(name)
		if strings.Trim(name, "0123456789") == "" || m.isPublic(named{handle: name}) {
			b.WriteString(rest[from:at])
			continue
		}
		b.WriteByte('@')
		b.WriteString(m.tagger.account(schema.Platform_PLATFORM_UNSPECIFIED, "", name).String()[:maskDigits])
	}
}

// dids masks the accounts of Bluesky that the rest of a URL names by their DID.
func (m *masker) dids(rest string) string {
	var b strings.Builder
	for {
		i := strings.Index(rest, "did")
		if i < 0 {
			b.WriteString(rest)
			return b.String()
		}
		b.WriteString(rest[:i])
		rest = rest[i:]
		end := didLength(rest)
		did := strings.ReplaceAll(rest[:end], "%3A", ":")
		if strings.HasPrefix(did, "did:plc:") || strings.HasPrefix(did, "did:web:") {
			b.WriteString(m.on(schema.PlatformBluesky, named{id: did}))
		} else {
			end = len("did")
			b.WriteString(rest[:end])
		}
		rest = rest[end:]
	}
}

func didLength(s string) int {
	n := 0
	for n < len(s) && (isWord(s[n]) || s[n] == ':' || s[n] == '.' || s[n] == '-' || (s[n] == '%' && !urls.HasPrefixFold(s[n:], "%2f"))) {
		n++
	}
	return n
}
