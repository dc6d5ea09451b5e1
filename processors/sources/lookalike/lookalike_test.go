package lookalike_test

import (
	"os"
	"strings"
	"testing"

	"github.com/election-observatory/observatory/processors/sources/lookalike"
)

func names(tb testing.TB) []string {
	tb.Helper()
	text, err := os.ReadFile("testdata/protected.txt")
	if err != nil {
		tb.Fatal(err)
	}
	return strings.Fields(string(text))
}

func index(tb testing.TB, list ...string) *lookalike.Index {
	tb.Helper()
	x, err := lookalike.New(list)
	if err != nil {
		tb.Fatal(err)
	}
	return x
}

func TestCheck(t *testing.T) {
	t.Parallel()
	x := index(t, "spiegel.de", "https://www.leparisien.fr/", "BBC.co.uk", "parnupostimees.ee", "delfi.lt", "dn.se", "bild.de", "welt.de", "news.at", "xn--mnchen-3ya.de", "theguardian.com", "repubblica.it", "stern.de")
	for host, want := range map[string]string{
		"spiegel.de": "", "www.spiegel.de": "", "SPIEGEL.DE.": "", "a.b.spiegel.de": "", "münchen.de": "", "xn--mnchen-3ya.de": "",
		"spiegel.ltd": "R1 spiegel.de", "SPIEGEL.LTD": "R1 spiegel.de", "www.leparisien.ltd": "R1 leparisien.fr", "bbc.pm": "R1 bbc.co.uk", "spiegel.co.com": "R1 spiegel.de", "a.bild.eu.com": "R1 bild.de",
		"spiegel.fr": "", "delfi.lv": "", "dn.pt": "", "bild.com": "", "spiegel.berlin": "", "dn.press": "",
		"sрiegel.de": "R2 spiegel.de", "xn--siegel-brf.de": "R2 spiegel.de", "spiege1.de": "R2 spiegel.de", "sp1egel.org": "R2 spiegel.de", "spiegeI.de": "R2 spiegel.de", "www.SpiegeI.de": "R2 spiegel.de", "spiégel.de": "R2 spiegel.de",
		"münchеn.de": "R2 xn--mnchen-3ya.de", "munchen.de": "R2 xn--mnchen-3ya.de", "ѕріегеl.com": "", "repubb1ica.it": "R2 repubblica.it",
		"spiegei.de": "R3 spiegel.de", "spigel.de": "R3 spiegel.de", "sipegel.de": "R3 spiegel.de", "spieegel.de": "R3 spiegel.de", "spiegel-.de": "R3 spiegel.de", "spigel.fr": "", "spigel.top": "R3 spiegel.de",
		"tartupostimees.ee": "", "theguardain.com": "R3 theguardian.com", "thegaurdain.com": "R3 theguardian.com", "steln.de": "", "sterne.de": "", "setrn.de": "R3 stern.de", "delfy.lt": "", "republica.pt": "",
		"spiegel-de.com": "R4 spiegel.de", "spiegel-info.org": "R4 spiegel.de", "spiegelnews.com": "R4 spiegel.de", "spiegel-24.site": "R4 spiegel.de", "news-spiegel.de": "R4 spiegel.de", "spiegel24.com": "R4 spiegel.de", "bbc-co-uk.com": "",
		"theguardian-com.org": "R4 theguardian.com", "spiegel-fechter.de": "", "welten.de": "", "weltde.com": "", "welt-de.com": "R4 welt.de", "spiegel7.de": "R3 spiegel.de", "news24.at": "", "dn-news.se": "",
		"spiegel.de.example.com": "R5 spiegel.de", "www.spiegel.de.login.top": "R5 spiegel.de", "a.bbc.co.uk.b.example.com": "R5 bbc.co.uk", "spiegel-de.example.com": "R5 spiegel.de", "www.spiegel.de.edgekey.net": "", "spiegel.example.com": "",
		"": "", ".": "", "de": "", "localhost": "", "192.0.2.7": "", "spiegel": "", "[2001:db8::1]": "", "\xff.de": "", "xn--.de": "", strings.Repeat("a.", 200) + "spiegel.ltd": "", strings.Repeat("spiegel.de.", 20) + "com": "R5 spiegel.de",
	} {
		found, ok := x.Check(host)
		got := ""
		if ok {
			got = found.Rule + " " + found.Target
		}
		if got != want {
			t.Errorf("%q: %q, want %q (%s)", host, got, want, found.Evidence)
		}
		if ok != (found.Evidence != "") {
			t.Errorf("%q: evidence %q", host, found.Evidence)
		}
	}
}
