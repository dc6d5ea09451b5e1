package lookalike

import (
	"fmt"
	"strings"
)

// Check says whether a host looks like a protected name, and why. The host may be
// in Unicode or ASCII; upper case counts, since an I may stand for an l. A
// protected name and the hosts below it look like nothing but themselves.
func (x *Index) Check(name string) (Finding, bool) {
	if len(x.names) == 0 {
		return Finding{}, false
	}
	h, ok := parse(name)
	if !ok {
		return Finding{}, false
	}
	if _, known := x.domains[h.domain]; known {
		return Finding{}, false
	}
	for _, rule := range []func(host, string) (Finding, bool){x.below, x.alike, x.otherEnding, x.combined, x.slip} {
		if found, ok := rule(h, name); ok {
			return found, true
		}
	}
	return Finding{}, false
}

func (x *Index) finding(rule string, at int32, format string, args ...any) (Finding, bool) {
	return Finding{Rule: rule, Target: x.names[at].listed, Evidence: fmt.Sprintf(format, args...)}, true
}

// below is R5.
func (x *Index) below(h host, _ string) (Finding, bool) {
	if h.below == "" || x.carriers[h.domain] {
		return Finding{}, false
	}
	labels := strings.Split(strings.TrimSuffix(h.below, "."), ".")
	const most = 12 // Labels that are looked at.
	for from := range labels[:min(len(labels), most)] {
		name := labels[from]
		if at, ok := x.hyphenated(name); ok {
			return x.finding("R5", at, "%s stands below %s, as %s", x.names[at].domain, h.domain, name)
		}
		for _, label := range labels[from+1 : min(len(labels), from+most)] {
			name += "." + label
			if at, ok := x.domains[name]; ok {
				return x.finding("R5", at, "the whole name %s stands below %s", x.names[at].domain, h.domain)
			}
		}
	}
	return Finding{}, false
}

// hyphenated finds spiegel-de for spiegel.de.
func (x *Index) hyphenated(label string) (int32, bool) {
	i := strings.LastIndexByte(label, '-')
	if i < shortestCombined {
		return 0, false
	}
	at, ok := x.domains[label[:i]+"."+label[i+1:]]
	return at, ok
}

// alike is R2.
func (x *Index) alike(h host, written string) (Finding, bool) {
	label := asRead(h, written)
	for _, at := range x.skeletons[x.folder.skeleton(label)] {
		p := &x.names[at]
		if h.label == p.label || (label == h.label && onlyLetters(label, p.label)) {
			continue
		}
		if isASCII(label) && len(p.folded) < shortestAlike {
			continue
		}
		return x.finding("R2", at, "%s reads like %s: %s", h.label, p.label, differences(h.label, p.label))
	}
	return Finding{}, false
}

// asRead is the label of a host as people read it, where that differs from what is
// resolved: an upper-case I among small letters is taken for an l.
func asRead(h host, written string) string {
	i := strings.LastIndex(strings.ToLower(written), h.domain)
	if i < 0 || !isASCII(h.label) || !isASCII(written) {
		return h.label
	}
	label := written[i : i+len(h.label)]
	if label == strings.ToUpper(label) {
		return h.label
	}
	return strings.ToLower(strings.ReplaceAll(label, "I", "l"))
}

// onlyLetters says whether two labels differ in nothing but i and l: that is a
// slip of the pen rather than another character.
func onlyLetters(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if a[i] != b[i] && (a[i] != 'i' && a[i] != 'l' || b[i] != 'i' && b[i] != 'l') {
			return false
		}
	}
	return true
}

// otherEnding is R1.
func (x *Index) otherEnding(h host, _ string) (Finding, bool) {
	if len(h.label) < shortestSame || !x.suspicious(h.ending) {
		return Finding{}, false
	}
	for _, at := range x.labels[x.folder.fold(h.label)] {
		if p := &x.names[at]; p.label == h.label {
			return x.finding("R1", at, "the same name under .%s instead of .%s", h.ending, p.ending)
		}
	}
	return Finding{}, false
}

// combined is R4.
func (x *Index) combined(h host, _ string) (Finding, bool) {
	label := x.folder.fold(h.label)
	if len(label) <= shortestCombined {
		return Finding{}, false
	}
	if at, rest, ok := x.token(label); ok {
		return x.finding("R4", at, "%s together with %q, which says nothing", x.names[at].label, rest)
	}
	return Finding{}, false
}

// token finds a protected label in a longer one whose other parts are plain words.
func (x *Index) token(label string) (at int32, rest string, ok bool) {
	for i := shortestCombined; i < len(label); i++ { // The name, then the rest.
		if at, ok := x.plain(label[:i], label[i:]); ok {
			return at, strings.Trim(label[i:], "-"), true
		}
	}
	for i := 1; i <= len(label)-shortestCombined; i++ { // The rest, then the name.
		if at, ok := x.plain(label[i:], label[:i]); ok {
			return at, strings.Trim(label[:i], "-"), true
		}
	}
	return 0, "", false
}

// plain says which protected name a part of a label is, if what is left of the
// label says nothing.
func (x *Index) plain(name, rest string) (int32, bool) {
	list := x.labels[name]
	if len(list) == 0 || x.words[name] {
		return 0, false
	}
	for _, at := range list {
		if x.says(rest, &x.names[at]) {
			return at, true
		}
	}
	return 0, false
}

// says says whether what is left is made of plain words, digits and the name's own
// ending. Digits and the shortest words need a hyphen: many names end so.
func (x *Index) says(rest string, p *protected) (nothing bool) {
	words := strings.Trim(rest, "-")
	hyphen := words != rest
	if hyphen && words == strings.ReplaceAll(p.ending, ".", "-") {
		return true
	}
	for part := range strings.SplitSeq(words, "-") {
		if !x.plainPart(part, hyphen) {
			return false
		}
	}
	return words != ""
}

func (x *Index) plainPart(part string, hyphen bool) bool {
	word := strings.Trim(part, "0123456789")
	if word == "" {
		return hyphen || part == "24"
	}
	return x.words[word] && (hyphen || len(word) >= shortestJoined || word == "tv")
}

// slip is R3.
func (x *Index) slip(h host, _ string) (Finding, bool) {
	label := x.folder.fold(h.label)
	if len(label) < shortestEdited-1 || len(label) > longestEdited {
		return Finding{}, false
	}
	best, distance := int32(-1), 3
	eachDelete(label, func(hash uint64) {
		for _, at := range x.deletes[hash] {
			p := &x.names[at]
			if at == best || (p.ending != h.ending && !x.suspicious(h.ending)) {
				continue
			}
			if d := edits(label, p.folded); d > 0 && d < distance && sound(label, p.folded, d) {
				best, distance = at, d
			}
		}
	})
	if best < 0 {
		return Finding{}, false
	}
	return x.finding("R3", best, "%s differs from %s in %d %s", h.label, x.names[best].label, distance, map[bool]string{true: "place", false: "places"}[distance == 1])
}

// suspicious says whether an ending is one under which anybody registers without
// a reason of their own.
func (x *Index) suspicious(ending string) bool {
	if x.suspect[ending] {
		return true
	}
	last := ending[strings.LastIndexByte(ending, '.')+1:]
	return last == ending && len(last) > 2 && !strings.Contains(establishedEndings, " "+last+" ") && !strings.HasPrefix(last, "xn--")
}
