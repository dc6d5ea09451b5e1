package telegram

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors/fetch"
	"github.com/election-observatory/observatory/collectors/live"
	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/collectors/telegram/wire"
	"github.com/election-observatory/observatory/schema"
)

// program is the program while it runs.
type program struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	lines  chan []byte
	failed error // What it said of why nothing is read.
	said   *tail
	wait   time.Duration
	log    *zap.Logger
}

// maxLine is the longest line that the program may say, in bytes.
const maxLine = 4 << 20

// start starts the program and tells it what to do.
func (c *Collector) start(ctx context.Context, tell wire.Start) (*program, error) {
	p := &program{lines: make(chan []byte, 64), said: &tail{}, wait: c.with.Patience, log: c.log}
	p.cmd = exec.CommandContext(ctx, c.with.Program[0], c.with.Program[1:]...)
	p.cmd.Cancel = func() error { return p.stdin.Close() } // It ends with its input.
	p.cmd.WaitDelay = p.wait
	p.cmd.Stderr = p.said
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("the program that speaks MTProto does not start: %w", err)
	}
	if err := json.NewEncoder(p.stdin).Encode(tell); err != nil {
		p.end()
		return nil, fmt.Errorf("the program that speaks MTProto does not listen: %w %s", err, p.said)
	}
	go p.read(ctx, out)
	return p, nil
}

// read reads the lines of the program until it ends.
func (p *program) read(ctx context.Context, out io.Reader) {
	defer close(p.lines)
	in := bufio.NewReaderSize(out, 64<<10)
	for {
		line, size, err := live.ReadLine(in, maxLine)
		if err != nil || size > maxLine {
			return
		}
		select {
		case p.lines <- line:
		case <-ctx.Done():
			return
		}
	}
}

// why is why the program ended.
func (p *program) why() error {
	if down, is := errors.AsType[*fetch.Error](p.failed); is {
		return down
	}
	p.log.Warn("the program that speaks MTProto ended", zap.Stringer("said", p.said))
	return &fetch.Error{Outage: schema.OutageClosed, Err: fmt.Errorf("the program that speaks MTProto ended: %s", p.said)}
}

// end ends the program, and waits for it.
func (p *program) end() {
	_ = p.stdin.Close()
	done := time.AfterFunc(p.wait, func() { _ = p.cmd.Process.Kill() })
	defer done.Stop()
	_ = p.cmd.Wait()
}

// tail keeps the end of what was written to it.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	const most = 2 << 10
	t.text = append(t.text, p...)
	t.text = append([]byte(nil), t.text[max(0, len(t.text)-most):]...)
	return len(p), nil
}

func (t *tail) String() string {
	return mapping.Clean(strings.TrimSpace(string(t.text)), mapping.MaxShort)
}
