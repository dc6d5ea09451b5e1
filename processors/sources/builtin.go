package sources

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

//go:embed builtin.yaml
var builtinLists []byte

// Builtin are the ratings that come with the program.
func Builtin() ([]Rating, error) {
	ratings, err := read(builtinLists)
	if err != nil {
		return nil, fmt.Errorf("builtin.yaml: %w", err)
	}
	return ratings, nil
}

// file is builtin.yaml. An act is written once, with what it lists below it.
type file struct {
	Lists []struct {
		List list  `yaml:"list"`
		Acts []act `yaml:"acts"`
	} `yaml:"lists"`
}

type list struct {
	Name    string `yaml:"name"`
	Version string `yaml:"version"` // The day on which the list was made.
	Licence string `yaml:"licence"`
}

type act struct {
	Citation  string   `yaml:"citation"`
	ValidFrom string   `yaml:"valid_from"` // From when the act applies to what it names.
	ValidTo   string   `yaml:"valid_to"`
	Names     []string `yaml:"names"` // The outlets, as the act writes them; none where it names domains.
	Found     string   `yaml:"found"` // Where the act, its date and its names were found.
	Entries   []entry  `yaml:"entries"`
}

type entry struct {
	Domain string `yaml:"domain"`
	Outlet string `yaml:"outlet"`
	Class  Class  `yaml:"class"`
	Found  string `yaml:"found"`
}

// read reads lists in the form of builtin.yaml and refuses what is not right.
func read(text []byte) ([]Rating, error) {
	f, err := decode(text)
	if err != nil {
		return nil, err
	}
	if len(f.Lists) == 0 {
		return nil, errors.New("it has no lists")
	}
	var ratings []Rating
	for i, of := range f.Lists {
		if err := of.List.validate(); err != nil {
			return nil, fmt.Errorf("lists[%d]: %w", i, err)
		}
		for _, a := range of.Acts {
			rated, err := a.ratings(of.List)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", of.List.Name, err)
			}
			ratings = append(ratings, rated...)
		}
	}
	if err := Validate(ratings); err != nil {
		return nil, err
	}
	return ratings, nil
}

// decode reads the form. The parser panics on some text that is no such form, as
// on a tag without a value.
func decode(text []byte) (f file, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			f, err = file{}, fmt.Errorf("it cannot be read: %v", fault)
		}
	}()
	lines := yaml.NewDecoder(bytes.NewReader(text), yaml.DisallowUnknownField())
	if err := lines.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return file{}, errors.New(explainYAML(err))
	}
	if err := lines.Decode(new(any)); !errors.Is(err, io.EOF) {
		return file{}, errors.New("write one document, without another after ---")
	}
	return f, nil
}

func (l list) validate() error {
	for field, value := range map[string]string{"name": l.Name, "licence": l.Licence} {
		if strings.TrimSpace(value) == "" {
			return fmt.Errorf("the list needs a %s", field)
		}
	}
	_, err := day("version", l.Version)
	return err
}

func (a act) ratings(of list) ([]Rating, error) {
	if strings.TrimSpace(a.Citation) == "" || strings.TrimSpace(a.Found) == "" {
		return nil, fmt.Errorf("the act %q needs a citation, and where it was found", a.Citation)
	}
	from, err := day("valid_from", a.ValidFrom)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.Citation, err)
	}
	var to time.Time
	if a.ValidTo != "" {
		if to, err = day("valid_to", a.ValidTo); err != nil {
			return nil, fmt.Errorf("%s: %w", a.Citation, err)
		}
	}
	var ratings []Rating
	for _, e := range a.Entries {
		if err := e.validate(a.Names); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", a.Citation, e.Domain, err)
		}
		network := e.Outlet
		if e.Class == ClassImposter { // The outlet is who it is not.
			network = ""
		}
		ratings = append(ratings, Rating{
			Source: e.Domain, Rater: of.Name, Class: e.Class, Licence: of.Licence, Network: network, ValidFrom: from, ValidTo: to, ListVersion: of.Version,
			Citation: a.Citation + ": " + e.Outlet,
			Found:    "Domain: " + e.Found + ". Act: " + a.Found,
		})
	}
	return ratings, nil
}

func (e entry) validate(names []string) error {
	switch {
	case strings.TrimSpace(e.Outlet) == "":
		return errors.New("say whose it is (outlet)")
	case strings.TrimSpace(e.Found) == "":
		return errors.New("say where it was found that the domain is the outlet's (found)")
	case len(names) > 0 && !slices.Contains(names, e.Outlet):
		return fmt.Errorf("the act does not name %q: it names %s", e.Outlet, strings.Join(names, "; "))
	}
	return nil
}

func day(field, text string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s: %q is no day, as 2024-06-25", field, text)
	}
	return t, nil
}

// explainYAML keeps to the first line of what the parser says, which has the
// place and the fault; the others draw the file.
func explainYAML(err error) string {
	first, _, _ := strings.Cut(yaml.FormatError(err, false, false), "\n")
	return first
}
