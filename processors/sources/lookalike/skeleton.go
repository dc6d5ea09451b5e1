package lookalike

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// confusables are characters of other scripts that look like Latin letters, as
// pairs of the letter and those that look like it: from the confusables of Unicode
// Technical Standard #39, revision 31, those of scripts in which domains are
// registered. What differs by diacritics or width alone needs no entry.
const confusables = "a аαɑ⍺ b Ьƅɓ c сϲⅽ d ԁɗժ e еҽєɛ f ƒſẝք g ɡɢց h һհℎ i іιɩıӏ⍳ j јϳʝ k кκĸ l ⅼ׀ӏ m мⅿṃ n пηոռ o оοօσ p рρ⍴ q ԛգզ r гᴦꭇ s ѕꜱ " +
	"t тτ u υսцʋ v νѵⅴ w ѡԝաωѡ x хχⅹ y уγүỵ z ᴢ ss ß ae æӕ oe œ d đð l ł o ø t ŧ h ħ i į n ŋ"

// digits are characters that are read as letters.
const digits = "0o1l3e4a5s7t"

// pairs are letters that are read as one, and the other way round.
func pairs() *strings.Replacer { return strings.NewReplacer("rn", "m", "vv", "w", "cl", "d") }

// plainLetters is confusables by character.
func plainLetters() map[rune]string {
	letters := map[rune]string{}
	words := strings.Fields(confusables)
	for i := 0; i+1 < len(words); i += 2 {
		for _, r := range words[i+1] {
			if _, known := letters[r]; !known {
				letters[r] = words[i]
			}
		}
	}
	return letters
}

// folder turns labels into plain letters.
type folder struct {
	letters map[rune]string
	pairs   *strings.Replacer
}

func newFolder() *folder { return &folder{plainLetters(), pairs()} }

// fold is a label in plain Latin letters, digits and hyphens, as far as its
// characters are such with diacritics.
func (f *folder) fold(label string) string {
	if isASCII(label) {
		return label
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(label) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r < 0x80:
			b.WriteRune(unicode.ToLower(r))
		case f.letters[r] != "" && unicode.Is(unicode.Latin, r):
			b.WriteString(f.letters[r])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// skeleton is what a label is read as: two labels with the same skeleton are easily
// taken for one another.
func (f *folder) skeleton(label string) string {
	var b strings.Builder
	if isASCII(label) {
		b.WriteString(label)
	} else {
		for _, r := range norm.NFKD.String(label) {
			switch {
			case unicode.Is(unicode.Mn, r):
			case f.letters[r] != "":
				b.WriteString(f.letters[r])
			default:
				b.WriteRune(unicode.ToLower(r))
			}
		}
	}
	read := []byte(f.pairs.Replace(b.String()))
	for i, c := range read {
		if at := strings.IndexByte(digits, c); c >= '0' && c <= '9' && at >= 0 {
			read[i] = digits[at+1]
		}
		if read[i] == 'i' {
			read[i] = 'l' // As 1 may be either.
		}
	}
	return string(read)
}

// differences says which characters of a label are not the protected ones.
func differences(label, name string) string {
	var odd []string
	for _, r := range label {
		if r >= 0x80 {
			odd = append(odd, fmt.Sprintf("%c is U+%04X (%s)", r, r, script(r)))
		}
	}
	if len(odd) > 0 {
		return strings.Join(odd, ", ")
	}
	return fmt.Sprintf("%s for %s", label, name)
}

func script(r rune) string {
	for _, s := range []struct {
		name  string
		table *unicode.RangeTable
	}{{"Cyrillic", unicode.Cyrillic}, {"Greek", unicode.Greek}, {"Armenian", unicode.Armenian}, {"Latin", unicode.Latin}} {
		if unicode.Is(s.table, r) {
			return s.name
		}
	}
	return "another script"
}
