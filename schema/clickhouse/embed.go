// Package clickhouse holds the store's migrations: numbered SQL files, each
// applied once and never changed after it was released. Statements end with a
// semicolon at the end of a line, and can be repeated without harm.
package clickhouse

import "embed"

// Migrations are the files NNNN_name.sql.
//
//go:embed *.sql
var Migrations embed.FS
