package app

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/zap"
)

// Child is a process of this program that serves a socket which its parent
// opened. When it dies it is started again on the same socket: callers wait in
// the backlog, and what they repeat is idempotent. It ends when its standard
// input does, and so never outlives its parent.
type Child struct {
	Name    string // As logs and errors name it.
	Command string // The subcommand that runs it.
	Config  any    // What it is to do, as JSON; it may hold secrets, hence not in its arguments.
	Socket  *net.TCPListener
	// Ready asks whether the child answers.
	Ready func(ctx context.Context) error
	// StartTime is how long it may fail to start before Run gives up; 0 for 45
	// seconds. A predecessor whose parent was killed may still hold the files.
	StartTime time.Duration

	log      *zap.Logger
	file     *os.File
	restarts atomic.Int64
	mu       sync.Mutex
	last     string // The last line that the child wrote.
}

const (
	firstPause = 100 * time.Millisecond
	lastPause  = 5 * time.Second
	// settleTime is how long a child must have lived for its end to count as the
	// first in a row.
	settleTime = 20 * time.Second
	startTime  = 45 * time.Second
	// endTime is how long a child has to end by itself.
	endTime = 12 * time.Second
)

// Run keeps the child running until ctx ends, then ends it. ready is closed
// when it first answers. An error means that it never came to that.
func (c *Child) Run(ctx context.Context, log *zap.Logger, ready chan<- struct{}) error {
	c.log = log.Named(c.Name)
	var err error
	if c.file, err = c.Socket.File(); err != nil {
		return fmt.Errorf("%s: hand over its socket: %w", c.Name, err)
	}
	defer c.file.Close()   //nolint:errcheck // A socket that nobody uses any more.
	defer c.Socket.Close() //nolint:errcheck // The same.
	answered := c.awaitReady(ctx, ready)
	if c.StartTime == 0 {
		c.StartTime = startTime
	}
	begun, pause := time.Now(), firstPause
	for {
		started := time.Now()
		err := c.once(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if !answered.Load() && time.Since(begun) > c.StartTime {
			return fmt.Errorf("the %s does not start: %s", c.Name, c.reason(err))
		}
		if time.Since(started) > settleTime {
			pause = firstPause
		}
		c.restarts.Add(1)
		if answered.Load() {
			c.log.Error("ended unexpectedly and is started again", zap.String("reason", c.reason(err)), zap.Duration("after", pause))
		}
		if !wait(ctx, pause) {
			return nil
		}
		pause = min(2*pause, lastPause)
	}
}

// Restarts is how often the child was started again.
func (c *Child) Restarts() int64 { return c.restarts.Load() }

// awaitReady closes ready when the child first answers.
func (c *Child) awaitReady(ctx context.Context, ready chan<- struct{}) *atomic.Bool {
	answered := &atomic.Bool{}
	go func() {
		for ctx.Err() == nil {
			asked, cancel := context.WithTimeout(ctx, 5*time.Second)
			err := c.Ready(asked)
			cancel()
			if err == nil {
				answered.Store(true)
				close(ready)
				return
			}
			wait(ctx, 20*time.Millisecond)
		}
	}()
	return answered
}

// once runs the child to its end.
func (c *Child) once(ctx context.Context) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	config, err := json.Marshal(c.Config)
	if err != nil {
		return err
	}
	cmd := exec.Command(program, c.Command) //nolint:noctx // It is asked to end, and killed only when it does not.
	cmd.Env = append(os.Environ(), "TZ=UTC")
	cmd.ExtraFiles = []*os.File{c.file}
	cmd.Stderr = &lines{to: os.Stderr, keep: c.keep}
	cmd.WaitDelay = time.Second
	input, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	_, _ = input.Write(append(config, '\n')) // A child that has ended says why by itself.
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		_ = input.Close()
		return err
	case <-ctx.Done():
	}
	_ = input.Close()
	select {
	case err := <-ended:
		return err
	case <-time.After(endTime):
		_ = cmd.Process.Kill()
		return <-ended
	}
}

func (c *Child) keep(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = line
}

// reason is why the child ended, in its own words if it said any.
func (c *Child) reason(err error) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := strings.TrimPrefix(c.last, "observatory: ")
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() && last != "" {
		return last
	}
	if err == nil {
		return "it ended by itself"
	}
	return err.Error()
}

// lines passes whole lines on, and shows each to keep.
type lines struct {
	to   io.Writer
	keep func(line string)
	part []byte
}

func (l *lines) Write(p []byte) (int, error) {
	l.part = append(l.part, p...)
	for {
		i := bytes.IndexByte(l.part, '\n')
		if i < 0 {
			return len(p), nil
		}
		l.keep(string(l.part[:i]))
		// What a child says before it was ever of use is told once, by its parent.
		if !bytes.HasPrefix(l.part, []byte("observatory: ")) {
			_, _ = l.to.Write(l.part[:i+1])
		}
		l.part = append(l.part[:0], l.part[i+1:]...)
	}
}

// ServeChild is the other side: it reads the configuration from standard input
// into config, takes the socket over, and calls serve with a context that ends
// when the parent does or says so.
func ServeChild(config any, serve func(ctx context.Context, ln net.Listener) error) error {
	in := bufio.NewReader(os.Stdin)
	text, err := in.ReadBytes('\n')
	if err != nil {
		return errors.New("this command is started by the observatory itself")
	}
	if err := json.Unmarshal(text, config); err != nil {
		return fmt.Errorf("read the configuration of the child: %w", err)
	}
	ln, err := net.FileListener(os.NewFile(3, "socket"))
	if err != nil {
		return fmt.Errorf("take over the socket: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, in)
		cancel()
		// A parent that was killed cannot do this any more.
		time.Sleep(endTime)
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}()
	return serve(ctx, ln)
}

func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
