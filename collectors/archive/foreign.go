package archive

// foreignHead is how much of a file foreign looks at.
const foreignHead = 512

// foreign names what holds records in a way that this package does not undo, by
// its first bytes, or returns "". Read as text, such a file would lose a record
// here and there, or be nothing but rejects.
func foreign(head []byte) string {
	for _, f := range []struct {
		at         int
		mark, kind string
	}{
		{0, "PK\x03\x04", "a zip archive"},
		{0, "7z\xbc\xaf\x27\x1c", "a 7z archive"},
		{257, "ustar", "a tar archive"},
		{0, "\xfd7zXZ\x00", "compressed with xz"},
		{0, "BZh", "compressed with bzip2"},
		{0, "\x04\x22\x4d\x18", "compressed with lz4"},
		{0, "PAR1", "a Parquet file"},
		{0, "SQLite format 3\x00", "a SQLite database"},
	} {
		if end := f.at + len(f.mark); len(head) >= end && string(head[f.at:end]) == f.mark {
			return f.kind
		}
	}
	return ""
}
