package lists

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/election-observatory/observatory/processors/sources"
)

func own() Format {
	return Format{
		Name: "yaml", Title: "A list of your own", Licence: "what the list says", Where: "written by hand; docs/sources.md shows one",
		Doc:  "Everything as the file says. Several entries of one source are its intervals.",
		read: readOwn,
	}
}

// longestOwn is how large a list that people write may be.
const longestOwn = 64 << 20

type ownHead struct {
	Name     string `yaml:"name"`
	Version  string `yaml:"version"`
	Licence  string `yaml:"licence"`
	Citation string `yaml:"citation"` // Of the entries that have none.
}

type ownEntry struct {
	Source    string        `yaml:"source"`
	Class     sources.Class `yaml:"class"`
	Score     *float64      `yaml:"score"`
	ValidFrom string        `yaml:"valid_from"`
	ValidTo   string        `yaml:"valid_to"`
	Citation  string        `yaml:"citation"`
	Criteria  string        `yaml:"criteria"`
	Network   string        `yaml:"network"`
	AliasOf   string        `yaml:"alias_of"`
	Found     string        `yaml:"found"`
}

func readOwn(b *builder, r io.Reader) error {
	text, err := io.ReadAll(io.LimitReader(r, longestOwn+1))
	if err != nil {
		return err
	}
	if len(text) > longestOwn {
		return fmt.Errorf("it is larger than %d MB", longestOwn>>20)
	}
	head, entries, err := parseOwn(text)
	if err != nil {
		return err
	}
	switch {
	case strings.TrimSpace(head.Name) == "" || strings.TrimSpace(head.Licence) == "":
		return errors.New("its list needs a name and a licence")
	case len(entries) == 0:
		return errors.New("it has no entries")
	}
	if _, err := time.Parse(time.DateOnly, head.Version); head.Version != "" && err != nil {
		return fmt.Errorf("the version %q is no day, as 2024-06-25", head.Version)
	}
	for _, node := range entries {
		b.own(head, node)
	}
	return nil
}

// parseOwn takes a list apart. The parser panics on some text that is no such form.
func parseOwn(text []byte) (head ownHead, entries []ast.Node, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("it cannot be read: %v", fault)
		}
	}()
	var file struct {
		List    ownHead    `yaml:"list"`
		Entries []ast.Node `yaml:"entries"`
	}
	parsed, err := parser.ParseBytes(text, 0)
	if err != nil {
		return head, nil, errors.New(firstLine(err))
	}
	if len(parsed.Docs) != 1 || parsed.Docs[0].Body == nil {
		return head, nil, errors.New("it is to be one document with list and entries")
	}
	if err := yaml.NodeToValue(parsed.Docs[0].Body, &file, yaml.DisallowUnknownField()); err != nil {
		return head, nil, errors.New(firstLine(err))
	}
	return file.List, file.Entries, nil
}

func firstLine(err error) string {
	first, _, _ := strings.Cut(yaml.FormatError(err, false, false), "\n")
	return first
}

func (b *builder) own(head ownHead, node ast.Node) {
	if node == nil || node.GetToken() == nil || node.GetToken().Position == nil {
		b.refuse(0, "", "an entry is empty")
		return
	}
	line := node.GetToken().Position.Line
	var e ownEntry
	if err := decodeEntry(node, &e); err != nil {
		b.refuse(line, "", "%v", err)
		return
	}
	rating, err := e.rating(head, b.parser)
	if err != nil {
		b.refuse(line, e.Source, "%v", err)
		return
	}
	source, err := b.parser.Parse(e.Source)
	if err != nil {
		b.refuse(line, e.Source, "%v", err)
		return
	}
	rating.Source = source
	if i, ok := b.seen[source]; ok {
		if had := &b.list.Entries[i]; overlap(&had.Rating, &rating) {
			b.refuse(line, e.Source, "line %d rates it in the same time: end the first (valid_to) before the second begins (valid_from)", had.Line)
			return
		}
	}
	b.seen[source] = len(b.list.Entries)
	b.list.Entries = append(b.list.Entries, Entry{line, e.Source, rating})
}

func decodeEntry(node ast.Node, e *ownEntry) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("it cannot be read: %v", fault)
		}
	}()
	if err := yaml.NodeToValue(node, e, yaml.DisallowUnknownField()); err != nil {
		return errors.New(firstLine(err))
	}
	return nil
}

// overlap says whether two ratings of a source hold at the same time, or one does
// not say when.
func overlap(a, b *sources.Rating) bool {
	if a.ValidFrom.IsZero() || b.ValidFrom.IsZero() {
		return true
	}
	if b.ValidFrom.Before(a.ValidFrom) {
		a, b = b, a
	}
	return a.ValidTo.IsZero() || b.ValidFrom.Before(a.ValidTo)
}

func (e *ownEntry) rating(head ownHead, parser *sources.Parser) (sources.Rating, error) {
	r := sources.Rating{
		Rater: head.Name, ListVersion: head.Version, Licence: head.Licence, Class: e.Class, Score: e.Score, Citation: e.Citation, Criteria: e.Criteria, Network: e.Network, Found: e.Found,
	}
	if r.Citation == "" {
		r.Citation = head.Citation
	}
	var err error
	if e.AliasOf != "" {
		if r.AliasOf, err = parser.Parse(e.AliasOf); err != nil {
			return r, fmt.Errorf("alias_of: %w", err)
		}
	}
	for _, date := range []struct {
		key, text string
		to        *time.Time
	}{{"valid_from", e.ValidFrom, &r.ValidFrom}, {"valid_to", e.ValidTo, &r.ValidTo}} {
		if date.text == "" {
			continue
		}
		if *date.to, err = time.Parse(time.DateOnly, date.text); err != nil {
			return r, fmt.Errorf("%s: %q is no day, as 2024-06-25", date.key, date.text)
		}
	}
	if !r.ValidTo.IsZero() && r.ValidFrom.IsZero() {
		return r, errors.New("it ends and does not say since when it holds (valid_from)")
	}
	probe := r // The rest is as for every rating; what the import fills in is made up here.
	probe.Source = "example.org"
	if probe.ListVersion == "" {
		probe.ListVersion = "1"
	}
	if probe.ValidFrom.IsZero() {
		probe.ValidFrom = time.Unix(0, 0)
	}
	if err := parser.Validate(&probe); err != nil {
		_, reason, _ := strings.Cut(err.Error(), ": ")
		return r, errors.New(reason)
	}
	return r, nil
}
