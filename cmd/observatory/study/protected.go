package study

import (
	"errors"
	"fmt"

	"github.com/election-observatory/observatory/processors/sources/lists"
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

func (s *Study) validateLists() error {
	for i, l := range s.Lists {
		_, err := lists.Find(l.List)
		switch {
		case err != nil:
		case l.File == "":
			err = errors.New("say where the list is (file)")
		case l.Version != "":
			_, err = Moment(l.Version)
		}
		if err != nil {
			return fmt.Errorf("lists[%d]: %w", i, err)
		}
	}
	return nil
}

// ListPath is where a list of the study is.
func (s *Study) ListPath(l List) string { return s.at(l.File) }
