package lists

import (
	"io"
	"strings"

	"github.com/election-observatory/observatory/processors/sources"
)

func wikipedia() Format {
	return Format{
		Name: "wikipedia", Title: "Wikipedia: perennial sources", Licence: "CC BY-SA 4.0",
		Where: "en.wikipedia.org/wiki/Wikipedia:Reliable_sources/Perennial_sources and its sisters, as a CSV with domain and status",
		Doc: "Score: generally reliable 0.8, no consensus 0.5, generally unreliable 0.2, deprecated 0.1, blacklisted 0, an order and no measurement. mainstream, mixed and unreliable in the same order. " +
			"It is the view of the editors of one language. No dates.",
		read: readWikipedia,
	}
}

func readWikipedia(b *builder, r io.Reader) error {
	type status struct {
		class sources.Class
		score float64
	}
	known := map[string]status{
		"generally reliable": {sources.ClassMainstream, 0.8}, "reliable": {sources.ClassMainstream, 0.8}, "no consensus": {sources.ClassMixed, 0.5},
		"generally unreliable": {sources.ClassUnreliable, 0.2}, "unreliable": {sources.ClassUnreliable, 0.2}, "deprecated": {sources.ClassUnreliable, 0.1}, "blacklisted": {sources.ClassUnreliable, 0},
	}
	return b.table(r, []string{"domain|domains|url|uses", "status"}, func(row row) {
		text, word := row.get("domain", "domains", "url", "uses"), strings.ToLower(row.get("status"))
		of, ok := known[word]
		if !ok {
			b.refuse(row.line, text, "the status %q is none of generally reliable, no consensus, generally unreliable, deprecated and blacklisted", word)
			return
		}
		if text == "" {
			b.refuse(row.line, row.get("source", "name"), "it names no domain")
			return
		}
		for domain := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ' ' || r == ',' || r == ';' || r == '\n' }) {
			b.add(row.line, domain, sources.Rating{Class: of.class, Score: new(of.score), Criteria: "status " + word, Network: row.get("source", "name"), Citation: "Wikipedia, Reliable sources/Perennial sources"}, once)
		}
	})
}

func openSources() Format {
	return Format{
		Name: "opensources", Title: "OpenSources (Zimdars)", Licence: "CC BY 4.0",
		Where: "github.com/OpenSourcesGroup/opensources (sources.csv; no longer kept)",
		Doc: "By the first type: fake, unreliable, rumor, bias, hate are unreliable; conspiracy and junksci are conspiracy; political and clickbait are mixed; reliable is mainstream; state is state-controlled; satire. " +
			"No scores, no dates; all types are in criteria.",
		read: readOpenSources,
	}
}

func readOpenSources(b *builder, r io.Reader) error {
	classes := map[string]sources.Class{
		"fake": sources.ClassUnreliable, "fake news": sources.ClassUnreliable, "unreliable": sources.ClassUnreliable, "rumor": sources.ClassUnreliable, "bias": sources.ClassUnreliable, "hate": sources.ClassUnreliable,
		"conspiracy": sources.ClassConspiracy, "junksci": sources.ClassConspiracy, "political": sources.ClassMixed, "clickbait": sources.ClassMixed, "reliable": sources.ClassMainstream,
		"state": sources.ClassStateControlled, "satire": sources.ClassSatire,
	}
	return b.table(r, []string{"domain|url|", "type"}, func(row row) {
		text, kind := row.get("domain", "url", ""), strings.ToLower(row.get("type"))
		class, ok := classes[kind]
		if !ok {
			b.refuse(row.line, text, "the type %q is none of OpenSources', or says nothing", kind)
			return
		}
		criteria := []string{"type " + kind}
		for _, more := range []string{row.get("2nd type"), row.get("3rd type")} {
			if more != "" {
				criteria = append(criteria, more)
			}
		}
		b.add(row.line, text, sources.Rating{Class: class, Criteria: strings.Join(criteria, ", "), Citation: "OpenSources, https://github.com/OpenSourcesGroup/opensources"}, once)
	})
}
