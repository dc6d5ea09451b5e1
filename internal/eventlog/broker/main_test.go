package broker

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// After a failed write the server is kept from going on, until its process ends.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/election-observatory/observatory/internal/eventlog/broker.(*diskWatch).Logf"))
}
