// Package owner runs the program as its users do, for what measures it: a
// process tree of which it tells the processor time, the memory and the sockets.
package owner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Owner is a running 'observatory up'.
type Owner struct {
	Data string
	Ends struct{ Clickhouse, Page, Kafka string }
	cmd  *exec.Cmd
}

// Start runs the program on a data directory, with further flags before the
// command, until it is healthy.
func Start(ctx context.Context, program, data string, flags ...string) (*Owner, error) {
	cmd := exec.CommandContext(ctx, program, append(flags, "--data", data, "up", "--listen-clickhouse=127.0.0.1:0", "--listen-page=127.0.0.1:0", "--listen-kafka=127.0.0.1:0")...)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	o := &Owner{cmd: cmd, Data: data}
	for range 300 {
		time.Sleep(100 * time.Millisecond)
		text, err := os.ReadFile(filepath.Join(data, "run", "endpoints.json"))
		if err != nil || json.Unmarshal(text, &o.Ends) != nil {
			continue
		}
		if healthy(ctx, o.Ends.Page) {
			return o, nil
		}
	}
	o.Stop()
	return nil, errors.New("up is not healthy after 30 s")
}

func healthy(ctx context.Context, page string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, page+"/healthz", nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// Stop ends it, and waits until it has ended.
func (o *Owner) Stop() {
	_ = o.cmd.Process.Signal(syscall.SIGTERM)
	_ = o.cmd.Wait()
}

// CPUTimes are the processor times of processes by what they do.
type CPUTimes map[string]time.Duration

// Minus is what was spent since before.
func (c CPUTimes) Minus(before CPUTimes) CPUTimes {
	spent := CPUTimes{}
	for name, t := range c {
		spent[name] = t - before[name]
	}
	return spent
}

// Names are what there are times of.
func (c CPUTimes) Names() []string {
	names := make([]string, 0, len(c))
	for name := range c {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Main is the process itself: collectors, processors, assess.
const Main = "collect, tag, encode, assess"

// processes are the owner and its children by what they do.
func (o *Owner) processes() map[string]int {
	found := map[string]int{Main: o.cmd.Process.Pid}
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, line := range lines {
		text, _ := os.ReadFile(line)
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(line)))
		for word, name := range map[string]string{"broker-child": "broker", "engine-child": "engine"} {
			if strings.Contains(string(text), word) && parent(pid) == o.cmd.Process.Pid {
				found[name] = pid
			}
		}
	}
	return found
}

// CPU is the processor time that each process has spent.
func (o *Owner) CPU() CPUTimes {
	const tick = 10 * time.Millisecond // USER_HZ is 100 on Linux.
	times := CPUTimes{}
	for name, pid := range o.processes() {
		if fields := stat(pid); len(fields) > 12 {
			user, _ := strconv.ParseInt(fields[11], 10, 64)
			system, _ := strconv.ParseInt(fields[12], 10, 64)
			times[name] = time.Duration(user+system) * tick
		}
	}
	return times
}

// Peak is the highest resident size of each process, in bytes.
func (o *Owner) Peak() map[string]uint64 { return o.status("VmHWM:") }

// Resident is the resident size of each process now, in bytes.
func (o *Owner) Resident() map[string]uint64 { return o.status("VmRSS:") }

func (o *Owner) status(line string) map[string]uint64 {
	sizes := map[string]uint64{}
	for name, pid := range o.processes() {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		for l := range strings.Lines(string(text)) {
			if rest, ok := strings.CutPrefix(l, line); ok {
				kb, _ := strconv.ParseUint(strings.Fields(rest)[0], 10, 64)
				sizes[name] = kb << 10
			}
		}
	}
	return sizes
}

// Sockets is how many sockets each process has open.
func (o *Owner) Sockets() map[string]int {
	open := map[string]int{}
	for name, pid := range o.processes() {
		files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		for _, file := range files {
			if to, err := os.Readlink(file); err == nil && strings.HasPrefix(to, "socket:") {
				open[name]++
			}
		}
	}
	return open
}

func parent(pid int) int {
	fields := stat(pid)
	if len(fields) < 2 {
		return 0
	}
	ppid, _ := strconv.Atoi(fields[1])
	return ppid
}

// stat are the fields of /proc/PID/stat from the state on (proc_pid_stat(5)).
func stat(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
}
