package broker

import (
	"encoding/binary"
	"fmt"
	"net"
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// maxRequest is the largest request that a connection may announce, in bytes.
const maxRequest = 128 << 20

// guard is a listener whose connections refuse what the protocol server cannot
// bear: a size that it would allocate before reading on, and a request that it
// does not know. A browser or a port scan sends both.
type guard struct {
	net.Listener
	mu    sync.Mutex
	conns map[*guardedConn]struct{} // Nil when shut.
}

func newGuard(ln net.Listener) *guard {
	return &guard{Listener: ln, conns: make(map[*guardedConn]struct{})}
}

// Accept waits for a connection.
func (g *guard) Accept() (net.Conn, error) {
	conn, err := g.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &guardedConn{Conn: conn, guard: g}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.conns == nil {
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	g.conns[c] = struct{}{}
	return c, nil
}

// shut closes the listener and all connections.
func (g *guard) shut() {
	_ = g.Close()
	g.mu.Lock()
	conns := g.conns
	g.conns = nil
	g.mu.Unlock()
	for c := range conns {
		_ = c.Conn.Close()
	}
}

// guardedConn follows the requests that are read from it. The server reads the
// size of a request and its body apart.
type guardedConn struct {
	net.Conn
	guard *guard

	head [8]byte // Size, kind and version of the request at hand.
	have int     // How much of head is known.
	rest int     // How much of the body is still to come, beyond head.
}

// Read reads a part of a request, after its head was checked.
func (c *guardedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if checkErr := c.follow(b[:n]); checkErr != nil {
		return 0, checkErr
	}
	return n, err
}

// follow notes where requests begin and end.
func (c *guardedConn) follow(b []byte) error {
	for len(b) > 0 {
		if c.have < len(c.head) {
			n := copy(c.head[c.have:], b)
			c.have += n
			b = b[n:]
			if err := c.check(); err != nil {
				return err
			}
			continue
		}
		n := min(c.rest, len(b))
		c.rest -= n
		b = b[n:]
		if c.rest == 0 {
			c.have = 0
		}
	}
	if c.have == len(c.head) && c.rest == 0 {
		c.have = 0
	}
	return nil
}

// check refuses a bad size or kind as soon as it is known.
func (c *guardedConn) check() error {
	if c.have < 4 {
		return nil
	}
	size := binary.BigEndian.Uint32(c.head[:])
	if size < 10 || size > maxRequest {
		return fmt.Errorf("broker: request of %d bytes", size)
	}
	if c.have < len(c.head) {
		return nil
	}
	key := int16(binary.BigEndian.Uint16(c.head[4:]))
	if kmsg.RequestForKey(key) == nil {
		return fmt.Errorf("broker: request of unknown kind %d", key)
	}
	c.rest = int(size) - 4
	return nil
}

// Close closes the connection.
func (c *guardedConn) Close() error {
	c.guard.mu.Lock()
	delete(c.guard.conns, c)
	c.guard.mu.Unlock()
	return c.Conn.Close()
}
