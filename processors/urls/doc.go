// Package urls tells which page a URL is of: its canonical form, its host and the
// domain that someone registered. It knows no ratings and masks nothing; tagging
// and the registry of sources share it, so that a link and an entry of a list are
// read alike.
package urls

// Canonicalizer makes URLs canonical. It remembers hosts: it is for one goroutine.
type Canonicalizer struct {
	carriers map[string][]carrier
	domains  map[string]string // Registrable domains by host: posts link to few.
}

// New returns a canonicalizer.
func New() *Canonicalizer {
	return &Canonicalizer{carriers: knownCarriers(), domains: map[string]string{}}
}
