// Package engine serves the embedded ClickHouse over ClickHouse's HTTP
// interface, so that every client that speaks to a ClickHouse server speaks to
// it, and a real server can take its place by a change of address.
//
// The engine has no users of its own. This package enforces them: a request of
// a reader runs on a connection of its own, read-only and with the role's
// limits, and only after the engine's own parser has said that the text is one
// reading statement that names nothing but permitted relations and functions.
//
// docs/reference/engine.md says what is supported and what is not.
package engine
