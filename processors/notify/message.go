package notify

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Alert is what somebody is told of.
type Alert struct {
	ID       string     `json:"alert_id"`
	Method   string     `json:"method"`
	Subject  string     `json:"subject"`
	From     time.Time  `json:"from"`
	To       *time.Time `json:"to"` // Nil while it lasts.
	Expected float64    `json:"expected"`
	Observed float64    `json:"observed"`
	Reason   string     `json:"reason"`
	Evidence string     `json:"evidence"`

	Held     bool       `json:"-"` // It is noted that it was held back.
	LastSent *time.Time `json:"-"` // When another of its method and subject was last sent on the channel.
}

// Message is what goes out on a channel at once.
type Message struct {
	Study  string
	Alerts []Alert // The newest first.
	More   int     // That there are besides.
	Notice *Notice // To whom it is a notice; nil for those who run the study.
}

// mostListed is how many alerts a message lists; the others are counted.
const mostListed = 50

// Subject is its first line.
func (m *Message) Subject() string {
	what := "alert"
	if m.Notice != nil {
		what = "notice"
	}
	of := "1 " + what
	if n := len(m.Alerts) + m.More; n > 1 {
		of = fmt.Sprintf("%d %ss", n, what)
	}
	return clean(m.Study) + ": " + of
}

// text is what people read of it; quote shows what comes from outside.
func (m *Message) text(quote func(string) string) string {
	var b strings.Builder
	for i := range m.Alerts {
		a := &m.Alerts[i]
		until := "lasting"
		if a.To != nil {
			until = "to " + a.To.UTC().Format("2 January 15:04")
		}
		fmt.Fprintf(&b, "%s of %s, from %s %s UTC", title(a.Method), quote(clean(a.Subject)), a.From.UTC().Format("2 January 2006 15:04"), until)
		if a.Reason != "" {
			fmt.Fprintf(&b, " (%s)", clean(a.Reason))
		}
		fmt.Fprintf(&b, "\n%s\n", clean(a.Evidence))
		if m.Notice == nil {
			fmt.Fprintf(&b, "Seen to: observatory alerts ack %s\n", a.ID)
		}
		b.WriteByte('\n')
	}
	if m.More > 0 {
		fmt.Fprintf(&b, "And %d more: observatory alerts lists them.\n\n", m.More)
	}
	if m.Notice != nil {
		fmt.Fprintf(&b, "%s asked to be told (%s). Whoever runs the study answers questions, and takes it off the list.\n", clean(m.Notice.Party), clean(m.Notice.Consent))
	}
	b.WriteString("An alert asks somebody to look. It says neither who is behind it nor that anybody did wrong.\n")
	return b.String()
}

func title(word string) string {
	if word == "" {
		return ""
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

// longestPart is how many letters of a part of an alert are shown.
const longestPart = 300

// clean leaves out what is no text: line ends, controls, marks that turn the
// direction of writing.
func clean(text string) string {
	letters := []rune(strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return ' '
		case unicode.Is(unicode.C, r):
			return -1
		}
		return r
	}, text))
	if len(letters) > longestPart {
		return string(letters[:longestPart]) + "…"
	}
	return string(letters)
}
