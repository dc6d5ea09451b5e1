package study_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/election-observatory/observatory/cmd/observatory/study"
)

var update = flag.Bool("update", false, "write the reference page")

func load(t *testing.T, text string, environ ...string) (study.Study, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "study.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return study.Load(path, environ)
}

func TestAStudyIsReadWhole(t *testing.T) {
	t.Parallel()
	got, err := load(t, `
title: European Parliament 2024
period: {from: 2024-06-03, to: 2024-06-10}
public_accounts:
  - {platform: x, handle: europarl_en}
shorteners: [go.example]
kafka: {brokers: ["a:9092"], replication: 2}
clickhouse: {address: "http://clickhouse:8123", user: observatory}
engine: {query_seconds: 5}
`, "HOME=/root", "OBSERVATORY_KAFKA_BROKERS=b:9092, c:9092", "OBSERVATORY_ENGINE_QUERIES=3", "OBSERVATORY_PASSWORD=secret", "OBSERVATORY_TESTDATA=/x")
	if err != nil {
		t.Fatal(err)
	}
	want := study.Study{
		Title: "European Parliament 2024", Period: study.Period{From: "2024-06-03", To: "2024-06-10"},
		PublicAccounts: []study.PublicAccount{{Platform: "x", Handle: "europarl_en"}}, Shorteners: []string{"go.example"},
		Kafka:      study.Kafka{Brokers: []string{"b:9092", "c:9092"}, Replication: 2},
		ClickHouse: study.ClickHouse{Address: "http://clickhouse:8123", User: "observatory"}, Engine: study.Engine{QuerySeconds: 5, Queries: 3},
	}
	want.Dir = got.Dir
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnEmptyConfigurationIsAStudy(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "\n", "# nothing\n", "{}\n"} {
		if study, err := load(t, text); err != nil || study.Title != "" {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestWhatIsWrongIsSaidInOneLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, environ, says string }{
		{"an unknown key", "titel: x\n", "", "titel"},
		{"an unknown key inside", "kafka: {broker: [a:1]}\n", "", "broker"},
		{"no YAML", "title: [\n", "", "study.yaml"},
		{"another type", "engine: {queries: many}\n", "", "[1:19]"},
		{"a list in place of a study", "- a\n", "", "study.yaml"},
		{"no day", "period: {from: 3.6.2024}\n", "", "period.from"},
		{"no day at the end", "period: {to: soon}\n", "", "period.to"},
		{"an end before the start", "period: {from: 2024-06-10, to: 2024-06-03}\n", "", "before it begins"},
		{"no platform", "public_accounts: [{platform: fax, id: a}]\n", "", "fax"},
		{"nobody", "public_accounts: [{platform: x}]\n", "", "an id or a handle"},
		{"an @", "public_accounts: [{platform: x, handle: '@a'}]\n", "", "without @"},
		{"a URL as shortener", "shorteners: ['https://bit.ly']\n", "", "https://bit.ly"},
		{"no broker", "kafka: {brokers: [a]}\n", "", "HOST:PORT"},
		{"negative copies", "kafka: {brokers: ['a:1'], replication: -1}\n", "", "replication"},
		{"no address", "clickhouse: {address: clickhouse}\n", "", "clickhouse.address"},
		{"a user in the address", "clickhouse: {address: 'http://u:p@h:1'}\n", "", "clickhouse.address"},
		{"a notice of no name", "notices: [{party: P, consent: c, names: [a.example], webhook: 'https://h/1'}]\n", "", "not among protected_names"},
		{"a notice of no query", "notices: [{party: P, consent: c, queries: [a], webhook: 'https://h/1'}]\n", "", "no query a"},
		{"a platform that is none", "publication: {withhold: [facebook]}\n", "", "publication.withhold"},
		{"shards without replicas", "clickhouse: {address: 'http://h:1', cluster: c}\n", "", "clickhouse.replicated"},
		{"a user without an address", "clickhouse: {user: a}\n", "", "clickhouse.address"},
		{"a bound below zero", "engine: {queries: -1}\n", "", "below zero"},
		{"an unknown variable", "", "OBSERVATORY_TITEL=x", "OBSERVATORY_TITEL"},
		{"a variable that is no number", "", "OBSERVATORY_ENGINE_QUERIES=x", "OBSERVATORY_ENGINE_QUERIES"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			environ := []string{}
			if c.environ != "" {
				environ = append(environ, c.environ)
			}
			_, err := load(t, c.text, environ...)
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, which should name %q in one line", err, c.says)
			}
			if err != nil && strings.Contains(err.Error(), "u:p@") && c.name != "a user in the address" {
				t.Error("a secret is printed")
			}
		})
	}
}

