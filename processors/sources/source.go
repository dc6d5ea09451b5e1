package sources

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/election-observatory/observatory/processors/urls"
)

// maxDepth is how many segments of a path an entry may have: so many prefixes
// of every link's path are looked up.
const maxDepth = 6

// Parser reads sources as people and lists write them. It is for one goroutine.
type Parser struct {
	urls      *urls.Canonicalizer
	platforms map[string]platform
	same      map[string]string
	hosts     map[string][]string // The other hosts of a platform.
	pattern   *regexp.Regexp      // What regular expressions and wildcards have and URLs have not.
}

// NewParser returns a parser.
func NewParser() *Parser {
	p := &Parser{urls: urls.New(), platforms: map[string]platform{}, same: sameHosts(), pattern: regexp.MustCompile(`[\\^$*|(){}]|\[[^0-9a-fA-F:]`)}
	for _, of := range platforms() {
		p.platforms[of.host] = of
	}
	p.hosts = map[string][]string{}
	for other, host := range p.same {
		p.hosts[host] = append(p.hosts[host], other)
	}
	for _, others := range p.hosts {
		slices.Sort(others)
	}
	return p
}

// Parse reads a source: a host, a URL or its beginning, or the address of an
// account. It becomes its host without www., m. and port, in ASCII and lower
// case, and the path without a slash at its end; of an account of a platform only
// what names it. The error says in a few words why an entry names no source.
func (p *Parser) Parse(text string) (string, error) {
	host, path, query, err := p.cut(text)
	if err != nil {
		return "", err
	}
	if err := validHost(host); err != nil {
		return "", err
	}
	if of, ok := p.platforms[host]; ok {
		account := of.account(path)
		switch {
		case account == "":
			return "", fmt.Errorf("%s is a platform, on which anybody publishes: name an account, as %s/NAME", host, host)
		case query != "":
			return "", fmt.Errorf("what follows ? names the account on %s: only addresses of the form %s/NAME can be matched", host, host)
		}
		return host + "/" + account, nil
	}
	path = strings.TrimRight(path, "/")
	if strings.Count(path, "/") > maxDepth {
		return "", fmt.Errorf("the path has more than %d parts", maxDepth)
	}
	return host + path, nil
}

// cut is host, path and query of an entry, as the links to it have them.
func (p *Parser) cut(text string) (host, path, query string, err error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return "", "", "", errors.New("it is empty")
	case strings.ContainsAny(text, " \t\n\r\"<>"):
		return "", "", "", errors.New("a host or URL has no blanks or quotes")
	case p.pattern.MatchString(text):
		return "", "", "", errors.New("it is a pattern, not a host or URL")
	case len(text) > urls.Longest:
		return "", "", "", fmt.Errorf("it has more than %d characters", urls.Longest)
	}
	host, rest := urls.Cut(p.urls.Canonical(withScheme(text)))
	host = hostInASCII(host)
	if same, ok := p.same[host]; ok {
		host = same
	}
	rest, _, _ = strings.Cut(rest, "#")
	path, query, _ = strings.Cut(rest, "?")
	return host, strings.ToLower(path), query, nil
}

// withScheme completes what people write without one.
func withScheme(address string) string {
	switch {
	case urls.HasPrefixFold(address, "http://") || urls.HasPrefixFold(address, "https://"):
		return address
	case strings.HasPrefix(address, "//"):
		return "https:" + address
	}
	return "https://" + address
}

func hostInASCII(host string) string {
	for i := range len(host) {
		if host[i] >= 0x80 {
			lookup := idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false), idna.StrictDomainName(false))
			if ascii, err := lookup.ToASCII(host); err == nil {
				return ascii
			}
			return host
		}
	}
	return host
}

const (
	longestHost  = 253 // RFC 1035
	longestLabel = 63
)

// validHost says why a host, in ASCII and lower case, is none that could be rated.
func validHost(host string) error {
	switch {
	case host == "":
		return errors.New("it names no host")
	case len(host) > longestHost:
		return fmt.Errorf("a host has %d characters at most", longestHost)
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		if !addr.Is4() || !addr.IsGlobalUnicast() || addr.IsPrivate() {
			return errors.New("the address is no public IPv4 address")
		}
		return nil
	}
	if !strings.Contains(host, ".") {
		return errors.New("it is one word, not a host: a host has a dot")
	}
	for label := range strings.SplitSeq(host, ".") {
		if !validLabel(label) {
			return fmt.Errorf("%q is no part of a host name: write letters a to z, digits and inner hyphens, other scripts as they are or as xn--", label)
		}
	}
	if _, err := publicsuffix.EffectiveTLDPlusOne(host); err != nil {
		return errors.New("anyone can register names below it: name a domain that someone registered")
	}
	return nil
}

func validLabel(label string) bool {
	if label == "" || len(label) > longestLabel || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	for i := range len(label) {
		if c := label[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
