package bluesky

import (
	"context"

	"github.com/election-observatory/observatory/collectors"
)

type profiles struct{}

func newProfiles(*Collector, collectors.Emit) (*profiles, error) { return &profiles{}, nil }
func (*profiles) offer(string)                                   {}
func (*profiles) run(context.Context) error                      { return nil }
