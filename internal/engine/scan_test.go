package engine_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/election-observatory/observatory/internal/engine/enginetest"
	"github.com/election-observatory/observatory/internal/engine/sqltext"
)

// TestScannerAgreesWithTheEngine compares words, names and strings with those
// that the engine's own lexer sees.
func TestScannerAgreesWithTheEngine(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	texts := slices.Clone(forbidden)
	for _, p := range permitted {
		texts = append(texts, p.query)
	}
	for i, text := range slices.Clone(texts) {
		for seed := range uint64(3) {
			texts = append(texts, mutate(text, texts[(i*13+5)%len(texts)], seed*1000+uint64(i)+1))
		}
	}
	compared := 0
	for _, text := range texts {
		want, ok := engineTokens(t, e, text)
		if !ok {
			continue
		}
		compared++
		var got []string
		for _, token := range sqltext.Scan(text) {
			if token.Kind == sqltext.Word || token.Kind == sqltext.Quoted || token.Kind == sqltext.String {
				got = append(got, fmt.Sprintf("%d-%d", token.At, token.End()))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q:\n%v\n%v", text, got, want)
		}
	}
	if compared < len(texts)/2 {
		t.Errorf("%d of %d texts compared", compared, len(texts))
	}
}

// engineTokens is where the engine sees words, names and strings. ok is false
// for a text that it does not take.
func engineTokens(t *testing.T, e *enginetest.Engine, text string) (places []string, ok bool) {
	t.Helper()
	escaped := strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\x00", `\0`).Replace(text)
	response, body := get(t, "POST", e.URL+"/?param_q="+url.QueryEscape(escaped), "SELECT t.1, t.2, t.3 FROM (SELECT arrayJoin(tokenizeQuery({q:String})) AS t)")
	if response.StatusCode != 200 {
		return nil, false
	}
	for line := range strings.Lines(body) {
		fields := strings.Fields(line)
		switch fields[2] {
		case "BareWord", "QuotedIdentifier", "StringLiteral", "HereDoc":
			places = append(places, fields[0]+"-"+fields[1])
		}
		if strings.HasPrefix(fields[2], "Error") {
			return nil, false
		}
	}
	return places, true
}
