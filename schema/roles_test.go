package schema_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/election-observatory/observatory/schema"
)

// TestRolesDictionary compares the statements of the roles with the schema; with
// -update it writes them.
func TestRolesDictionary(t *testing.T) {
	t.Parallel()
	path := filepath.Join("access", "roles.sql")
	if *update {
		if err := os.WriteFile(path, []byte(schema.Roles()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(schema.Roles(), string(got)); diff != "" {
		t.Errorf("%s is not what the schema says: run make generate (-schema +file)\n%s", path, diff)
	}
}
