package sources

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is what happened to a source in a new version of a list.
type Kind string

// The kinds of changes.
const (
	Added     Kind = "added"     // The list has it now.
	Changed   Kind = "changed"   // Another class or score, from now on.
	Corrected Kind = "corrected" // The list gives other dates.
	Reworded  Kind = "reworded"  // Another citation or other words for the same rating.
	Withdrawn Kind = "withdrawn" // The list no longer has it, from now on.
)

// Change is what a new version of a list changed of one source.
type Change struct {
	Kind          Kind
	Source        string
	Before, After string // What the list said and says, in words; empty for nothing.
}

// Revision is what a rater's ratings become with a new version of its list.
type Revision struct {
	Ratings []Rating // All of the rater, those that have ended included.
	Changes []Change // By source.
	Same    int      // Sources of which the list says what it said.
}

// Revise brings a rater's ratings to a new version of its list. What the list
// says anew holds from the day of the version on, and what it no longer says
// ends there; the past stays as it was rated. Ratings that the list itself dates
// (ValidFrom) begin at their date. Those that it does not date begin, with the
// first version of a list, at the beginning of the study, and are Backdated.
func Revise(had, list []Rating, version, begin time.Time) Revision {
	old, next := bySource(had), bySource(list)
	r := reviser{at: version, begin: begin, first: len(had) == 0}
	for _, source := range sourcesOf(old, next) {
		r.source(source, old[source], next[source])
	}
	return r.out
}

type reviser struct {
	at, begin time.Time
	first     bool
	out       Revision
}

func bySource(ratings []Rating) map[string][]Rating {
	of := make(map[string][]Rating, len(ratings))
	for i := range ratings {
		of[ratings[i].Source] = append(of[ratings[i].Source], ratings[i])
	}
	for _, each := range of {
		slices.SortFunc(each, func(a, b Rating) int { return a.ValidFrom.Compare(b.ValidFrom) })
	}
	return of
}

func sourcesOf(old, next map[string][]Rating) []string {
	all := make([]string, 0, len(next))
	for source := range next {
		all = append(all, source)
	}
	for source := range old {
		if _, ok := next[source]; !ok {
			all = append(all, source)
		}
	}
	slices.Sort(all)
	return all
}

func (r *reviser) source(source string, old, next []Rating) {
	switch {
	case len(next) == 0:
		r.withdraw(source, old)
	case len(next) > 1 || !next[0].ValidTo.IsZero():
		r.intervals(source, old, next)
	default:
		r.one(source, old, next[0])
	}
}

// withdraw ends what holds.
func (r *reviser) withdraw(source string, old []Rating) {
	ended := false
	for _, was := range old {
		if was.ValidTo.IsZero() || was.ValidTo.After(r.at) {
			ended = true
			if !was.ValidFrom.Before(r.at) {
				continue // It never held.
			}
			was.ValidTo = r.at
		}
		r.keep(was)
	}
	if ended {
		r.note(Withdrawn, source, old[len(old)-1:], nil)
	}
}

// intervals takes over intervals that the list itself gives.
func (r *reviser) intervals(source string, old, next []Rating) {
	switch {
	case len(old) == 0:
		r.note(Added, source, nil, next)
	case slices.EqualFunc(old, next, func(a, b Rating) bool {
		return a.ValidFrom.Equal(b.ValidFrom) && a.ValidTo.Equal(b.ValidTo) && sameOpinion(&a, &b)
	}):
		r.out.Same++
		next = old
	default:
		r.note(Corrected, source, old, next)
	}
	r.keep(next...)
}

// one takes over a rating that holds until further notice.
func (r *reviser) one(source string, old []Rating, now Rating) {
	ended := old
	var was *Rating // What holds until further notice so far.
	if n := len(old); n > 0 && old[n-1].ValidTo.IsZero() {
		was, ended = &old[n-1], old[:n-1]
	}
	r.keep(ended...)
	var last time.Time // When the rating before ended.
	if n := len(ended); n > 0 {
		last = ended[n-1].ValidTo
	}
	dated := !now.ValidFrom.IsZero()
	switch {
	case was == nil && len(ended) == 0:
		now.ValidFrom, now.Backdated = r.start(&now)
		r.note(Added, source, nil, []Rating{now})
	case was == nil: // The list had withdrawn it.
		now.ValidFrom = later(r.at, last)
		r.note(Added, source, nil, []Rating{now})
	case dated && !now.ValidFrom.Equal(was.ValidFrom) && !was.ValidFrom.Equal(last):
		now.ValidFrom = later(now.ValidFrom, last)
		r.note(Corrected, source, []Rating{*was}, []Rating{now})
	case sameOpinion(was, &now):
		r.reword(source, was, &now)
	default:
		r.change(source, was, &now)
	}
	r.keep(now)
}

// start is from when a source holds that is new on the list.
func (r *reviser) start(now *Rating) (from time.Time, backdated bool) {
	switch {
	case !now.ValidFrom.IsZero():
		return now.ValidFrom, now.Backdated
	case r.first:
		return r.begin, true
	}
	return r.at, false
}

// reword keeps the interval of a rating and takes over its words.
func (r *reviser) reword(source string, was, now *Rating) {
	now.ValidFrom, now.Backdated, now.ListVersion = was.ValidFrom, was.Backdated, was.ListVersion
	if now.Criteria == was.Criteria && now.Network == was.Network && now.Citation == was.Citation && now.Licence == was.Licence && now.Found == was.Found {
		r.out.Same++
		return
	}
	r.note(Reworded, source, []Rating{*was}, []Rating{*now})
}

// change ends what the list said and begins what it says.
func (r *reviser) change(source string, was, now *Rating) {
	r.note(Changed, source, []Rating{*was}, []Rating{*now})
	if !was.ValidFrom.Before(r.at) {
		now.ValidFrom, now.Backdated = was.ValidFrom, was.Backdated
		return
	}
	was.ValidTo = r.at
	now.ValidFrom, now.Backdated = r.at, false
	r.keep(*was)
}

func (r *reviser) keep(ratings ...Rating) { r.out.Ratings = append(r.out.Ratings, ratings...) }

func (r *reviser) note(kind Kind, source string, before, after []Rating) {
	r.out.Changes = append(r.out.Changes, Change{kind, source, inWords(before), inWords(after)})
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func sameOpinion(a, b *Rating) bool {
	if (a.Score == nil) != (b.Score == nil) || (a.Score != nil && cmp.Compare(*a.Score, *b.Score) != 0) {
		return false
	}
	return a.Class == b.Class && a.AliasOf == b.AliasOf
}

func inWords(ratings []Rating) string {
	parts := make([]string, len(ratings))
	for i := range ratings {
		r := &ratings[i]
		part := string(r.Class)
		if r.AliasOf != "" {
			part = "another address of " + r.AliasOf
		}
		if r.Score != nil {
			part += " " + strconv.FormatFloat(*r.Score, 'g', -1, 64)
		}
		part += " from " + r.ValidFrom.UTC().Format(time.DateOnly)
		if !r.ValidTo.IsZero() {
			part += " to " + r.ValidTo.UTC().Format(time.DateOnly)
		}
		parts[i] = fmt.Sprintf("%s (%s)", part, r.Citation)
	}
	return strings.Join(parts, "; ")
}
