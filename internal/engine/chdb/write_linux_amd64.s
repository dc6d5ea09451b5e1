#include "textflag.h"

// The engine's write(2): called by its threads, on their stacks and by C's
// convention, with the file in DI, the bytes in SI and their number in DX. It
// calls no Go and needs none of it.
TEXT ·guardedWrite(SB), NOSPLIT|NOFRAME, $0
	MOVQ $1, AX              // write
	SYSCALL
	CMPQ AX, $0
	JLT  failed
	RET

failed:
	CMPQ DI, $2              // What is said on the terminal may be lost.
	JLS  again
	CMPQ AX, $-28            // ENOSPC
	JEQ  lost
	CMPQ AX, $-5             // EIO
	JEQ  lost
	CMPQ AX, $-122           // EDQUOT
	JEQ  lost
	CMPQ AX, $-27            // EFBIG
	JEQ  lost
	CMPQ AX, $-30            // EROFS
	JEQ  lost

again:
	// Anything else is C's to say: its write sets errno.
	MOVQ ·cWrite(SB), AX
	JMP  AX

lost:
	// The thread that starts the engine writes nothing that is kept.
	MOVQ ·starting(SB), R8
	CMPQ R8, $0
	JEQ  end
	MOVQ $186, AX            // gettid
	SYSCALL
	CMPQ AX, R8
	JEQ  again

end:
	MOVQ $1, AX              // write
	MOVQ $2, DI
	MOVQ ·lostText(SB), SI
	MOVQ ·lostSize(SB), DX
	SYSCALL
	MOVQ $231, AX            // exit_group
	MOVQ $1, DI
	SYSCALL
	INT  $3

DATA ·guardedWriteAddress(SB)/8, $·guardedWrite(SB)
GLOBL ·guardedWriteAddress(SB), RODATA, $8
