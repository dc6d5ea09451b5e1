package lookalike

import (
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// Variant is a look-alike of a protected name, made for measuring.
type Variant struct {
	Family string // How it was made; the names are those of dnstwist where it has the family.
	Rule   string // The rule that should find it.
	Domain string
}

// Families makes look-alikes of a protected name, in a fixed order: the ways in
// which campaigns and typing squatters make them. None is the name itself.
func Families(name string) []Variant {
	h, ok := parse(name)
	if !ok {
		return nil
	}
	m := &made{host: h}
	for _, ending := range []string{"ltd", "press", "site", "online", "top", "live", "pm", "ws", "co.com", "eu.com"} {
		m.add("tld-swap", "R1", h.label+"."+ending)
	}
	m.homoglyphs()
	m.slips()
	for _, word := range []string{"news", "online", "live", "24", "tv", "info", "press", "media", "daily", "official"} {
		m.add("dictionary", "R4", h.label+"-"+word+".com")
		m.add("dictionary, joined", "R4", h.label+word+".com")
		m.add("dictionary, before", "R4", word+"-"+h.label+".org")
	}
	m.add("own ending", "R4", h.label+"-"+strings.ReplaceAll(h.ending, ".", "-")+".com")
	for _, below := range []string{"", "www.", "login."} {
		m.add("subdomain", "R5", below+h.domain+".example-237.com")
	}
	m.add("subdomain, hyphen", "R5", strings.ReplaceAll(h.domain, ".", "-")+".example-237.com")
	return m.all
}

type made struct {
	host host
	all  []Variant
}

func (m *made) add(family, rule, domain string) {
	v := Variant{family, rule, domain}
	if domain != m.host.domain && !slices.Contains(m.all, v) {
		m.all = append(m.all, v)
	}
}

func (m *made) here(family, rule, label string) {
	if label != m.host.label && label != "" && label[0] != '-' && label[len(label)-1] != '-' {
		m.add(family, rule, label+"."+m.host.ending)
	}
}

// homoglyphs replaces characters by some that look alike.
func (m *made) homoglyphs() {
	label := m.host.label
	for _, pair := range [][2]string{{"a", "а"}, {"e", "е"}, {"o", "о"}, {"o", "ο"}, {"i", "і"}, {"c", "с"}, {"p", "р"}, {"x", "х"}, {"y", "у"}, {"s", "ѕ"}, {"n", "ո"}} {
		if other := strings.Replace(label, pair[0], pair[1], 1); other != label {
			m.here("homoglyph", "R2", other)
			if ascii, err := idna.Punycode.ToASCII(other); err == nil {
				m.here("homoglyph, punycode", "R2", ascii)
			}
		}
	}
	for _, pair := range [][2]string{{"a", "à"}, {"e", "é"}, {"o", "ö"}, {"i", "ì"}, {"l", "ł"}, {"s", "ș"}} {
		m.here("diacritic", "R2", strings.Replace(label, pair[0], pair[1], 1))
	}
	for _, pair := range [][2]string{{"l", "1"}, {"i", "1"}, {"o", "0"}, {"e", "3"}, {"s", "5"}, {"m", "rn"}, {"w", "vv"}} {
		m.here("digits and pairs", "R2", strings.Replace(label, pair[0], pair[1], 1))
	}
}

// slips are what is typed by mistake, each at every place.
func (m *made) slips() {
	label := m.host.label
	if !isASCII(label) {
		return
	}
	for i := range len(label) {
		before, c, after := label[:i], label[i:i+1], label[i+1:]
		m.here("omission", "R3", before+after)
		m.here("repetition", "R3", before+c+c+after)
		if after != "" {
			m.here("transposition", "R3", before+after[:1]+c+after[1:])
		}
		if i > 0 {
			m.here("hyphenation", "R3", before+"-"+c+after)
		}
		for _, next := range neighbours(label[i]) {
			m.here("replacement", "R3", before+string(next)+after)
			m.here("insertion", "R3", before+string(next)+c+after)
		}
		m.replaced(before, label[i], after)
	}
	for c := 'a'; c <= 'z'; c++ {
		m.here("addition", "R3", label+string(c))
	}
}

// replaced puts other vowels for a vowel, and what a faulty memory makes of a
// character by turning one bit.
func (m *made) replaced(before string, c byte, after string) {
	const vowels = "aeiou"
	if strings.IndexByte(vowels, c) >= 0 {
		for _, vowel := range vowels {
			m.here("vowel-swap", "R3", before+string(vowel)+after)
		}
	}
	for bit := range 7 {
		if turned := c ^ 1<<bit; (turned >= 'a' && turned <= 'z') || (turned >= '0' && turned <= '9') {
			m.here("bitsquatting", "R3", before+string(rune(turned))+after)
		}
	}
}

// neighbours are the keys next to a letter on a keyboard.
func neighbours(c byte) string {
	for _, row := range []string{"qwertyuiop", "asdfghjkl", "zxcvbnm"} {
		if i := strings.IndexByte(row, c); i >= 0 {
			return row[max(i-1, 0):i] + row[i+1:min(i+2, len(row))]
		}
	}
	return ""
}
