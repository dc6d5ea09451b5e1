package sources

import "time"

// Rating is what one rater says of one source in one interval.
type Rating struct {
	// Source is what is rated, as ParseSource writes it: a host, in ASCII and lower
	// case, alone or with the beginning of a path, or an account by its address on
	// its platform. Hosts below a host and paths below a path share the rating.
	Source string
	// Rater is whose rating it is: the name of a list.
	Rater string
	// Class is the class that is closest to what the rater calls the source.
	Class Class
	// Score is the reliability from 0 to 1, mapped from the rater's own scale; nil
	// where the rater gives none.
	Score *float64
	// Criteria are the rater's own words: its category, typology or tags.
	Criteria string
	// Network is the operation, owner or outlet of which the source is a part, where
	// the rater says so. It keeps its name when the source moves to another domain.
	Network string
	// AliasOf is the source that this is another address of; the rating then has no
	// class, and the source is rated as that one is.
	AliasOf string
	// ValidFrom is from when the rating holds. Where neither list nor rater dates
	// it, it is the beginning of the study, and Backdated says so.
	ValidFrom time.Time
	Backdated bool
	// ValidTo is until when, excluded; zero where it still holds.
	ValidTo time.Time
	// ListVersion is the version of the rater's list.
	ListVersion string
	// Licence is under which the list is published.
	Licence string
	// Citation is what the rating rests on: an act, a docket, a report, a page.
	Citation string
	// Found is where it was found that the rating is of this source.
	Found string
}

// Holds says whether the rating holds at a time.
func (r *Rating) Holds(at time.Time) bool {
	return !at.Before(r.ValidFrom) && (r.ValidTo.IsZero() || at.Before(r.ValidTo))
}

// Class is what a source is called. The list is closed: classes are columns of
// charts and keys of counts.
type Class string

// The classes of sources.
const (
	ClassUnreliable        Class = "unreliable"
	ClassConspiracy        Class = "conspiracy"
	ClassSatire            Class = "satire"
	ClassStateControlled   Class = "state-controlled"
	ClassIndependentPublic Class = "independent-public"
	ClassImposter          Class = "imposter"
	ClassFactChecker       Class = "fact-checker"
	ClassMainstream        Class = "mainstream"
	ClassMixed             Class = "mixed"
	ClassPlatform          Class = "platform"
)

// described are the classes in words.
func described() []struct {
	class Class
	doc   string
} {
	return []struct {
		class Class
		doc   string
	}{
		{ClassUnreliable, "Publishes what is false or misleads, as the rater sees it."},
		{ClassConspiracy, "Publishes conspiracy theories or pseudoscience."},
		{ClassSatire, "Publishes inventions that are meant as jokes."},
		{ClassStateControlled, "Owned by a state, or under its editorial control."},
		{ClassIndependentPublic, "Paid for by the public or a state, which does not decide what is published."},
		{ClassImposter, "Passes itself off as another outlet: a look-alike of its name or pages."},
		{ClassFactChecker, "Checks the claims of others and shows how."},
		{ClassMainstream, "A news outlet that the rater lists as ordinary journalism."},
		{ClassMixed, "The rater finds sound and unsound work side by side."},
		{ClassPlatform, "Carries what others publish: a network, a host, a search engine. It is no source itself."},
	}
}

// Classes lists every class.
func Classes() []Class {
	all := described()
	classes := make([]Class, len(all))
	for i, c := range all {
		classes[i] = c.class
	}
	return classes
}

// Doc says in words what the class means; it is empty for what is no class.
func (c Class) Doc() string {
	for _, known := range described() {
		if known.class == c {
			return known.doc
		}
	}
	return ""
}
