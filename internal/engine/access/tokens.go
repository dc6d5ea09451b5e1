package access

import (
	"strings"
	"unicode"

	"github.com/election-observatory/observatory/internal/engine/chdb"
	"github.com/election-observatory/observatory/internal/engine/sqltext"
)

// checkTokens refuses what the syntax tree does not show: a UUID given for a
// relation, output into a file, and names that could pass for lines of the tree.
func checkTokens(tokens []sqltext.Token, params []chdb.Param) error {
	for i, t := range tokens {
		var next sqltext.Token
		if i+1 < len(tokens) {
			next = tokens[i+1]
		}
		if t.Mark(":") && next.Is("Identifier") && i > 0 && unprintableParam(params, tokens[i-1].Text) {
			return Denied("names hold no control characters and no backslashes")
		}
		if err := checkToken(t, next); err != nil {
			return err
		}
	}
	return nil
}

func checkToken(t, next sqltext.Token) error {
	switch {
	case t.Is("UUID") && next.Kind == sqltext.String:
		return Denied("relations are named, not given by UUID")
	case t.Is("INTO") && next.Is("OUTFILE"):
		return Denied("results do not go into files")
	case t.Kind == sqltext.Quoted && strings.ContainsFunc(t.Text, unprintable):
		return Denied("names in quotation marks hold no control characters and no backslashes")
	}
	return nil
}

// unprintableParam says whether a parameter that stands for a name could pass
// for lines of the tree.
func unprintableParam(params []chdb.Param, name string) bool {
	for _, p := range params {
		if p.Name == strings.Trim(name, "`\"“”") && strings.ContainsFunc(p.Value, unprintable) {
			return true
		}
	}
	return false
}

func unprintable(r rune) bool { return r == '\\' || unicode.IsControl(r) }
