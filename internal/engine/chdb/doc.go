// Package chdb binds the C interface of libchdb, the ClickHouse engine as a
// library, without cgo.
//
// One process holds one data path; a connection runs one statement at a time.
// Settings given to Connect hold for that connection alone, so that a
// connection per request is also the unit of limits and of isolation.
//
// The interface is documented in chdb.h of https://github.com/chdb-io/chdb-core.
package chdb
