package tag

import (
	"strings"

	"github.com/google/uuid"

	"github.com/election-observatory/observatory/schema"
)

const (
	shortestID    = 7  // Shorter native ids are too common as numbers to be looked for.
	shortestName  = 5  // Shorter handles are too common as words to be looked for.
	fewNames      = 8  // Up to here a list is searched faster than a map.
	maxSought     = 64 // Texts are searched for the ids and handles of so many accounts.
	blueskyDomain = ".bsky.social"
)

// named is an account that an event names.
type named struct{ id, handle string }

// names are the accounts and posts that an event names.
type names struct {
	accounts []named
	posts    []string
	index    map[string]named // By handle in lower case, where there are many.
	indexed  int              // How many of the accounts are in it.
}

func (n *names) reset() {
	n.accounts, n.posts = n.accounts[:0], n.posts[:0]
	if n.indexed > 0 {
		clear(n.index)
		n.indexed = 0
	}
}

func (n *names) account(id, handle string) {
	if id == "" && handle == "" {
		return
	}
	for _, a := range n.accounts[:min(len(n.accounts), fewNames)] {
		if a.id == id && a.handle == handle {
			return
		}
	}
	n.accounts = append(n.accounts, named{id, handle})
}

func (n *names) post(id string) {
	if id != "" {
		n.posts = append(n.posts, id)
	}
}

// byHandle completes a handle with the native id that the event gives for it.
func (n *names) byHandle(handle string) named {
	if len(n.accounts) <= fewNames {
		for _, a := range n.accounts {
			if a.id != "" && strings.EqualFold(a.handle, handle) {
				return a
			}
		}
		return named{handle: handle}
	}
	if n.index == nil {
		n.index = make(map[string]named)
	}
	for ; n.indexed < len(n.accounts); n.indexed++ {
		a := n.accounts[n.indexed]
		key := lowerASCII(a.handle)
		if _, known := n.index[key]; !known && a.id != "" && key != "" {
			n.index[key] = a
		}
	}
	if a, ok := n.index[lowerASCII(handle)]; ok {
		return a
	}
	return named{handle: handle}
}

// sought are the accounts whose ids and handles texts are searched for.
func (n *names) sought() []named { return n.accounts[:min(len(n.accounts), maxSought)] }

// plain is a stretch of text without mentions and URLs, less the names of
// accounts and posts that the event itself gives: their ids, their handles
// where these can be no common words, and handles that are hosts of Bluesky.
func (m *masker) plain(s string) string {
	if len(s) < shortestName {
		return s
	}
	s = m.scrub(s)
	for _, a := range m.names.sought() {
		if distinctive(a.handle) && strings.Contains(s, a.handle) && !m.isPublic(a) {
			s = replaceWhole(s, a.handle, m.shortName(a), isWord)
		}
	}
	if strings.Contains(s, blueskyDomain) {
		s = m.hosts(s)
	}
	return s
}

// scrub replaces the native ids that the event itself names, where they are
// numbers; others are masked by their form.
func (m *masker) scrub(s string) string {
	if !hasNumber(s) {
		return s
	}
	for _, id := range m.names.posts {
		if isNumber(id) && strings.Contains(s, id) {
			s = replaceWhole(s, id, m.post(id), isDigit)
		}
	}
	for _, a := range m.names.sought() {
		if isNumber(a.id) && strings.Contains(s, a.id) && !m.isPublic(a) {
			s = replaceWhole(s, a.id, m.profile(a), isDigit)
		}
	}
	return s
}

// hasNumber says whether a text holds a number that is long enough for an id.
func hasNumber(s string) bool {
	for i := shortestID - 1; i < len(s); i += shortestID { // One of its digits is at such a place.
		if !isDigit(s[i]) {
			continue
		}
		from, end := i, i+1
		for from > 0 && isDigit(s[from-1]) {
			from--
		}
		for end < len(s) && isDigit(s[end]) {
			end++
		}
		if end-from >= shortestID {
			return true
		}
	}
	return false
}

func isNumber(id string) bool {
	return len(id) >= shortestID && len(digits(id)) == len(id)
}

// distinctive says whether a handle can be told from common words.
func distinctive(handle string) bool {
	letters, others := false, false
	for i := range len(handle) {
		switch c := handle[i]; {
		case c == '_' || c == '.' || isDigit(c):
			others = true
		default:
			letters = true
		}
	}
	return letters && others && len(handle) >= shortestName
}

// hosts replaces handles that are written as hosts, without a sign or a scheme.
func (m *masker) hosts(s string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, blueskyDomain)
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		from, end := i, i+len(blueskyDomain)
		for from > 0 && i-from < longestHost && (isWord(s[from-1]) || s[from-1] == '-' || s[from-1] == '.') {
			from--
		}
		a := m.names.byHandle(strings.TrimLeft(s[from:end], ".-"))
		b.WriteString(s[:from])
		if from == i || m.isPublic(a) {
			b.WriteString(s[from:end])
		} else {
			b.WriteString(m.shortName(a))
		}
		s = s[end:]
	}
}

// replaceWhole replaces a name where it stands by itself: not within a longer
// one of the same characters.
func replaceWhole(s, name, by string, within func(byte) bool) string {
	var b strings.Builder
	for at := 0; ; {
		i := strings.Index(s[at:], name)
		if i < 0 {
			b.WriteString(s[at:])
			return b.String()
		}
		from, end := at+i, at+i+len(name)
		if (from > 0 && within(s[from-1])) || (end < len(s) && within(s[end])) {
			b.WriteString(s[at : from+1])
			at = from + 1
			continue
		}
		b.WriteString(s[at:from])
		b.WriteString(by)
		at = end
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// profile and post are how a link to an account or a post is written.
func (m *masker) profile(a named) string {
	return accountName(m.platform, m.tagger.account(m.platform, a.id, a.handle))
}

func (m *masker) post(nativeID string) string { return postName(m.tagger, m.platform, nativeID) }

// shortName is how a mention of an account is written.
func (m *masker) shortName(a named) string {
	return "@" + m.tagger.account(m.platform, a.id, a.handle).String()[:maskDigits]
}

const (
	wordPost    = ":post:"
	wordAccount = ":account:"
	wordMedia   = ":media:"
	wordLink    = ":link:"
)

func postName(t *Tagger, p schema.Platform, nativeID string) string {
	return p.Name() + wordPost + t.pseudonyms.id(purposePost, p, nativeID).String()
}

func accountName(p schema.Platform, id uuid.UUID) string { return p.Name() + wordAccount + id.String() }

func mediaName(t *Tagger, p schema.Platform, id string) string {
	return p.Name() + wordMedia + t.pseudonyms.id(purposeMedia, p, id).String()
}

// isName says whether a masked URL is a platform and a pseudonym, or a word
// holds one.
func isName(s string) bool {
	return strings.Contains(s, wordPost) || strings.Contains(s, wordAccount) || strings.Contains(s, wordMedia) || strings.Contains(s, wordLink)
}

// isAccountName says whether a masked URL is of a profile or a post.
func isAccountName(s string) bool {
	return !strings.HasPrefix(s, "http") && (strings.Contains(s, wordPost) || strings.Contains(s, wordAccount))
}

func lowerASCII(s string) string { return strings.ToLower(s) }
