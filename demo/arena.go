package demo

import (
	"strings"

	"github.com/election-observatory/observatory/schema"
)

// arena is where the events of a batch are made: pieces of few large
// allocations, since each event has a dozen small ones.
type arena struct {
	text    strings.Builder
	scratch []byte

	wrapped  []schema.Event_Post
	events   []schema.Event
	posts    []schema.Post
	authors  []schema.AccountSnapshot
	links    []schema.Link
	refs     []schema.Reference
	metrics  []schema.Metrics
	mentions []schema.Mention
	media    []schema.Media
}

const slab = 512

// take takes the next piece of a slab.
func take[T any](of *[]T) *T {
	if len(*of) == 0 {
		*of = make([]T, slab)
	}
	piece := &(*of)[0]
	*of = (*of)[1:]
	return piece
}

const textSlab = 64 << 10

// keep makes a string of bytes.
func (a *arena) keep(b []byte) string {
	if a.text.Cap()-a.text.Len() < len(b) {
		a.text = strings.Builder{}
		a.text.Grow(textSlab + len(b))
	}
	from := a.text.Len()
	a.text.Write(b)
	return a.text.String()[from:]
}

// wrap makes an event of a post.
func (a *arena) wrap(p *schema.Post) *schema.Event {
	kind, event := take(&a.wrapped), take(&a.events)
	kind.Post = p
	event.Kind = kind
	return event
}
