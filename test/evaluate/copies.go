package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/election-observatory/observatory/processors/neardup"
)

const aboutCopies = `
## Copies

The clusters of texts (docs/amplification.md) at their defaults, unless said otherwise. Originals are %s. Of each, one copy is made by the edit; originals,
copies and as many unrelated texts are grouped together. Recall is the share of copies that are in the group of their original. Words come from the other
texts. Each row is %d draws of %d texts; intervals are Wilson's at 95 %%. The last column is the recall of a comparison of everything with everything at 0.6: what is between is lost by hashing.

`

const (
	copiesDrawn = 300
	copyWords   = 8 // Of an original, at least.
)

// edit changes a text, given as words; others are words of other texts.
type edit struct {
	name string
	make func(words, others []string, rng *rand.Rand) []string
}

func pick(others []string, rng *rand.Rand) string { return others[rng.IntN(len(others))] }

func substitute(n int) func([]string, []string, *rand.Rand) []string {
	return func(words, others []string, rng *rand.Rand) []string {
		for _, at := range rng.Perm(len(words))[:min(n, len(words))] {
			words[at] = pick(others, rng)
		}
		return words
	}
}

// edits are from what leaves the wording to what leaves only the sense.
func edits() []edit {
	type list = []string
	return []edit{
		{"capitals, signs, emoji, a link, a mention", func(w, _ list, _ *rand.Rand) list {
			return append(list{"@somebody", "🔥"}, strings.ToUpper(strings.Join(w, "  "))+"!!!", "https://x.example/1")
		}},
		{"letters of other scripts that look alike", func(w, _ list, _ *rand.Rand) list {
			for i, word := range w {
				w[i] = strings.NewReplacer("a", "а", "e", "е", "o", "о", "p", "р").Replace(word)
			}
			return w
		}},
		{"characters that nobody sees in each word", func(w, _ list, _ *rand.Rand) list {
			for i, word := range w {
				r := []rune(word)
				w[i] = string(r[:len(r)/2]) + "\u200b" + string(r[len(r)/2:])
			}
			return w
		}},
		{"two hashtags added", func(w, o list, rng *rand.Rand) list { return append(w, "#"+pick(o, rng), "#"+pick(o, rng)) }},
		{"1 word substituted", substitute(1)},
		{"2 words substituted", substitute(2)},
		{"3 words substituted", substitute(3)},
		{"2 words inserted", func(w, o list, rng *rand.Rand) list {
			for range 2 {
				w = slices.Insert(w, rng.IntN(len(w)+1), pick(o, rng))
			}
			return w
		}},
		{"3 words appended", func(w, o list, rng *rand.Rand) list {
			return append(w, pick(o, rng), pick(o, rng), pick(o, rng))
		}},
		{"the last fifth cut off", func(w, _ list, _ *rand.Rand) list { return w[:len(w)-len(w)/5] }},
		{"the halves swapped", func(w, _ list, _ *rand.Rand) list { return append(slices.Clone(w[len(w)/2:]), w[:len(w)/2]...) }},
		{"a sentence of as many words before it", func(w, o list, rng *rand.Rand) list {
			before := make(list, len(w))
			for i := range before {
				before[i] = pick(o, rng)
			}
			return append(before, w...)
		}},
		{"the words in any order", func(w, _ list, rng *rand.Rand) list {
			rng.Shuffle(len(w), func(i, j int) { w[i], w[j] = w[j], w[i] })
			return w
		}},
		{"every other word substituted, as in a paraphrase", func(w, o list, rng *rand.Rand) list {
			for i := 0; i < len(w); i += 2 {
				w[i] = pick(o, rng)
			}
			return w
		}},
	}
}

// invented are texts of invented words, by Zipf's law.
func invented(rng *rand.Rand, n int) [][]string {
	words := make([]string, 20_000)
	for i := range words {
		for range 1 + rng.IntN(4) {
			words[i] += string("bdfgklmnprstvz"[rng.IntN(14)]) + string("aeiou"[rng.IntN(5)]) + []string{"", "n", "r", "st"}[rng.IntN(4)]
		}
	}
	zipf := rand.NewZipf(rng, 1.1, 8, uint64(len(words)-1))
	texts := make([][]string, n)
	for i := range texts {
		for range copyWords + rng.IntN(16) {
			texts[i] = append(texts[i], words[zipf.Uint64()])
		}
	}
	return texts
}

