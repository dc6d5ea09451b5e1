package chdb

import (
	"errors"
	"runtime"
)

// Insert is an INSERT whose data is handed over piece by piece. Done or Cancel ends it.
type Insert struct {
	conn   *Conn
	handle uintptr
}

// Insert starts an INSERT; the statement has no FORMAT clause and no data.
func (c *Conn) Insert(statement, format string, list ...Param) (*Insert, error) {
	text, name, p := []byte(statement), []byte(format), cParams(list)
	handle := c.lib.streamInsert(c.handle, first(text), uintptr(len(text)), first(name), uintptr(len(name)),
		first(p.names), first(p.nameSizes), first(p.values), first(p.valueSizes), uintptr(len(list)))
	runtime.KeepAlive(text)
	runtime.KeepAlive(name)
	runtime.KeepAlive(p)
	insert := &Insert{conn: c, handle: handle}
	if err := insert.failure(); err != nil {
		c.lib.destroyInsert(handle)
		return nil, err
	}
	return insert, nil
}

// Write hands over a piece of the data and waits while the engine has too much of it.
func (i *Insert) Write(piece []byte) (int, error) {
	if len(piece) == 0 {
		return 0, nil
	}
	if i.conn.lib.streamAppend(i.handle, first(piece), uintptr(len(piece))) != 0 {
		if err := i.failure(); err != nil {
			return 0, err
		}
		return 0, errors.New("chdb: the insert has ended")
	}
	runtime.KeepAlive(piece)
	return len(piece), nil
}

// Done ends the data. A nil error means that the engine has stored all of it.
func (i *Insert) Done() (Stats, error) {
	defer i.conn.lib.destroyInsert(i.handle)
	_, stats, err := i.conn.take(i.conn.lib.streamDone(i.handle))
	return stats, err
}

// Cancel gives the insert up. Blocks that the engine already wrote stay.
func (i *Insert) Cancel() {
	i.conn.lib.cancelInsert(i.handle)
	i.conn.lib.destroyInsert(i.handle)
}

func (i *Insert) failure() error {
	if text := i.conn.lib.insertError(i.handle); text != "" {
		return ParseError(text)
	}
	return nil
}
