package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// recipe is a query of docs/queries.md with the table that follows it.
var recipe = regexp.MustCompile("(?s)```sql\n(.*?)```\n\n((?:\\|[^\n]*\n)+)")

const cookbook = "../../docs/queries.md"

// The cookbook's answers are those of a store, and each query has rows.
func TestCookbook(t *testing.T) {
	t.Parallel()
	p := newBuilt(t)
	keys := filepath.Join(p.data, "keys")
	if err := os.MkdirAll(keys, 0o700); err != nil {
		t.Fatal(err)
	}
	key := hex.EncodeToString(bytes.Repeat([]byte{7}, 32)) // Pseudonyms are the same again.
	if err := os.WriteFile(filepath.Join(keys, "study.key"), []byte(key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.run("demo", "--posts", "60000", "--seed", "1")
	p.env = append(p.env, "OBSERVATORY_CONFIG="+written(t, "study.yaml", "reviewers: [anna, ben]\n"))
	ends, _ := p.up()
	theDashboardsAnswer(t, p, ends)
	theExamplesDraw(t, ends)
	thePageIsWhole(t, ends)
	network := p.ask("SELECT min(network_id) FROM networks")
	p.run("review", "judge", network, "--reviewer", "anna", "--verdict", "unclear", "--confidence", "low", "--note", "seen by nobody else")
	if _, _, body := got(t, ends.Page+"/judge?id="+network); strings.Count(body, "seen by nobody else") != 1 || strings.Count(body, `id="v-network-accounts"`) != 1 {
		t.Error("who judges a network does not see what others say, once, below its accounts")
	}
	thePageIsAccessible(t, ends, network)
	page, err := os.ReadFile(cookbook)
	if err != nil {
		t.Fatal(err)
	}
	asked, empty := 0, 0
	answered := recipe.ReplaceAllStringFunc(string(page), func(block string) string {
		parts := recipe.FindStringSubmatch(block)
		answer, err := markdown(t, ends.ClickHouse, parts[1])
		if err != nil {
			t.Errorf("%v\n%s", err, parts[1])
			return block
		}
		asked++
		if strings.Count(answer, "\n") < 3 {
			empty++
			t.Logf("no rows:\n%s", parts[1])
		}
		return "```sql\n" + parts[1] + "```\n\n" + answer
	})
	if asked < 30 || asked != strings.Count(string(page), "```sql") || empty > 0 {
		t.Errorf("%d of %d queries were answered, %d have no rows", asked, strings.Count(string(page), "```sql"), empty)
	}
	if *update {
		if err := os.WriteFile(cookbook, []byte(answered), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(page), answered); diff != "" {
		t.Errorf("run go test -run Cookbook ./cmd/observatory -update (-page +store):\n%s", diff)
	}
}

// theCookbookIsAnswered asks all of it of a store of 2017, for a week of its own.
func theCookbookIsAnswered(t *testing.T, p *program) {
	t.Helper()
	page, err := os.ReadFile(cookbook)
	if err != nil {
		t.Fatal(err)
	}
	ends, _ := p.up()
	days := strings.NewReplacer("2024-06-03", "2017-08-21", "2024-06-07", "2017-08-25", "2024-06-08", "2017-08-26", "2024-06-09", "2017-08-27", "2024-06-10", "2017-08-28")
	rows := 0
	for _, parts := range recipe.FindAllStringSubmatch(string(page), -1) {
		answer, err := markdown(t, ends.ClickHouse, days.Replace(parts[1]))
		if err != nil {
			t.Errorf("%v\n%s", err, parts[1])
		}
		if strings.Count(answer, "\n") >= 3 {
			rows++
		}
	}
	if rows < 15 { // There are no ratings, no coverage, no queries.
		t.Errorf("%d queries have rows", rows)
	}
}

// markdown asks as a researcher.
func markdown(t *testing.T, address, query string) (string, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/?default_format=Markdown", strings.NewReader(query))
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close() //nolint:errcheck // It was read.
	said, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", response.Status, said)
	}
	return string(said), nil
}
