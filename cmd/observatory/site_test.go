package main

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/election-observatory/observatory/internal/app"
)

var addresses = regexp.MustCompile(`(?:href|src)="([^"]+)"`)

// thePageIsWhole follows every link of the page: each has an answer, the same twice
// where the address names its time, and none leads elsewhere.
func thePageIsWhole(t *testing.T, ends app.Endpoints) {
	t.Helper()
	begin, err := url.Parse(ends.Page + "/")
	if err != nil {
		t.Fatal(err)
	}
	todo, seen := []*url.URL{begin}, map[string]bool{}
	kinds, languages := map[string]int{}, map[string]bool{}
	for len(todo) > 0 && len(seen) < 150 {
		at := todo[0]
		todo = todo[1:]
		at.Fragment = ""
		if seen[at.String()] {
			continue
		}
		seen[at.String()] = true
		code, kind, body := got(t, at.String())
		if code != http.StatusOK || body == "" {
			t.Errorf("%s: status %d, %d bytes", at, code, len(body))
		}
		kinds[strings.SplitN(kind, ";", 2)[0]]++
		if strings.Contains(at.RawQuery, "as_of=") {
			if _, _, again := got(t, at.String()); again != body {
				t.Errorf("%s is another the second time", at)
			}
		}
		if !strings.HasPrefix(kind, "text/html") {
			continue
		}
		languages[at.Query().Get("lang")] = true
		for _, m := range addresses.FindAllStringSubmatch(body, -1) {
			to, err := at.Parse(html.UnescapeString(m[1]))
			if err != nil || to.Host != begin.Host {
				t.Errorf("%s leads to %s", at, m[1])
				continue
			}
			todo = append(todo, to)
		}
	}
	if kinds["text/html"] < 25 || kinds["text/csv"] < 12 || kinds["image/svg+xml"] < 4 || !languages["de"] || !languages["en"] {
		t.Errorf("of %d addresses there are %v, in %v", len(seen), kinds, languages)
	}
}

func got(t *testing.T, address string) (code int, kind, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // It was read.
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("%s has no policy", address)
	}
	return response.StatusCode, response.Header.Get("Content-Type"), string(text)
}
