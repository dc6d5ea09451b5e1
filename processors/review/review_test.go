package review

import (
	"math"
	"strings"
	"testing"
)

// Krippendorff's own example of nominal data (Computing Krippendorff's Alpha-
// Reliability, 2011, section C: four observers, twelve units, missing values): 0.743.
func TestAlphaIsKrippendorffs(t *testing.T) {
	t.Parallel()
	rows := []string{
		"1 2 3 3 2 1 4 1 2 * * *",
		"1 2 3 3 2 2 4 1 2 5 * 3",
		"* 3 3 3 2 3 4 2 2 5 1 *",
		"1 2 3 3 2 4 4 1 2 5 1 *",
	}
	units := make([][]string, 12)
	for _, row := range rows {
		for i, value := range strings.Fields(row) {
			if value != "*" {
				units[i] = append(units[i], value)
			}
		}
	}
	got, ok := Alpha(units)
	if !ok || math.Abs(got-0.743) > 0.0005 {
		t.Errorf("alpha is %.4f, not 0.743", got)
	}
	if _, ok := Alpha([][]string{{"a", "a"}, {"a", "a"}}); ok {
		t.Error("alpha of one value is defined")
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	good := Judgement{Subject: Subject{Network, "x"}, Reviewer: "anna", Verdict: "confirmed", Confidence: "high"}
	for _, c := range []struct {
		says   string
		change func(*Judgement)
	}{
		{"", func(*Judgement) {}},
		{"cannot be judged", func(j *Judgement) { j.Kind = "account" }},
		{"who judges", func(j *Judgement) { j.Reviewer = "" }},
		{"the verdict is one of", func(j *Judgement) { j.Verdict = "bot" }},
		{"the confidence is one of", func(j *Judgement) { j.Confidence = "" }},
		{"the type of actor is one of", func(j *Judgement) { j.ActorType, j.Citation = "troll", "https://a.example" }},
		{"without a citation", func(j *Judgement) { j.ActorType = "media-outlet"; j.Citation = " " }},
		{"", func(j *Judgement) { j.ActorType, j.Citation = "media-outlet", "https://a.example" }},
		{"other explanation", func(j *Judgement) { j.Verdict = "rejected" }},
		{"at most 4000", func(j *Judgement) { j.Note = strings.Repeat("ä", 4001) }},
	} {
		j := good
		c.change(&j)
		err := j.Validate()
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%+v: %v, not %q", j, err, c.says)
		}
	}
}

func TestAgree(t *testing.T) {
	t.Parallel()
	by := func(kind, id, reviewer, verdict string) Judgement {
		return Judgement{Subject: Subject{kind, id}, Reviewer: reviewer, Verdict: verdict}
	}
	got := Agree([]Judgement{
		by(Network, "a", "x", "confirmed"), by(Network, "a", "y", "confirmed"),
		by(Network, "b", "x", "rejected"), by(Network, "b", "y", "confirmed"),
		by(Burst, "a", "x", "unclear"),
	})
	if len(got) != 2 || got[0].Kind != Network || got[0].Subjects != 2 || got[0].Percent != 50 || got[1].Kind != "" || got[1].Subjects != 2 {
		t.Errorf("%+v", got)
	}
	if got[0].Alpha == nil || math.Abs(*got[0].Alpha-0) > 1e-12 { // One of two differs, and three of four values are the same.
		t.Errorf("alpha %v", *got[0].Alpha)
	}
}
