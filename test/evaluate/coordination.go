package main

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/election-observatory/observatory/processors/coordination"
)

const seeds = 20

const aboutNetworks = `
## Networks

The strict mode (docs/coordination.md) at its defaults, unless said otherwise. An organic stream is a day of %s posts with a link by accounts that act alone: few
links and few accounts have most of the posts, everybody sleeps, and in the last four hours two of three posts are about four links of the night of the results. Networks
are put into it: so many accounts share so many links that nobody else does, each within so many seconds of the first. Each row is %d streams; intervals are Wilson's at 95 %%.

`

// stream is a day of organic shares.
func stream(rng *rand.Rand, n int) *coordination.Shares {
	s := &coordination.Shares{}
	each(rng, n, s.Add)
	return s
}

// each draws the shares of a day, in no order.
func each(rng *rand.Rand, n int, add func(object, account, content string, at float64)) {
	for i := range n {
		hour := 8 + rng.IntN(rng.IntN(16)+1)
		object := "o" + strconv.Itoa(int(math.Pow(rng.Float64(), 3)*float64(n)/8))
		if hour >= 20 && rng.IntN(3) > 0 {
			object = "results" + strconv.Itoa(rng.IntN(4))
		}
		add(object, "a"+strconv.Itoa(int(math.Pow(rng.Float64(), 2)*float64(n)/5)), "c"+strconv.Itoa(i), float64(hour*3600)+rng.Float64()*3600)
	}
}

// inject puts a network into a stream.
func inject(s *coordination.Shares, rng *rand.Rand, accounts, links, jitter int) {
	for link := range links {
		at := float64(9*3600 + rng.IntN(14*3600))
		for account := range accounts {
			s.Add("planted"+strconv.Itoa(link), "network"+strconv.Itoa(account), "p"+strconv.Itoa(link)+" "+strconv.Itoa(account), at+rng.Float64()*float64(jitter))
		}
	}
}

// caught counts the accounts that edges which stand out join, those of networks
// and others.
func caught(s *coordination.Shares, params coordination.StrictParams) (members, others int) {
	pairs, mass := coordination.Strict(s, params)
	network := pairs.StrictNetwork(params, mass, nil)
	seen := map[string]bool{}
	for i := range network.Edges {
		if e := &network.Edges[i]; e.Above {
			seen[e.A], seen[e.B] = true, true
		}
	}
	for account := range seen {
		if strings.HasPrefix(account, "network") {
			members++
		} else {
			others++
		}
	}
	return members, others
}

// bounds are the ends of Wilson's interval of a share, at 95 %.
func bounds(n, of int) (low, high float64) {
	const z = 1.96
	p, m := float64(n)/float64(of), float64(of)
	middle, half := (p+z*z/(2*m))/(1+z*z/m), z*math.Sqrt(p*(1-p)/m+z*z/(4*m*m))/(1+z*z/m)
	return max(0, middle-half), min(1, middle+half)
}

// wilson writes a share with its interval.
func wilson(n, of int) string {
	if of == 0 {
		return "–"
	}
	low, high := bounds(n, of)
	return fmt.Sprintf("%.3f [%.3f, %.3f]", float64(n)/float64(of), low, high)
}

// perThousand writes mistakes per 1,000 accounts with their interval.
func perThousand(n, of int) string {
	low, high := bounds(n, of)
	return fmt.Sprintf("%.2f [%.2f, %.2f]", 1000*float64(n)/float64(of), 1000*low, 1000*high)
}

const streamPosts = 12_000

