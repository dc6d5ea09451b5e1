package engine_test

import (
	"testing"

	"github.com/election-observatory/observatory/internal/engine/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }
