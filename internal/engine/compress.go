package engine

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	chcompress "github.com/ClickHouse/ch-go/compress"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/election-observatory/observatory/internal/engine/chdb"
)

// decode undoes the compressions of a request's body.
func decode(r *http.Request, params url.Values) (io.Reader, error) {
	body := io.Reader(r.Body)
	var err error
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
	case "gzip":
		body, err = gzip.NewReader(body)
	case "deflate":
		body, err = zlib.NewReader(body)
	case "zstd":
		body, err = zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
	case "lz4":
		body = lz4.NewReader(body)
	default:
		return nil, chdb.Exception(48, "NOT_IMPLEMENTED", "Content-Encoding %s is not supported: use gzip, deflate, lz4 or zstd", encoding)
	}
	if err != nil {
		return nil, chdb.Exception(354, "CANNOT_DECOMPRESS", "The body is not %s: %v", r.Header.Get("Content-Encoding"), err)
	}
	if params.Get("decompress") == "1" {
		body = blockReader{chcompress.NewReader(body)}
	}
	return body, nil
}

// blockReader ends where the last of ClickHouse's compressed blocks ends.
type blockReader struct{ blocks io.Reader }

func (b blockReader) Read(p []byte) (int, error) {
	n, err := b.blocks.Read(p)
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

// flushWriter is a compressor that can hand on what it holds.
type flushWriter interface {
	io.WriteCloser
	Flush() error
}

// encode compresses a response as the client asked. Close ends it.
func (q *request) encode(w http.ResponseWriter) flushWriter {
	switch {
	case q.params.Get("compress") == "1":
		return &blocks{to: w, lz4: chcompress.NewWriter(0, chcompress.LZ4)}
	case q.params.Get("enable_http_compression") == "0":
	case accepts(q.http, "gzip"):
		w.Header().Set("Content-Encoding", "gzip")
		z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // The level is a known one.
		return z
	case accepts(q.http, "zstd"):
		w.Header().Set("Content-Encoding", "zstd")
		z, _ := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
		return z
	}
	return plain{w}
}

// accepts says whether a client takes an encoding.
func accepts(r *http.Request, encoding string) bool {
	for _, value := range r.Header.Values("Accept-Encoding") {
		for part := range strings.SplitSeq(value, ",") {
			name, weight, _ := strings.Cut(part, ";")
			if strings.EqualFold(strings.TrimSpace(name), encoding) {
				return strings.ReplaceAll(weight, " ", "") != "q=0"
			}
		}
	}
	return false
}

type plain struct{ io.Writer }

func (plain) Flush() error { return nil }
func (plain) Close() error { return nil }

// blocks writes ClickHouse's own compressed blocks.
type blocks struct {
	to  io.Writer
	lz4 *chcompress.Writer
}

func (b *blocks) Write(p []byte) (int, error) {
	const limit = 1 << 20
	for at := 0; at < len(p); at += limit {
		if err := b.lz4.Compress(p[at:min(at+limit, len(p))]); err != nil {
			return at, err
		}
		if _, err := b.to.Write(b.lz4.Data); err != nil {
			return at, err
		}
	}
	return len(p), nil
}

func (*blocks) Flush() error { return nil }
func (*blocks) Close() error { return nil }
