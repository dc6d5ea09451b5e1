package sources

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"
)

const (
	longestHost  = 253 // RFC 1035
	longestLabel = 63
)

// Validate says what is wrong with ratings, one line for each that is not right.
func Validate(ratings []Rating) error {
	var wrong []error
	for _, r := range ratings {
		if err := r.Validate(); err != nil {
			wrong = append(wrong, err)
		}
	}
	return errors.Join(append(wrong, overlaps(ratings)...)...)
}

// Validate says in one line what is wrong with a rating, if anything.
func (r Rating) Validate() error {
	if err := r.validate(); err != nil {
		return fmt.Errorf("%q of %q: %w", r.DomainOrAccount, r.Rater, err)
	}
	return nil
}

func (r Rating) validate() error {
	switch {
	case strings.TrimSpace(r.Rater) == "":
		return errors.New("name the rater")
	case r.Class.Doc() == "":
		return fmt.Errorf("there is no class %q: use one of %s", r.Class, classNames())
	case r.Score != nil && !(*r.Score >= 0 && *r.Score <= 1):
		return fmt.Errorf("the score %v is not from 0 to 1", *r.Score)
	case r.ValidFrom.IsZero():
		return errors.New("say from when it holds (valid_from)")
	case !r.ValidTo.IsZero() && !r.ValidFrom.Before(r.ValidTo):
		return fmt.Errorf("it ends at %s, not after it begins at %s", stamp(r.ValidTo), stamp(r.ValidFrom))
	case strings.TrimSpace(r.ListVersion) == "":
		return errors.New("say which version of the list it is from")
	case strings.TrimSpace(r.Citation) == "":
		return errors.New("say on what it rests (citation)")
	}
	return validDomain(r.DomainOrAccount)
}

func validDomain(host string) error {
	switch {
	case host == "":
		return errors.New("name the domain")
	case strings.ContainsAny(host, "/:@?# "):
		return errors.New("write the host alone, without scheme, port or path")
	case strings.ToLower(host) != host:
		return fmt.Errorf("write the domain in lower case: %q", strings.ToLower(host))
	case len(host) > longestHost:
		return fmt.Errorf("a host has %d characters at most", longestHost)
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return errors.New("an IP address is no domain")
	}
	for label := range strings.SplitSeq(host, ".") {
		if !validLabel(label) {
			return fmt.Errorf("%q is no part of a host name: write letters a to z, digits and inner hyphens, other scripts as xn--", label)
		}
	}
	if _, err := publicsuffix.EffectiveTLDPlusOne(host); err != nil {
		return errors.New("anyone can register names below it: name a domain that someone registered")
	}
	return nil
}

func validLabel(label string) bool {
	if label == "" || len(label) > longestLabel || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	for i := range len(label) {
		if c := label[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// overlaps finds ratings of one domain by one rater that hold at the same time:
// nobody could say which of them counts.
func overlaps(ratings []Rating) []error {
	sorted := slices.Clone(ratings)
	slices.SortStableFunc(sorted, func(a, b Rating) int {
		return cmp.Or(cmp.Compare(a.DomainOrAccount, b.DomainOrAccount), cmp.Compare(a.Rater, b.Rater), a.ValidFrom.Compare(b.ValidFrom))
	})
	var wrong []error
	var last Rating // The one that holds longest of those before.
	for i, r := range sorted {
		same := i > 0 && last.DomainOrAccount == r.DomainOrAccount && last.Rater == r.Rater
		if same && (last.ValidTo.IsZero() || r.ValidFrom.Before(last.ValidTo)) {
			wrong = append(wrong, fmt.Errorf("%q of %q: it is listed from %s and again from %s: end the first before the second begins",
				r.DomainOrAccount, r.Rater, stamp(last.ValidFrom), stamp(r.ValidFrom)))
		}
		if !same || endsLater(r, last) {
			last = r
		}
	}
	return wrong
}

func endsLater(a, b Rating) bool {
	return !b.ValidTo.IsZero() && (a.ValidTo.IsZero() || a.ValidTo.After(b.ValidTo))
}

func classNames() string {
	var names []string
	for _, c := range Classes() {
		names = append(names, string(c))
	}
	return strings.Join(names, ", ")
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
