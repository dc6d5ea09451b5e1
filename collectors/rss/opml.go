package rss

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/election-observatory/observatory/collectors/mapping"
)

// Bounds of a list of feeds.
const (
	maxOPML      = 16 << 20
	maxOPMLFeeds = 100_000
	maxSkips     = 10_000
)

// Skip is an entry of a list of feeds that was not taken.
type Skip struct {
	Line   int
	Reason string
	Text   string // How the entry begins.
}

func (s Skip) String() string { return fmt.Sprintf("line %d: %s: %s", s.Line, s.Reason, s.Text) }

// ReadOPML reads a list of feeds, and says what it skipped and why. It looks for
// outline elements and nothing else, so that the errors of a document, which
// are common, cost no more than the entries that they are in.
func ReadOPML(r io.Reader) (feeds []FeedConfig, skipped []Skip) {
	text, err := io.ReadAll(io.LimitReader(r, maxOPML+1))
	l := &opml{text: repair(toUTF8(text[:min(len(text), maxOPML)], "")), seen: map[string]int{}, line: 1}
	l.read()
	if len(l.feeds) == 0 && len(l.skipped) == 0 {
		l.skip(nil, "no outline of a feed: this may be no OPML")
	}
	switch {
	case err != nil:
		l.skip(nil, "it cannot be read to its end: "+err.Error())
	case len(text) > maxOPML:
		l.skip(nil, fmt.Sprintf("what comes after %d bytes is not read", maxOPML))
	}
	return l.feeds, l.skipped
}

type opml struct {
	text    []byte
	feeds   []FeedConfig
	skipped []Skip
	seen    map[string]int // Lines by address.
	at      int            // Where it is being read.
	line    int            // Of at.
	counted int            // Up to where lines were counted.
}

func (l *opml) read() {
	for {
		next := bytes.IndexByte(l.text[l.at:], '<')
		if next < 0 {
			return
		}
		l.at += next
		rest := l.text[l.at:]
		switch {
		case bytes.HasPrefix(rest, []byte("<!--")):
			end, closed := after(rest[4:], "-->", 4)
			if !closed {
				end = 4 // Nobody comments the rest of a list out.
			}
			l.at += end
		case isOutline(rest):
			attrs, end, folder := outline(rest)
			l.count()
			l.take(attrs, folder, rest[:end])
			l.at += end
		default:
			l.at++
		}
	}
}

func (l *opml) count() {
	l.line += bytes.Count(l.text[l.counted:l.at], []byte("\n"))
	l.counted = l.at
}

const outlineTag = "<outline"

func isOutline(s []byte) bool {
	if len(s) <= len(outlineTag) || !strings.EqualFold(string(s[:len(outlineTag)]), outlineTag) {
		return false
	}
	return strings.IndexByte(" \t\r\n/>", s[len(outlineTag)]) >= 0
}

// take takes the feed of an outline, if it is one.
func (l *opml) take(attrs map[string]string, folder bool, raw []byte) {
	address, given := attrs["xmlurl"]
	address = strings.TrimSpace(address)
	kind := strings.ToLower(attrs["type"])
	if address == "" {
		if given || !folder || kind == "rss" || kind == "atom" {
			l.skip(raw, "it has no xmlUrl")
		}
		return
	}
	if rest, ok := strings.CutPrefix(address, "feed:"); ok { // As some readers write it.
		address = rest
		if strings.HasPrefix(rest, "//") {
			address = "http:" + rest
		}
	}
	address, _, _ = strings.Cut(address, "#")
	feed := FeedConfig{URL: address, Title: mapping.Short(words(either(attrs["title"], attrs["text"]))), Lang: language(attrs["language"])}
	if err := feed.Validate(); err != nil {
		l.skip(raw, strings.TrimPrefix(err.Error(), "url: "))
		return
	}
	if line, twice := l.seen[address]; twice {
		l.skip(raw, fmt.Sprintf("it has the address of line %d", line))
		return
	}
	if len(l.feeds) >= maxOPMLFeeds {
		l.skip(raw, fmt.Sprintf("it is beyond the first %d feeds", maxOPMLFeeds))
		return
	}
	l.seen[address] = l.line
	l.feeds = append(l.feeds, feed)
}

