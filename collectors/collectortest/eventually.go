package collectortest

import (
	"testing"
	"time"
)

// Eventually waits until something is done, and fails the test if it is not within two
// minutes.
func Eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("waited for %s", what)
}
