// Package schema is the contract of the observatory: the events on the log, the
// topics that carry them, the tables that hold what is made of them, and the
// words that all parts share. It does no input or output and imports no other
// package of the project.
//
// The events are declared in events.proto; `make generate` writes the Go code.
// Tables, columns and views are declared once, in tables.go and views.go, with
// their descriptions: they feed the DDL, the inserts and the data dictionary.
package schema
