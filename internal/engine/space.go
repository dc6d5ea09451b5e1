package engine

import (
	"golang.org/x/sys/unix"

	"github.com/election-observatory/observatory/internal/engine/chdb"
)

// leastFree is how much of the disk is left to what already runs: a write that
// the disk refuses ends the process (see chdb), so what would begin one is
// refused before. Merges and the files of queries are refused by the engine,
// which knows their sizes beforehand.
const leastFree = 16 << 20

// room refuses what stores anything while the disk is nearly full. What frees
// space goes on.
func (s *server) room(q *request) error {
	if q.insert == nil && (q.class == chdb.ClassReadOnly || !q.begins("INSERT", "CREATE", "ALTER", "DELETE", "UPDATE", "OPTIMIZE")) {
		return nil
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(s.cfg.Dir, &disk); err != nil {
		return nil //nolint:nilerr // The engine looks for itself.
	}
	if free := disk.Bavail * uint64(disk.Bsize); free < leastFree {
		return chdb.Exception(243, "NOT_ENOUGH_SPACE", "The disk of %s has %d MiB left and %d are needed: make room", s.cfg.Dir, free>>20, leastFree>>20)
	}
	return nil
}
