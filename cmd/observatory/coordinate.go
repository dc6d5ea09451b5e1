package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/election-observatory/observatory/collectors/archive"
	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/processors/coordination"
	"github.com/election-observatory/observatory/processors/coordination/files"
	"github.com/election-observatory/observatory/schema"
)

// coordinateFlags are what coordinate is asked for.
type coordinateFlags struct {
	mode                    string
	window, fast            string
	participation, weight   int
	limit                   int
	keepLoops               bool
	quantile                float64
	permutations            int
	pairs, edges, graph     string
	json                    bool
	windowSeconds, fastSecs float64
}

// mostPermutations is how many draws may be asked for.
const mostPermutations = 1_000_000

const (
	modeStrict    = "strict"
	modeCooRTweet = "coortweet"
	modeQUT       = "qut"
)

func (c *cli) coordinate() *cobra.Command {
	flags := coordinateFlags{mode: modeStrict, window: "60s", participation: 2, weight: 2, quantile: 0.5, limit: -1}
	cmd := &cobra.Command{
		Use:   "coordinate FILE",
		Short: "Finds accounts in a table that share the same things within seconds of each other",
		Long: `Finds pairs of shares of one object within a window, and joins their accounts to a network. It needs no study, broker or store.

FILE is a table in CSV, plain or as .gz or .zst, whose first line names the columns object_id, account_id, content_id and
timestamp_share (seconds since 1970, or 2024-06-09T20:15:00Z); others are passed over.

Modes:
  strict     what this project publishes: both accounts of a pair take part in --min-participation posts with partners, which is
             repeated until it holds of all that are left; weights are distinct objects; an edge stands out if it has --min-weight
             objects and chance does not explain them (false discovery rate below 0.01). Shares of an object with more than --cap
             others within the window are a mass share, and are not paired
  coortweet  what CooRTweet 2.1.3 computes; an edge stands out if its weight is above the quantile --edge-weight
  qut        what the coordination network toolkit of QUT computes: directed edges of at least --min-weight posts`,
		Example: `  observatory coordinate shares.csv.gz --edges edges.csv --graph network.graphml
  observatory coordinate shares.csv --mode coortweet --window 10s --min-participation 2 --pairs pairs.csv --edges edges.csv
  observatory coordinate shares.csv --mode qut --window 60 --min-weight 5 --edges edges.csv --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := flags.validate(); err != nil {
				return usage(err)
			}
			return c.runCoordinate(cmd.Context(), args[0], &flags)
		},
	}
	set := cmd.Flags()
	set.StringVar(&flags.mode, "mode", flags.mode, "strict, coortweet or qut")
	set.StringVar(&flags.window, "window", flags.window, "longest time between two shares of a pair, as 60s, 5m or a number of seconds")
	set.IntVar(&flags.participation, "min-participation", flags.participation, "least participation of an account (strict and coortweet)")
	set.IntVar(&flags.weight, "min-weight", flags.weight, "least weight of an edge (qut), or of one that stands out (strict)")
	set.IntVar(&flags.limit, "cap", flags.limit, "others within the window from which a share is a mass share; 0 for none (default 200 for strict, none for the others)")
	set.Lookup("cap").DefValue = "0" // What it says of itself is enough.
	set.BoolVar(&flags.keepLoops, "keep-loops", false, "keep pairs of one account, of one post, and with the original (coortweet)")
	set.Float64Var(&flags.quantile, "edge-weight", flags.quantile, "quantile of the weights above which an edge stands out (coortweet)")
	set.IntVar(&flags.permutations, "permutations", 0, "draws of who made which share of an hour, for a column p_permuted beside the analytic p_value (strict)")
	set.StringVar(&flags.fast, "fast-window", "", "flag the pairs that stay with this shorter window, in a column time_window_<s> (coortweet)")
	set.StringVar(&flags.pairs, "pairs", "", "write the pairs to this file")
	set.StringVar(&flags.edges, "edges", "", "write the edges to this file")
	set.StringVar(&flags.graph, "graph", "", "write the network to this file, .graphml or .gexf")
	set.BoolVar(&flags.json, "json", false, "the summary as JSON")
	return cmd
}

func (f *coordinateFlags) validate() error {
	var err error
	if f.windowSeconds, err = seconds(f.window); err != nil {
		return fmt.Errorf("--window: %w", err)
	}
	if f.fast != "" {
		if f.fastSecs, err = seconds(f.fast); err != nil {
			return fmt.Errorf("--fast-window: %w", err)
		}
	}
	if f.limit < 0 {
		f.limit = 0
		if f.mode == modeStrict {
			f.limit = coordination.DefaultStrict().Cap
		}
	}
	return errors.Join(f.validateNumbers(), f.validateMode())
}

func (f *coordinateFlags) validateNumbers() error {
	switch {
	case f.participation < 0:
		return errors.New("--min-participation: give 0 or more")
	case f.weight < 1:
		return errors.New("--min-weight: give 1 or more")
	case f.permutations < 0 || f.permutations > mostPermutations:
		return fmt.Errorf("--permutations: give a number from 0 to %d", mostPermutations)
	case f.permutations > 0 && f.mode != modeStrict:
		return errors.New("--permutations: it is for --mode strict")
	case f.quantile < 0 || f.quantile > 1 || math.IsNaN(f.quantile):
		return errors.New("--edge-weight: give a quantile from 0 to 1")
	case f.graph != "" && graphKind(f.graph) == "":
		return fmt.Errorf("--graph: name a file that ends in .graphml or .gexf, not %s", f.graph)
	}
	return nil
}

// validateMode says what does not go with the mode.
func (f *coordinateFlags) validateMode() error {
	switch {
	case f.mode != modeStrict && f.mode != modeCooRTweet && f.mode != modeQUT:
		return fmt.Errorf("--mode: there is no mode %q: it is strict, coortweet or qut", f.mode)
	case f.fast != "" && f.mode != modeCooRTweet:
		return errors.New("--fast-window: it is for --mode coortweet")
	case f.fast != "" && f.fastSecs > f.windowSeconds:
		return errors.New("--fast-window: it is to be shorter than --window")
	case f.pairs != "" && f.mode == modeQUT:
		return errors.New("--pairs: qut has no pairs: ask for --edges, or use another mode")
	case f.limit > 0 && f.mode == modeQUT:
		return errors.New("--cap: qut has none")
	}
	return nil
}

func graphKind(path string) string {
	switch kind := strings.ToLower(filepath.Ext(path)); kind {
	case ".graphml", ".gexf":
		return kind
	}
	return ""
}

// seconds reads a duration; a bare number is one of seconds.
func seconds(text string) (float64, error) {
	if n, err := strconv.ParseFloat(text, 64); err == nil && n >= 0 && !math.IsInf(n, 0) && !math.IsNaN(n) {
		return n, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no time, as 60s, 5m or 60", text)
	}
	return d.Seconds(), nil
}

// coordinated is what coordinate tells of a table.
type coordinated struct {
	Mode      string  `json:"mode"`
	Window    float64 `json:"window_seconds"`
	Cap       int     `json:"cap"`
	Rows      int     `json:"rows"`
	Pairs     uint64  `json:"pairs"`
	Accounts  uint64  `json:"accounts"`
	Edges     int     `json:"edges"`
	Above     *uint64 `json:"edges_above_threshold"` // Null where the mode has no threshold.
	Truncated int     `json:"truncated_objects"`

	Communities []community       `json:"communities,omitempty"` // Of the strict mode.
	Rejected    map[string]uint64 `json:"rejected"`
}

// community is what is told of one.
type community struct {
	Number   int     `json:"community"` // As in the column of the edges.
	Accounts int     `json:"accounts"`
	Edges    int     `json:"edges_above_threshold"`
	P        float64 `json:"p_value"`
	Q        float64 `json:"q_value"`
}

func (c *cli) runCoordinate(ctx context.Context, path string, flags *coordinateFlags) error {
	shares, rejected, err := c.readShares(ctx, path)
	if err != nil {
		return err
	}
	out := coordinated{Mode: flags.mode, Window: flags.windowSeconds, Cap: flags.limit, Rows: shares.Len(), Rejected: rejected}
	if err := flags.compute(shares, &out, c.progress()); err != nil {
		return err
	}
	if flags.json {
		return json.NewEncoder(c.out).Encode(out)
	}
	return out.tell(c.out)
}

// readShares reads a table; what cannot be used is counted by its reason, and the
// first few are shown.
func (c *cli) readShares(ctx context.Context, path string) (*coordination.Shares, map[string]uint64, error) {
	shares, rejected := &coordination.Shares{}, map[string]uint64{}
	var read atomic.Int64
	shown := 0
	table := archive.Table{
		Columns: []string{"object_id", "account_id", "content_id", "timestamp_share"},
		Row: func(fields []string) error {
			at, err := shareOf(fields)
			if err == nil {
				shares.Add(fields[0], fields[1], fields[2], at)
			}
			return err
		},
		Rejected: func(number uint64, why *mapping.Rejection) {
			rejected[string(why.Reason)]++
			if shown < 5 {
				shown++
				fmt.Fprintf(c.errs, "row %d is left out: %s\n", number, why.Detail)
			}
		},
		Read: &read,
	}
	line := func() string { return fmt.Sprintf("reading  %s of %s", size(read.Load()), filepath.Base(path)) }
	err := c.progress().during(ctx, line, func() error { return table.File(ctx, path) })
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			err = usage(err)
		}
		return nil, nil, err
	}
	return shares, rejected, nil
}

// longestID is the longest identifier that is read; the text of a post may be an
// object.
const longestID = 64 << 10

func shareOf(fields []string) (float64, error) {
	for i, name := range [...]string{"object_id", "account_id", "content_id"} {
		switch {
		case fields[i] == "" && i == 1:
			return 0, mapping.Reject(schema.ReasonMissingUser, "it has no %s", name)
		case fields[i] == "":
			return 0, mapping.Reject(schema.ReasonMissingID, "it has no %s", name)
		case len(fields[i]) > longestID:
			return 0, mapping.Reject(schema.ReasonBadField, "its %s is longer than %d bytes", name, longestID)
		}
	}
	text := fields[3]
	at, err := strconv.ParseFloat(text, 64)
	if err != nil {
		for _, layout := range [...]string{time.RFC3339, time.DateTime} {
			if moment, err := time.Parse(layout, text); err == nil {
				return float64(moment.UnixMilli()) / 1000, nil
			}
		}
		return 0, mapping.Reject(schema.ReasonBadTime, "its timestamp_share %.40q is no number of seconds", text)
	}
	if math.IsNaN(at) || math.Abs(at) > 1e11 {
		return 0, mapping.Reject(schema.ReasonBadTime, "its timestamp_share %.40q is no time in seconds since 1970", text)
	}
	return at, nil
}

// compute makes the network and writes what is asked for.
func (f *coordinateFlags) compute(shares *coordination.Shares, out *coordinated, tell *progress) error {
	var pairs *coordination.Pairs
	var network *coordination.Network
	graph := files.Graph{}
	switch f.mode {
	case modeQUT:
		network = coordination.QUT(shares, f.windowSeconds, f.weight)
		graph.Directed = true
	case modeCooRTweet:
		var mass []coordination.MassShare
		pairs, mass = coordination.CooRTweet(shares, coordination.CooRTweetParams{Window: f.windowSeconds, MinParticipation: f.participation, KeepLoops: f.keepLoops, FastWindow: f.fastSecs, Cap: f.limit})
		out.Truncated = len(mass)
		network = pairs.CooRTweetNetwork(f.quantile)
	default:
		pairs, network = f.strict(shares, out, &graph, tell)
	}
	graph.Network = network
	out.Pairs, out.Accounts, out.Edges = network.Pairs, network.Accounts, len(network.Edges)
	if !math.IsNaN(network.Threshold) || len(network.Edges) == 0 && f.mode != modeQUT {
		above := network.Above()
		out.Above = &above
	}
	return f.write(pairs, network, &graph)
}

// strict computes the strict mode.
func (f *coordinateFlags) strict(shares *coordination.Shares, out *coordinated, graph *files.Graph, tell *progress) (*coordination.Pairs, *coordination.Network) {
	params := coordination.DefaultStrict()
	params.Window, params.MinParticipation, params.MinWeight, params.Cap = f.windowSeconds, f.participation, f.weight, f.limit
	pairs, mass := coordination.Strict(shares, params)
	strict := pairs.StrictNetwork(params, mass, nil)
	graph.Strict, out.Truncated = strict.Strict, len(mass)
	for i, c := range strict.Communities {
		out.Communities = append(out.Communities, community{i + 1, c.Accounts, c.Edges, c.P, c.Q})
	}
	if f.permutations > 0 {
		var done atomic.Int64
		line := func() string {
			return fmt.Sprintf("drawing  %s of %s", count(uint64(done.Load())), count(uint64(f.permutations)))
		}
		_ = tell.during(context.Background(), line, func() error {
			graph.Permuted = pairs.Permute(strict, params, f.permutations, 1, func(n int) { done.Store(int64(n)) })
			return nil
		})
	}
	return pairs, &strict.Network
}

func (f *coordinateFlags) write(pairs *coordination.Pairs, network *coordination.Network, graph *files.Graph) error {
	fast := ""
	if f.fast != "" {
		fast = strconv.FormatFloat(f.fastSecs, 'f', -1, 64)
	}
	for path, write := range map[string]func(io.Writer) error{
		f.pairs: func(w io.Writer) error { return files.Pairs(w, pairs, fast) },
		f.edges: func(w io.Writer) error { return files.Edges(w, graph) },
		f.graph: func(w io.Writer) error {
			if graphKind(f.graph) == ".gexf" {
				return graph.GEXF(w)
			}
			return graph.GraphML(w)
		},
	} {
		if path == "" {
			continue
		}
		if err := writeFile(path, write); err != nil {
			return err
		}
	}
	return nil
}

// writeFile writes a file, whole or not at all.
func writeFile(path string, write func(io.Writer) error) (err error) {
	part := path + ".part"
	f, err := os.Create(part)
	if err != nil {
		return usage(fmt.Errorf("%s cannot be written: %w", path, err))
	}
	if err = errors.Join(write(f), f.Close()); err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		_ = os.Remove(part)
		return fmt.Errorf("%s cannot be written: %w", path, err)
	}
	return nil
}

// tell shows the summary to people.
func (o *coordinated) tell(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	limit := "none"
	if o.Cap > 0 {
		limit = count(uint64(o.Cap)) + " others within the window"
	}
	fmt.Fprintf(t, "rows\t%s\t\n", count(uint64(o.Rows)))
	fmt.Fprintf(t, "pairs\t%s\t\n", count(o.Pairs))
	fmt.Fprintf(t, "accounts\t%s\t\n", count(o.Accounts))
	fmt.Fprintf(t, "edges\t%s\t\n", count(uint64(o.Edges)))
	if o.Above != nil {
		fmt.Fprintf(t, "that stand out\t%s\t\n", count(*o.Above))
	}
	if len(o.Communities) > 0 {
		fmt.Fprintf(t, "communities\t%s\t\n", count(uint64(len(o.Communities))))
	}
	fmt.Fprintf(t, "mass shares\t%s\t\n", count(uint64(o.Truncated)))
	rejected := uint64(0)
	for _, n := range o.Rejected {
		rejected += n
	}
	fmt.Fprintf(t, "rows left out\t%s\t\n", count(rejected))
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "mode %s, window %s s, cap %s\n", o.Mode, strconv.FormatFloat(o.Window, 'f', -1, 64), limit)
	return err
}
