package chdb

import (
	"fmt"
	"strconv"
	"strings"
)

// Error is an exception of the engine.
type Error struct {
	Code    int    // ClickHouse's number, 0 where the text has none.
	Message string // The whole text, which begins with "Code:" where there is a number.
}

func (e *Error) Error() string { return e.Message }

// ParseError makes an Error of the engine's text.
func ParseError(text string) error {
	text = strings.TrimSpace(text)
	at := strings.Index(text, "Code: ")
	if at < 0 {
		return &Error{Message: text}
	}
	text = text[at:]
	digits, _, _ := strings.Cut(text[len("Code: "):], ".")
	code, err := strconv.Atoi(digits)
	if err != nil {
		return &Error{Message: text}
	}
	return &Error{Code: code, Message: text}
}

// Exception makes an Error as the engine would word it.
func Exception(code int, name, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf("Code: %d. DB::Exception: %s. (%s)", code, fmt.Sprintf(format, args...), name)}
}
