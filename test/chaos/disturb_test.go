package chaos

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// disturb runs 'up' and an importer, or an importer alone, and kills or stops
// them and their children at drawn moments. It leaves nothing running and
// returns what it did.
func (o *observatory) disturb(rng *rand.Rand, archives []archive) []string {
	o.t.Helper()
	var told []string
	var up, importer *exec.Cmd
	withUp := rng.IntN(2) == 0
	start := func(cmd *exec.Cmd) *exec.Cmd {
		if err := cmd.Start(); err != nil {
			o.t.Fatal(err)
		}
		return cmd
	}
	for range 2 + rng.IntN(4) {
		if withUp && (up == nil || !alive(up.Process.Pid)) {
			reap(up)
			up = start(o.command("up", "--listen-clickhouse=127.0.0.1:0", "--listen-page=127.0.0.1:0", "--listen-kafka=127.0.0.1:0"))
			time.Sleep(time.Duration(500+rng.IntN(1500)) * time.Millisecond)
		}
		if importer == nil || !alive(importer.Process.Pid) {
			reap(importer)
			importer = start(o.command(importArgs(archives[rng.IntN(len(archives))])...))
		}
		time.Sleep(time.Duration(50+rng.IntN(2500)) * time.Millisecond)
		told = append(told, strike(rng, up, importer))
	}
	for _, cmd := range []*exec.Cmd{importer, up} {
		if cmd != nil {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			reap(cmd)
		}
	}
	return told
}

// strike picks one process and one fate.
func strike(rng *rand.Rand, up, importer *exec.Cmd) string {
	victims := map[string]int{}
	for name, cmd := range map[string]*exec.Cmd{"up": up, "importer": importer} {
		if cmd == nil || !alive(cmd.Process.Pid) {
			continue
		}
		victims[name] = cmd.Process.Pid
		maps.Copy(victims, children(cmd.Process.Pid))
	}
	order := []string{"up", "importer", "broker-child", "engine-child"}
	rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	for _, name := range order {
		pid, ok := victims[name]
		if !ok {
			continue
		}
		if rng.IntN(3) == 0 {
			pause := time.Duration(200+rng.IntN(4000)) * time.Millisecond
			_ = syscall.Kill(pid, syscall.SIGSTOP)
			time.Sleep(pause)
			_ = syscall.Kill(pid, syscall.SIGCONT)
			return fmt.Sprintf("stopped %s for %s", name, pause.Round(100*time.Millisecond))
		}
		if rng.IntN(4) == 0 && (name == "up" || name == "importer") {
			_ = syscall.Kill(-pid, syscall.SIGKILL)
			return "killed " + name + " and its children"
		}
		_ = syscall.Kill(pid, syscall.SIGKILL)
		return "killed " + name
	}
	return "found nothing running"
}

// children are the child processes of this program by their subcommand.
func children(parent int) map[string]int {
	found := map[string]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		if err != nil {
			continue
		}
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if len(fields) < 2 || fields[1] != strconv.Itoa(parent) {
			continue
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(stat), "cmdline"))
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		for _, name := range []string{"broker-child", "engine-child"} {
			if strings.Contains(string(line), name) {
				found[name] = pid
			}
		}
	}
	return found
}

// alive says whether the process runs: a zombie that waits for us does not.
func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	state := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))[0]
	return state != "Z" && state != "X"
}

func reap(cmd *exec.Cmd) {
	if cmd != nil {
		_ = cmd.Wait()
	}
}
