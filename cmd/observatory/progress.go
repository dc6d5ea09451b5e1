package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"
)

// progress tells on standard error how far long work has come: one line that is
// written again on a terminal, a plain line now and then otherwise.
type progress struct {
	out      io.Writer
	terminal bool
	every    time.Duration
	width    int // Of the line on the terminal.
}

func (c *cli) progress() *progress {
	p := &progress{out: c.errs, every: 5 * time.Second}
	if term.IsTerminal(int(c.errs.Fd())) {
		p.terminal, p.every = true, 200*time.Millisecond
	}
	return p
}

// show tells what line says, again and again, until ctx ends.
func (p *progress) show(ctx context.Context, line func() string) {
	ticker := time.NewTicker(p.every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.line(line())
		case <-ctx.Done():
			p.clear()
			return
		}
	}
}

// during shows progress while work runs.
func (p *progress) during(ctx context.Context, line func() string, work func() error) error {
	ctx, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.show(ctx, line)
	}()
	err := work()
	stop()
	<-done
	return err
}

func (p *progress) line(text string) {
	if !p.terminal {
		fmt.Fprintln(p.out, text)
		return
	}
	fmt.Fprintf(p.out, "\r%s%s", text, strings.Repeat(" ", max(0, p.width-len(text))))
	p.width = len(text)
}

func (p *progress) clear() {
	if p.terminal && p.width > 0 {
		fmt.Fprintf(p.out, "\r%s\r", strings.Repeat(" ", p.width))
		p.width = 0
	}
}

// size writes bytes for people.
func size(n int64) string {
	const unit = 1000
	switch {
	case n >= unit*unit*unit:
		return fmt.Sprintf("%.1f GB", float64(n)/(unit*unit*unit))
	case n >= unit*unit:
		return fmt.Sprintf("%.1f MB", float64(n)/(unit*unit))
	}
	return fmt.Sprintf("%.1f kB", float64(n)/unit)
}

// count writes a number with thin groups of three, as 1,234,567.
func count(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	var b strings.Builder
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	return b.String()
}
