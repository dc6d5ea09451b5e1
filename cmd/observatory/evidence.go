package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
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
		Long: `Writes everything that a network, a cluster of texts, a burst, or what is said of an account, rests on: accounts under pseudonyms, posts and their times, the objects
that they shared and how these are rated, what chance explains, the versions of method and lists, and for each part the SQL that
gives it again. ID is a network_id, cluster_id, burst_id or account_id. It is written as Markdown, at most 1,000 rows a part.`,
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
	kinds := evidenceOf(id)
	if kinds == nil {
		return usage(fmt.Errorf("%q is neither a network_id, cluster_id or burst_id (16 hexadecimal digits) nor an account_id (a UUID)", id))
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
	parts, err := s.evidence(kinds)
	if err != nil {
		return s.why(err)
	}
	if parts == nil {
		return fmt.Errorf("the store has nothing that is called %s", id)
	}
	if asJSON {
		return json.NewEncoder(c.out).Encode(struct {
			ID    string         `json:"id"`
			Parts []evidencePart `json:"parts"`
		}{id, parts})
	}
	return writeEvidence(c.out, id, parts)
}

// evidence answers the parts of the first kind of finding that there is.
func (s *system) evidence(kinds [][]evidencePart) ([]evidencePart, error) {
	for _, parts := range kinds {
		for i := range parts {
			if err := s.answer(&parts[i]); err != nil {
				return nil, err
			}
			if len(parts[0].Rows) == 0 {
				break
			}
		}
		if len(parts[0].Rows) > 0 {
			return parts, nil
		}
	}
	return nil, nil
}

// evidenceOf are the parts for an id, for each kind of finding that it may be of;
// nil where it is none.
func evidenceOf(id string) [][]evidencePart {
	switch {
	case regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(id):
		return [][]evidencePart{ofNetwork(id), ofBurst(id), ofCluster(id)}
	case regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(id):
		return [][]evidencePart{ofAccount(id)}
	}
	return nil
}

// ofBurst asks of a burst. What its posts are is asked by the kind of its topic.
func ofBurst(id string) []evidencePart {
	is := "burst_id = '" + id + "'"
	of := func(column string) string { return "(SELECT any(" + column + ") FROM bursts WHERE " + is + ")" }
	in := "created_at >= " + of("from") + " AND created_at < " + of("to")
	topic := of("topic")
	wrote := `FROM posts WHERE ` + in + ` AND multiIf(` + of("topic_kind") + ` = 'hashtag', repost_of IS NULL AND has(hashtags, ` + topic + `), ` + of("topic_kind") + ` = 'query', has(arrayMap(q -> toString(q), queries), ` + topic + `), ` +
		of("topic_kind") + ` = 'repost', toString(repost_of) = ` + topic + `,
    repost_of IS NULL AND (platform, post_id) IN (SELECT platform, post_id FROM links WHERE ` + in + ` AND if(` + of("topic_kind") + ` = 'domain', toString(domain), canonical) = ` + topic + `))`
	return []evidencePart{
		{Title: "The burst", SQL: "SELECT day, topic_kind, topic, from, to, posts, accounts, expected, history_hours, peak, p_value, q_value, flagged_share, flagged_low, flagged_high, new_share, top10_share, gini, fast_delete_share, method_version\nFROM bursts WHERE " + is},
		{Title: "Its topic, hour by hour", SQL: "SELECT hour, posts\nFROM topics WHERE topic_kind = " + of("topic_kind") + " AND topic = " + topic + " ORDER BY hour DESC"},
		{Title: "Its accounts", SQL: "SELECT platform, account_id, count() AS wrote, min(created_at) AS first, max(created_at) AS last\n" + wrote + "\nGROUP BY platform, account_id ORDER BY wrote DESC, account_id"},
		{Title: "Its posts", SQL: "SELECT created_at, platform, account_id, post_id, kind, lang, text\n" + wrote + "\nORDER BY created_at, post_id"},
	}
}

// ofCluster asks of a cluster of texts, on every day that has it.
func ofCluster(id string) []evidencePart {
	is := "cluster_id = '" + id + "'"
	return []evidencePart{
		{Title: "The cluster, day by day", SQL: "SELECT day, posts, accounts, texts, platforms, lang, similarity, first, last, left_out, capped, text, method_version\nFROM text_clusters WHERE " + is + " ORDER BY day DESC"},
		{Title: "Its accounts", SQL: "SELECT platform, account_id, count() AS posts, min(created_at) AS first, max(created_at) AS last\nFROM text_cluster_members WHERE " + is + " GROUP BY platform, account_id ORDER BY posts DESC, account_id"},
		{Title: "Its posts", SQL: "SELECT m.created_at AS created_at, m.platform AS platform, m.account_id AS account_id, m.post_id AS post_id, similarity, p.text AS text\nFROM text_cluster_members AS m INNER JOIN posts AS p ON m.platform = p.platform AND m.post_id = p.post_id\nWHERE " + is + " ORDER BY created_at, post_id"},
	}
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
		{Title: "The network, day by day", SQL: "SELECT day, object_kind, accounts, edges, objects, posts, pairs, expected_pairs, p_value, q_value, first, last, method_version\nFROM networks WHERE network_id = '" + id + "' ORDER BY day DESC"},
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
		{Title: "How automated its posting looks", SQL: "SELECT day, status, score, posts, days, high_frequency, volume, regularity, periodicity, sleepless, duplicates, fast_deletes, youth, repost_delay, periods, resolution_s, method_version\nFROM account_scores WHERE " + is + " ORDER BY day DESC"},
		{Title: "Texts that it has in common with others", SQL: "SELECT day, cluster_id, created_at, post_id, similarity, method_version\nFROM text_cluster_members WHERE " + is + " ORDER BY created_at"},
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
	if part.Columns, part.Rows, err = readRows(&text); part.Rows == nil {
		part.Rows = [][]string{}
	}
	return err
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
