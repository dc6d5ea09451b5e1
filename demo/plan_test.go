package demo

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestPlansAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "demo")
	if p, err := ReadPlan(dir); p != nil || err != nil {
		t.Errorf("a plan where there is none: %v, %v", p, err)
	}
	w := week(t, 9, 6_000)
	plan := w.Plan()
	plan.Counts, plan.Complete = Counts{Written: 6_000, Posts: 5_900}, true
	if err := plan.Write(dir); err != nil {
		t.Fatal(err)
	}
	read, err := ReadPlan(dir)
	if err != nil || !reflect.DeepEqual(read, plan) {
		t.Errorf("%v: read\n%+v\nwritten\n%+v", err, read, plan)
	}
	if !read.Current() || !read.Of(Config{Seed: 9, Posts: 6_000}) || read.Of(Config{Seed: 9, Posts: 6_001}) || read.Of(Config{Seed: 8, Posts: 6_000}) {
		t.Error("it is not the plan of what it was made of, or of something else as well")
	}
	if err := os.WriteFile(planPath(dir), []byte(`{"version": 1,`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadPlan(dir); err == nil || !strings.Contains(err.Error(), "remove the data directory") {
		t.Errorf("a damaged plan: %v", err)
	}
}
