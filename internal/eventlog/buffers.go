package eventlog

import "slices"

// buffers recycles the memory that records of one batch point into. It is not
// safe for concurrent use.
type buffers struct {
	free, used [][]byte
	open       []byte // The buffer that cut cuts from.
}

// smallest is the least that is allocated, so that a buffer serves the next
// batch as well, and most is how much is kept between batches.
const (
	smallest = 256 << 10
	most     = 64 << 20
)

// get returns an empty buffer with a capacity of at least n.
func (p *buffers) get(n int) []byte {
	for i, b := range slices.Backward(p.free) {
		if cap(b) >= n {
			p.free = append(p.free[:i], p.free[i+1:]...)
			p.used = append(p.used, b)
			return b[:0]
		}
	}
	b := make([]byte, 0, max(n+n/4, smallest))
	p.used = append(p.used, b)
	return b
}

// cut returns an empty slice with a capacity of n, from a buffer that it shares
// with what was cut before: batches of a few records are many.
func (p *buffers) cut(n int) []byte {
	if cap(p.open)-len(p.open) < n {
		p.open = p.get(n)
	}
	from := len(p.open)
	p.open = p.open[:from+n]
	return p.open[from:from:len(p.open)]
}

// recycle takes back one buffer that get returned.
func (p *buffers) recycle(b []byte) {
	for i, u := range p.used {
		if same(u, b) {
			p.used = append(p.used[:i], p.used[i+1:]...)
			p.free = append(p.free, u[:0])
			return
		}
	}
}

// release takes back all buffers but one.
func (p *buffers) release(keep []byte) {
	kept := 0
	for _, b := range p.free {
		kept += cap(b)
	}
	used := p.used
	p.used, p.open = p.used[:0:0], nil
	for _, b := range used {
		switch {
		case same(b, keep):
			p.used = append(p.used, b)
		case kept+cap(b) <= most:
			kept += cap(b)
			p.free = append(p.free, b[:0])
		}
	}
}

func same(a, b []byte) bool {
	return cap(a) > 0 && cap(b) > 0 && &a[:1][0] == &b[:1][0]
}
