package study

import (
	"fmt"

	"github.com/election-observatory/observatory/processors/sources/lookalike"
)

func (s *Study) validateExpand() error {
	if s.Expand == nil {
		return nil
	}
	return s.Expand.Validate()
}

func (s *Study) validateProtected() error {
	if _, err := lookalike.New(s.ProtectedNames); err != nil {
		return fmt.Errorf("protected_names: %w", err)
	}
	return nil
}
