package rss

import (
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

func TestConfigOfAFile(t *testing.T) {
	t.Parallel()
	var c Config
	err := yaml.UnmarshalWithOptions([]byte(`
feeds:
  - url: https://news.example.org/feed
    title: News
    lang: pt-BR
fetch: {allow_private: true, min_interval: 2s, max_interval: 15m, hosts: 5, host_interval: 10ms, user_agent: "study/1 (+mailto:x)", max_bytes: 1000}
`), &c, yaml.DisallowUnknownField())
	if err != nil || c.Validate() != nil {
		t.Fatal(err, c.Validate())
	}
	if c.Fetch.MinInterval != 2*time.Second || c.Fetch.MaxInterval != 15*time.Minute || c.Fetch.HostInterval != 10*time.Millisecond || !c.Fetch.AllowPrivate || c.Fetch.MaxBytes != 1000 || c.Feeds[0].Lang != "pt-BR" {
		t.Errorf("%+v", c)
	}
	d := DefaultConfig()
	if d.Validate() != nil || d.Fetch.MinInterval != 15*time.Minute || d.Fetch.MaxInterval != 24*time.Hour || d.Fetch.Hosts != 64 || d.Fetch.HostInterval != time.Second || d.Fetch.AllowPrivate {
		t.Errorf("%+v", d)
	}
	if near := (FetchConfig{AllowPrivate: true}).complete(); near.HostInterval != 0 {
		t.Errorf("%+v", near)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	feed := func(url string) Config { return Config{Feeds: []FeedConfig{{URL: url}}} }
	for want, c := range map[string]Config{
		"":                                         feed("https://news.example.org/feed?a=b"),
		"feeds[0].url: \"\" is not like":           feed(""),
		"feeds[0].url: \"ftp://a.example/\"":       feed("ftp://a.example/"),
		"feeds[0].url: leave out the user":         feed("https://u:p@a.example/"),
		"feeds[0].url: leave out #x":               feed("https://a.example/#x"),
		"feeds[0].url: \"https":                    feed("https://a.example/" + strings.Repeat("x", maxFeedURL)),
		"feeds[1].url: it is that of feeds[0] too": {Feeds: []FeedConfig{{URL: "https://a.example/"}, {URL: "https://a.example/"}}},
		"feeds[0].lang: \"Ger man\"":               {Feeds: []FeedConfig{{URL: "https://a.example/", Lang: "Ger man"}}},
		"fetch.max_interval: it is 1m0s":           {Fetch: FetchConfig{MaxInterval: time.Minute}},
		"fetch.max_bytes: use at most":             {Fetch: FetchConfig{MaxBytes: 1 << 30}},
		"fetch: times, hosts":                      {Fetch: FetchConfig{Hosts: -1}},
		"fetch: the user agent":                    {Fetch: FetchConfig{UserAgent: "a\r\nX: y"}},
	} {
		err := c.Validate()
		if (err == nil) != (want == "") || (err != nil && !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestServersOfOthersAreNotAskedEverySecond(t *testing.T) {
	t.Parallel()
	often := FetchConfig{MinInterval: 2 * time.Second, MaxInterval: 5 * time.Second}
	if got := often.complete(); got.MinInterval != time.Minute || got.MaxInterval != time.Minute {
		t.Errorf("asked every %v to %v", got.MinInterval, got.MaxInterval)
	}
	often.AllowPrivate = true
	if got := often.complete(); got.MinInterval != 2*time.Second || got.MaxInterval != 5*time.Second {
		t.Errorf("one's own servers are asked every %v to %v", got.MinInterval, got.MaxInterval)
	}
}
