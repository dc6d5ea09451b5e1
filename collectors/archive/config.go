// Package archive reads recordings of social posts into the log: files that
// somebody made earlier, plain or compressed, of any size, in constant memory.
//
// A file is known by its content: the same bytes under another name are the
// same source, and reading them again changes nothing. Reading goes in chunks
// of a fixed number of records; after each the cursor is saved, so that an
// import that was cut off goes on where the log has everything before.
package archive

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/election-observatory/observatory/schema"
)

// Config says what to read.
type Config struct {
	// Format is one of Formats.
	Format string
	// Files are read one after the other. Their order does not matter.
	Files []string
	// Platform of shares-csv, which does not say it.
	Platform schema.Platform
	// Object is what shares-csv shares: url, repost, text, hashtags, media or reply.
	Object string
	// ChunkRecords is how many records are read between two saved cursors.
	ChunkRecords int
	// MaxRecordBytes is the longest record; a longer one is rejected and passed over.
	MaxRecordBytes int
}

// DefaultConfig is all but the format and the files.
func DefaultConfig() Config {
	return Config{ChunkRecords: 5000, MaxRecordBytes: 4 << 20}
}

// Formats lists the formats.
func Formats() []string {
	return []string{"twitter-v2", "twitter-v1", "jetstream", "mastodon", "telegram", "ira-csv", "shares-csv"}
}

// Objects lists what shares-csv can share.
func Objects() []string { return []string{"url", "repost", "text", "hashtags", "media", "reply"} }

// Validate says what is wrong, if anything; it looks at the files.
func (c *Config) Validate() error {
	if !slices.Contains(Formats(), c.Format) {
		return fmt.Errorf("there is no format %q: use one of %s", c.Format, strings.Join(Formats(), ", "))
	}
	if len(c.Files) == 0 {
		return errors.New("name at least one file")
	}
	if c.ChunkRecords < 1 || c.MaxRecordBytes < 1 {
		return errors.New("records of a chunk and bytes of a record must be above zero")
	}
	shares := c.Format == "shares-csv"
	if shares && (c.Platform.Name() == "" || !slices.Contains(Objects(), c.Object)) {
		return fmt.Errorf("shares-csv needs --platform (bluesky, mastodon, x, telegram, rss) and --object (%s)", strings.Join(Objects(), ", "))
	}
	if !shares && (c.Object != "" || c.Platform.Name() != "") {
		return fmt.Errorf("%s says itself what it holds: leave out --platform and --object", c.Format)
	}
	return nil
}

// CheckFiles says which file cannot be read, if any, before anything is.
func (c *Config) CheckFiles() error {
	for _, name := range c.Files {
		info, err := os.Stat(name)
		switch {
		case err != nil:
			return fmt.Errorf("%s cannot be read: %w", name, errors.Unwrap(err))
		case info.IsDir():
			return fmt.Errorf("%s is a directory: name the files in it", name)
		case !info.Mode().IsRegular():
			return fmt.Errorf("%s is not a regular file: copy it to one, so that the import can be resumed", name)
		}
		f, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("%s cannot be read: %w", name, errors.Unwrap(err))
		}
		_ = f.Close()
	}
	return nil
}
