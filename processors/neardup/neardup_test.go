package neardup_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"

	"github.com/election-observatory/observatory/processors/neardup"
)

func TestForm(t *testing.T) {
	t.Parallel()
	n := neardup.NewNormalizer()
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"RT @anna: Vote   NOW!!", "vote now"},
		{"rt Vote", "vote"},
		{"no RT here", "no rt here"},
		{"see https://example.org/a?b www.example.org ok", "see ok"},
		{"as bluesky:post:1f0e says", "as says"},
		{"hi @ab12cd34, and (@name) you", "hi and you"},
		{"#Europawahl2024 jetzt", "europawahl2024 jetzt"},
		{"Straße STRASSE", "strasse strasse"},
		{"go ⚠️ vote 👇🏽 now 1️⃣", "go vote now 1"},
		{"in\u200bvisi\u200dble \u202eright\u202c", "invisible right"},
		{"Vоtе fоr Реасе", "vote for реасе"}, // The last word is Cyrillic alone.
		{"ｆｕｌｌ　ｗｉｄｔｈ", "full width"},
		{"C'est l'été — vraiment…", "c est l été vraiment"},
		{"हिन्दी में", "हिन्दी में"},
		{"投票に行こう！", "投票に行こう"},
		{"\xff\xfe bad", "bad"},
		{"İstanbul", "i̇stanbul"},
	} {
		if got := n.Form(c.text); got != c.want {
			t.Errorf("Form(%q) = %q, not %q", c.text, got, c.want)
		}
	}
}

func FuzzForm(f *testing.F) {
	for _, seed := range []string{"RT @a: x", "Vоtе", "\xff\u200d", "投票に行こう", "ﷺ", "a://b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n := neardup.NewNormalizer()
		form := n.Form(text)
		if !utf8.ValidString(form) || strings.Contains(form, "  ") || strings.TrimSpace(form) != form {
			t.Errorf("Form(%q) = %q", text, form)
		}
		if len(form) > 0 && neardup.Similarity(form, form) != 1 {
			t.Errorf("%q is not like itself", form)
		}
		neardup.Group([]neardup.Text{{Hash: 1, Form: form}, {Hash: 2, Form: text}}, neardup.DefaultParams())
	})
}

// words are invented, so that texts share little by chance.
func words(rng *rand.Rand, n int) []string {
	list := make([]string, n)
	for i := range list {
		for range 2 + rng.IntN(3) {
			list[i] += string("bdfgklmnprstvz"[rng.IntN(14)]) + string("aeiou"[rng.IntN(5)])
		}
	}
	return list
}

// corpus are texts with copies that differ by so many words.
func corpus(rng *rand.Rand, texts, copies int) []neardup.Text {
	var all []neardup.Text
	for range texts {
		of := words(rng, 12+rng.IntN(10))
		for range 1 + rng.IntN(copies) {
			changed := slices.Clone(of)
			for range rng.IntN(4) {
				changed[rng.IntN(len(changed))] = words(rng, 1)[0]
			}
			all = append(all, neardup.Text{Hash: rng.Uint64(), Form: strings.Join(changed, " ")})
		}
	}
	return all
}

// definition groups by comparing everything with everything.
func definition(texts []neardup.Text, threshold float64) [][]int {
	of := make([]int, len(texts))
	for i := range of {
		of[i] = i
	}
	for i := range texts {
		for j := range i {
			if of[i] != of[j] && exact(texts[i].Form, texts[j].Form) >= threshold {
				for k, old := range slices.Clone(of) {
					if old == of[i] {
						of[k] = of[j]
					}
				}
			}
		}
	}
	lists := map[int][]int{}
	for i, g := range of {
		lists[g] = append(lists[g], i)
	}
	var all [][]int
	for _, list := range lists {
		if len(list) > 1 {
			all = append(all, list)
		}
	}
	return all
}

// exact is the similarity by the words of its definition.
func exact(a, b string) float64 {
	sets := [2]map[string]bool{{}, {}}
	for i, s := range []string{a, b} {
		r := []rune(s)
		for at := 0; at+5 <= len(r); at++ {
			sets[i][string(r[at:at+5])] = true
		}
	}
	both := 0
	for run := range sets[0] {
		if sets[1][run] {
			both++
		}
	}
	return float64(both) / float64(len(sets[0])+len(sets[1])-both)
}

// names says groups by the forms in them, so that they can be compared.
func names(texts []neardup.Text, groups [][]int) []string {
	var all []string
	for _, group := range groups {
		var forms []string
		for _, i := range group {
			forms = append(forms, fmt.Sprint(texts[i].Hash))
		}
		slices.Sort(forms)
		all = append(all, strings.Join(forms, " "))
	}
	slices.Sort(all)
	return all
}

