package engine

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

func tryLock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }

func trimLine(b []byte) string { return strings.TrimSpace(string(b)) }