// agencyTexts are the distinct texts of the Internet Research Agency's posts, by
// normal form.
func agencyTexts(data string) ([][]string, error) {
	n := neardup.NewNormalizer()
	known := map[string]bool{}
	var texts [][]string
	err := readGzip(filepath.Join(data, "campaign", "ira_german_2017.csv.gz"), func(r map[string]string) {
		form := n.Form(r["content"])
		if words := strings.Fields(form); len(words) >= copyWords && !known[form] {
			known[form] = true
			texts = append(texts, words)
		}
	})
	return texts, err
}

// copies are texts with a hash and in normal form.
func formed(n *neardup.Normalizer, words []string) neardup.Text {
	text := strings.Join(words, " ")
	return neardup.Text{Hash: xxh3.HashString(text), Form: n.Form(text)}
}

// edited counts the copies that are grouped with their original, and those that are
// alike enough by exact comparison.
func edited(texts [][]string, e edit, params neardup.Params, rng *rand.Rand) (found, alike int) {
	n := neardup.NewNormalizer()
	order := rng.Perm(len(texts))
	var others []string
	for _, at := range order[copiesDrawn : 2*copiesDrawn] {
		others = append(others, texts[at]...)
	}
	all := make([]neardup.Text, 0, 3*copiesDrawn)
	for _, at := range order[:2*copiesDrawn] {
		all = append(all, formed(n, texts[at]))
	}
	for _, at := range order[:copiesDrawn] {
		all = append(all, formed(n, e.make(slices.Clone(texts[at]), others, rng)))
	}
	of := make([]int, len(all))
	for number, group := range neardup.Group(all, params).Of {
		for _, i := range group {
			of[i] = number + 1
		}
	}
	for i := range copiesDrawn {
		original, edited := i, 2*copiesDrawn+i
		if all[original].Form == all[edited].Form || of[original] > 0 && of[original] == of[edited] {
			found++
		}
		if neardup.Similarity(all[original].Form, all[edited].Form) >= params.Threshold {
			alike++
		}
	}
	return found, alike
}

