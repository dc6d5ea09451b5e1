package tag

import (
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/election-observatory/observatory/schema"
)

const (
	maskDigits   = 8 // Hexadecimal digits of a pseudonym that stand for a mention.
	longestHost  = 253
	longestLocal = 64 // Of the part of an e-mail address before the '@'.
	fullWidthAt  = "＠"
	smallAt      = "﹫"
	maskedMail   = "[e-mail]"
)

// masker replaces names by pseudonyms in the texts and URLs of one event.
type masker struct {
	tagger   *Tagger
	platform schema.Platform
	names    names
	marks    []*schema.Mention // In the order of the text.
	links    []link            // As texts show them.
	owner    uuid.UUID         // Whose profile or post the last URL is of; zero for nobody's.
	out      []byte
}

// link is a URL of the post and what stands for it.
type link struct{ url, masked string }

// reset prepares for another post: it learns whom the post names.
func (m *masker) reset(p *schema.Post) {
	m.platform = p.GetPlatform()
	m.names.reset()
	m.names.account(p.GetAuthor().GetNativeId(), p.GetAuthor().GetHandle())
	m.names.post(p.GetNativeId())
	for _, ref := range [...]*schema.Reference{p.GetReplyTo(), p.GetRepostOf(), p.GetQuoteOf()} {
		if ref != nil {
			m.names.account(ref.GetAuthorId(), ref.GetAuthorHandle())
			m.names.post(ref.GetNativeId())
		}
	}
	m.marks, m.links = m.marks[:0], m.links[:0]
	for _, mention := range p.GetMentions() {
		m.names.account(mention.GetNativeId(), mention.GetHandle())
		if mention.GetEnd() > mention.GetStart() {
			m.marks = append(m.marks, mention)
		}
	}
	if !slices.IsSortedFunc(m.marks, byStart) {
		slices.SortStableFunc(m.marks, byStart)
	}
}

func byStart(a, b *schema.Mention) int { return int(a.GetStart()) - int(b.GetStart()) }

// alone prepares for a text that belongs to no post.
func (m *masker) alone(p schema.Platform) {
	m.platform, m.marks, m.links = p, m.marks[:0], m.links[:0]
	m.names.reset()
}

func (m *masker) isPublic(a named) bool { return m.tagger.isPublic(m.platform, a.id, a.handle) }

// mention writes the mention of an account into a text.
func (m *masker) mention(a named) {
	id := m.tagger.account(m.platform, a.id, a.handle)
	var digits [2 * len(id)]byte
	hex.Encode(digits[:], id[:])
	m.out = append(append(m.out, '@'), digits[:maskDigits]...)
}

// text masks a text: the mentions that the platform marked, if it is the text
// that they belong to, whatever else looks like a mention, and links to profiles
// and posts. Its cost is linear in the text.
func (m *masker) text(text string, marked bool) string {
	marks := m.marks
	if !marked {
		marks = nil
	}
	if text == "" || (len(marks) == 0 && !suspicious(text)) {
		return m.plain(text)
	}
	m.out = m.out[:0]
	copied := 0 // What lies before is in out, or replaced.
	for at := 0; at < len(text); {
		for len(marks) > 0 && int(marks[0].GetStart()) < at {
			marks = marks[1:]
		}
		next := len(text)
		if len(marks) > 0 {
			next = min(next, int(marks[0].GetStart()))
		}
		from := find(text, at, next)
		if from >= len(text) {
			break
		}
		end, ok := m.name(text[copied:from], text, from, marks)
		if !ok {
			at = max(from+1, wordEnd(text, from, next))
			continue
		}
		at, copied = end, end
	}
	m.out = append(m.out, m.plain(text[copied:])...)
	if string(m.out) == text {
		return text
	}
	return string(m.out)
}

// find is the next place, before the next mark, where something to mask may
// begin: a sign, or a word, with which a URL may.
func find(text string, at, next int) int {
	for at < next {
		c := text[at]
		if c == '@' || c == fullWidthAt[0] || (mayStartURL(c) && startsURL(text, at)) {
			return at
		}
		if !isWord(c) {
			at++
			continue
		}
		at = wordEnd(text, at, next)
	}
	return at
}

func wordEnd(text string, at, next int) int {
	for at < next && isWord(text[at]) {
		at++
	}
	return at
}

