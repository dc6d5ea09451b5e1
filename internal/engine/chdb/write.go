package chdb

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ClickHouse ends a statement or a merge whose write fails. This library was
// built without that: it counts the failure, goes on, and commits parts of which
// a file is empty or cut short. So the library's calls of write(2) are led to
// guardedWrite, which ends the process when the disk takes no more. What was
// being written is then a temporary part, which the next start removes, and
// nobody was told that it is stored.

// guardedWriteAddress is where guardedWrite begins, for callers from C.
var guardedWriteAddress uintptr //nolint:gochecknoglobals // The linker sets it; see write_linux_amd64.s.

// What guardedWrite needs: C's own write, the thread that starts the engine, if
// one does, and the line that it ends with.
var (
	cWrite, starting   uintptr      //nolint:gochecknoglobals,unused // There is one library per process; the code in C's convention reads them.
	lostText, lostSize = lostLine() //nolint:gochecknoglobals,unused // The same.
)

// startUnguarded runs the start of the engine. It writes a file that says when
// it started, which is not worth to fail for: a full disk can still be read.
func startUnguarded(start func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	atomic.StoreUintptr(&starting, uintptr(unix.Gettid()))
	defer atomic.StoreUintptr(&starting, 0)
	start()
}

func lostLine() (*byte, uintptr) { //nolint:unused // See above.
	line := []byte("observatory: engine: the disk did not take what the engine wrote: it is full, over a quota or failing: make room, or see the system's log\n")
	return &line[0], uintptr(len(line))
}

// guardWrites leads the library's calls of write to guardedWrite. The library is
// the file at path; version is where its chdb_version is in memory.
func guardWrites(path string, version uintptr) error {
	file, err := elf.Open(path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // It was only read.
	symbols, err := file.DynamicSymbols()
	if err != nil {
		return err
	}
	var number, base uint64
	for i, symbol := range symbols {
		switch symbol.Name {
		case "write":
			number = uint64(i) + 1 // The list leaves out the first, which is none.
		case "chdb_version":
			base = uint64(version) - symbol.Value
		}
	}
	if number == 0 || base == 0 {
		return errors.New("it does not call write")
	}
	slots, err := callSlots(file, number)
	if err != nil {
		return err
	}
	if len(slots) == 0 {
		return errors.New("its calls of write were not found")
	}
	for _, slot := range slots {
		if err := redirect(uintptr(base + slot)); err != nil {
			return err
		}
	}
	return nil
}

// callSlots are the offsets of the addresses through which the file calls a symbol.
func callSlots(file *elf.File, symbol uint64) ([]uint64, error) {
	const entry = 24 // Offset, symbol and kind, addend.
	var slots []uint64
	relatives, err := file.DynValue(elf.DT_RELACOUNT)
	if err != nil {
		return nil, err
	}
	for name, skip := range map[string]int64{".rela.plt": 0, ".rela.dyn": 0} {
		if name == ".rela.dyn" && len(relatives) == 1 {
			skip = int64(relatives[0]) * entry // They come first, are a million, and name no symbol.
		}
		section := file.Section(name)
		if section == nil {
			continue
		}
		table := make([]byte, max(int64(section.FileSize)-skip, 0))
		if _, err := section.ReadAt(table, skip); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		for ; len(table) >= entry; table = table[entry:] {
			info := binary.LittleEndian.Uint64(table[8:])
			kind := elf.R_X86_64(info & 0xffffffff)
			if info>>32 == symbol && (kind == elf.R_X86_64_JMP_SLOT || kind == elf.R_X86_64_GLOB_DAT) {
				slots = append(slots, binary.LittleEndian.Uint64(table))
			}
		}
	}
	return slots, nil
}

// redirect makes calls through a slot calls of guardedWrite. The loader may have
// made the slot's page read-only.
func redirect(slot uintptr) error {
	size := uintptr(os.Getpagesize())
	page := unsafe.Slice((*byte)(pointer(slot&^(size-1))), size) //nolint:gosec // The file says where the slot is.
	if err := unix.Mprotect(page, unix.PROT_READ|unix.PROT_WRITE); err != nil {
		return fmt.Errorf("open the table of its calls: %w", err)
	}
	at := (*uintptr)(pointer(slot))
	if was := atomic.LoadUintptr(at); was != guardedWriteAddress {
		cWrite = was
		atomic.StoreUintptr(at, guardedWriteAddress)
	}
	return nil
}
