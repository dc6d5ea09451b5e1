package main

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/election-observatory/observatory/internal/app"
	"github.com/election-observatory/observatory/internal/eventlog"
)

// diskCheck is the name under which health tells of the disk.
const diskCheck = "disk"

// freeBytes is the room on the disk of the directory.
func freeBytes(dir app.Dir) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(existing(string(dir)), &s); err != nil {
		return 0, fmt.Errorf("the disk of %s cannot be looked at: %w", dir, err)
	}
	return int64(s.Bavail) * s.Bsize, nil
}

// full is roomOn of the data directory, where anything embedded keeps its files.
func (s *system) full() error {
	if !s.embedsBroker() && !s.embedsEngine() {
		return nil
	}
	return roomOn(s.dir)
}

// roomOn says what is wrong where the embedded broker refuses what it is given,
// so that those who make room still can.
func roomOn(dir app.Dir) error {
	free, err := freeBytes(dir)
	if err != nil {
		return err
	}
	if least := eventlog.DefaultBrokerConfig().MinFreeBytes; free < least {
		return fmt.Errorf("the disk of %s is full: %s are free, and the log takes nothing below %s: make room; nothing that it took is lost", dir, size(free), size(least))
	}
	return nil
}