func TestSimilarityIsThatOfTheDefinition(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	texts := corpus(rng, 30, 4)
	for i := range texts {
		for j := range i {
			if got, want := neardup.Similarity(texts[i].Form, texts[j].Form), exact(texts[i].Form, texts[j].Form); math.Abs(got-want) > 1e-12 {
				t.Fatalf("similarity of %q and %q is %v, not %v", texts[i].Form, texts[j].Form, got, want)
			}
		}
	}
}

// What is grouped is right, and hardly anything is missed: at the threshold an edge is a
// candidate with probability 0.99, and groups have more than one.
func TestGroupsAreThoseOfTheDefinition(t *testing.T) {
	t.Parallel()
	missed, all := 0, 0
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 2))
		texts := corpus(rng, 60, 6)
		p := neardup.DefaultParams()
		got, want := names(texts, neardup.Group(texts, p).Of), names(texts, definition(texts, p.Threshold))
		all += len(want)
		for _, group := range want {
			if !slices.Contains(got, group) {
				missed++
			}
		}
		if len(got) > len(want)+missed {
			t.Errorf("seed %d: %d groups, by the definition %d", seed, len(got), len(want))
		}
	}
	if all < 300 || missed > all/50 {
		t.Errorf("%d of %d groups are not as the definition says", missed, all)
	}
}

func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 3))
	texts := corpus(rng, 100, 30)
	p := neardup.DefaultParams()
	p.Compared = 2
	groups := neardup.Group(texts, p)
	want, capped := hashes(texts, groups.Of), groups.Capped
	if capped == 0 {
		t.Error("nothing was left out of any bucket")
	}
	for range 5 {
		rng.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
		groups := neardup.Group(texts, p)
		if diff := cmp.Diff(want, hashes(texts, groups.Of)); diff != "" || groups.Capped != capped {
			t.Fatalf("in another order (%d, %d left out):\n%s", capped, groups.Capped, diff)
		}
	}
}

// hashes keeps the order that groups have.
func hashes(texts []neardup.Text, groups [][]int) [][]uint64 {
	var all [][]uint64
	for _, group := range groups {
		var list []uint64
		for _, i := range group {
			list = append(list, texts[i].Hash)
		}
		all = append(all, list)
	}
	return all
}

func TestLong(t *testing.T) {
	t.Parallel()
	p := neardup.DefaultParams()
	for text, want := range map[string]bool{
		"": false, "guten morgen": false, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": false,
		"five words that are long enough": true, "a b c d e f g h": false,
		"投票に行こう": false, "みんなで投票に行こう日曜日": true, "ไปเลือกตั้งกันเถอะ": true,
	} {
		if p.Long(norm.NFKC.String(text)) != want {
			t.Errorf("Long(%q) = %v", text, !want)
		}
	}
}

func TestCopiesInScriptsWithoutBlanks(t *testing.T) {
	t.Parallel()
	texts := []neardup.Text{{1, "日曜日は必ずみんなで投票に行こう未来のために"}, {2, "日曜日は必ずみんなで投票に行こうね未来のために"}, {3, "今日の夕食はカレーライスにしようと思っている"}}
	if diff := cmp.Diff([][]int{{0, 1}}, neardup.Group(texts, neardup.DefaultParams()).Of); diff != "" {
		t.Error(diff)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, change := range []func(*neardup.Params){
		func(p *neardup.Params) { p.Threshold = 0 }, func(p *neardup.Params) { p.Threshold = 1.1 }, func(p *neardup.Params) { p.Compared = 0 },
	} {
		p := neardup.DefaultParams()
		if p.Validate() != nil {
			t.Error("the defaults are not valid")
		}
		if change(&p); p.Validate() == nil {
			t.Errorf("%+v is valid", p)
		}
	}
}

func BenchmarkGroup(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 4))
	texts := corpus(rng, 20_000, 9)
	b.ReportAllocs()
	for b.Loop() {
		neardup.Group(texts, neardup.DefaultParams())
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(len(texts)), "µs/text")
}

func BenchmarkForm(b *testing.B) {
	n := neardup.NewNormalizer()
	text := "RT @ab12cd34: Heute ist Wahltag – gehen Sie bis 18 Uhr WÄHLEN! https://example.org/wahl #Europawahl ⚠️ " + strings.Repeat("und noch ein Satz dazu. ", 4)
	b.ReportAllocs()
	for b.Loop() {
		n.Form(text)
	}
}
