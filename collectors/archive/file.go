package archive

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow bounds what Zstandard keeps in memory: it is what zstd --long makes.
const maxWindow = 128 << 20

// file is an open archive. Its bytes are counted as they are read.
type file struct {
	name   string
	size   int64
	state  os.FileInfo // When it was opened.
	digest string      // First 16 hexadecimal digits of the SHA-256 of the content.
	disk   *os.File
	source *cancelled // As it lies on disk.
	plain  *cancelled // Decompressed, which can be a thousand times as much.
	read   *atomic.Int64
	body   *bufio.Reader // Decompressed.
	close  func()
}

// until ends reading with ctx.
func (f *file) until(ctx context.Context) { f.source.ctx, f.plain.ctx = ctx, ctx }

// openFile opens a file, learns its content's digest, and undoes gzip or
// Zstandard, which it knows by the first bytes and not by the name.
func openFile(ctx context.Context, name string, read *atomic.Int64) (*file, error) {
	disk, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	f := &file{name: name, disk: disk, source: &cancelled{ctx, disk}, read: read, close: func() {}}
	if err := f.identify(); err != nil {
		_ = disk.Close()
		return nil, fmt.Errorf("%s cannot be read: %w", name, err)
	}
	if err := f.decompress(); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s cannot be decompressed: %w", name, err)
	}
	head, _ := f.body.Peek(foreignHead)
	if kind := foreign(head); kind != "" {
		f.Close()
		return nil, fmt.Errorf("%s is %s: unpack it, and import the files that are in it", name, kind)
	}
	return f, nil
}

// identify learns the digest of the content.
func (f *file) identify() error {
	var err error
	if f.state, err = f.disk.Stat(); err != nil {
		return err
	}
	hash := sha256.New()
	if f.size, err = io.Copy(hash, f.source); err != nil {
		return err
	}
	f.digest = hex.EncodeToString(hash.Sum(nil))[:16]
	_, err = f.disk.Seek(0, io.SeekStart)
	return err
}

// unchanged says whether the file is still what was identified.
func (f *file) unchanged() error {
	now, err := f.disk.Stat()
	if err == nil && now.Size() == f.state.Size() && now.ModTime().Equal(f.state.ModTime()) {
		return nil
	}
	return fmt.Errorf("%s changed while it was read: import it again when nothing writes to it", f.name)
}

func (f *file) decompress() error {
	counted := bufio.NewReaderSize(&counter{f.source, f.read}, 1<<18)
	magic, _ := counted.Peek(4)
	var plain io.Reader = counted
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(counted)
		if err != nil {
			return err
		}
		plain = z
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(counted, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
		if err != nil {
			return err
		}
		plain, f.close = z, z.Close
	}
	f.plain = &cancelled{f.source.ctx, plain}
	f.body = bufio.NewReaderSize(f.plain, 1<<20)
	if mark, _ := f.body.Peek(3); bytes.Equal(mark, []byte{0xef, 0xbb, 0xbf}) {
		_, _ = f.body.Discard(3)
	}
	return nil
}

// Close closes the file.
func (f *file) Close() {
	f.close()
	_ = f.disk.Close()
}

type counter struct {
	r io.Reader
	n *atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// cancelled ends a long read when ctx does.
type cancelled struct {
	ctx context.Context // It lives as long as one reading.
	r   io.Reader
}

func (c *cancelled) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
