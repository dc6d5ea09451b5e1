package lists

import (
	"fmt"
	"io"
	"strings"

	"github.com/election-observatory/observatory/processors/sources"
)

func asd() Format {
	return Format{
		Name: "asd", Title: "State media matrix: state and public media of the world", Licence: "MIT",
		Where: "github.com/ASD-at-GMF/state-media-profiles (state media matrix, after the State Media Monitor of the Media and Journalism Research Center)",
		Doc: "state-controlled for the typologies under which a state has editorial control (SC, CaPu, CaPr), independent-public for those under which it has not (IP, ISF, ISM, ISFM). " +
			"Addresses (without a page as /en/), streams and accounts are sources. Where outlets of both kinds share an address, it is not called state-controlled. The list gives no scores and no dates.",
		read: readASD,
	}
}

type typology struct {
	class sources.Class
	words string
}

// typologies are those of the State Media Monitor.
func typologies() map[string]typology {
	return map[string]typology{
		"SC":   {sources.ClassStateControlled, "SC: state-controlled media"},
		"CaPu": {sources.ClassStateControlled, "CaPu: captured public or state-managed media"},
		"CaPr": {sources.ClassStateControlled, "CaPr: captured private media"},
		"IP":   {sources.ClassIndependentPublic, "IP: independent public media"},
		"ISF":  {sources.ClassIndependentPublic, "ISF: independent state-funded media"},
		"ISM":  {sources.ClassIndependentPublic, "ISM: independent state-managed media"},
		"ISFM": {sources.ClassIndependentPublic, "ISFM: independent state-funded and state-managed media"},
	}
}

func readASD(b *builder, r io.Reader) error {
	known := typologies()
	addresses := []string{
		"url", "streaming media url", "instagram link", "twitter link", "facebook link", "youtube link", "telegram link", "vk link", "linkedin link", "ok.ru link", "tiktok link", "rutube link",
	}
	return b.table(r, []string{"media company", "main assets", "url", "typology", "country"}, func(row row) {
		outlet := row.get("main assets", "media company")
		of, ok := known[row.get("typology")]
		if !ok {
			b.refuse(row.line, outlet, "the typology %q is not clear", row.get("typology"))
			return
		}
		criteria := of.words
		if status := row.get("status"); status != "" && !strings.HasPrefix(strings.ToLower(status), "merged") {
			criteria += "; " + status
		}
		rating := sources.Rating{
			Class: of.class, Criteria: criteria, Network: row.get("media company", "main assets"),
			Citation: fmt.Sprintf("State Media Matrix, %s, %s: %s, https://github.com/ASD-at-GMF/state-media-profiles", row.get("country"), row.get("media company"), outlet),
		}
		for _, column := range addresses {
			for address := range strings.FieldsFuncSeq(row.get(column), func(r rune) bool { return r == ' ' || r == '\n' || r == ';' || r == ',' }) {
				if !strings.Contains(address, ".") {
					continue // A word between addresses.
				}
				if column == "url" {
					address = home(address)
				}
				b.add(row.line, address, rating, b.neverBoth(row.line))
			}
		}
	})
}

// home is the address of an outlet without the page of a language or section on
// which the matrix lists it, as /en/ or /index.php: the outlet is the host.
func home(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	host, path, _ := strings.Cut(rest, "/")
	path, _, _ = strings.Cut(path, "?")
	path = strings.Trim(path, "/")
	const longestWord = 5
	if !strings.Contains(path, "/") && (len(path) <= longestWord || strings.HasPrefix(path, "index.")) {
		return scheme + "://" + host
	}
	return address
}

// neverBoth lets an address that outlets of both kinds share be independent
// public media: nothing may be called state-controlled that is also something else.
func (b *builder) neverBoth(line int) func(*Entry, *sources.Rating) string {
	return func(had *Entry, r *sources.Rating) string {
		switch {
		case had.Rating.Class == r.Class:
			return ""
		case r.Class == sources.ClassIndependentPublic:
			b.refuse(had.Line, had.Text, "line %d lists the same address as %s: it is not called state-controlled", line, r.Class)
			had.Line, had.Rating = line, *r
			return ""
		}
		return fmt.Sprintf("line %d lists the same address as %s: it is not called state-controlled", had.Line, had.Rating.Class)
	}
}
