package telegram

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/telegram/wire"
	"github.com/election-observatory/observatory/schema"
)

// asProgram makes the test binary stand in for the program that speaks MTProto: it says what
// the file says that the session names, and ends with its input, or at once where the last
// line is "crash". The program itself is tested in its own module, with this collector.
const asProgram = "PROGRAM_UNDER_TEST"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" && len(os.Args) == 1 { // Not what a fuzz target starts.
		standIn()
	}
	if err := os.Setenv(asProgram, "1"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func standIn() {
	in := bufio.NewReader(os.Stdin)
	var start wire.Start
	first, err := in.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(first, &start)
	}
	text, unread := os.ReadFile(start.Session)
	if err != nil || unread != nil {
		fmt.Fprintln(os.Stderr, err, unread)
		os.Exit(1)
	}
	said, crash := strings.CutSuffix(string(text), "crash\n")
	fmt.Print(said)
	if crash {
		fmt.Fprintln(os.Stderr, "it fell over")
		os.Exit(3)
	}
	_, _ = io.Copy(io.Discard, in)
	os.Exit(0)
}

type journal struct {
	mu      sync.Mutex
	posts   int
	rejects int
	deletes []string
	reasons map[string]bool
	gaps    int
}

func (j *journal) emit(_ context.Context, batch []*schema.Event) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range batch {
		switch {
		case e.GetPost() != nil:
			j.posts++
		case e.GetReject() != nil:
			j.rejects++
		case e.GetDelete() != nil:
			j.deletes = append(j.deletes, e.GetDelete().GetNativeId())
		case e.GetCoverage().GetGapToMs() > 0:
			j.gaps++
		case e.GetCoverage().GetGapReason() != "":
			j.reasons[e.GetCoverage().GetGapReason()] = true
		}
	}
	return nil
}

// collect runs a collector whose program says some lines until done.
func collect(t *testing.T, cursors *collectors.Cursors, said []string, done func(*journal) bool) *journal {
	t.Helper()
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte(strings.Join(said, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := Config{Channels: []string{"@Some_Channel"}, BatchEvery: 5 * time.Millisecond, RetryFirst: time.Millisecond, RetryLast: 5 * time.Millisecond}
	c, err := New(cfg, Credentials{APIID: 1, APIHash: "h", Session: script, Program: []string{os.Args[0]}}, cursors, time.Now, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	j := &journal{reasons: map[string]bool{}}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, j.emit) }()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(2 * time.Millisecond) {
		j.mu.Lock()
		is := done(j)
		j.mu.Unlock()
		if is {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %+v", j)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	return j
}

const (
	isUp   = `{"event":"up","username":"some_channel"}`
	stands = `{"event":"state","username":"some_channel","channel":{"username":"some_channel","id":7,"access_hash":9,"pts":11}}`
	one    = `{"event":"message","username":"some_channel","record":{"chat":{"id":7,"name":"N","type":"public_channel"},"message":{"id":3,"type":"message","date_unixtime":"1780000000","text_entities":[{"type":"plain","text":"t"}]}}}`
	bad    = `{"event":"message","username":"some_channel","record":{"chat":{"id":7,"name":"N","type":"public_channel"},"message":{"id":3,"type":"message","date_unixtime":"soon"}}}`
)

func TestTheProgramIsBelieved(t *testing.T) {
	t.Parallel()
	cursors := collectors.NewCursors(t.TempDir())
	j := collect(t, cursors, []string{isUp, stands, one, bad, `{"event":"delete","username":"some_channel","deleted":[3,4]}`, `{"event":"gap","username":"some_channel","from_ms":5,"to_ms":9,"outage":"cursor_too_old"}`, `{"event":"message","username":"another"}`},
		func(j *journal) bool { return j.posts == 1 && j.rejects == 1 && len(j.deletes) == 2 && j.gaps == 1 })
	if j.deletes[0] != "7/3" {
		t.Errorf("deleted are %q", j.deletes)
	}
	var kept struct{ Channel wire.Channel }
	if _, err := cursors.Load(cursorName("some_channel"), &kept); err != nil || kept.Channel.PTS != 11 || kept.Channel.AccessHash != 9 {
		t.Errorf("the cursor is %+v: %v", kept, err)
	}
}

// Whatever the program says, or how it ends, it is started again and coverage says why.
func TestTheProgramFails(t *testing.T) {
	t.Parallel()
	for want, said := range map[string][]string{
		"closed":       {isUp, "crash"},
		"unauthorised": {`{"event":"down","outage":"unauthorised","detail":"nobody is logged in"}`, "crash"},
		"rate_limited": {`{"event":"down","username":"some_channel","outage":"rate_limited","wait_ms":1}`},
		"unreachable":  {`{"event":"down","username":"some_channel","outage":"what nobody knows"}`},
		"bad_content":  {"no JSON", "crash"},
	} {
		collect(t, collectors.NewCursors(t.TempDir()), said, func(j *journal) bool { return j.reasons[want] })
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]Config{
		"name at least one":            {},
		`"a b" is no name`:             {Channels: []string{"a b"}},
		"is there twice":               {Channels: []string{"@Some_Channel", "https://t.me/s/some_channel/"}},
		"is no id of an application":   {Channels: []string{"some_channel"}, APIID: -1},
		"an application's id and hash": {Channels: []string{"some_channel"}},
	} {
		_, err := New(cfg, Credentials{}, nil, time.Now, zap.NewNop())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
