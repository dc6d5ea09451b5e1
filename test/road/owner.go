package main

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

// owner is a running 'observatory up'.
type owner struct {
	cmd  *exec.Cmd
	data string
	ends struct{ Clickhouse, Page, Kafka string }
}

func startOwner(ctx context.Context, program, data string) (*owner, error) {
	cmd := exec.CommandContext(ctx, program, "--data", data, "up", "--listen-clickhouse=127.0.0.1:0", "--listen-page=127.0.0.1:0", "--listen-kafka=127.0.0.1:0")
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	o := &owner{cmd: cmd, data: data}
	for range 300 {
		time.Sleep(100 * time.Millisecond)
		text, err := os.ReadFile(filepath.Join(data, "run", "endpoints.json"))
		if err != nil || json.Unmarshal(text, &o.ends) != nil {
			continue
		}
		if healthy(ctx, o.ends.Page) {
			return o, nil
		}
	}
	o.stop()
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

func (o *owner) stop() {
	_ = o.cmd.Process.Signal(syscall.SIGTERM)
	_ = o.cmd.Wait()
}

type cpuTimes map[string]time.Duration

func (c cpuTimes) minus(before cpuTimes) cpuTimes {
	spent := cpuTimes{}
	for name, t := range c {
		spent[name] = t - before[name]
	}
	return spent
}

func (c cpuTimes) names() []string {
	names := make([]string, 0, len(c))
	for name := range c {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// processes are the owner and its children by what they do.
func (o *owner) processes() map[string]int {
	found := map[string]int{"processor: decode, tag, encode, assess": o.cmd.Process.Pid}
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

func (o *owner) cpu() cpuTimes {
	const tick = 10 * time.Millisecond // USER_HZ is 100 on Linux.
	times := cpuTimes{}
	for name, pid := range o.processes() {
		if fields := stat(pid); len(fields) > 12 {
			user, _ := strconv.ParseInt(fields[11], 10, 64)
			system, _ := strconv.ParseInt(fields[12], 10, 64)
			times[name] = time.Duration(user+system) * tick
		}
	}
	return times
}

// memory is the peak resident size of each process, in bytes.
func (o *owner) memory() map[string]uint64 {
	peak := map[string]uint64{}
	for name, pid := range o.processes() {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		for line := range strings.Lines(string(text)) {
			if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
				kb, _ := strconv.ParseUint(strings.Fields(rest)[0], 10, 64)
				peak[name] = kb << 10
			}
		}
	}
	return peak
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
