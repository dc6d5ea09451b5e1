package engine

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// confine takes from this process, for good and with all of its threads, what
// the engine never needs once it serves: to open sockets, to call anyone, and to
// run programs. Whatever a statement gets the engine to try, the system refuses.
func confine() error {
	filter := confinement()
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("forgo new privileges: %w", err)
	}
	//nolint:gosec // The system copies the program.
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program))); errno != 0 {
		return fmt.Errorf("filter system calls: %w", errno)
	}
	return nil
}

// confinement is the filter's program: it looks at the number of the call and,
// by another table of calls than that of x86-64, refuses all.
func confinement() []unix.SockFilter {
	const (
		load   = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal  = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		atMost = unix.BPF_JMP | unix.BPF_JGT | unix.BPF_K
		answer = unix.BPF_RET | unix.BPF_K

		number, architecture = 0, 4 // Places in struct seccomp_data.
		lastNumber           = 0x3fffffff
	)
	refused := []uint32{unix.SYS_SOCKET, unix.SYS_CONNECT, unix.SYS_EXECVE, unix.SYS_EXECVEAT, unix.SYS_IO_URING_SETUP}
	refuse := uint8(len(refused))
	program := []unix.SockFilter{
		{Code: load, K: architecture},
		{Code: equal, K: unix.AUDIT_ARCH_X86_64, Jf: refuse + 3},
		{Code: load, K: number},
		{Code: atMost, K: lastNumber, Jt: refuse + 1},
	}
	for i, call := range refused {
		program = append(program, unix.SockFilter{Code: equal, K: call, Jt: refuse - uint8(i)})
	}
	return append(program,
		unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_ALLOW},
		unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EACCES)})
}
