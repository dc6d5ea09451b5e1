package engine_test

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/election-observatory/observatory/internal/engine/sqltext"
)

// fragments are what mutations put into statements.
var fragments = []string{
	"identities", "observatory.identities", "observatory_store.identity_rows", "default.other", "unlisted", "post_refs", "observatory_store.post_rows",
	"file('$FILE')", "file('$FILE', 'LineAsString')", "url('http://$LISTEN/', 'LineAsString')", "remote('$LISTEN', system.one)", "merge('observatory_store', '.*')",
	"view(SELECT * FROM identities)", "INTO OUTFILE '$ABSENT'", "SETTINGS additional_table_filters = {}", "SETTINGS readonly = 0", "UUID '$IDENTITIES'", "IN identities",
	"IN (SELECT native_id FROM identities)", "(SELECT any(native_id) FROM observatory.identities)", "native_id", "raw_text", "APPLY(file)", "file", "identities.*",
	"FORMAT Native", ";", "--", "/*", "*/", "`", "'", "\"", "$$", "(", ")", "[", "]", "{a:Identifier}", "\x00", "\\", "’", "“", "UNION ALL SELECT * FROM", "FROM", "SELECT", "EXPLAIN", "DESCRIBE",
	"WITH", "AS", ",", ".", "*", "::", "->", "=", "ARRAY JOIN", "JOIN", "USING", "\n", "#", "posts", "text", "COLUMNS('.*')",
}

// mutate changes a statement at the borders of its tokens, as drawn by seed.
func mutate(statement, other string, seed uint64) string {
	draw := rand.New(rand.NewPCG(seed, seed>>7))
	tokens := sqltext.Scan(statement)
	more := sqltext.Scan(other)
	pieces := make([]string, 0, len(tokens)+8)
	for _, t := range tokens {
		pieces = append(pieces, t.Text)
	}
	for range 1 + draw.IntN(4) {
		at := draw.IntN(len(pieces) + 1)
		piece := fragments[draw.IntN(len(fragments))]
		switch draw.IntN(5) {
		case 0: // Take one out.
			if at < len(pieces) {
				pieces = append(pieces[:at:at], pieces[at+1:]...)
			}
		case 1: // Put another in its place.
			if at < len(pieces) {
				pieces[at] = piece
			}
		case 2: // Put a piece of another statement in.
			if len(more) > 0 {
				from := draw.IntN(len(more))
				piece = other[more[from].At:more[from+draw.IntN(len(more)-from)].End()]
			}
			fallthrough
		default:
			pieces = append(pieces[:at:at], append([]string{piece}, pieces[at:]...)...)
		}
	}
	return strings.Join(pieces, []string{" ", " ", "/**/", "\n"}[draw.IntN(4)])
}

// FuzzResearcher sends mutated statements as a researcher. Whatever they are,
// nothing restricted leaves, nothing is written or called, and the engine lives.
func FuzzResearcher(f *testing.F) {
	c := guard(f)
	uuid := strings.TrimSpace(c.own(f, "SELECT uuid FROM system.tables WHERE database = 'observatory' AND name = 'identities'"))
	before := c.own(f, "SELECT database, name, total_rows FROM system.tables WHERE database != 'system' ORDER BY ALL")
	statements := make([]string, 0, len(forbidden)+len(permitted))
	for _, s := range forbidden {
		s, _, _ = strings.Cut(s, "||")
		statements = append(statements, s)
	}
	for _, s := range permitted {
		q, _, _ := strings.Cut(s.query, "||")
		statements = append(statements, q)
	}
	for i, s := range statements {
		f.Add(s, statements[(i*7+3)%len(statements)], uint64(i))
		f.Add(s, "", uint64(0))
	}
	f.Fuzz(func(t *testing.T, statement, other string, seed uint64) {
		if seed > 0 {
			statement = mutate(statement, other, seed)
		}
		statement = strings.ReplaceAll(c.fill(statement), "$IDENTITIES", uuid)
		if strings.Contains(statement, canary) {
			t.Skip("the statement holds the word itself")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+"/?default_format=TSV&max_execution_time=1&max_result_rows=10000&max_rows_to_read=1000000&param_a=identities", strings.NewReader(statement))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatalf("the engine does not answer: %v", err)
		}
		defer response.Body.Close() //nolint:errcheck // The body is read.
		answer, err := io.ReadAll(io.LimitReader(response.Body, 8<<20))
		if err != nil {
			t.Fatalf("the engine broke off: %v", err)
		}
		if err := c.safe(string(answer)); err != nil {
			t.Fatalf("%v: %.300s", err, answer)
		}
		if seed%64 == 0 {
			if after := c.own(t, "SELECT database, name, total_rows FROM system.tables WHERE database != 'system' ORDER BY ALL"); after != before {
				t.Fatalf("before\n%s\nafter\n%s", before, after)
			}
		}
	})
}
