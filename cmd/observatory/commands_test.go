package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/election-observatory/observatory/cmd/observatory/study"
	"github.com/election-observatory/observatory/internal/app"
)

func TestEveryCommandHasHelpWithAnExample(t *testing.T) {
	t.Parallel()
	c := &cli{out: os.Stdout, errs: os.Stderr}
	seen := 0
	for _, command := range c.root().Commands() {
		if command.Hidden {
			continue
		}
		seen++
		if command.Short == "" || !strings.Contains(command.Example, "observatory "+command.Name()) && !strings.Contains(command.Example, " "+command.Name()) {
			t.Errorf("%s shows no example", command.Name())
		}
		checkFlags(t, command)
	}
	if seen < 9 {
		t.Errorf("%d commands", seen)
	}
}

func checkFlags(t *testing.T, command *cobra.Command) {
	t.Helper()
	for line := range strings.SplitSeq(command.Flags().FlagUsages(), "\n") {
		if strings.HasSuffix(strings.TrimSpace(line), "string") {
			t.Errorf("%s: a flag says nothing: %s", command.Name(), line)
		}
	}
}

func TestMistakesOfUsageAreOneLineAndTwo(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	study := filepath.Join(t.TempDir(), "study.yaml")
	if err := os.WriteFile(study, []byte("titel: wrong\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for says, args := range map[string][]string{
		"nonsense":             {"nonsense"},
		"--nonsense":           {"query", "--nonsense", "SELECT 1"},
		"titel":                {"--config", study, "up", "--check"},
		"absent.yaml":          {"status", "--config", "absent.yaml"},
		"empty":                {"query", "  "},
		"nobody":               {"query", "--user", "nobody", "SELECT 1"},
		"level":                {"--log-level", "loud", "status"},
		"no format":            {"import", "x"},
		"at least one file":    {"import", "--format", "jetstream"},
		"no live source":       {"collect"},
		"kafka.brokers":        {"process"},
		"OBSERVATORY_PASSWORD": {"up", "--listen-clickhouse", "0.0.0.0:0"},
		"no password":          {"up", "--listen-kafka", "0.0.0.0:0"},
		"HOST:PORT":            {"up", "--listen-page", "8080"},
		"accepts at most 1":    {"query", "SELECT", "1"},
	} {
		p.refused(exitUsage, says, args...)
	}
}

func TestUpServesEveryoneAndHasOneOwner(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	ends, stop := p.up()
	for path, want := range map[string]string{"/healthz": `"healthy":true`, "/metrics": "observatory_assess_failures_total", "/": "Election observatory"} {
		if got := fetch(t, ends.Page+path); !strings.Contains(got, want) {
			t.Errorf("%s: %.300s", path, got)
		}
	}
	if got := fetch(t, ends.ClickHouse+"/?query=SELECT+40%2B2"); got != "42\n" {
		t.Error(got)
	}
	p.refused(1, "end it first", "up")
	file := filepath.Join(t.TempDir(), "e.jsonl")
	if err := os.WriteFile(file, []byte(`{"did":"did:plc:fixture","time_us":1717400000000000,"kind":"commit","commit":{"rev":"3ku","operation":"create","collection":"app.bsky.feed.post","rkey":"3kujzzjl22222","cid":"c","record":{"$type":"app.bsky.feed.post","createdAt":"2024-06-03T08:00:00Z","text":"x"}}}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if sum := p.imports("jetstream", file); sum.Stored != 1 {
		t.Errorf("%+v", sum)
	}
	if got := fetch(t, ends.ClickHouse+"/?query=SELECT+count()+FROM+posts"); got != "1\n" {
		t.Error(got)
	}
	if got := p.run("status"); !strings.Contains(got, "running") || !strings.Contains(got, "bluesky") {
		t.Error(got)
	}
	stop()
	if _, ok := app.Dir(p.data).ReadEndpoints(); ok {
		t.Error("endpoints are left behind")
	}
	if got := p.runWith("SELECT count() FROM posts", "query", "--format", "TSV"); got.out != "1\n" {
		t.Error(got)
	}
	var told report
	if err := json.Unmarshal([]byte(p.run("status", "--json")), &told); err != nil || told.Running || len(told.Platforms) != 1 || told.Behind != 0 {
		t.Errorf("%+v, %v", told, err)
	}
}

func TestATakenPortIsAnErrorThatNamesItsFlag(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close() //nolint:errcheck // The test is over.
	for _, flag := range []string{"--listen-clickhouse", "--listen-page", "--listen-kafka"} {
		args := []string{"up"}
		for _, other := range []string{"--listen-clickhouse", "--listen-page", "--listen-kafka"} {
			address := "127.0.0.1:0"
			if other == flag {
				address = ln.Addr().String()
			}
			args = append(args, other, address)
		}
		p.refused(1, flag, args...)
	}
}

func TestAMissingEngineIsSaid(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.env = []string{study.EnvEngine + "=/nowhere/libchdb.so"}
	p.refused(1, "make build", "query", "SELECT 1")
	p.refused(1, "make build", "up", "--listen-clickhouse=127.0.0.1:0", "--listen-page=127.0.0.1:0", "--listen-kafka=127.0.0.1:0")
}

func TestUpBeyondThisMachineAsksForThePassword(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.env = append(p.env, study.EnvPassword+"=the right one")
	ends, _ := p.up("--listen-clickhouse=0.0.0.0:0")
	_, port, err := net.SplitHostPort(strings.TrimPrefix(ends.ClickHouse, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	address := "http://127.0.0.1:" + port + "/?query=SELECT+1"
	for password, want := range map[string]int{"": 401, "wrong": 403, "the right one": 200} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if password != "" {
			request.SetBasicAuth("researcher", password)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("with %q: %d, not %d", password, response.StatusCode, want)
		}
	}
	for path, want := range map[string]int{"/healthz": 200, "/": 401} {
		if code, _, _ := got(t, ends.Page+path); code != want {
			t.Errorf("%s without the password: %d, not %d", path, code, want)
		}
	}
	page := strings.Replace(ends.Page, "http://", "http://anybody:the%20right%20one@", 1)
	if code, _, body := got(t, page+"/posts"); code != 200 || !strings.Contains(body, "</html>") {
		t.Errorf("the page with the password: %d %s", code, body)
	}
	if got := p.ask("SELECT 1"); got != "1" {
		t.Error(got)
	}
}

func TestAnsweringAndRefusing(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	if got := p.run("query", "SELECT 1 AS a, 'x' AS b"); got != "a\tb\n1\tx\n" {
		t.Errorf("%q", got)
	}
	if got := p.run("query", "--format", "JSONEachRow", "SELECT 1 AS a"); got != "{\"a\":1}\n" {
		t.Errorf("%q", got)
	}
	p.refused(1, "Syntax error", "query", "SELEKT 1")
	for _, restricted := range []string{"identities", "post_refs", "rejects"} {
		p.refused(1, restricted, "query", "SELECT * FROM "+restricted)
		p.ask("SELECT count() FROM "+restricted, "--user", "custodian")
	}
	p.refused(1, "incomplete", "query", "--format", "TSV", "SELECT throwIf(number = 3000000) FROM numbers(4000000) SETTINGS max_block_size = 10000")
	if got := p.run("migrate"); !strings.Contains(got, "version 6") {
		t.Error(got)
	}
	if got := p.run("doctor"); strings.Contains(got, "WRONG") || !strings.Contains(got, "disk") {
		t.Error(got)
	}
	if got := p.run("version", "--json"); !strings.Contains(got, release) {
		t.Error(got)
	}
	p.ask("INSERT INTO observatory_store.migrations (number, name, applied_at) SELECT 999, 'of the future', now64(3)", "--user", "owner")
	p.refused(1, "newer", "query", "SELECT 1")
}

func fetch(t *testing.T, address string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // It was read.
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
