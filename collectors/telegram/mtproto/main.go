// Command observatory-telegram reads public channels of Telegram over MTProto for the
// observatory, which starts it (see collectors/telegram/wire). It is a module of its own, as
// the library that it uses, gotd/td, takes minutes and gigabytes to compile.
//
//	observatory-telegram login --session keys/telegram.session
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/election-observatory/observatory/collectors/telegram/wire"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "observatory-telegram:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	if len(args) > 0 {
		if args[0] != "login" {
			return fmt.Errorf("there is no command %q: `observatory collect` starts this program, people use its command login", args[0])
		}
		return login(ctx, args[1:], in, out)
	}
	const most = 4 << 20
	lines := bufio.NewReaderSize(in, 64<<10)
	first, err := lines.ReadBytes('\n')
	if err != nil || len(first) > most {
		return fmt.Errorf("nothing to do: `observatory collect` starts this program and tells it what to read")
	}
	var start wire.Start
	if err := json.Unmarshal(first, &start); err != nil {
		return fmt.Errorf("what it is told cannot be read: %w", err)
	}
	if len(start.Channels) == 0 && !start.Check {
		return errors.New("nothing to do: no channel is named")
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() { // It ends with its input.
		_, _ = io.Copy(io.Discard, lines)
		stop()
	}()
	return newReader(start, out).run(ctx)
}
