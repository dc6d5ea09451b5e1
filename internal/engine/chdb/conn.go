package chdb

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"
)

// Conn is a connection. It runs one statement at a time and is not safe for
// concurrent use.
type Conn struct {
	lib    *Library
	outer  uintptr // chdb_connection *
	handle uintptr // chdb_connection
}

// Connect opens a connection to the data at path with settings of its own, as
// in SET. The first connection of the process starts the engine.
func (l *Library) Connect(path string, settings map[string]string) (*Conn, error) {
	args := []*byte{cString("clickhouse"), cString("--path=" + path)}
	for name, value := range settings {
		args = append(args, cString("--"+name+"="+value))
	}
	outer := l.open(int32(len(args)), &args[0])
	runtime.KeepAlive(args)
	if outer == 0 {
		return nil, fmt.Errorf("chdb: open %s: %w", path, errNoConnection)
	}
	handle := *(*uintptr)(pointer(outer))
	if handle == 0 {
		return nil, fmt.Errorf("chdb: open %s: %w", path, errNoConnection)
	}
	return &Conn{lib: l, outer: outer, handle: handle}, nil
}

// open connects. The first connection starts the engine.
func (l *Library) open(argc int32, argv **byte) (conn uintptr) {
	first := false
	l.start.Do(func() {
		first = true
		startUnguarded(func() { conn = l.connect(argc, argv) })
	})
	if !first {
		conn = l.connect(argc, argv)
	}
	return conn
}

// Close closes the connection. A second call does nothing.
func (c *Conn) Close() {
	if c.outer != 0 {
		c.lib.closeConn(c.outer)
		c.outer, c.handle = 0, 0
	}
}

// Class is what a statement does to what outlives it, as the engine's parser says.
type Class uint32

// The classes, by how much they change.
const (
	ClassReadOnly Class = iota
	ClassMutating
	ClassMutatingGlobal
	ClassControl
	ClassUnknown // It does not parse.
)

type analysis struct{ structSize, statements, _, class uint32 }

// Classify says what class a text is of and how many statements it holds. It runs nothing.
func (c *Conn) Classify(query string) (class Class, statements int, err error) {
	text := []byte(query)
	out := &analysis{structSize: uint32(unsafe.Sizeof(analysis{}))}
	if c.lib.classify(c.handle, first(text), uintptr(len(text)), nil, 0, out) != 0 {
		return ClassUnknown, 0, errors.New("chdb: the statement could not be classified")
	}
	runtime.KeepAlive(text)
	return Class(out.class), int(out.statements), nil
}

// Param is a server-side parameter of a query.
type Param struct{ Name, Value string }

// params are parameters as the C interface takes them.
type params struct {
	names, values         []*byte
	nameSizes, valueSizes []uintptr
}

func cParams(list []Param) params {
	p := params{}
	for _, param := range list {
		p.names = append(p.names, cString(param.Name))
		p.values = append(p.values, cString(param.Value))
		p.nameSizes = append(p.nameSizes, uintptr(len(param.Name)))
		p.valueSizes = append(p.valueSizes, uintptr(len(param.Value)))
	}
	return p
}

// Stats is what a statement read and wrote.
type Stats struct {
	ReadRows, ReadBytes, WrittenRows, WrittenBytes, ResultRows uint64
}

// Query runs a statement to its end and returns its whole result.
func (c *Conn) Query(query, format string, list ...Param) ([]byte, Stats, error) {
	text, name, p := []byte(query), []byte(format), cParams(list)
	result := c.lib.query(c.handle, first(text), uintptr(len(text)), first(name), uintptr(len(name)),
		first(p.names), first(p.nameSizes), first(p.values), first(p.valueSizes), uintptr(len(list)))
	runtime.KeepAlive(text)
	runtime.KeepAlive(name)
	runtime.KeepAlive(p)
	return c.take(result)
}

// take copies a result and frees it, failed ones too.
func (c *Conn) take(result uintptr) ([]byte, Stats, error) {
	if result == 0 {
		return nil, Stats{}, nil
	}
	defer c.lib.destroyResult(result)
	if text := c.lib.resultError(result); text != "" {
		return nil, Stats{}, ParseError(text)
	}
	stats := Stats{
		ReadRows: c.lib.resultScanned(result), ReadBytes: c.lib.resultScannedB(result),
		WrittenRows: c.lib.resultWritten(result), WrittenBytes: c.lib.resultWrittenB(result), ResultRows: c.lib.resultRows(result),
	}
	size := c.lib.resultLength(result)
	if size == 0 {
		return nil, stats, nil
	}
	out := make([]byte, size)
	copy(out, unsafe.Slice((*byte)(c.lib.resultBuffer(result)), size)) //nolint:gosec // The engine says how long its buffer is, and keeps it until the result is freed.
	return out, stats, nil
}

func cString(s string) *byte {
	b := append([]byte(s), 0)
	return &b[0]
}

// first is the address of a slice's first element, nil for an empty one.
func first[T any](s []T) *T {
	if len(s) == 0 {
		return nil
	}
	return &s[0]
}

// pointer turns an address in the engine's memory into a pointer. The memory is
// not Go's, so the collector neither moves nor frees it.
func pointer(address uintptr) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&address)) //nolint:gosec // See above.
}
