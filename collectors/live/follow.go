package live

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/election-observatory/observatory/collectors/fetch"
	"github.com/election-observatory/observatory/schema"
)

// Line is a line of an answer that goes on, without its break, or why there are no more.
type Line struct {
	Data []byte    // Cut where it is longer than it may be.
	Size int       // What it has, with its break.
	At   time.Time // When it was read.
	Err  error     // A *fetch.Error; nothing else is there then.
}

// Follower reads answers that go on.
type Follower struct {
	// Open asks for the answer. Its error is a *fetch.Error.
	Open func(ctx context.Context) (*http.Response, error)
	// Silence is how long nothing may come, not even an empty line.
	Silence time.Duration
	// Most is how long a line may be, in bytes.
	Most int
	Now  func() time.Time
}

var errSilent = errors.New("the stream sent nothing, not even a sign of life")

// Follow opens an answer, and reads its lines until it or ctx ends; the last says why.
// Whoever does not take the lines stops the reading.
func (f *Follower) Follow(ctx context.Context) (<-chan Line, error) {
	whole := ctx
	ctx, cancel := context.WithCancelCause(whole)
	resp, err := f.Open(ctx) //nolint:bodyclose // Whoever reads it closes it.
	if err != nil {
		cancel(nil)
		return nil, err
	}
	lines := make(chan Line, 64)
	go func() {
		defer cancel(nil)
		defer resp.Body.Close() //nolint:errcheck // It was read to its end, or is given up.
		f.read(ctx, cancel, resp.Body, func(line Line) bool {
			select {
			case lines <- line:
				return true
			case <-whole.Done(): // Nobody listens any more.
				return false
			}
		})
	}()
	return lines, nil
}

func (f *Follower) read(ctx context.Context, cancel context.CancelCauseFunc, body io.Reader, tell func(Line) bool) {
	silence := time.AfterFunc(f.Silence, func() { cancel(errSilent) })
	defer silence.Stop()
	in := bufio.NewReaderSize(body, 64<<10)
	for {
		data, size, err := ReadLine(in, f.Most)
		if err != nil {
			if errors.Is(context.Cause(ctx), errSilent) {
				err = &fetch.Error{Outage: schema.OutageTimeout, Err: errSilent}
			}
			tell(Line{Err: fetch.Failed(err)})
			return
		}
		silence.Stop() // What waits to be taken is no silence.
		if !tell(Line{Data: data, Size: size, At: f.Now()}) {
			return
		}
		silence.Reset(f.Silence)
	}
}

// ReadLine reads a line without its break, and at most so many bytes of it. A stream has no
// end: where it ends all the same the error is io.ErrUnexpectedEOF.
func ReadLine(in *bufio.Reader, most int) (line []byte, size int, err error) {
	for {
		piece, err := in.ReadSlice('\n')
		size += len(piece)
		if left := most - len(line); left > 0 {
			line = append(line, piece[:min(left, len(piece))]...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			return nil, 0, io.ErrUnexpectedEOF
		case err != nil:
			return nil, 0, err
		}
		return bytes.TrimRight(line, "\r\n"), size, nil
	}
}
