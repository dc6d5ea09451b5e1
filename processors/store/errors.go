package store

import (
	"errors"
	"fmt"
	"net/http"
)

// ErrNewer says that the store was migrated by a newer program.
var ErrNewer = errors.New("the store is newer than this program")

// RefusedError is an answer of the store that is not a success.
type RefusedError struct {
	Status  int    // Of HTTP.
	Code    int    // ClickHouse's code of the exception; 0 where the answer has none.
	Message string // What the store said, cut.
}

// Error implements error.
func (e *RefusedError) Error() string {
	switch {
	case e.Code == codeNoSpace:
		return "the disk of the store is full: make room; nothing is lost while it waits: " + e.Message
	case e.Code == codeMemory:
		return "the store has no memory left for this: " + e.Message
	case e.Code == codeTooManyParts:
		return "the store merges more slowly than rows come in: " + e.Message
	case e.Message != "":
		return e.Message
	}
	return fmt.Sprintf("the store answered with status %d", e.Status)
}

// Codes of ClickHouse's exceptions (src/Common/ErrorCodes.cpp).
const (
	codeTooManyQueries = 202
	codeMemory         = 241
	codeNoSpace        = 243
	codeTooManyParts   = 252
)

// permanent reports whether trying again cannot help: the statement or its types do
// not fit the store, or the user may not write. Whatever is not known to be
// permanent is tried again, so that a new code never costs rows.
func (e *RefusedError) permanent() bool {
	switch e.Code {
	case 0:
		return e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden || e.Status == http.StatusNotFound || e.Status == http.StatusMethodNotAllowed
	case 6, 26, 27, 38, 41, 53, 70, 72, 117: // Data that does not parse or convert.
		return true
	case 8, 9, 10, 16, 20, 44, 47, 50, 60, 62, 81: // Columns, types, tables and syntax.
		return true
	case 115, 164, 192, 193, 194, 452, 497, 516: // Settings and rights.
		return true
	}
	return false
}

// shortage reports whether the store is out of something that time may bring
// back.
func (e *RefusedError) shortage() bool {
	switch e.Code {
	case codeTooManyQueries, codeMemory, codeNoSpace, codeTooManyParts:
		return true
	}
	return false
}
