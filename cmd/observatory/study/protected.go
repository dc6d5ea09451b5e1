package study

import (
	"errors"
	"fmt"
	"slices"

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

func (s *Study) validateNotices() error {
	seen := map[string]bool{}
	for i := range s.Notices {
		n := &s.Notices[i]
		if err := n.Validate(s.Alerts); err != nil {
			return err
		}
		if seen[n.Party] {
			return fmt.Errorf("notices: %s is there twice", n.Party)
		}
		seen[n.Party] = true
		for _, name := range n.Names {
			if !slices.Contains(s.ProtectedNames, name) {
				return fmt.Errorf("notices: %s: %s is not among protected_names", n.Party, name)
			}
		}
		for _, name := range n.Queries {
			if !slices.ContainsFunc(s.Queries, func(q Query) bool { return q.Name == name }) {
				return fmt.Errorf("notices: %s: the study has no query %s", n.Party, name)
			}
		}
	}
	return nil
}
