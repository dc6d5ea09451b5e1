package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// longestEvidence is how many rows are shown of a part.
const longestEvidence = 1000

func (c *cli) evidence() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "evidence ID",
		Short: "Writes what a finding rests on, with the SQL that shows it",
		Long: `Writes everything that a network, or what is said of an account, rests on: accounts under pseudonyms, posts and their times, the objects
that they shared and how these are rated, what chance explains, the versions of method and lists, and for each part the SQL that
gives it again. ID is network_id of the relation networks, or an account_id. It is written as Markdown, at most 1,000 rows a part.`,
		Example: `  observatory query "SELECT network_id, accounts FROM networks ORDER BY day DESC, accounts DESC LIMIT 5"
  observatory evidence 9bc65766c8dbc732 > evidence.md
  observatory evidence 9bc65766c8dbc732 --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runEvidence(cmd.Context(), strings.ToLower(args[0]), asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

// part of evidence: a statement and what it answers.
type evidencePart struct {
	Title   string     `json:"title"`
	SQL     string     `json:"sql"`
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
}

func (c *cli) runEvidence(ctx context.Context, id string, asJSON bool) error {
	parts := evidenceOf(id)
	if parts == nil {
		return usage(fmt.Errorf("%q is neither a network_id (16 hexadecimal digits) nor an account_id (a UUID)", id))
	}
	s, err := c.open(ctx, "warn", needs{listen: anywhere(), asking: true})
	if err != nil {
		return err
	}
	defer s.close()
	if s.lock != nil && s.logID != "" {
		if err := s.catchUp(c.progress()); err != nil {
			return err
		}
	}
	for i := range parts {
		if err := s.answer(&parts[i]); err != nil {
			return s.why(err)
		}
		if len(parts[0].Rows) == 0 {
			return fmt.Errorf("the store has no network and no account %s", id)
		}
	}
	if asJSON {
		return json.NewEncoder(c.out).Encode(struct {
			ID    string         `json:"id"`
			Parts []evidencePart `json:"parts"`
		}{id, parts})
	}
	return writeEvidence(c.out, id, parts)
}

// evidenceOf are the parts for an id; nil where it is none.
func evidenceOf(id string) []evidencePart {
	switch {
	case regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(id):
		return ofNetwork(id)
	case regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(id):
		return ofAccount(id)
	}
	return nil
}

// ofNetwork asks of a network as it was on its last day.
func ofNetwork(id string) []evidencePart {
	last := "(SELECT max(day) FROM networks WHERE network_id = '" + id + "')"
	members := "(SELECT account_id FROM network_members WHERE network_id = '" + id + "' AND day = " + last + ")"
	kind := "(SELECT any(object_kind) FROM networks WHERE network_id = '" + id + "')"
	shared := `FROM (
    SELECT object_id, arrayJoin([(platform, post_id, account_id, created_at), (platform_newer, post_id_newer, account_id_newer, created_at_newer)]) AS share
    FROM pairs
    WHERE object_kind = ` + kind + ` AND account_id IN ` + members + ` AND account_id_newer IN ` + members + ` AND NOT self AND NOT original
        AND time_delta <= (SELECT toFloat64OrZero(splitByChar('/', toString(any(method_version)))[2]) FROM networks WHERE network_id = '` + id + `')
        AND created_at_newer >= ` + last + ` - INTERVAL 6 DAY AND created_at_newer < ` + last + ` + INTERVAL 1 DAY)`
	return []evidencePart{
		{Title: "The network, day by day", SQL: "SELECT day, object_kind, accounts, edges, objects, posts, pairs, expected_pairs, first, last, method_version\nFROM networks WHERE network_id = '" + id + "' ORDER BY day DESC"},
		{Title: "Its accounts", SQL: "SELECT platform, account_id, edges, objects, posts\nFROM network_members WHERE network_id = '" + id + "' AND day = " + last + " ORDER BY edges DESC, account_id"},
		{Title: "Pairs of accounts, and what chance explains", SQL: "SELECT account_a, account_b, weight, avg_time_delta, symmetry, normalised_weight, expected_pairs, p_value, q_value\nFROM network_edges WHERE network_id = '" + id + "' AND day = " + last + " ORDER BY weight DESC, account_a, account_b"},
		{Title: "What they shared", SQL: "SELECT object_id, uniqExact(share.2) AS posts, uniqExact(share.3) AS accounts, min(share.4) AS first, max(share.4) AS last\n" + shared + "\nGROUP BY object_id ORDER BY accounts DESC, object_id"},
		{Title: "How that is rated", SQL: "SELECT canonical, source, source_class, raters, count() AS links\nFROM links WHERE canonical IN (SELECT object_id " + shared + ") AND account_id IN " + members + "\nGROUP BY canonical, source, source_class, raters ORDER BY links DESC, canonical"},
		{Title: "The lists that say so", SQL: "SELECT DISTINCT rater, domain_or_account, class, valid_from, valid_to, list_version, citation\nFROM sources WHERE domain_or_account IN (SELECT source FROM links WHERE source != '' AND canonical IN (SELECT object_id " + shared + ")) ORDER BY rater, domain_or_account"},
		{Title: "With which posts", SQL: "SELECT DISTINCT object_id, share.4 AS created_at, share.1 AS platform, share.3 AS account_id, share.2 AS post_id\n" + shared + "\nORDER BY object_id, created_at, post_id"},
	}
}

// ofAccount asks what is said of an account.
func ofAccount(id string) []evidencePart {
	is := "account_id = '" + id + "'"
	return []evidencePart{
		{Title: "Its posts", SQL: "SELECT platform, kind, count() AS posts, min(created_at) AS first, max(created_at) AS last\nFROM posts WHERE " + is + " GROUP BY platform, kind ORDER BY posts DESC"},
		{Title: "Networks that it is in", SQL: "SELECT day, object_kind, network_id, edges, objects, posts, method_version\nFROM network_members WHERE " + is + " ORDER BY day DESC, object_kind"},
		{Title: "With whom it stands out", SQL: "SELECT day, object_kind, account_a, account_b, weight, avg_time_delta, expected_pairs, p_value, q_value\nFROM network_edges WHERE account_a = '" + id + "' OR account_b = '" + id + "' ORDER BY day DESC, weight DESC"},
		{Title: "Shares within the widest window of others", SQL: "SELECT object_kind, object_id, created_at, post_id, account_id, created_at_newer, post_id_newer, account_id_newer, time_delta, method_version\nFROM pairs WHERE (" + is + " OR account_id_newer = '" + id + "') AND NOT self ORDER BY created_at, object_id"},
		{Title: "Sources that it links to", SQL: "SELECT source, source_class, raters, count() AS links, min(created_at) AS first, max(created_at) AS last\nFROM links WHERE " + is + " AND source_class != '' GROUP BY source, source_class, raters ORDER BY links DESC, source"},
	}
}

// answer asks the store for a part.
func (s *system) answer(part *evidencePart) error {
	request, err := s.question(fmt.Sprintf("SELECT * FROM (%s) LIMIT %d", part.SQL, longestEvidence), "JSONCompactStringsEachRowWithNames", "")
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("the store does not answer: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // It is read to its end or not trusted.
	if response.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(response.Body, 1<<20))
		return fmt.Errorf("the store refuses: %s", strings.TrimSpace(string(said)))
	}
	var text bytes.Buffer
	if err := copyResult(&text, response); err != nil {
		return err
	}
	part.Rows = [][]string{}
	for decoder := json.NewDecoder(&text); ; {
		var row []string
		if err := decoder.Decode(&row); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("the store answers what cannot be read: %w", err)
		}
		if part.Columns == nil {
			part.Columns = row
		} else {
			part.Rows = append(part.Rows, row)
		}
	}
}

// writeEvidence writes the parts as Markdown.
func writeEvidence(w io.Writer, id string, parts []evidencePart) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "# Evidence for %s\n\nAccounts and posts are pseudonyms. What was shared together says nothing of who is behind an account, nor why.\n", id)
	cell := strings.NewReplacer("|", "\\|", "\n", " ", "\r", " ")
	for i := range parts {
		part := &parts[i]
		fmt.Fprintf(out, "\n## %s\n\n```sql\n%s\n```\n\n", part.Title, part.SQL)
		if len(part.Rows) == 0 {
			fmt.Fprint(out, "Nothing.\n")
			continue
		}
		fmt.Fprintf(out, "| %s |\n|%s\n", strings.Join(part.Columns, " | "), strings.Repeat("---|", len(part.Columns)))
		for _, row := range part.Rows {
			for at := range row {
				row[at] = plainText(cell.Replace(row[at]))
			}
			fmt.Fprintf(out, "| %s |\n", strings.Join(row, " | "))
		}
		if len(part.Rows) == longestEvidence {
			fmt.Fprintf(out, "\nThe first %d rows; the statement gives all.\n", longestEvidence)
		}
	}
	return out.Flush()
}
