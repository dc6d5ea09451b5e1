package main

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/internal/app"
	"github.com/election-observatory/observatory/internal/eventlog"
	"github.com/election-observatory/observatory/schema"
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

const (
	// Collectors stop while the log still takes what says so, and start again with more.
	roomToStop  = 64 << 20
	roomToStart = 128 << 20
	diskPoll    = 2 * time.Second
)

// guardDisk stops collectors before the disk is full, and has coverage say so: each
// minute that nobody was connected, and in the end a gap.
func (s *system) guardDisk(ctx context.Context, group *collectors.Group, still *collectors.Standstill, emit collectors.Emit) error {
	var since, noted time.Time // Since when they stand still, and up to when that is stated.
	for pause(ctx, diskPoll) == nil {
		free, err := freeBytes(s.dir)
		if err != nil {
			continue // The write itself will tell.
		}
		now, least := time.Now(), eventlog.DefaultBrokerConfig().MinFreeBytes
		var records []*schema.Event
		switch {
		case since.IsZero() && free < least+roomToStop:
			group.Pause(true)
			s.log.Error("collectors stand still: the disk is nearly full: make room", zap.String("free", size(free)), zap.String("stopped_below", size(least+roomToStop)))
			since, noted = now, now
		case !since.IsZero() && free >= least+roomToStart:
			s.log.Info("collectors go on", zap.Duration("stood_still", now.Sub(since)))
			records = still.Gap(since, now, schema.OutageDiskFull)
			since = time.Time{}
			group.Pause(false)
		case !since.IsZero() && now.Sub(noted) >= time.Minute:
			records, noted = still.Minute(noted, schema.OutageDiskFull), now
		}
		if len(records) == 0 {
			continue
		}
		if err := emit(ctx, records); err != nil && ctx.Err() == nil {
			s.log.Warn("that collectors stood still is not in coverage", zap.Error(err))
		}
	}
	return nil
}