func copies(page io.Writer, data string) error {
	rng := rand.New(rand.NewPCG(1, 31)) //nolint:gosec // Texts are to be the same again.
	texts, from := invented(rng, 20_000), "texts of invented words, by Zipf's law, of 8 to 23 words"
	real, err := agencyTexts(data)
	switch {
	case err == nil:
		texts, from = real, fmt.Sprintf("the %d distinct texts of eight words and more that the Internet Research Agency posted in German accounts in 2017", len(real))
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	fmt.Fprintf(page, aboutCopies, from, seeds, copiesDrawn)
	fmt.Fprint(page, "| Edit | Recall | At 0.5 | At 0.7 | Exactly |\n|---|---|---:|---:|---:|\n")
	for _, e := range edits() {
		recall := func(threshold float64) (found, alike int) {
			params := neardup.DefaultParams()
			params.Threshold = threshold
			for seed := range uint64(seeds) {
				f, a := edited(texts, e, params, rand.New(rand.NewPCG(seed, 33))) //nolint:gosec // Likewise.
				found, alike = found+f, alike+a
			}
			return found, alike
		}
		of := float64(copiesDrawn * seeds)
		low, _ := recall(0.5)
		high, _ := recall(0.7)
		usual, alike := recall(neardup.DefaultParams().Threshold)
		fmt.Fprintf(page, "| %s | %s | %.3f | %.3f | %.3f |\n", e.name, wilson(usual, copiesDrawn*seeds), float64(low)/of, float64(high)/of, float64(alike)/of)
	}
	unrelated(page, texts)
	campaigns(page, texts)
	return otherDefaults(page, data, texts)
}

// otherDefaults changes one default at a time.
func otherDefaults(page io.Writer, data string, texts [][]string) error {
	fmt.Fprint(page, "\nOne default changed at a time, for 50 copies with one word substituted:\n\n| Changed | Recall | Mistaken, per 1,000 texts |\n|---|---|---|\n")
	for _, c := range []struct {
		name   string
		change func(*neardup.Params)
	}{
		{"nothing", func(*neardup.Params) {}},
		{"similarity 0.4", func(p *neardup.Params) { p.Threshold = 0.4 }},
		{"similarity 0.5", func(p *neardup.Params) { p.Threshold = 0.5 }},
		{"similarity 0.7", func(p *neardup.Params) { p.Threshold = 0.7 }},
		{"similarity 0.8", func(p *neardup.Params) { p.Threshold = 0.8 }},
		{"compared with 1 of a bucket", func(p *neardup.Params) { p.Compared = 1 }},
		{"compared with 64 of a bucket", func(p *neardup.Params) { p.Compared = 64 }},
	} {
		params := neardup.DefaultParams()
		c.change(&params)
		found, wrong := campaign(texts, 50, 1, params)
		fmt.Fprintf(page, "| %s | %s | %s |\n", c.name, wilson(found, 50*seeds), perThousand(wrong, campaignTexts*seeds))
	}
	return short(page, data)
}

// short says how many texts are too short to be compared.
func short(page io.Writer, data string) error {
	n := neardup.NewNormalizer()
	var forms []string
	err := readGzip(filepath.Join(data, "campaign", "ira_german_2017.csv.gz"), func(r map[string]string) { forms = append(forms, n.Form(r["content"])) })
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(page, "\nToo short to be compared, of the agency's %d posts:", len(forms))
	for i, c := range [][2]int{{30, 5}, {20, 3}, {30, 3}, {40, 5}, {50, 8}} {
		params := neardup.DefaultParams()
		params.MinChars, params.MinWords = c[0], c[1]
		left := 0
		for _, form := range forms {
			if !params.Long(form) {
				left++
			}
		}
		if i > 0 {
			fmt.Fprint(page, ",")
		}
		fmt.Fprintf(page, " %.3f below %d characters or %d words", float64(left)/float64(len(forms)), c[0], c[1])
	}
	fmt.Fprintln(page, ".")
	return nil
}

// unrelated says how often two texts are taken for copies that nobody copied, as far
// as it is known: the pairs are read by nobody.
func unrelated(page io.Writer, texts [][]string) {
	const pairs = 400_000
	rng := rand.New(rand.NewPCG(2, 31)) //nolint:gosec // Likewise.
	forms := make([]string, len(texts))
	for i := range texts {
		forms[i] = strings.Join(texts[i], " ")
	}
	var at [3]int
	for range pairs {
		i, j := rng.IntN(len(forms)), rng.IntN(len(forms))
		if i == j {
			continue
		}
		similarity := neardup.Similarity(forms[i], forms[j])
		for k, threshold := range []float64{0.5, 0.6, 0.7} {
			if similarity >= threshold {
				at[k]++
			}
		}
	}
	fmt.Fprintf(page, "\nOf %d pairs of texts drawn at random, %d are alike at 0.5, %d at 0.6, %d at 0.7; some of these may be copies indeed.\n", pairs, at[0], at[1], at[2])
}

// campaignTexts are the other texts of a draw.
const campaignTexts = 3000

// campaigns puts copies of one text, each changed in so many words, among others.
func campaigns(page io.Writer, texts [][]string) {
	fmt.Fprintf(page, `
A campaign is one text in so many copies, each with so many of its words substituted, among %d other texts. Recall is the share of the copies in its largest group;
mistaken are other texts in it, of %d in each draw.

| Copies | Words substituted | Recall | Mistaken, per 1,000 texts |
|---:|---:|---|---|
`, campaignTexts, campaignTexts)
	for _, size := range []int{3, 10, 50} {
		for _, changed := range []int{0, 1, 2, 3, 4} {
			found, wrong := campaign(texts, size, changed, neardup.DefaultParams())
			fmt.Fprintf(page, "| %d | %d | %s | %s |\n", size, changed, wilson(found, size*seeds), perThousand(wrong, campaignTexts*seeds))
		}
	}
}

// campaign draws campaigns, and counts their copies that are found and the others
// that are taken for some.
func campaign(texts [][]string, size, changed int, params neardup.Params) (found, wrong int) {
	n := neardup.NewNormalizer()
	for seed := range uint64(seeds) {
		rng := rand.New(rand.NewPCG(seed, 35)) //nolint:gosec // Likewise.
		order := rng.Perm(len(texts))
		var all []neardup.Text
		for _, at := range order[1 : 1+campaignTexts] {
			all = append(all, formed(n, texts[at]))
		}
		others := slices.Concat(texts[order[1]], texts[order[2]], texts[order[3]], texts[order[4]], texts[order[5]])
		for i := range size {
			text := formed(n, substitute(changed)(slices.Clone(texts[order[0]]), others, rng))
			text.Hash += uint64(i) // The same text is another post.
			all = append(all, text)
		}
		most, mistaken := 0, 0
		for _, group := range neardup.Group(all, params).Of {
			inside := 0
			for _, i := range group {
				if i >= campaignTexts {
					inside++
				}
			}
			if inside > most {
				most, mistaken = inside, len(group)-inside
			}
		}
		found, wrong = found+most, wrong+mistaken
	}
	return found, wrong
}
