package tag

import (
	"unicode"
	"unicode/utf8"

	"github.com/abadojack/whatlanggo"
)

const (
	detected = "detected"
	// leastLetters and leastConfidence are where the detector abstains. On 3,722
	// posts of 2017 and 470 of 2014 whose language is known it then names one for
	// 61 and 67 %, and 99.1 and 99.0 % of these rightly; with neither bound it
	// names 98 %, of which 88 and 90 % rightly (docs/performance.md).
	leastLetters    = 20
	leastConfidence = 0.8
	mostDetected    = 600 // Bytes that are looked at: more say nothing new.
)

// detectable are the languages that the detector is to tell apart where the
// study names none: those of Europe that it knows. It knows neither Slovak,
// Maltese nor Irish, nor Catalan, Basque, Galician or Albanian.
func detectable() []string {
	return []string{
		"bg", "hr", "cs", "da", "nl", "en", "et", "fi", "fr", "de", "el", "hu", "it", "lv", "lt", "pl", "pt", "ro", "sl", "es", "sv",
		"ar", "be", "mk", "nb", "ru", "sr", "tr", "uk",
	}
}

// detector names the language of texts that declare none, by their trigrams
// (Cavnar and Trenkle, "N-gram-based text categorization", 1994). It is slow,
// 60 to 400 µs a text, and abstains where a text says too little.
type detector struct {
	options whatlanggo.Options
	buf     []byte
}

func newDetector(languages []string) *detector {
	if len(languages) == 0 {
		languages = detectable()
	}
	d := &detector{options: whatlanggo.Options{Whitelist: map[whatlanggo.Lang]bool{}}}
	for lang := range whatlanggo.Langs {
		for _, code := range languages {
			if lang.Iso6391() == code {
				d.options.Whitelist[lang] = true
			}
		}
	}
	return d
}

// detect names the language of a masked text, empty where it abstains. URLs,
// mentions and hashtags have no language.
func (d *detector) detect(text string) string {
	d.buf = d.buf[:0]
	for at := 0; at < len(text) && len(d.buf) < mostDetected; {
		if size := space(text, at); size > 0 {
			at += size
			continue
		}
		end, seen := word(text, at)
		if w := text[at:end]; w[0] != '#' && !skipped(w, seen&colonByte != 0) {
			d.buf = append(append(d.buf, w...), ' ')
		}
		at = end
	}
	if !enoughLetters(d.buf) {
		return ""
	}
	if info := whatlanggo.DetectWithOptions(string(d.buf), d.options); info.Confidence >= leastConfidence {
		return info.Lang.Iso6391()
	}
	return ""
}

func enoughLetters(text []byte) bool {
	n := 0
	for at := 0; at < len(text) && n < leastLetters; {
		r, size := utf8.DecodeRune(text[at:])
		if unicode.IsLetter(r) {
			n++
		}
		at += size
	}
	return n >= leastLetters
}
