package live

import (
	"errors"
	"testing"
	"time"

	"github.com/election-observatory/observatory/collectors/fetch"
	"github.com/election-observatory/observatory/schema"
)

// A stream that breaks off now and then is not left alone for longer each time.
func TestDoubling(t *testing.T) {
	t.Parallel()
	down := &fetch.Error{Outage: schema.OutageClosed, Err: errors.New("closed")}
	pause := Doubling(4*time.Second, 5*time.Minute)
	for range 20 {
		if wait := pause(down, 2*time.Minute); wait > 4*time.Second {
			t.Fatalf("after two minutes of connection it waits %v", wait)
		}
	}
	longest := time.Duration(0)
	for range 20 {
		longest = max(longest, pause(down, time.Second))
	}
	if longest < 2*time.Minute || longest > 5*time.Minute {
		t.Errorf("at last it waits %v", longest)
	}
	if wait := pause(&fetch.Error{Wait: time.Hour, Err: errors.New("wait")}, time.Hour); wait != time.Hour {
		t.Errorf("of the hour that was asked for it waits %v", wait)
	}
}
