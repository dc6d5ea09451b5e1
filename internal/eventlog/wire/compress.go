package wire

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// lz4Frame appends records as an LZ4 frame of blocks of 4 MiB. Written by hand
// because the frame writer of the library keeps goroutines and buffers of its
// own, for what is one header around the block function.
func (e *Encoder) lz4Frame(dst, records []byte) ([]byte, error) {
	// Magic; version 1 with independent blocks; blocks of up to 4 MiB; and the
	// header checksum of just these two bytes.
	dst = append(dst, 0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73)
	for len(records) > 0 {
		block := records[:min(len(records), lz4Block)]
		records = records[len(block):]
		at := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		room := dst[len(dst):cap(dst)]
		n, err := e.lz4.CompressBlock(block, room)
		if err != nil && !errors.Is(err, lz4.ErrInvalidSourceShortBuffer) {
			return nil, err
		}
		if n == 0 || err != nil || n >= len(block) {
			binary.LittleEndian.PutUint32(dst[at:], uint32(len(block))|1<<31)
			dst = append(dst, block...)
			continue
		}
		binary.LittleEndian.PutUint32(dst[at:], uint32(n))
		dst = dst[:len(dst)+n]
	}
	return append(dst, 0, 0, 0, 0), nil
}

const lz4Block = 4 << 20

func lz4FrameBound(n int) int {
	return 11 + (n/lz4Block+1)*4 + lz4.CompressBlockBound(n)
}

// xerial starts the framing that Java's Snappy puts around blocks.
const xerial = "\x82SNAPPY\x00"

// decompressor turns compressed records into plain ones. It is not safe for
// concurrent use.
type decompressor struct {
	zstd *zstd.Decoder
	lz4  *lz4.Reader
	gzip *gzip.Reader
}

// decompress returns the plain records, in a buffer that alloc provides: it is
// given a size and returns an empty slice with at least this capacity.
func (d *decompressor) decompress(codec Codec, b []byte, alloc func(int) []byte) ([]byte, error) {
	switch codec {
	case Snappy:
		if bytes.HasPrefix(b, []byte(xerial)) {
			return unframeSnappy(b, alloc)
		}
		return appendSnappy(nil, b, alloc)
	case Zstd:
		return d.unzstd(b, alloc)
	case LZ4:
		if d.lz4 == nil {
			d.lz4 = lz4.NewReader(nil)
		}
		d.lz4.Reset(bytes.NewReader(b))
		return readAll(d.lz4, alloc(4*len(b)))
	case Gzip:
		if d.gzip == nil {
			d.gzip = new(gzip.Reader)
		}
		if err := d.gzip.Reset(bytes.NewReader(b)); err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		return readAll(d.gzip, alloc(4*len(b)))
	default:
		return nil, fmt.Errorf("unknown codec %d", codec)
	}
}

func (d *decompressor) unzstd(b []byte, alloc func(int) []byte) ([]byte, error) {
	if d.zstd == nil {
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxDecompressed))
		if err != nil {
			return nil, fmt.Errorf("zstd: %w", err)
		}
		d.zstd = z
	}
	size := 4 * len(b)
	var h zstd.Header
	if err := h.Decode(b); err == nil && h.HasFCS && h.FrameContentSize <= maxDecompressed {
		size = int(h.FrameContentSize)
	}
	out, err := d.zstd.DecodeAll(b, alloc(size))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	return out, nil
}

// appendSnappy appends one plain block to dst, which grows through alloc.
func appendSnappy(dst, b []byte, alloc func(int) []byte) ([]byte, error) {
	n, err := s2.DecodedLen(b)
	if err != nil {
		return nil, fmt.Errorf("snappy: %w", err)
	}
	// Snappy cannot make more than 22 bytes of one, so a larger claim is false.
	if n > maxDecompressed-len(dst) || n > 32*len(b) {
		return nil, fmt.Errorf("snappy: %d bytes from %d", n, len(b))
	}
	if cap(dst)-len(dst) < n {
		dst = append(alloc(2*len(dst)+n), dst...)
	}
	if _, err := s2.Decode(dst[len(dst):len(dst)+n], b); err != nil {
		return nil, fmt.Errorf("snappy: %w", err)
	}
	return dst[:len(dst)+n], nil
}

func unframeSnappy(b []byte, alloc func(int) []byte) ([]byte, error) {
	const header = 16 // The magic and two version numbers.
	if len(b) < header {
		return nil, errors.New("snappy: frame without header")
	}
	var dst []byte
	for b = b[header:]; len(b) > 0; {
		if len(b) < 4 {
			return nil, errors.New("snappy: frame ends within a length")
		}
		n := int(binary.BigEndian.Uint32(b))
		b = b[4:]
		if n > len(b) {
			return nil, errors.New("snappy: frame ends within a block")
		}
		var err error
		if dst, err = appendSnappy(dst, b[:n], alloc); err != nil {
			return nil, err
		}
		b = b[n:]
	}
	return dst, nil
}

// readAll is io.ReadAll into dst, with a bound.
func readAll(r io.Reader, dst []byte) ([]byte, error) {
	for {
		if len(dst) == cap(dst) {
			dst = append(dst, 0)[:len(dst)]
		}
		n, err := r.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if errors.Is(err, io.EOF) {
			return dst, nil
		}
		if err != nil {
			return nil, err
		}
		if len(dst) > maxDecompressed {
			return nil, fmt.Errorf("more than %d bytes in one batch", maxDecompressed)
		}
	}
}