func (l *opml) skip(raw []byte, reason string) {
	if len(l.skipped) > maxSkips {
		return
	}
	if len(l.skipped) == maxSkips {
		raw, reason = nil, "there is more that is skipped and not listed"
	}
	l.skipped = append(l.skipped, Skip{Line: l.line, Reason: reason, Text: mapping.Clean(string(raw), 200)})
}

// outline reads the attributes of a tag, whose names it writes in lower case,
// and says where the tag ends and whether other outlines may be in it.
func outline(s []byte) (attrs map[string]string, end int, folder bool) {
	attrs = map[string]string{}
	s = s[:min(len(s), maxTag)]
	i := len(outlineTag)
	for i < len(s) {
		switch {
		case s[i] == '>':
			next := 0
			if attrs["xmlurl"] == "" {
				next = addressAhead(s[i:])
			}
			if next == 0 {
				return attrs, i + 1, s[i-1] != '/'
			}
			i += next
			continue
		case s[i] == '<': // The tag was never closed.
			return attrs, i, true
		case nameLength(s[i:]) == 0:
			i++
			continue
		}
		n := nameLength(s[i:])
		name := strings.ToLower(string(s[i : i+n]))
		i += n
		value, length := attribute(s[i:])
		i += length
		if _, twice := attrs[name]; !twice && length > 0 {
			attrs[name] = html.UnescapeString(value)
		}
	}
	return attrs, len(s), true
}

// addressAhead is where the address stands of an outline that seems to end
// before it: there is HTML in a title that nobody escaped. 0 if nowhere.
func addressAhead(s []byte) int {
	end := bytes.Index(s, []byte(outlineTag))
	if end < 0 {
		end = len(s)
	}
	if close := bytes.Index(s[:end], []byte("</outline")); close >= 0 {
		end = close
	}
	return max(bytes.Index(s[:end], []byte(" xmlUrl=")), 0)
}

func nameLength(s []byte) (n int) {
	for n < len(s) && (s[n] == ':' || s[n] == '_' || s[n] == '-' || (s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z')) {
		n++
	}
	return n
}

// attribute reads "=value" in quotes or without. A quote ends the value only
// where an attribute or the end of the tag comes after it: titles have quotes
// in them that nobody escaped.
func attribute(s []byte) (value string, length int) {
	i := blanks(s)
	if i >= len(s) || s[i] != '=' {
		return "", 0
	}
	i++
	i += blanks(s[i:])
	if i >= len(s) {
		return "", 0
	}
	quote, start := s[i], i+1
	if quote != '"' && quote != '\'' {
		end := bytes.IndexAny(s[i:], " \t\r\n>")
		if end < 0 {
			end = len(s) - i
		}
		return string(s[i : i+end]), i + end
	}
	for end := start; end < len(s); end++ {
		switch {
		case s[end] == quote && closes(s[end+1:]):
			return string(s[start:end]), end + 1
		case s[end] == '<' && isOutline(s[end:]): // The quote is missing, and this is another tag.
			return string(s[start:end]), end
		}
	}
	return string(s[start:]), len(s)
}

// closes says whether what comes after a quote is what comes after a value.
func closes(s []byte) bool {
	n := blanks(s)
	s = s[n:]
	if len(s) == 0 || s[0] == '>' || s[0] == '/' || s[0] == '?' {
		return true
	}
	name := nameLength(s[:min(len(s), 64)])
	return name > 0 && name+blanks(s[name:]) < len(s) && s[name+blanks(s[name:])] == '='
}

func blanks(s []byte) (n int) {
	for n < len(s) && (s[n] == ' ' || s[n] == '\t' || s[n] == '\r' || s[n] == '\n') {
		n++
	}
	return n
}
