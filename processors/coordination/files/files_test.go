package files_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/election-observatory/observatory/processors/coordination"
	"github.com/election-observatory/observatory/processors/coordination/files"
)

var update = flag.Bool("update", false, "write the golden files anew")

// few are shares of two accounts that do the same again and again, with names
// that CSV and XML have to quote.
func few() *coordination.Shares {
	s := &coordination.Shares{}
	for i, object := range []string{"o1", "o2", "o,\"3\""} {
		at := float64(1000 * i)
		s.Add(object, `a<&"`, "c"+string(rune('a'+i)), at)
		s.Add(object, "b\n\x01ü", "d"+string(rune('a'+i)), at+1.5)
		s.Add(object, "z"+object, "e"+string(rune('a'+i)), at+float64(50*i))
	}
	return s
}

func TestFilesAreWrittenAsBefore(t *testing.T) {
	t.Parallel()
	params := coordination.DefaultStrict()
	params.FDR = 1 // All that reach the weight stand out.
	pairs, mass := coordination.Strict(few(), params)
	strict := pairs.StrictNetwork(params, mass, nil)
	tweet, _ := coordination.CooRTweet(few(), coordination.CooRTweetParams{Window: 60, MinParticipation: 1, FastWindow: 2})
	network := tweet.CooRTweetNetwork(0.5)
	qut := coordination.QUT(few(), 60, 1)
	graph := files.Graph{Network: &strict.Network, Strict: strict.Strict}
	permuted := graph
	permuted.Permuted = pairs.Permute(strict, params, 99, 1, nil)
	for name, write := range map[string]func(io.Writer) error{
		"pairs.csv":           func(w io.Writer) error { return files.Pairs(w, tweet, "2") },
		"edges-coortweet.csv": func(w io.Writer) error { return files.Edges(w, &files.Graph{Network: network}) },
		"edges-qut.csv":       func(w io.Writer) error { return files.Edges(w, &files.Graph{Network: qut}) },
		"edges-strict.csv":    func(w io.Writer) error { return files.Edges(w, &graph) },
		"edges-permuted.csv":  func(w io.Writer) error { return files.Edges(w, &permuted) },
		"strict.graphml":      graph.GraphML,
		"strict.gexf":         graph.GEXF,
		"qut.graphml":         (&files.Graph{Network: qut, Directed: true}).GraphML,
	} {
		var got bytes.Buffer
		if err := write(&got); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, got.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s is\n%s", name, got.String())
		}
		if !strings.HasSuffix(name, ".csv") {
			wellFormed(t, name, got.Bytes())
		}
	}
}

func wellFormed(t *testing.T, name string, text []byte) {
	t.Helper()
	for d := xml.NewDecoder(bytes.NewReader(text)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
	}
}

// A graph of whatever names is well-formed XML.
func FuzzNames(f *testing.F) {
	f.Add("a", "b")
	f.Add("\x00\xff\"", "\ufffe<>&")
	f.Fuzz(func(t *testing.T, a, b string) {
		n := &coordination.Network{Edges: []coordination.Edge{{A: a, B: b, Weight: 1, AvgTimeDelta: math.NaN(), Symmetry: math.NaN()}}, Threshold: math.NaN()}
		for _, write := range []func(io.Writer) error{(&files.Graph{Network: n}).GraphML, (&files.Graph{Network: n}).GEXF} {
			var got bytes.Buffer
			if err := write(&got); err != nil {
				t.Fatal(err)
			}
			wellFormed(t, "graph", got.Bytes())
		}
	})
}
