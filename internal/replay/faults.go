// Package replay serves recorded or generated posts as the platforms do, with
// faults on demand: for tests, soak runs and demonstrations without a network.
package replay

import "sync"

// Script says what goes wrong next, by what is asked for. Its zero value says
// that nothing does.
type Script[Fault any] struct {
	mu     sync.Mutex
	queued map[string][]Fault
}

// Add lets the next requests for a name go wrong, each by one of the faults.
func (s *Script[Fault]) Add(name string, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queued == nil {
		s.queued = map[string][]Fault{}
	}
	s.queued[name] = append(s.queued[name], faults...)
}

// Next takes the fault that is due.
func (s *Script[Fault]) Next(name string) (fault Fault, due bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	queue := s.queued[name]
	if len(queue) == 0 {
		return fault, false
	}
	s.queued[name] = queue[1:]
	return queue[0], true
}

// Left is how many faults of a name are still to come.
func (s *Script[Fault]) Left(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queued[name])
}