func networks(page io.Writer, data string) error {
	fmt.Fprintf(page, aboutNetworks, "12,000", seeds)
	fmt.Fprint(page, "| Accounts | Links | Within, s | Recall of accounts | Others, per 1,000 accounts |\n|---:|---:|---:|---|---|\n")
	for _, accounts := range []int{3, 5, 10, 20, 40} {
		for _, links := range []int{2, 3, 5, 10} {
			for _, jitter := range []int{10, 60, 180} {
				row(page, fmt.Sprintf("%d | %d | %d", accounts, links, jitter), accounts, links, jitter, coordination.DefaultStrict())
			}
		}
	}
	sensitivity(page)
	nights(page)
	timely(page)
	if err := russian(page, data); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := agency(page, data); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func row(page io.Writer, name string, accounts, links, jitter int, params coordination.StrictParams) {
	found, wrong, all := 0, 0, 0
	for seed := range uint64(seeds) {
		rng := rand.New(rand.NewPCG(seed, 9)) //nolint:gosec // Streams are to be the same again.
		s := stream(rng, streamPosts)
		all += s.Accounts()
		inject(s, rng, accounts, links, jitter)
		members, others := caught(s, params)
		found, wrong = found+members, wrong+others
	}
	fmt.Fprintf(page, "| %s | %s | %s |\n", name, wilson(found, accounts*seeds), perThousand(wrong, all))
}

// sensitivity changes one default at a time.
func sensitivity(page io.Writer) {
	fmt.Fprint(page, "\nOne default changed at a time, for a network of ten accounts with five links within 30 s:\n\n| Changed | Recall of accounts | Others, per 1,000 accounts |\n|---|---|---|\n")
	for _, c := range []struct {
		name   string
		change func(*coordination.StrictParams)
	}{
		{"nothing", func(*coordination.StrictParams) {}},
		{"window 10 s", func(p *coordination.StrictParams) { p.Window = 10 }},
		{"window 300 s", func(p *coordination.StrictParams) { p.Window = 300 }},
		{"participation 1", func(p *coordination.StrictParams) { p.MinParticipation = 1 }},
		{"participation 5", func(p *coordination.StrictParams) { p.MinParticipation = 5 }},
		{"weight 1", func(p *coordination.StrictParams) { p.MinWeight = 1 }},
		{"weight 4", func(p *coordination.StrictParams) { p.MinWeight = 4 }},
		{"cap 20", func(p *coordination.StrictParams) { p.Cap = 20 }},
		{"no cap", func(p *coordination.StrictParams) { p.Cap = 0 }},
		{"strata of 15 minutes", func(p *coordination.StrictParams) { p.Stratum = 900 }},
		{"strata of 4 hours", func(p *coordination.StrictParams) { p.Stratum = 4 * 3600 }},
		{"q below 0.05", func(p *coordination.StrictParams) { p.FDR = 0.05 }},
		{"no significance", func(p *coordination.StrictParams) { p.FDR = 2 }},
	} {
		params := coordination.DefaultStrict()
		c.change(&params)
		row(page, c.name, 10, 5, 30, params)
	}
}

// nights counts the organic bursts, the links of the night of the results, that
// accounts share between which an edge stands out.
func nights(page io.Writer) {
	const links = 4
	wrong := 0
	for seed := range uint64(seeds) {
		s := stream(rand.New(rand.NewPCG(seed, 9)), streamPosts) //nolint:gosec // Streams are to be the same again.
		pairs, mass := coordination.Strict(s, coordination.DefaultStrict())
		above := map[[2]string]bool{}
		network := pairs.StrictNetwork(coordination.DefaultStrict(), mass, nil)
		for i := range network.Edges {
			if e := &network.Edges[i]; e.Above {
				above[[2]string{e.A, e.B}] = true
			}
		}
		mistaken := map[string]bool{}
		_ = pairs.Each(func(p *coordination.Pair) error {
			if strings.HasPrefix(p.Object, "results") && (above[[2]string{p.Account, p.AccountNewer}] || above[[2]string{p.AccountNewer, p.Account}]) {
				mistaken[p.Object] = true
			}
			return nil
		})
		wrong += len(mistaken)
	}
	fmt.Fprintf(page, "\nOf the %d organic bursts of these streams (the four links of each night), %d have accounts between which an edge stands out: %s per 1,000 bursts.\n",
		links*seeds, wrong, perThousand(wrong, links*seeds))
}

// timely puts a network into a stream that shares a link every half hour, and says
// with which link it is found.
func timely(page io.Writer) {
	fmt.Fprint(page, `
How soon: networks that share one link every half hour, from nine on. With the link named, at least half of the accounts are found, by whoever looks then; the store
looks again when counting is idle, at least every half minute. Minutes are from the first share; in the last column are the streams of 20 in which that is so within ten links.

| Accounts | Within, s | Link | Minutes | Streams |
|---:|---:|---:|---:|---:|
`)
	const links, every = 10, 1800.0
	for _, accounts := range []int{5, 10, 20, 40} {
		for _, jitter := range []int{10, 60} {
			found, sum := 0, 0
			for seed := range uint64(seeds) {
				if at := soon(seed, accounts, jitter, links, every); at > 0 {
					found++
					sum += at
				}
			}
			mean := float64(sum) / float64(max(found, 1))
			fmt.Fprintf(page, "| %d | %d | %.1f | %.0f | %d |\n", accounts, jitter, mean, (mean-1)*every/60+float64(jitter)/60, found)
		}
	}
}

// soon is with how many links at least half of a network is found; 0 if with none.
func soon(seed uint64, accounts, jitter, links int, every float64) int {
	for shared := 1; shared <= links; shared++ {
		rng := rand.New(rand.NewPCG(seed, 9)) //nolint:gosec // Streams are to be the same again.
		until := 9*3600 + float64(shared-1)*every + float64(jitter)
		s := &coordination.Shares{}
		each(rng, streamPosts, func(object, account, content string, at float64) {
			if at <= until {
				s.Add(object, account, content, at)
			}
		})
		for link := range shared {
			for account := range accounts {
				s.Add("planted"+strconv.Itoa(link), "network"+strconv.Itoa(account), "p"+strconv.Itoa(link)+" "+strconv.Itoa(account), 9*3600+float64(link)*every+rng.Float64()*float64(jitter))
			}
		}
		if members, _ := caught(s, coordination.DefaultStrict()); 2*members >= accounts {
			return shared
		}
	}
	return 0
}

// readGzip reads a table by its first line.
func readGzip(path string, row func(map[string]string)) error {
	f, err := os.Open(path) //nolint:gosec // Whoever runs it names the folder.
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // It was only read.
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	lines := csv.NewReader(z)
	lines.LazyQuotes, lines.FieldsPerRecord = true, -1
	head, err := lines.Read()
	if err != nil {
		return err
	}
	for {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		of := map[string]string{}
		for i, name := range head {
			if i < len(fields) {
				of[name] = fields[i]
			}
		}
		row(of)
	}
}

// russian compares with what CooRTweet answers for the data of its package.
func russian(page io.Writer, data string) error {
	s := &coordination.Shares{}
	err := readGzip(filepath.Join(data, "coordination", "russian_coord_tweets.csv.gz"), func(r map[string]string) {
		if at, err := strconv.ParseFloat(r["timestamp_share"], 64); err == nil {
			s.Add(r["object_id"], r["account_id"], r["content_id"], at)
		}
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(page, "\nWhat CooRTweet 2.1.3 answers for the %d shares of its package (`russian_coord_tweets`), and what is computed here:\n\n| Window, s | Participation | Pairs | Accounts | Edges | Above | Here | Strict edges, and those that stand out |\n|---:|---:|---:|---:|---:|---:|---|---|\n", s.Len())
	for _, c := range [][6]uint64{{10, 1, 1098, 1525, 1092, 5}, {10, 2, 447, 525, 442, 4}, {10, 5, 22, 23, 20, 1}, {60, 1, 6281, 3954, 6206, 63}, {60, 2, 3791, 2110, 3721, 60}, {60, 5, 1235, 772, 1193, 36}} {
		pairs, _ := coordination.CooRTweet(s, coordination.CooRTweetParams{Window: float64(c[0]), MinParticipation: int(c[1])})
		n := pairs.CooRTweetNetwork(0.5)
		here := "the same"
		if got := [4]uint64{n.Pairs, n.Accounts, uint64(len(n.Edges)), n.Above()}; got != [4]uint64(c[2:]) {
			here = fmt.Sprint(got)
		}
		params := coordination.DefaultStrict()
		params.Window, params.MinParticipation = float64(c[0]), int(c[1])
		strict, mass := coordination.Strict(s, params)
		network := strict.StrictNetwork(params, mass, nil)
		fmt.Fprintf(page, "| %d | %d | %d | %d | %d | %d | %s | %d, %d |\n", c[0], c[1], c[2], c[3], c[4], c[5], here, len(network.Edges), network.Above())
	}
	return nil
}

// agency mixes posts of the Internet Research Agency into organic ones. They have
// the minute and no more, and so do the others here.
func agency(page io.Writer, data string) error {
	type post struct {
		account, text string
		at            float64
	}
	var posts []post
	err := readGzip(filepath.Join(data, "campaign", "ira_german_2017.csv.gz"), func(r map[string]string) {
		at, err := time.Parse(time.DateTime, r["publish_date"])
		if words := strings.Fields(strings.ToLower(r["content"])); err == nil {
			kept := words[:0]
			for _, word := range words {
				if !strings.HasPrefix(word, "http") && !strings.HasPrefix(word, "@") {
					kept = append(kept, word)
				}
			}
			if len(kept) >= 4 {
				posts = append(posts, post{r["author_id"], strings.Join(kept, " "), float64(at.Unix())})
			}
		}
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(page, "\nThe %d German posts of the Internet Research Agency (January to September 2017) with at least four words, among twenty times as many organic ones at the same times; the object\nis the text, the minute is all that is known of the time, on both sides. Of each agency account that has two posts whose texts another of them wrote as well within the window:\n\n| Window, s | Such accounts | In a network | Recall | Precision | Others, per 1,000 accounts |\n|---:|---:|---:|---|---|---|\n", len(posts))
	for _, window := range []float64{60, 300} {
		rng := rand.New(rand.NewPCG(1, 17)) //nolint:gosec // The stream is to be the same again.
		alone, mixed := &coordination.Shares{}, &coordination.Shares{}
		organic := map[string]bool{}
		for i, p := range posts {
			alone.Add(p.text, "network "+p.account, "n"+strconv.Itoa(i), p.at)
			mixed.Add(p.text, "network "+p.account, "n"+strconv.Itoa(i), p.at)
			for j := range 20 {
				account := "a" + strconv.Itoa(int(math.Pow(rng.Float64(), 2)*20_000))
				organic[account] = true
				text := "t" + strconv.Itoa(i*20+j)
				if rng.IntN(5) == 0 { // What many write these days.
					text = fmt.Sprintf("common %d %d", int(p.at)/86_400, int(math.Pow(rng.Float64(), 3)*40))
				}
				mixed.Add(text, account, "o"+strconv.Itoa(i*20+j), p.at+60*float64(rng.IntN(30)-15))
			}
		}
		params := coordination.DefaultStrict()
		params.Window = window
		pairs, _ := coordination.Strict(alone, params)
		able := map[string]bool{}
		if err := pairs.Each(func(p *coordination.Pair) error { able[p.Account], able[p.AccountNewer] = true, true; return nil }); err != nil {
			return err
		}
		members, others := caught(mixed, params)
		fmt.Fprintf(page, "| %.0f | %d | %d | %s | %s | %s |\n", window, len(able), members, wilson(members, len(able)), wilson(members, members+others), perThousand(others, len(organic)))
	}
	return nil
}
