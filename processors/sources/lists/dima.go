package lists

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/election-observatory/observatory/processors/sources"
)

func dima() Format {
	return Format{
		Name: "dima", Title: "DIMA: domains of documented influence operations", Licence: "Apache-2.0",
		Where: "github.com/M82-project/DIMA_Plugin_Chrome (domains.csv: domain,operation,source,identified_date,report_url,tags)",
		Doc: "A rating begins on the first of the month in which the domain was identified. imposter where the tags say that a medium is imitated, state-controlled where they say " +
			"that it is a state's medium, else unreliable; no score. Network is the operation. A domain that several reports name begins with the first and cites all.",
		read: readDIMA,
	}
}

func readDIMA(b *builder, r io.Reader) error {
	return b.table(r, []string{"domain", "operation", "identified_date", "report_url"}, func(row row) {
		since, err := month(row.get("identified_date"))
		if err != nil {
			b.refuse(row.line, row.get("domain"), "%v", err)
			return
		}
		citation := row.get("report_url")
		if by := row.get("source"); by != "" {
			citation = strings.TrimSpace(citation + " (" + by + ")")
		}
		if citation == "" {
			b.refuse(row.line, row.get("domain"), "it names no report: a rating rests on one (report_url)")
			return
		}
		tags := row.get("tags")
		b.add(row.line, row.get("domain"), sources.Rating{Class: dimaClass(tags), ValidFrom: since, Network: row.get("operation"), Criteria: tags, Citation: citation}, joined)
	})
}

// joined lets a source begin with the first of its reports and cite all of them;
// that it imitates another is what says most of it.
func joined(had *Entry, r *sources.Rating) string {
	of := &had.Rating
	if r.ValidFrom.Before(of.ValidFrom) {
		of.ValidFrom = r.ValidFrom
	}
	if r.Class == sources.ClassImposter || of.Class == sources.ClassUnreliable {
		of.Class = r.Class
	}
	of.Citation, of.Network = withMore(of.Citation, r.Citation, " ; "), withMore(of.Network, r.Network, ", ")
	for tag := range strings.SplitSeq(r.Criteria, "|") {
		of.Criteria = withMore(of.Criteria, tag, "|")
	}
	return ""
}

func withMore(text, more, between string) string {
	switch {
	case text == "":
		return more
	case more == "" || strings.Contains(text, more):
		return text
	}
	return text + between + more
}

func dimaClass(tags string) sources.Class {
	tags = strings.ToLower(tags)
	for _, word := range []string{"typosquatting", "usurpation", "imité", "imite"} {
		if strings.Contains(tags, word) {
			return sources.ClassImposter
		}
	}
	if strings.Contains(tags, "média-état") || strings.Contains(tags, "media-etat") {
		return sources.ClassStateControlled
	}
	return sources.ClassUnreliable
}

// month reads a month or a day, and is the first of the month.
func month(text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, "2006-01"} {
		if t, err := time.Parse(layout, text); err == nil {
			return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC), nil
		}
	}
	return time.Time{}, fmt.Errorf("the date %q is no month, as 2024-05, nor a day", text)
}
