package tag

import (
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/election-observatory/observatory/schema"
)

const (
	maskDigits  = 8 // Hexadecimal digits of a pseudonym that stand for a mention.
	shortestID  = 7 // Shorter native ids are too common as numbers to be looked for.
	longestHost = 253
)

// named is an account that an event names.
type named struct{ id, handle string }

// masker replaces names by pseudonyms in the texts and URLs of one event.
type masker struct {
	tagger   *Tagger
	platform schema.Platform
	accounts []named
	posts    []string
	out      []byte
}

// reset prepares for another post: it learns whom the post names.
func (m *masker) reset(p *schema.Post) {
	m.platform, m.accounts, m.posts = p.GetPlatform(), m.accounts[:0], m.posts[:0]
	add := func(id, handle string) {
		if id != "" || handle != "" {
			m.accounts = append(m.accounts, named{id, handle})
		}
	}
	add(p.GetAuthor().GetNativeId(), p.GetAuthor().GetHandle())
	m.posts = append(m.posts, p.GetNativeId())
	for _, ref := range [...]*schema.Reference{p.GetReplyTo(), p.GetRepostOf(), p.GetQuoteOf()} {
		if ref != nil {
			add(ref.GetAuthorId(), ref.GetAuthorHandle())
			m.posts = append(m.posts, ref.GetNativeId())
		}
	}
	for _, mention := range p.GetMentions() {
		add(mention.GetNativeId(), mention.GetHandle())
	}
}

// byHandle completes a handle with the native id that the event gives for it.
func (m *masker) byHandle(handle string) named {
	for _, a := range m.accounts {
		if a.id != "" && strings.EqualFold(a.handle, handle) {
			return a
		}
	}
	return named{handle: handle}
}

func (m *masker) isPublic(a named) bool { return m.tagger.isPublic(m.platform, a.id, a.handle) }

func (m *masker) mention(a named) {
	id := m.tagger.account(m.platform, a.id, a.handle)
	var digits [2 * len(id)]byte
	hex.Encode(digits[:], id[:])
	m.out = append(append(m.out, '@'), digits[:maskDigits]...)
}

// text masks a text: the mentions that the platform marked, whatever else looks
// like one, and links to profiles and posts. Its cost is linear in the text.
func (m *masker) text(text string, mentions []*schema.Mention) string {
	if text == "" || (len(mentions) == 0 && !m.suspicious(text)) {
		return text
	}
	m.out = m.out[:0]
	for at := 0; at < len(text); {
		if end, a, ok := markedAt(mentions, text, at); ok {
			m.marked(text[at:end], a)
			at = end
			continue
		}
		c := text[at]
		switch {
		case c == '@':
			at = m.at(text, at, 1)
		case c == 0xEF && strings.HasPrefix(text[at:], "＠"):
			at = m.at(text, at, len("＠"))
		case startsURL(text, at):
			end := urlEnd(text, at)
			m.out = append(m.out, m.url(text[at:end])...)
			at = end
		default:
			m.out = append(m.out, c)
			at++
		}
	}
	masked := m.scrub(string(m.out))
	if masked == text {
		return text
	}
	return masked
}

// suspicious says whether a text can hold anything to mask at all.
func (m *masker) suspicious(text string) bool {
	if strings.IndexByte(text, '@') >= 0 || strings.Contains(text, "＠") || strings.IndexByte(text, '/') >= 0 || strings.Contains(text, "did:") {
		return true
	}
	for _, id := range m.posts {
		if len(id) >= shortestID && strings.Contains(text, id) {
			return true
		}
	}
	for _, a := range m.accounts {
		if len(a.id) >= shortestID && strings.Contains(text, a.id) {
			return true
		}
	}
	return false
}

// markedAt finds the mention that the platform marked at a place of the text. A
// mark that lies outside the text or inside a character is ignored.
func markedAt(mentions []*schema.Mention, text string, at int) (end int, a named, ok bool) {
	for _, mention := range mentions {
		if int(mention.GetStart()) != at || mention.GetEnd() <= mention.GetStart() {
			continue
		}
		end = int(mention.GetEnd())
		if end > len(text) || !utf8.RuneStart(text[at]) || (end < len(text) && !utf8.RuneStart(text[end])) {
			continue
		}
		return end, named{mention.GetNativeId(), mention.GetHandle()}, true
	}
	return 0, named{}, false
}

func (m *masker) marked(shown string, a named) {
	if m.isPublic(a) {
		m.out = append(m.out, shown...)
		return
	}
	m.mention(a)
}

// at masks what follows an '@'. An address of e-mail or of the fediverse is
// masked whole.
func (m *masker) at(text string, at, width int) int {
	from := at + width
	end := from + handleLength(text[from:], m.platform)
	handle := text[from:end]
	if handle == "" {
		m.out = append(m.out, text[at:from]...)
		return from
	}
	if end < len(text) && text[end] == '@' { // @user@host
		if host := handleLength(text[end+1:], schema.PlatformBluesky); host > 0 {
			handle, end = text[from:end+1+host], end+1+host
		}
	}
	a := m.byHandle(handle)
	if m.isPublic(a) {
		m.out = append(m.out, text[at:end]...)
		return end
	}
	for len(m.out) > 0 && isLocal(m.out[len(m.out)-1]) { // somebody@host
		m.out = m.out[:len(m.out)-1]
	}
	m.mention(a)
	return end
}

func isLocal(c byte) bool {
	return isWord(c) || c == '.' || c == '+' || c == '-' || c == '%'
}

func isWord(c byte) bool {
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
}

// handleLength is how far a handle reaches: word characters, and on platforms
// whose handles are host names dots and hyphens inside.
func handleLength(s string, p schema.Platform) int {
	n := 0
	for n < len(s) && n < longestHost && (isWord(s[n]) || (p != schema.PlatformX && (s[n] == '.' || s[n] == '-'))) {
		n++
	}
	for n > 0 && (s[n-1] == '.' || s[n-1] == '-') {
		n--
	}
	return n
}

// scrub replaces what is left of the native ids that the event itself names.
func (m *masker) scrub(s string) string {
	for _, id := range m.posts {
		if len(id) >= shortestID && strings.Contains(s, id) {
			s = strings.ReplaceAll(s, id, m.post(id))
		}
	}
	for _, a := range m.accounts {
		if len(a.id) >= shortestID && !m.isPublic(a) && strings.Contains(s, a.id) {
			s = strings.ReplaceAll(s, a.id, m.profile(a))
		}
	}
	return s
}

// profile and post are how a link to an account or a post is written.
func (m *masker) profile(a named) string {
	return m.platform.Name() + ":account:" + m.tagger.account(m.platform, a.id, a.handle).String()
}

func (m *masker) post(nativeID string) string { return postName(m.tagger, m.platform, nativeID) }

func postName(t *Tagger, p schema.Platform, nativeID string) string {
	return p.Name() + ":post:" + t.pseudonyms.id(purposePost, p, nativeID).String()
}

func accountName(t *Tagger, p schema.Platform, id uuid.UUID) string {
	return p.Name() + ":account:" + id.String()
}

func lowerASCII(s string) string { return strings.ToLower(s) }
