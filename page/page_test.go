package page

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/charts"
	"github.com/election-observatory/observatory/internal/words"
)

// Every language has the same words.
func TestLanguages(t *testing.T) {
	t.Parallel()
	all, languages, err := words.Read(messages)
	if err != nil || languages[0] != "en" || len(languages) < 2 {
		t.Fatalf("%v: %v", languages, err)
	}
	for lang, of := range all {
		for key, text := range all["en"] {
			if of[key] == "" || strings.Count(of[key], "%") != strings.Count(text, "%") {
				t.Errorf("%s: %s is %q", lang, key, of[key])
			}
		}
		if len(of) != len(all["en"]) {
			t.Errorf("%s has %d words, not %d", lang, len(of), len(all["en"]))
		}
	}
	for _, v := range append(views(), network("0123456789abcdef")...) {
		title := "title." + v.name
		if v.name == "network" {
			title = "title.network-days"
		}
		for _, key := range []string{title, "intro." + v.name, "caveat." + v.name} {
			if all["en"][key] == "" {
				t.Errorf("there are no words for %s", key)
			}
		}
		if v.chart.Kind != charts.None && all["en"]["axis."+v.chart.Y] == "" {
			t.Errorf("there is no word for the axis %s", v.chart.Y)
		}
	}
}

// stranger answers every statement with texts that strangers could have written.
func stranger(_ context.Context, sql string) ([]string, [][]string, error) {
	if strings.HasPrefix(sql, "SELECT toUnixTimestamp(max(hour))") {
		return []string{"newest"}, [][]string{{"1717977600"}}, nil
	}
	return []string{"hour", "platform", "posts", "coverage", "domain", "percent", "low", "high", "language", "query", "index", "accounts"},
		[][]string{
			{"2024-06-09 10:00:00", "<script>x</script>", "5", "0.5", "\"><img src=x>", "12", "10", "14", "=1+1", "q", "0.5", "3"},
			{"2024-06-09 11:00:00", "x", "NaN", "", "a.example", "", "", "", "de", "&", "1", "-inf"},
		}, nil
}

func newSite(t *testing.T, ask func(context.Context, string) ([]string, [][]string, error)) http.Handler {
	t.Helper()
	p, err := New(Config{Title: "S & Co", Ask: ask, Log: zap.NewNop(), Check: func(_ context.Context, link string) (Found, error) {
		return Found{URL: link, Canonical: link, Ratings: []Rating{{Source: "<b>", Class: "satire"}}}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return p.Handler()
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func TestTextsOfStrangersAreTexts(t *testing.T) {
	t.Parallel()
	h := newSite(t, stranger)
	for _, v := range views() {
		w := get(h, "/"+v.name)
		body := w.Body.String()
		if w.Code != http.StatusOK || strings.Contains(body, "<script>") || strings.Contains(body, "<img src=x>") || !strings.Contains(body, "as_of=2024-06-10T00%3A00%3A00Z") {
			t.Errorf("%s: %d\n%s", v.name, w.Code, body)
		}
		rows, err := csv.NewReader(get(h, "/"+v.name+".csv").Body).ReadAll()
		if err != nil || len(rows) != 3 || rows[1][8] != "'=1+1" || rows[2][11] != "-inf" {
			t.Errorf("%s.csv: %v %v", v.name, rows, err)
		}
		if v.chart.Kind != charts.None {
			w := get(h, "/"+v.name+".svg")
			if err := wellFormed(w.Body); w.Code != http.StatusOK || err != nil {
				t.Errorf("%s.svg: %d %v", v.name, w.Code, err)
			}
		}
	}
	if body := get(h, "/check?url=javascript:alert(1)//%3Cb%3E").Body.String(); strings.Contains(body, "<b>") || strings.Contains(body, `href="javascript`) {
		t.Errorf("check shows\n%s", body)
	}
}

func wellFormed(r io.Reader) error {
	for d := xml.NewDecoder(r); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func TestMistakesAreSaid(t *testing.T) {
	t.Parallel()
	h := newSite(t, stranger)
	for path, want := range map[string]int{
		"/posts?as_of=x": 400, "/posts?as_of=0001-01-01": 400, "/posts.csv?as_of=9999-12-31": 400, "/network": 400, "/network?id=1%27": 400, "/check.json": 400, "/nothing": 404, "/..%2f..%2fetc%2fpasswd": 404,
		"/check?url=" + strings.Repeat("x", 5000): 400, "/posts?as_of=2024-06-10&lang=xx": 200, "/check": 200,
	} {
		if got := get(h, path).Code; got != want {
			t.Errorf("%.60s: %d, not %d", path, got, want)
		}
	}
	broken := newSite(t, func(context.Context, string) ([]string, [][]string, error) {
		return nil, nil, errors.New("password=hunter2")
	})
	if w := get(broken, "/"); w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "hunter2") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// The time of the address is that of the statement.
func TestAsOf(t *testing.T) {
	t.Parallel()
	var asked []string
	h := newSite(t, func(ctx context.Context, sql string) ([]string, [][]string, error) {
		asked = append(asked, sql)
		return stranger(ctx, sql)
	})
	get(h, "/posts?as_of=2024-06-05T12:30:00Z")
	if len(asked) != 1 || !strings.Contains(asked[0], "'2024-05-29 12:30:00'") || !strings.Contains(asked[0], "'2024-06-05 12:30:00'") || strings.ContainsRune(asked[0], '$') {
		t.Errorf("asked was %q", asked)
	}
}

func TestCheckAsJSON(t *testing.T) {
	t.Parallel()
	var found struct {
		Found
		Caveat string
	}
	if err := json.Unmarshal(get(newSite(t, stranger), "/check.json?url=a.example").Body.Bytes(), &found); err != nil || found.URL != "a.example" || len(found.Ratings) != 1 || found.Caveat == "" {
		t.Errorf("%+v: %v", found, err)
	}
}

func TestBrowsersChooseTheLanguage(t *testing.T) {
	t.Parallel()
	h := newSite(t, stranger)
	for header, want := range map[string]string{"": "en", "de-AT,de;q=0.9,en;q=0.8": "de", "xx,en": "en", "fr": "en"} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Language", header)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if !strings.Contains(w.Body.String(), fmt.Sprintf("<html lang=%q>", want)) {
			t.Errorf("%q is not answered in %s", header, want)
		}
	}
}
