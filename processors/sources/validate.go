package sources

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Validate says what is wrong with ratings, one line for each that is not right.
func Validate(ratings []Rating) error {
	parser := NewParser()
	var wrong []error
	for i := range ratings {
		if err := parser.Validate(&ratings[i]); err != nil {
			wrong = append(wrong, err)
		}
	}
	return errors.Join(append(wrong, overlaps(ratings)...)...)
}

// Validate says in one line what is wrong with a rating, if anything.
func (p *Parser) Validate(r *Rating) error {
	if err := p.validate(r); err != nil {
		return fmt.Errorf("%q of %q: %w", r.Source, r.Rater, err)
	}
	return nil
}

func (p *Parser) validate(r *Rating) error {
	if err := r.opinion(); err != nil {
		return err
	}
	switch {
	case r.ValidFrom.IsZero():
		return errors.New("say from when it holds (valid_from)")
	case !r.ValidTo.IsZero() && !r.ValidFrom.Before(r.ValidTo):
		return fmt.Errorf("it ends at %s, not after it begins at %s", stamp(r.ValidTo), stamp(r.ValidFrom))
	case strings.TrimSpace(r.ListVersion) == "":
		return errors.New("say which version of the list it is from")
	case strings.TrimSpace(r.Citation) == "":
		return errors.New("say on what it rests (citation)")
	}
	if err := p.written(r.Source); err != nil || r.AliasOf == "" {
		return err
	}
	return p.written(r.AliasOf)
}

// opinion says what is wrong with who says what.
func (r *Rating) opinion() error {
	switch {
	case strings.TrimSpace(r.Rater) == "":
		return errors.New("name the rater")
	case r.AliasOf == "" && r.Class.Doc() == "":
		return fmt.Errorf("there is no class %q: use one of %s", r.Class, classNames())
	case r.AliasOf != "" && (r.Class != "" || r.Score != nil):
		return fmt.Errorf("it is another address of %s and is rated as that is: leave out class and score", r.AliasOf)
	case r.AliasOf == r.Source && r.Source != "":
		return errors.New("it is another address of itself")
	case r.Score != nil && !(*r.Score >= 0 && *r.Score <= 1):
		return fmt.Errorf("the score %v is not from 0 to 1", *r.Score)
	}
	return nil
}

// written says how to write a source that is not in its canonical form.
func (p *Parser) written(source string) error {
	parsed, err := p.Parse(source)
	if err == nil && parsed != source {
		return fmt.Errorf("write it as %q", parsed)
	}
	return err
}

// overlaps finds ratings of one domain by one rater that hold at the same time:
// nobody could say which of them counts.
func overlaps(ratings []Rating) []error {
	sorted := slices.Clone(ratings)
	slices.SortStableFunc(sorted, func(a, b Rating) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Rater, b.Rater), a.ValidFrom.Compare(b.ValidFrom))
	})
	var wrong []error
	var last Rating // The one that holds longest of those before.
	for i, r := range sorted {
		same := i > 0 && last.Source == r.Source && last.Rater == r.Rater
		if same && (last.ValidTo.IsZero() || r.ValidFrom.Before(last.ValidTo)) {
			wrong = append(wrong, fmt.Errorf("%q of %q: it is listed from %s and again from %s: end the first before the second begins",
				r.Source, r.Rater, stamp(last.ValidFrom), stamp(r.ValidFrom)))
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
