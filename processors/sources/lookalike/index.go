package lookalike

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// Finding is why a host looks like a protected name.
type Finding struct {
	Rule     string `json:"rule"`     // R1 to R5, as the package describes them.
	Target   string `json:"target"`   // The protected name, as it was listed.
	Evidence string `json:"evidence"` // What is alike, in words.
}

// version changes with the rules.
const version = "1"

// Index holds protected names. It is safe for concurrent use.
type Index struct {
	names     []protected
	domains   map[string]int32   // By registrable domain, in ASCII.
	labels    map[string][]int32 // By label.
	skeletons map[string][]int32
	deletes   map[uint64][]int32 // By the hash of the label less one or two characters.
	words     map[string]bool
	suspect   map[string]bool
	carriers  map[string]bool
	folder    *folder
}

// protected is one name.
type protected struct {
	listed   string // As it was listed, without www.
	domain   string // Registrable, in ASCII.
	label    string // What stands before its ending, in Unicode and lower case.
	folded   string // The label in plain letters.
	ending   string
	skeleton string
}

const longestHost = 253 // RFC 1035

// New indexes protected names: domains, in ASCII or Unicode, with or without
// www. or a scheme. The error names an entry under which nobody registered.
func New(names []string) (*Index, error) {
	x := &Index{
		domains: map[string]int32{}, labels: map[string][]int32{}, skeletons: map[string][]int32{}, deletes: map[uint64][]int32{},
		words: setOf(plainWords()), suspect: setOf(suspiciousEndings()), carriers: setOf(carrierDomains()), folder: newFolder(),
	}
	for _, name := range names {
		if err := x.add(name); err != nil {
			return nil, err
		}
	}
	return x, nil
}

func setOf(list string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		set[word] = true
	}
	return set
}

func (x *Index) add(name string) error {
	listed := strings.TrimSpace(name)
	if _, rest, ok := strings.Cut(listed, "://"); ok {
		listed = rest
	}
	listed, _, _ = strings.Cut(listed, "/")
	listed = strings.TrimPrefix(strings.ToLower(strings.TrimSuffix(listed, ".")), "www.")
	h, ok := parse(listed)
	if !ok {
		return fmt.Errorf("%q is no domain that somebody registered: write it as spiegel.de", name)
	}
	if _, known := x.domains[h.domain]; known {
		return nil
	}
	p := protected{listed: listed, domain: h.domain, label: h.label, folded: x.folder.fold(h.label), ending: h.ending}
	p.skeleton = x.folder.skeleton(p.label)
	at := int32(len(x.names))
	x.names = append(x.names, p)
	x.domains[p.domain] = at
	x.labels[p.folded] = append(x.labels[p.folded], at)
	x.skeletons[p.skeleton] = append(x.skeletons[p.skeleton], at)
	if len(p.folded) >= shortestEdited {
		eachDelete(p.folded, func(hash uint64) {
			if list := x.deletes[hash]; len(list) == 0 || list[len(list)-1] != at {
				x.deletes[hash] = append(list, at)
			}
		})
	}
	return nil
}

// Version changes with the rules and with the protected names.
func (x *Index) Version() string {
	names := make([]string, len(x.names))
	for i := range x.names {
		names[i] = x.names[i].domain
	}
	slices.Sort(names)
	h := fnv.New64a()
	_, _ = h.Write([]byte(strings.Join(names, " ")))
	return fmt.Sprintf("%s-%016x", version, h.Sum64())
}

// Len is how many names are protected.
func (x *Index) Len() int { return len(x.names) }

// host is a host, taken apart.
type host struct {
	ascii  string // In lower case.
	domain string // Registrable, in ASCII.
	label  string // What stands before the ending, in Unicode and lower case.
	ending string // The public suffix.
	below  string // The labels before the domain, with a dot at the end; empty for none.
}

func parse(name string) (host, bool) {
	name = strings.TrimSuffix(name, ".")
	if len(name) > 4*longestHost {
		return host{}, false
	}
	ascii := strings.ToLower(name)
	if !isASCII(ascii) || strings.Contains(ascii, "xn--") {
		lookup := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))
		var err error
		if ascii, err = lookup.ToASCII(ascii); err != nil {
			return host{}, false
		}
	}
	if len(ascii) > longestHost || strings.Trim(ascii, "0123456789.") == "" {
		return host{}, false
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(ascii)
	if err != nil {
		return host{}, false
	}
	label, ending, _ := strings.Cut(domain, ".")
	if strings.HasPrefix(label, "xn--") {
		if unicode, err := idna.Punycode.ToUnicode(label); err == nil {
			label = unicode
		}
	}
	return host{ascii: ascii, domain: domain, label: label, ending: ending, below: ascii[:len(ascii)-len(domain)]}, true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
