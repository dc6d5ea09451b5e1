package engine_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
)

// What readers ask is noted, however it ends; what is bound to a statement, what
// writers do and passwords are not.
func TestWhatReadersAskIsNoted(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	e := enginetest.Start(t, func(c *engine.Config) { c.Audit = path })
	ask := func(user, password, sql, params string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.URL+"/?"+params, strings.NewReader(sql))
		if err != nil {
			t.Fatal(err)
		}
		if user != "" {
			request.SetBasicAuth(user, password)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
	ask("", "", "SELECT number FROM numbers(5)", "")
	ask("custodian", enginetest.Password(engine.RoleCustodian), "SELECT {id:String}", "param_id=secret-id")
	ask("dashboard", enginetest.Password(engine.RoleDashboard), "SELECT file('/etc/passwd')", "")
	ask("researcher", "a-guess", "SELECT 1", "")
	ask("owner", enginetest.Password(engine.RoleOwner), "SELECT 1", "")
	ask("", "", "SELECT throwIf(number = 900000) FROM numbers(1000000)", "")
	ask("", "", "SELECT '"+strings.Repeat("x", 9000)+"'", "")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"secret-id", "a-guess", enginetest.Password(engine.RoleCustodian)} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	type line struct {
		User, Address, Statement string
		Parameters, Code         int
		Read                     uint64 `json:"read_rows"`
		Result                   uint64 `json:"result_rows"`
	}
	var got []line
	for lines := bufio.NewScanner(strings.NewReader(string(text))); lines.Scan(); {
		var one line
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			t.Fatal(err)
		}
		if len(one.Statement) > 100 {
			one.Statement = one.Statement[:20]
		}
		got = append(got, one)
	}
	if len(got) == 0 || got[0].Statement != "SELECT 1" { // By which the test waited for the engine.
		t.Fatalf("it begins with %+v", got)
	}
	got = got[1:]
	const here = "127.0.0.1"
	want := []line{
		{"researcher", here, "SELECT number FROM numbers(5)", 0, 0, 5, 5},
		{"custodian", here, "SELECT {id:String}", 1, 0, 1, 1},
		{"dashboard", here, "SELECT file('/etc/passwd')", 0, 497, 0, 0},
		{"", here, "", 0, 516, 0, 0},
		{"researcher", here, "SELECT throwIf(number = 900000) FROM numbers(1000000)", 0, 395, got[4].Read, got[4].Result},
		{"researcher", here, "SELECT 'xxxxxxxxxxxx", 0, 0, 1, 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("noted (-want +got):\n%s", diff)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the log: %v, %v", info.Mode(), err)
	}
}

// A user who has spent what an hour allows is told so, and others are not held up.
func TestQuota(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t, func(c *engine.Config) { c.Quota = engine.Quota{Queries: 6, Errors: 2, Time: time.Hour} })
	hour := time.Now().Hour()
	ask := func(role engine.Role, sql string) string {
		t.Helper()
		_, err := e.Ask(role, sql)
		if err == nil {
			return ""
		}
		return err.Error()
	}
	for range 5 { // The test has waited with one.
		if said := ask(engine.RoleResearcher, "SELECT 1"); said != "" {
			t.Fatal(said)
		}
	}
	_ = ask(engine.RoleAnalyst, "SELECT nothing")
	_ = ask(engine.RoleAnalyst, "SELECT file('x')")
	queries, errs := ask(engine.RoleResearcher, "SELECT 1"), ask(engine.RoleAnalyst, "SELECT 1")
	others := ask(engine.RoleDashboard, "SELECT 1") + ask(engine.RoleOwner, "SELECT 1")
	if time.Now().Hour() != hour {
		t.Skip("the hour ended meanwhile")
	}
	if !strings.Contains(queries, "QUOTA_EXCEEDED") || !strings.Contains(queries, "queries = 6/6") || !strings.Contains(errs, "errors = 2/2") || others != "" {
		t.Errorf("queries: %s\nerrors: %s\nothers: %s", queries, errs, others)
	}
}
