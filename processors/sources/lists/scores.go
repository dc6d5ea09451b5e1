package lists

import (
	"io"
	"strings"

	"github.com/election-observatory/observatory/processors/sources"
)

func linPC1() Format {
	return Format{
		Name: "lin-pc1", Title: "Lin et al. 2023: first principal component of six expert sets", Licence: "none stated",
		Where: "github.com/hauselin/domain-quality-ratings (data/domain_ratings.csv: domain, pc1, …); Lin et al., PNAS Nexus 2023",
		Doc:   "Score is pc1. The list has no classes: below 0.5 is called unreliable here, the rest mainstream, and criteria says so.",
		read: func(b *builder, r io.Reader) error {
			return b.table(r, []string{"domain", "pc1"}, func(row row) {
				value, err := score(row.get("pc1"), 1)
				if err != nil {
					b.refuse(row.line, row.get("domain"), "%v", err)
					return
				}
				class := sources.ClassMainstream
				if *value < 0.5 {
					class = sources.ClassUnreliable
				}
				b.add(row.line, row.get("domain"), sources.Rating{Class: class, Score: value, Criteria: "pc1 " + row.get("pc1") + "; class by the cut at 0.5", Citation: "Lin et al. 2023, PNAS Nexus, https://github.com/hauselin/domain-quality-ratings"}, once)
			})
		},
	}
}

func iffy() Format {
	return Format{
		Name: "iffy", Title: "Iffy Index of Unreliable Sources", Licence: "ask the publisher",
		Where: "iffy.news/index (CSV with Domain, MBFC Fact, MBFC Bias, Score)",
		Doc:   "Score is the index's own; without one very low, low and mixed factual reporting are 0, 0.1 and 0.2. conspiracy for conspiracy and pseudoscience (CP), satire (S), else unreliable. No dates.",
		read: func(b *builder, r io.Reader) error {
			levels := map[string]float64{"vl": 0, "very low": 0, "l": 0.1, "low": 0.1, "m": 0.2, "mixed": 0.2}
			return b.table(r, []string{"domain|url", "mbfc fact|fact|factual|mbfc factual"}, func(row row) {
				text, fact, bias := row.get("domain", "url"), strings.ToLower(row.get("mbfc fact", "fact", "factual", "mbfc factual")), strings.ToUpper(row.get("mbfc bias", "bias"))
				var value *float64
				if given := row.get("score"); given != "" {
					var err error
					if value, err = score(given, 1); err != nil {
						b.refuse(row.line, text, "%v", err)
						return
					}
				} else if level, ok := levels[fact]; ok {
					value = new(level)
				} else {
					b.refuse(row.line, text, "the level of factual reporting %q is none of VL, L and M, and there is no score", fact)
					return
				}
				class := sources.ClassUnreliable
				switch bias {
				case "CP":
					class = sources.ClassConspiracy
				case "S":
					class = sources.ClassSatire
				}
				b.add(row.line, text, sources.Rating{Class: class, Score: value, Criteria: "factual reporting " + strings.ToUpper(fact) + ", bias " + bias, Citation: "Iffy Index of Unreliable Sources, https://iffy.news/index"}, once)
			})
		},
	}
}

func mbfc() Format {
	return Format{
		Name: "mbfc", Title: "Media Bias/Fact Check", Licence: "forbids redistribution: for your own use",
		Where: "mediabiasfactcheck.com, as a CSV with domain, bias, factual reporting and credibility",
		Doc: "Score by factual reporting: very high 1, high 0.8, mostly factual 0.6, mixed 0.4, low 0.2, very low 0. satire and conspiracy-pseudoscience by bias; unreliable where the credibility is low, the bias is " +
			"questionable or factual reporting low or very low; mixed for mixed; else mainstream. No dates.",
		read: readMBFC,
	}
}

func readMBFC(b *builder, r io.Reader) error {
	levels := map[string]float64{"very high": 1, "high": 0.8, "mostly factual": 0.6, "mixed": 0.4, "low": 0.2, "very low": 0}
	return b.table(r, []string{"domain|url|source url", "bias|bias rating", "factual reporting|reporting|factual"}, func(row row) {
		text, bias := row.get("domain", "url", "source url"), strings.ToLower(row.get("bias", "bias rating"))
		fact := strings.ToLower(strings.NewReplacer("-", " ", "_", " ").Replace(row.get("factual reporting", "reporting", "factual")))
		credibility := strings.ToLower(row.get("credibility", "credibility rating"))
		value, known := levels[fact]
		class := mbfcClass(bias, fact, credibility)
		if !known && class != sources.ClassSatire {
			b.refuse(row.line, text, "the level of factual reporting %q is none of very high, high, mostly factual, mixed, low and very low", fact)
			return
		}
		rating := sources.Rating{Class: class, Criteria: "bias " + bias + ", factual reporting " + fact + ", credibility " + credibility, Citation: "Media Bias/Fact Check, https://mediabiasfactcheck.com"}
		if known {
			rating.Score = new(value)
		}
		b.add(row.line, text, rating, once)
	})
}

func mbfcClass(bias, fact, credibility string) sources.Class {
	switch {
	case strings.Contains(bias, "satire"):
		return sources.ClassSatire
	case strings.Contains(bias, "conspiracy") || strings.Contains(bias, "pseudoscience"):
		return sources.ClassConspiracy
	case strings.HasPrefix(credibility, "low") || strings.Contains(bias, "questionable") || strings.Contains(bias, "fake") || fact == "low" || fact == "very low":
		return sources.ClassUnreliable
	case fact == "mixed":
		return sources.ClassMixed
	}
	return sources.ClassMainstream
}

func newsguard() Format {
	return Format{
		Name: "newsguard", Title: "NewsGuard", Licence: "proprietary, forbids redistribution: for whoever has a licence",
		Where: "NewsGuard's metadata.csv or all-sources-metadata.csv (Domain, Score, Rating …)",
		Doc:   "Score is the trust score divided by 100. From 60 on mainstream, from 40 on mixed, below unreliable; satire (S) has no score; platforms (P) are no sources. When it was last updated is in criteria.",
		read:  readNewsGuard,
	}
}

func readNewsGuard(b *builder, r io.Reader) error {
	return b.table(r, []string{"domain", "score"}, func(row row) {
		text := row.get("domain")
		rating := sources.Rating{Criteria: "score " + row.get("score"), Citation: "NewsGuard, https://www.newsguardtech.com"}
		if updated := row.get("last updated", "last_updated", "updated"); updated != "" {
			rating.Criteria += ", updated " + updated
		}
		switch strings.ToUpper(row.get("rating", "type")) {
		case "P", "PLATFORM":
			b.refuse(row.line, text, "it is a platform, which NewsGuard does not score")
			return
		case "S", "SATIRE":
			rating.Class = sources.ClassSatire
		default:
			value, err := score(row.get("score"), 100)
			if err != nil {
				b.refuse(row.line, text, "%v", err)
				return
			}
			rating.Score, rating.Class = value, credible(*value)
		}
		b.add(row.line, text, rating, once)
	})
}

// credible is the class of a trust score, by NewsGuard's own bands: 60 of 100 is
// generally credible, and from 40 on it asks to proceed with caution.
func credible(score float64) sources.Class {
	switch {
	case score >= 0.6:
		return sources.ClassMainstream
	case score >= 0.4:
		return sources.ClassMixed
	}
	return sources.ClassUnreliable
}