func TestAConfigurationThatWasNamedMustExist(t *testing.T) {
	t.Parallel()
	if _, err := study.Load(filepath.Join(t.TempDir(), "absent.yaml"), nil); err == nil || !strings.Contains(err.Error(), "absent.yaml") {
		t.Errorf("error %v", err)
	}
}

func TestThePasswordOfAClusterComesFromAFileOrAVariable(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte("from the file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := study.ClickHouse{Address: "http://h:1", PasswordFile: path}
	if got, err := c.Password(nil); err != nil || got != "from the file" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := c.Password([]string{"OBSERVATORY_PASSWORD=from the variable"}); err != nil || got != "from the variable" {
		t.Errorf("%q, %v", got, err)
	}
	c.PasswordFile += ".absent"
	if _, err := c.Password(nil); err == nil {
		t.Error("an absent file is no error")
	}
}

func TestReferenceOfTheConfigurationIsUpToDate(t *testing.T) {
	t.Parallel()
	const path = "../../../docs/reference/configuration.md"
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(study.Reference()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(study.Reference(), string(text)); diff != "" {
		t.Errorf("run make generate (-program +page):\n%s", diff)
	}
}

func TestLiveSourcesAndQueries(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "terms.txt"), []byte("# a comment\nwahl*\n\n#EP2024\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "study.yaml")
	text := `
languages: [de, fr]
queries:
  - {name: election, terms: [vote], terms_file: terms.txt, without: [papal], languages: [de], valid_from: 2024-06-03, valid_to: 2024-06-10T00:00:00Z}
feeds:
  - {url: "https://news.example/rss", lang: fr}
fetch: {min_interval: 20m, allow_private: true}
bluesky: {likes: count, rewind: 20s}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := study.Load(path, []string{"OBSERVATORY_FETCH_MAX_INTERVAL=2h", "OBSERVATORY_BLUESKY_COMPARE=false", "OBSERVATORY_FETCH_ALLOW_PRIVATE=false"})
	if err != nil {
		t.Fatal(err)
	}
	set, err := got.Matching()
	if err != nil {
		t.Fatal(err)
	}
	q := set.Queries()[0]
	if !got.Live() || got.Fetch.MinInterval != 20*time.Minute || got.Fetch.MaxInterval != 2*time.Hour || got.Fetch.AllowPrivate || *got.Bluesky.Compare || got.Bluesky.Rewind != 20*time.Second {
		t.Errorf("read as %+v and %+v", got.Fetch, got.Bluesky)
	}
	if diff := cmp.Diff([]string{"vote", "wahl*", "#EP2024"}, q.Terms); diff != "" || !q.From.Equal(time.Date(2024, 6, 3, 0, 0, 0, 0, time.UTC)) || !q.To.Equal(time.Date(2024, 6, 10, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%s, from %v to %v", diff, q.From, q.To)
	}
}

func TestAnEndlessFileIsNoConfiguration(t *testing.T) {
	t.Parallel()
	if _, err := study.Load("/dev/zero", nil); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("%v", err)
	}
}

func TestMistakesInLiveSources(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`feeds: [{url: "ftp://news.example"}]`:                              "feeds[0].url",
		`feeds: [{url: "https://a.example/"}, {url: "https://a.example/"}]`: "feeds[1].url",
		`fetch: {min_interval: -1s}`:                                        "fetch",
		`bluesky: {api: v3}`:                                                "bluesky.api",
		`bluesky: {host: x}`:                                                "unknown field",
		`languages: [deutsch]`:                                              "languages",
		`queries: [{name: a}]`:                                              `query "a": it has no terms`,
		`queries: [{name: a, terms: [x y], valid_from: yesterday}]`:         `queries[0]: valid_from: "yesterday" is no day`,
		`queries: [{name: a, terms_file: nowhere.txt}]`:                     "terms_file cannot be read",
	} {
		if _, err := load(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", text, err, want)
		}
	}
}

func TestShortenersOfFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	config := put("observatory.yaml", "shorteners: [go.example]\nshortener_files: [hosts.txt]\n")
	put("hosts.txt", "# shorteners\n\nsho.example # a remark\nrt.example\r\n")
	of, err := study.Load(config, nil)
	if want := []string{"go.example", "sho.example", "rt.example"}; err != nil || !slices.Equal(of.Shorteners, want) {
		t.Errorf("%v: shorteners are %q, not %q", err, of.Shorteners, want)
	}
	put("hosts.txt", "sho.example\nhttps://rt.example\n")
	if _, err := study.Load(config, nil); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a URL in the file: %v", err)
	}
	put("observatory.yaml", "shortener_files: [none.txt]\n")
	if _, err := study.Load(config, nil); err == nil || !strings.Contains(err.Error(), "none.txt") {
		t.Errorf("a file that is not there: %v", err)
	}
}
