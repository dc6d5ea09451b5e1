// Package review is what people judge of what methods found: a judgement with its
// confidence, who may be named as an actor and on what, and how far reviewers agree.
package review

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The kinds of what is judged.
const (
	Network   = "network"
	Burst     = "burst"
	Lookalike = "lookalike"
)

// Verdicts are what a reviewer may say: that it is what the method takes it for, that it
// has another explanation, or that what is there does not say.
func Verdicts() []string { return []string{"confirmed", "rejected", "unclear"} }

// Confidences are the levels in which analysts state how sure they are, the lowest
// first (Intelligence Community Directive 203).
func Confidences() []string { return []string{"low", "moderate", "high"} }

// ActorTypes are who may be behind something: those of Bradshaw, Bailey and Howard
// (Industrialized Disinformation, Oxford Internet Institute 2021), media and businesses.
func ActorTypes() []string {
	return []string{"government-agency", "politician-or-party", "private-contractor", "civil-society", "citizens-or-influencers", "media-outlet", "business"}
}

// Outcomes are how an appeal is decided.
func Outcomes() []string { return []string{"corrected", "explained", "rejected"} }

// Subject is what is judged.
type Subject struct{ Kind, ID string }

// Judgement is what one reviewer says of a subject.
type Judgement struct {
	Subject
	Reviewer   string
	At         time.Time
	Verdict    string
	Confidence string
	ActorType  string // Empty where nobody is named.
	Citation   string // On what that rests.
	Note       string
}

// longest is how many characters a note or a citation may have.
const longest = 4000

// Validate says what is wrong with a judgement, in the reviewer's words.
func (j *Judgement) Validate() error {
	switch {
	case !slices.Contains([]string{Network, Burst, Lookalike}, j.Kind):
		return fmt.Errorf("%q cannot be judged: networks, bursts and look-alikes can", j.Kind)
	case j.Reviewer == "":
		return errors.New("say who judges")
	case !slices.Contains(Verdicts(), j.Verdict):
		return fmt.Errorf("the verdict is one of %s", strings.Join(Verdicts(), ", "))
	case !slices.Contains(Confidences(), j.Confidence):
		return fmt.Errorf("the confidence is one of %s", strings.Join(Confidences(), ", "))
	case j.Verdict == "rejected" && strings.TrimSpace(j.Note) == "":
		return errors.New("say in the note which other explanation it has")
	}
	if err := j.validateActor(); err != nil {
		return err
	}
	for _, text := range []string{j.Note, j.Citation} {
		if !utf8.ValidString(text) || utf8.RuneCountInString(text) > longest {
			return fmt.Errorf("a note and a citation have at most %d characters each", longest)
		}
	}
	return nil
}

func (j *Judgement) validateActor() error {
	switch {
	case j.ActorType == "":
		return nil
	case !slices.Contains(ActorTypes(), j.ActorType):
		return fmt.Errorf("the type of actor is one of %s, or none", strings.Join(ActorTypes(), ", "))
	case strings.TrimSpace(j.Citation) == "":
		return errors.New("nobody is named without a citation: give where it is written who is behind it, or name nobody")
	}
	return nil
}

// Case is an appeal, or the decision of one, as the public log has it.
type Case struct {
	ID      string
	At      time.Time
	Event   string // appeal or decision.
	Subject Subject
	Outcome string // Of a decision.
	Text    string
}

// Agreement is how far reviewers agree on verdicts.
type Agreement struct {
	Kind     string
	Subjects int      // That two or more judged.
	Alpha    *float64 // Krippendorff's, for nominal data; nil where all verdicts are the same.
	Percent  float64  // Of pairs of verdicts on one subject that are the same.
}

// Agree measures agreement by kind, and over all, whose kind is empty.
func Agree(all []Judgement) []Agreement {
	units := map[string]map[string][]string{}
	for i := range all {
		j := &all[i]
		for _, kind := range []string{"", j.Kind} {
			if units[kind] == nil {
				units[kind] = map[string][]string{}
			}
			id := j.Kind + " " + j.ID
			units[kind][id] = append(units[kind][id], j.Verdict)
		}
	}
	var list []Agreement
	for _, kind := range []string{Network, Burst, Lookalike, ""} {
		a := Agreement{Kind: kind}
		var values [][]string
		same, pairs := 0, 0
		for _, verdicts := range units[kind] {
			if len(verdicts) < 2 {
				continue
			}
			a.Subjects++
			values = append(values, verdicts)
			for i := range verdicts {
				for k := range i {
					pairs++
					if verdicts[i] == verdicts[k] {
						same++
					}
				}
			}
		}
		if a.Subjects == 0 {
			continue
		}
		a.Percent = 100 * float64(same) / float64(pairs)
		if alpha, ok := Alpha(values); ok {
			a.Alpha = &alpha
		}
		list = append(list, a)
	}
	return list
}

// Alpha is Krippendorff's alpha for nominal data (Content Analysis, 4th edition,
// chapter 12): one minus observed by expected disagreement, of the values that several
// gave to one unit. It is not defined where all values are the same.
func Alpha(units [][]string) (float64, bool) {
	observed, n, of := 0.0, 0.0, map[string]float64{}
	for _, unit := range units {
		m := float64(len(unit))
		if m < 2 {
			continue
		}
		counts := map[string]float64{}
		for _, value := range unit {
			counts[value]++
			of[value]++
		}
		n += m
		for _, c := range counts {
			observed += c * (m - c) / (m - 1)
		}
	}
	expected := 0.0
	for _, c := range of {
		expected += c * (n - c) / (n - 1)
	}
	if n < 2 || expected == 0 {
		return 0, false
	}
	return 1 - observed/expected, true
}
