// Package files writes pairs and networks as files that other tools read: CSV
// tables, GraphML and GEXF.
package files

import (
	"bufio"
	"encoding/csv"
	"io"
	"math"
	"strconv"

	"github.com/election-observatory/observatory/processors/coordination"
)

// Pairs writes pairs as CooRTweet's detect_groups returns them; with a fast window
// a last column says which pairs stay with it.
func Pairs(w io.Writer, pairs *coordination.Pairs, fast string) error {
	head := []string{"object_id", "content_id", "content_id_y", "time_delta", "account_id", "account_id_y"}
	if fast != "" {
		head = append(head, "time_window_"+fast)
	}
	out := csv.NewWriter(w)
	if err := out.Write(head); err != nil {
		return err
	}
	line := make([]string, len(head))
	err := pairs.Each(func(p *coordination.Pair) error {
		line[0], line[1], line[2], line[3], line[4], line[5] = p.Object, p.Content, p.ContentNewer, number(p.TimeDelta), p.Account, p.AccountNewer
		if fast != "" {
			line[6] = flag(p.WithinFastWindow)
		}
		return out.Write(line)
	})
	if err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// Edges writes the edges of a network. Those of a strict one have more columns.
func Edges(w io.Writer, g *Graph) error {
	n, strict := g.Network, g.Strict
	out := csv.NewWriter(w)
	head := []string{"account_a", "account_b", "weight", "avg_time_delta", "symmetry", "above_threshold"}
	if strict != nil {
		head = append(head, "posts_a", "posts_b", "normalised_weight", "expected_pairs", "p_value", "q_value", "community")
	}
	if g.Permuted != nil {
		head = append(head, "p_permuted")
	}
	if err := out.Write(head); err != nil {
		return err
	}
	line := make([]string, len(head))
	for i := range n.Edges {
		e := &n.Edges[i]
		line[0], line[1], line[2], line[3], line[4], line[5] = e.A, e.B, strconv.FormatUint(e.Weight, 10), number(e.AvgTimeDelta), number(e.Symmetry), flag(e.Above)
		if math.IsNaN(n.Threshold) {
			line[5] = "" // The mode knows no threshold.
		}
		if strict != nil {
			s := &strict[i]
			line[6], line[7], line[8] = strconv.FormatUint(s.PostsA, 10), strconv.FormatUint(s.PostsB, 10), number(s.Normalised)
			line[9], line[10], line[11], line[12] = number(s.Expected), number(s.P), number(s.Q), community(s.Community)
		}
		if g.Permuted != nil {
			line[len(line)-1] = number(g.Permuted[i])
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// number writes a number with 15 digits, as R does; nothing where it is not defined.
func number(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', 15, 64)
}

func flag(on bool) string {
	if on {
		return "1"
	}
	return "0"
}

func community(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// lines writes text and remembers the first error.
type lines struct {
	w   *bufio.Writer
	err error
}

func (l *lines) add(parts ...string) {
	for _, part := range parts {
		if l.err == nil {
			_, l.err = l.w.WriteString(part)
		}
	}
}

func (l *lines) end() error {
	if l.err != nil {
		return l.err
	}
	return l.w.Flush()
}
