package sources

import "time"

// Rating is what one rater says of one domain in one interval.
type Rating struct {
	// DomainOrAccount is the host that is rated, in ASCII and lower case; hosts
	// below it share the rating.
	DomainOrAccount string
	// Rater is whose rating it is: the name of a list.
	Rater string
	// Class is what the rater calls the source.
	Class Class
	// Score is the reliability from 0 to 1 as the rater sees it; nil where the rater
	// gives none.
	Score *float64
	// ValidFrom is from when the rating holds.
	ValidFrom time.Time
	// ValidTo is until when, excluded; zero where it still holds.
	ValidTo time.Time
	// ListVersion is the version of the rater's list.
	ListVersion string
	// Citation is what the rating rests on: an act, a docket, a page.
	Citation string
	// Found is where it was found that the rating is of this domain.
	Found string
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
