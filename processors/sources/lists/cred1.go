package lists

import (
	"io"
	"strings"

	"github.com/election-observatory/observatory/processors/sources"
)

func cred1() Format {
	return Format{
		Name: "cred1", Title: "CRED-1: low-credibility domains with scores", Licence: "CC BY 4.0",
		Where: "github.com/aloth/cred-1 (cred1_current.csv)",
		Doc:   "Score is credibility_score. unreliable, fake and rumor are unreliable; reliable is mainstream; conspiracy, satire and mixed are what they are. The list gives no dates.",
		read:  readCRED1,
	}
}

func readCRED1(b *builder, r io.Reader) error {
	classes := map[string]sources.Class{
		"unreliable": sources.ClassUnreliable, "fake": sources.ClassUnreliable, "rumor": sources.ClassUnreliable, "mixed": sources.ClassMixed,
		"conspiracy": sources.ClassConspiracy, "satire": sources.ClassSatire, "reliable": sources.ClassMainstream,
	}
	return b.table(r, []string{"domain", "category", "credibility_score"}, func(row row) {
		text, category := row.get("domain"), strings.ToLower(row.get("category"))
		value, err := score(row.get("credibility_score"), 1)
		if err != nil {
			b.refuse(row.line, text, "%v", err)
			return
		}
		class, ok := classes[category]
		if !ok {
			b.refuse(row.line, text, "the category %q is none of CRED-1's", category)
			return
		}
		criteria := []string{"category " + category}
		for _, column := range []string{"iffy_factual", "iffy_bias", "factcheck_claims"} {
			if value := row.get(column); value != "" {
				criteria = append(criteria, column+" "+value)
			}
		}
		b.add(row.line, text, sources.Rating{Class: class, Score: value, Criteria: strings.Join(criteria, ", "), Citation: "CRED-1, https://github.com/aloth/cred-1"}, once)
	})
}