// name masks what is at a place of the text, if it is a name, after the text
// before it, and returns where it ends.
func (m *masker) name(before, text string, at int, marks []*schema.Mention) (int, bool) {
	if len(marks) > 0 && int(marks[0].GetStart()) == at {
		if end, ok := markedEnd(text, at, int(marks[0].GetEnd())); ok {
			m.out = append(m.out, m.plain(before)...)
			return m.marked(text, at, end, named{marks[0].GetNativeId(), marks[0].GetHandle()}), true
		}
	}
	if width := signAt(text, at); width > 0 {
		m.out = append(m.out, m.plain(before)...)
		return m.at(text, at, width), true
	}
	if !startsURL(text, at) {
		return at, false
	}
	end := urlEnd(text, at)
	m.out = append(append(m.out, m.plain(before)...), m.shown(text[at:end])...)
	return end, true
}

// suspicious says whether a text can hold mentions or URLs at all.
func suspicious(text string) bool {
	return strings.IndexByte(text, '@') >= 0 || strings.IndexByte(text, '/') >= 0 || strings.Contains(text, fullWidthAt) || strings.Contains(text, smallAt) || strings.Contains(text, "did:")
}

// signAt is the length of the sign of a mention at a place of the text, or 0.
func signAt(text string, at int) int {
	switch text[at] {
	case '@':
		return 1
	case fullWidthAt[0]:
		if rest := text[at:]; strings.HasPrefix(rest, fullWidthAt) || strings.HasPrefix(rest, smallAt) {
			return len(fullWidthAt)
		}
	}
	return 0
}

// markedEnd is where a mention ends that the platform marked. A mark that lies
// outside the text or inside a character is ignored.
func markedEnd(text string, at, end int) (int, bool) {
	if end > len(text) || !utf8.RuneStart(text[at]) || (end < len(text) && !utf8.RuneStart(text[end])) {
		return 0, false
	}
	return end, true
}

// marked masks a mention that the platform marked, and what a mark that is too
// short leaves of the name.
func (m *masker) marked(text string, at, end int, a named) int {
	if width := signAt(text, at); width > 0 {
		end = max(end, at+width+handleLength(text[at+width:], m.platform))
	}
	if m.isPublic(a) {
		m.out = append(m.out, text[at:end]...)
		return end
	}
	m.mention(a)
	return end
}

// at masks what follows an '@': a mention, an address of the fediverse, or an
// address of e-mail with what is before it.
func (m *masker) at(text string, at, width int) int {
	from := at + width
	end := from + handleLength(text[from:], m.platform)
	if end == from {
		m.out = append(m.out, text[at:from]...)
		return from
	}
	if local := m.localPart(); local > 0 {
		if host := from + handleLength(text[from:], schema.PlatformBluesky); isDomain(text[from:host]) {
			m.out = append(m.out[:len(m.out)-local], maskedMail...)
			return host
		}
	}
	handle := text[from:end]
	if end < len(text) && text[end] == '@' { // @user@host
		if host := handleLength(text[end+1:], schema.PlatformBluesky); host > 0 {
			handle, end = text[from:end+1+host], end+1+host
		}
	}
	a := m.names.byHandle(handle)
	if m.isPublic(a) {
		m.out = append(m.out, text[at:end]...)
		return end
	}
	m.mention(a)
	return end
}

// localPart is how much of an e-mail address the output ends with.
func (m *masker) localPart() int {
	n := 0
	for n < len(m.out) && n < longestLocal && isLocal(m.out[len(m.out)-1-n]) {
		n++
	}
	for n > 0 && !isWord(m.out[len(m.out)-n]) {
		n--
	}
	return n
}

func isLocal(c byte) bool {
	return isWord(c) || c == '.' || c == '+' || c == '-' || c == '%'
}

// isDomain says whether a host has the form of a domain name: a dot, and
// letters after the last.
func isDomain(host string) bool {
	dot := strings.LastIndexByte(host, '.')
	return dot > 0 && len(host)-dot > 2 && (host[dot+1] < '0' || host[dot+1] > '9')
}

func isWord(c byte) bool { return classes[c]&wordByte != 0 }

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

// link learns what stands for a link. The short form of a link to a profile or
// a post tells as much as the link does.
func (m *masker) link(url, short, masked string) {
	m.links = append(m.links, link{url, masked})
	if short != "" && isName(masked) {
		m.links = append(m.links, link{short, masked})
	}
}

// shown masks a URL as a text shows it.
func (m *masker) shown(url string) string {
	for _, l := range m.links {
		if l.url == url {
			return l.masked
		}
	}
	return m.url(url)
}
