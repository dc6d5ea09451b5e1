package main

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/cmd/observatory/study"
	"github.com/election-observatory/observatory/processors/sources"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/processors/tag"
)

// loadLists brings the ratings of the study's lists and of those that come with
// the program to what these say, and tells whether hours are still to be counted
// with them.
func (s *system) loadLists(names store.Naming) (changed bool, err error) {
	if err := s.studyLists(names); err != nil {
		return false, err
	}
	ratings, err := sources.Builtin()
	if err != nil {
		return false, err
	}
	return s.store.LoadSources(s.ctx, ratings, names)
}

// loadAnnotations brings what charts are marked with to what the study says.
func (s *system) loadAnnotations() error {
	if s.study.Annotations == nil { // The key is not there: whoever looks at another's store says nothing of what happened.
		return nil
	}
	list := make([]store.Annotation, len(s.study.Annotations))
	for i, a := range s.study.Annotations { // It was checked when it was read.
		list[i] = store.Annotation{Title: a.Title, Text: a.Text, Citation: a.Citation}
		list[i].At, _ = study.Moment(a.At)
		if a.Until != "" {
			until, _ := study.Moment(a.Until)
			list[i].Until = &until
		}
	}
	return s.store.LoadAnnotations(s.ctx, list, time.Now())
}

// startLists brings the lists in the store to what they say today. Where ratings
// have changed since the hours were counted, these are counted again, which may
// take long and holds up nobody.
func (s *system) startLists(tagger *tag.Tagger) error {
	if err := s.store.LoadQueries(s.ctx, s.queries); err != nil {
		return err
	}
	if err := s.loadAnnotations(); err != nil {
		return err
	}
	changed, err := s.loadLists(naming(tagger))
	if err != nil || !changed {
		return err
	}
	s.run("ratings", func(ctx context.Context) error {
		if err := s.runner.Rerate(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("hours are not yet counted with the ratings of today: this is tried again with the next start", zap.Error(err))
		}
		return nil
	})
	return nil
}
