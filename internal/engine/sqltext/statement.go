package sqltext

import "strings"

// Insert is the head of an INSERT whose data follow it.
type Insert struct {
	Statement string // Without FORMAT or VALUES, as the engine takes streamed inserts.
	Format    string // Of the data.
	Data      int    // Where in the text the data begin.
}

// ParseInsert finds the end of the INSERT that a text begins with. ok is false
// where the text is no INSERT, or one that brings no data. open says that the
// text ended before that was decided.
func ParseInsert(text string) (insert Insert, ok, open bool) {
	s := NewScanner(text)
	head, more := s.Next()
	if !more || !head.Is("INSERT") {
		return Insert{}, false, !more || head.End() == len(text)
	}
	depth := 0
	for {
		t, more := s.Next()
		switch {
		case !more:
			return Insert{}, false, true
		case t.Mark("("), t.Mark("["), t.Mark("{"):
			depth++
		case t.Mark(")"), t.Mark("]"), t.Mark("}"):
			depth--
		case depth > 0:
		case t.Is("SELECT"), t.Is("WITH"), t.Is("INFILE"), t.Is("WATCH"), t.Mark(";"):
			return Insert{}, false, false
		case t.Is("VALUES"):
			return Insert{Statement: text[head.At:t.At], Format: "Values", Data: t.End()}, true, false
		case t.Is("FORMAT"):
			return formatted(text, s, head, t)
		}
	}
}

// formatted reads the name of the format. The data begin after it, past blanks
// and one end of line.
func formatted(text string, s *Scanner, head, format Token) (insert Insert, ok, open bool) {
	name, more := s.Next()
	if !more {
		return Insert{}, false, true
	}
	if name.Kind != Word && name.Kind != Quoted {
		return Insert{}, false, false
	}
	return Insert{Statement: text[head.At:format.At], Format: strings.Trim(name.Text, "\"`"), Data: dataFrom(text, name.End())}, true, false
}

// dataFrom is where the data begin after a format's name.
func dataFrom(text string, at int) int {
	for at < len(text) && strings.IndexByte(" \t\r", text[at]) >= 0 {
		at++
	}
	switch rest := text[at:]; {
	case strings.HasPrefix(rest, "\n"):
		return at + 1
	case strings.HasPrefix(rest, ";") && strings.TrimSpace(rest[1:]) == "":
		return len(text)
	}
	return at
}

// Setting is one of a SETTINGS clause. Value has lost its quotation marks.
type Setting struct{ Name, Value string }

// Query is a query without what stands at its end.
type Query struct {
	Text     string    // Without FORMAT and closing semicolons, and without SETTINGS where they were taken off.
	Format   string    // Empty where the text names none.
	Settings []Setting // In their order.
	Tokens   []Token   // Of Text.
}

// ParseQuery takes FORMAT off the end of a query, and SETTINGS where the clause
// holds nothing but names and literals. What it leaves in place the engine sees.
func ParseQuery(text string, settings bool) Query {
	tokens := Scan(text)
	for len(tokens) > 0 && tokens[len(tokens)-1].Mark(";") {
		tokens = tokens[:len(tokens)-1]
	}
	q := Query{}
	if settings {
		tokens, q.Settings = takeSettings(tokens)
	}
	if n := len(tokens); n > 2 && tokens[n-2].Is("FORMAT") && (tokens[n-1].Kind == Word || tokens[n-1].Kind == Quoted) {
		q.Format = strings.Trim(tokens[n-1].Text, "\"`")
		tokens = tokens[:n-2]
	}
	if settings && q.Settings == nil {
		tokens, q.Settings = takeSettings(tokens)
	}
	if len(tokens) > 0 {
		q.Text = text[:tokens[len(tokens)-1].End()]
	}
	q.Tokens = tokens
	return q
}

// takeSettings takes a clause of names and literals off the end.
func takeSettings(tokens []Token) ([]Token, []Setting) {
	var found []Setting
	for at := len(tokens); ; {
		value := at - 1
		if value < 3 || tokens[value].Kind == Quoted || tokens[value].Kind == Mark {
			return tokens, nil
		}
		equals := value - 1
		sign := ""
		if tokens[equals].Mark("-") {
			sign = "-"
			equals--
		}
		if equals < 2 || !tokens[equals].Mark("=") || tokens[equals-1].Kind != Word {
			return tokens, nil
		}
		found = append([]Setting{{Name: tokens[equals-1].Text, Value: sign + literal(tokens[value])}}, found...)
		switch before := tokens[equals-2]; {
		case before.Is("SETTINGS"):
			return tokens[:equals-2], found
		case !before.Mark(","):
			return tokens, nil
		}
		at = equals - 2
	}
}

// literal is the value of a number, a word or a string. Of strings only plain
// ones matter here: no permitted setting needs an escape.
func literal(t Token) string {
	if t.Kind != String {
		return t.Text
	}
	return strings.Trim(t.Text, "'‘’")
}
