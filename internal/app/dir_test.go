package app_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/election-observatory/observatory/internal/app"
)

func locked(t *testing.T, dir app.Dir) *app.Lock {
	t.Helper()
	lock, err := dir.Lock()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lock.Release)
	return lock
}

func TestADirectoryHasOneOwner(t *testing.T) {
	t.Parallel()
	dir := app.Dir(filepath.Join(t.TempDir(), "data"))
	if dir.Owned() {
		t.Error("a directory that is not there is owned")
	}
	lock, err := dir.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if !dir.Owned() {
		t.Error("a locked directory is not owned")
	}
	if _, err := dir.Lock(); !errors.Is(err, app.ErrOwned) {
		t.Errorf("a second owner: %v", err)
	}
	if !dir.Owned() {
		t.Error("asking and failing gave the lock up")
	}
	lock.Release()
	if dir.Owned() {
		t.Error("a released directory is owned")
	}
	again, err := dir.Lock()
	if err != nil {
		t.Fatal(err)
	}
	again.Release()
}

func TestEndpointsAreThereWhileTheOwnerIs(t *testing.T) {
	t.Parallel()
	dir := app.Dir(t.TempDir())
	lock, err := dir.Lock()
	if err != nil {
		t.Fatal(err)
	}
	want := app.Endpoints{ClickHouse: "http://127.0.0.1:1", Page: "http://127.0.0.1:2", Kafka: "127.0.0.1:3", Log: "l", PID: 4}
	if err := lock.Publish(want); err != nil {
		t.Fatal(err)
	}
	got, ok := dir.ReadEndpoints()
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Error(diff)
	}
	lock.Release()
	if _, ok := dir.ReadEndpoints(); ok {
		t.Error("endpoints without an owner")
	}
}

func TestKeysAreMadeOnceAndKeptForTheOwnerAlone(t *testing.T) {
	t.Parallel()
	dir := app.Dir(t.TempDir())
	lock := locked(t, dir)
	key, err := lock.StudyKey()
	if err != nil {
		t.Fatal(err)
	}
	passwords, err := lock.Passwords([]string{"owner", "researcher"})
	if err != nil {
		t.Fatal(err)
	}
	again, err := lock.StudyKey()
	if err != nil || string(again) != string(key) || len(key) != 32 {
		t.Errorf("a second key of %d bytes, %v", len(again), err)
	}
	if read, err := dir.Password("owner"); err != nil || read != passwords["owner"] || passwords["owner"] == passwords["researcher"] {
		t.Errorf("the password of owner: %v", err)
	}
	entries, err := os.ReadDir(filepath.Join(string(dir), "keys"))
	if err != nil || len(entries) != 3 {
		t.Fatalf("%d keys, %v", len(entries), err)
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", entry.Name(), info.Mode(), err)
		}
	}
	copied := app.Dir(t.TempDir())
	if err := os.CopyFS(filepath.Join(string(copied), "keys"), os.DirFS(filepath.Join(string(dir), "keys"))); err != nil {
		t.Fatal(err)
	}
	same, err := locked(t, copied).StudyKey()
	if err != nil || string(same) != string(key) {
		t.Errorf("a copy of keys/ gives another key: %v", err)
	}
}

func TestADamagedKeyIsAnErrorAndIsNotReplaced(t *testing.T) {
	t.Parallel()
	dir := app.Dir(t.TempDir())
	path := filepath.Join(string(dir), "keys", "study.key")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "abc", strings.Repeat("g", 64)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		lock, err := dir.Lock()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := lock.StudyKey(); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("key %q: %v", text, err)
		}
		lock.Release()
		if kept, _ := os.ReadFile(path); string(kept) != text {
			t.Errorf("key %q became %q", text, kept)
		}
	}
}

func TestNoPasswordIsReadFromOutsideTheKeys(t *testing.T) {
	t.Parallel()
	dir := app.Dir(t.TempDir())
	for _, user := range []string{"", "../study.key", "a/b", "nobody"} {
		if password, err := dir.Password(user); err == nil {
			t.Errorf("user %q has the password %q", user, password)
		}
	}
}

func TestALogThatIsMadeAnewHasAnotherIdentity(t *testing.T) {
	t.Parallel()
	dir := app.Dir(t.TempDir())
	lock := locked(t, dir)
	first, err := lock.LogID()
	if err != nil {
		t.Fatal(err)
	}
	if same, err := lock.LogID(); err != nil || same != first {
		t.Errorf("%q became %q, %v", first, same, err)
	}
	if err := os.RemoveAll(dir.Log()); err != nil {
		t.Fatal(err)
	}
	if other, err := lock.LogID(); err != nil || other == first {
		t.Errorf("a new log has the old identity, %v", err)
	}
}

func TestALogIsSettledUntilSomethingMayBeWritten(t *testing.T) {
	t.Parallel()
	dir := app.Dir(t.TempDir())
	lock := locked(t, dir)
	if !lock.Settled() {
		t.Error("a directory without a log is not settled")
	}
	if _, err := lock.LogID(); err != nil {
		t.Fatal(err)
	}
	if lock.Settled() {
		t.Error("a log that nobody settled is settled")
	}
	for _, settled := range []bool{true, false, false} {
		if err := lock.SetSettled(settled); err != nil {
			t.Fatal(err)
		}
		if lock.Settled() != settled {
			t.Errorf("settled is not %v", settled)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir.Broker(), "partitions", "posts.v1-0"), 0o700); err != nil {
		t.Fatal(err)
	}
	before := dir.LogBytes()
	if err := os.WriteFile(filepath.Join(dir.Broker(), "partitions", "posts.v1-0", "0.dat"), []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := dir.LogBytes() - before; got != 5 {
		t.Errorf("the log grew by %d bytes", got)
	}
}
