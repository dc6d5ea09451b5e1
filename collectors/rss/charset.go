package rss

import (
	"bytes"
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode/utf32"
)

// declarationBytes are looked at for an XML declaration.
const declarationBytes = 256

// toUTF8 makes UTF-8 of a document in whatever encoding it is. What is valid
// UTF-8 is taken as such, whatever it claims: servers are wrong more often.
func toUTF8(body []byte, contentType string) []byte {
	label, body := markOf(body)
	if label == "" {
		_, params, err := mime.ParseMediaType(contentType)
		declared := declaredCharset(body)
		switch {
		case sevenBit(declared):
			label = declared
		case utf8.Valid(body):
			return body
		case err == nil && params["charset"] != "" && lookup(params["charset"]) != nil:
			label = params["charset"]
		case declared != "":
			label = declared
		case !mostlyUTF8(body):
			label = "windows-1252"
		}
	}
	enc := lookup(label)
	if enc == nil || label == "" {
		return body // What is no UTF-8 in it is repaired later.
	}
	text, err := io.ReadAll(io.LimitReader(enc.NewDecoder().Reader(bytes.NewReader(body)), 3*maxBodyBytes))
	if err != nil {
		return body
	}
	return text
}

// mostlyUTF8 says whether a document that declares nothing is UTF-8 with a few
// bad bytes, rather than of an encoding with a byte for each character.
func mostlyUTF8(body []byte) bool {
	good, bad := 0, 0
	for i := 0; i < len(body); {
		if body[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(body[i:])
		if r == utf8.RuneError && size == 1 {
			bad++
		} else {
			good++
		}
		i += size
	}
	return good > bad
}

// lookup finds an encoding by its label; nil for UTF-8 and for what is none.
func lookup(label string) encoding.Encoding {
	switch strings.ToLower(label) {
	case "utf-32", "utf-32be", "ucs-4", "iso-10646-ucs-4":
		return utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)
	case "utf-32le":
		return utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)
	}
	enc, name := charset.Lookup(label)
	if name == "utf-8" || name == "replacement" {
		return nil
	}
	return enc
}

// markOf tells an encoding by a byte order mark, which it removes, or by how the
// first '<' is written.
func markOf(body []byte) (label string, rest []byte) {
	for _, m := range []struct {
		mark  string
		label string
		drop  int
	}{
		{"\x00\x00\xFE\xFF", "utf-32be", 4},
		{"\xFF\xFE\x00\x00", "utf-32le", 4},
		{"\x00\x00\x00<", "utf-32be", 0},
		{"<\x00\x00\x00", "utf-32le", 0},
		{"\xFE\xFF", "utf-16be", 2},
		{"\xFF\xFE", "utf-16le", 2},
		{"\xEF\xBB\xBF", "", 3},
		{"\x00<", "utf-16be", 0},
		{"<\x00", "utf-16le", 0},
		{"\x00{", "utf-16be", 0},
		{"{\x00", "utf-16le", 0},
	} {
		if bytes.HasPrefix(body, []byte(m.mark)) {
			return m.label, body[m.drop:]
		}
	}
	return "", body
}

// sevenBit says whether an encoding hides its characters in ASCII.
func sevenBit(label string) bool {
	label = strings.ToLower(label)
	return strings.HasPrefix(label, "iso-2022-") && lookup(label) != nil
}

// declaredCharset is the encoding of an XML declaration.
func declaredCharset(body []byte) string {
	head := bytes.TrimLeft(body[:min(len(body), declarationBytes)], " \t\r\n")
	if !bytes.HasPrefix(head, []byte("<?xml")) {
		return ""
	}
	head, _, _ = bytes.Cut(head, []byte("?>"))
	_, value, found := bytes.Cut(head, []byte("encoding"))
	value = bytes.TrimLeft(value, " \t\r\n=")
	if !found || len(value) < 2 || (value[0] != '"' && value[0] != '\'') {
		return ""
	}
	value, _, found = bytes.Cut(value[1:], value[:1])
	if !found || len(value) > 40 {
		return ""
	}
	return string(value)
}

// repair replaces what XML does not allow and feeds contain all the same:
// invalid UTF-8, control characters, and references to such. A single bad byte
// would otherwise silence a feed. It returns the same bytes if they are fine.
func repair(body []byte) []byte {
	if !utf8.Valid(body) {
		body = bytes.ToValidUTF8(body, []byte("\uFFFD"))
	}
	out, kept := []byte(nil), 0
	for i := 0; i < len(body); {
		size := badLength(body[i:])
		if size == 0 {
			i++
			continue
		}
		out = append(append(out, body[kept:i]...), ' ')
		i += size
		kept = i
	}
	if kept == 0 {
		return body
	}
	return append(out, body[kept:]...)
}

// badLength is the length of what must not stand at the start of s; 0 if nothing.
func badLength(s []byte) int {
	switch c := s[0]; {
	case c < ' ' && c != '\n' && c != '\t' && c != '\r':
		return 1
	case c == 0xEF && len(s) >= 3 && s[1] == 0xBF && s[2] >= 0xBE: // U+FFFE and U+FFFF.
		return 3
	case c == '&' && len(s) > 3 && s[1] == '#':
		return badReference(s)
	}
	return 0
}

// badReference is the length of a reference to a character that XML has not.
func badReference(s []byte) int {
	base, i := rune(10), 2
	if s[2] == 'x' || s[2] == 'X' {
		base, i = 16, 3
	}
	value, first := rune(0), i
	for i < min(len(s), 24) && digitOf(s[i]) < base {
		value = min(value*base+digitOf(s[i]), utf8.MaxRune+1)
		i++
	}
	if i == first || i == len(s) || s[i] != ';' || inXML(value) {
		return 0
	}
	return i + 1
}

// inXML says whether XML has a character.
func inXML(r rune) bool {
	switch {
	case r < ' ':
		return r == '\t' || r == '\n' || r == '\r'
	case r == 0xFFFE || r == 0xFFFF:
		return false
	}
	return utf8.ValidRune(r)
}

func digitOf(c byte) rune {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return rune(c|0x20-'a') + 10
	}
	return 99
}
