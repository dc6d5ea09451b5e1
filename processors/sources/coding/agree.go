package coding

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"text/tabwriter"
)

// Version changes with how agreement is computed.
const Version = "1"

// Label is the criterion of an agreement that is about the label: junk by three
// of five.
const Label = "label"

// Agreement is how far coders agree, by criterion and then for the label.
type Agreement []Measure

// Measure is how far they agree in one thing.
type Measure struct {
	Criterion string
	// Alpha is Krippendorff's alpha for nominal data (Krippendorff 2011, "Computing
	// Krippendorff's Alpha-Reliability"): 1 for perfect agreement, 0 for that of
	// chance; nil where it is undefined, because no source has two codings or because
	// all codings are the same.
	Alpha *float64
	// Low and High bound Alpha: the 2.5th and 97.5th percentile of 1,000 draws of
	// the sources (bootstrap with a fixed seed); nil where fewer than half of the draws define it.
	Low, High *float64
	// Agree is the share of pairs of codings of a source that agree.
	Agree   *float64
	Sources int // With two codings or more.
	Coders  int // Of these.
}

// unit are the values that coders gave to one source.
type unit []bool

// Agree measures how far coders agree. Of a coder's codings of a source the last
// one counts; the order of codings and the names of coders do not.
func Agree(codings []Coding) Agreement {
	latest := Latest(codings)
	criteria := Criteria()
	agreement := make(Agreement, 0, len(criteria)+1)
	for i, name := range criteria {
		agreement = append(agreement, measure(name, latest, func(c *Coding) bool { return c.Applies[i] }))
	}
	return append(agreement, measure(Label, latest, (*Coding).Junk))
}

func measure(criterion string, codings []Coding, value func(*Coding) bool) Measure {
	m := Measure{Criterion: criterion}
	var units []unit
	coders := map[string]bool{}
	for len(codings) > 0 {
		n := 1
		for n < len(codings) && codings[n].Source == codings[0].Source {
			n++
		}
		if n > 1 {
			u := make(unit, n)
			for i := range n {
				u[i] = value(&codings[i])
				coders[codings[i].Coder] = true
			}
			units = append(units, u)
		}
		codings = codings[n:]
	}
	m.Sources, m.Coders = len(units), len(coders)
	m.Agree = agree(units)
	if alpha, ok := alphaOf(units); ok {
		m.Alpha = &alpha
		m.Low, m.High = interval(units)
	}
	return m
}

// agree is the share of pairs of a unit that agree.
func agree(units []unit) *float64 {
	same, pairs := 0, 0
	for _, u := range units {
		yes := count(u)
		no := len(u) - yes
		pairs += len(u) * (len(u) - 1) / 2
		same += yes*(yes-1)/2 + no*(no-1)/2
	}
	if pairs == 0 {
		return nil
	}
	share := float64(same) / float64(pairs)
	return &share
}

func count(u unit) int {
	n := 0
	for _, yes := range u {
		if yes {
			n++
		}
	}
	return n
}

// alphaOf is Krippendorff's alpha for two values: one minus observed by expected
// disagreement, from the coincidences of pairable values.
func alphaOf(units []unit) (alpha float64, ok bool) {
	observed, yes, values := 0.0, 0.0, 0.0
	for _, u := range units {
		n, ones := float64(len(u)), float64(count(u))
		if n < 2 {
			continue
		}
		observed += 2 * ones * (n - ones) / (n - 1)
		yes += ones
		values += n
	}
	expected := 2 * yes * (values - yes) / (values - 1)
	if values < 2 || expected == 0 {
		return 0, false
	}
	return 1 - observed/expected, true
}

// interval draws the units again and again.
func interval(units []unit) (low, high *float64) {
	const draws, seed = 1000, 7
	draw := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // Drawn the same way each time.
	slices.SortFunc(units, func(a, b unit) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return count(a) - count(b)
	})
	var alphas []float64
	again := make([]unit, len(units))
	for range draws {
		for i := range again {
			again[i] = units[draw.IntN(len(units))]
		}
		if alpha, ok := alphaOf(again); ok {
			alphas = append(alphas, alpha)
		}
	}
	if len(alphas) < draws/2 {
		return nil, nil
	}
	slices.Sort(alphas)
	return &alphas[len(alphas)*25/1000], &alphas[len(alphas)*975/1000]
}

// WriteTable writes an agreement for a terminal, with how alpha is customarily
// read (Krippendorff 2004, "Content Analysis").
func WriteTable(w io.Writer, a Agreement) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "criterion\talpha\t95 % interval\tpairs that agree\tsources\tcoders\treading")
	for i := range a {
		m := &a[i]
		bounds := "-"
		if m.Low != nil {
			bounds = fmt.Sprintf("%.2f to %.2f", *m.Low, *m.High)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%d\t%s\n", m.Criterion, number(m.Alpha), bounds, number(m.Agree), m.Sources, m.Coders, m.reading())
	}
	return t.Flush()
}

func number(v *float64) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%.3f", *v)
}

func (m *Measure) reading() string {
	const reliable, tentative = 0.8, 0.667
	switch {
	case m.Sources == 0:
		return "no source has two coders"
	case m.Alpha == nil:
		return "undefined: all gave the same"
	case *m.Alpha >= reliable:
		return "reliable"
	case *m.Alpha >= tentative:
		return "for tentative conclusions"
	}
	return "do not rely on it"
}
