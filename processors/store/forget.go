package store

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"github.com/election-observatory/observatory/schema"
)

// Subject is an account, with all that it wrote, or a post that is to be forgotten.
type Subject struct {
	Platform  string
	Account   uuid.UUID // One of the two is zero.
	Post      uuid.UUID
	WrittenMS int64    // Of a post, what its native id says of its time; 0 where nothing.
	Names     []string // What it is called on its platform, as rejects may hold it.
	Handles   []string // Those of the names that are handles.
}

// AccountsNamed are the accounts that the store knows under a native id, a handle or a
// pseudonym, on one platform or, where that is empty, on any.
func (s *Store) AccountsNamed(ctx context.Context, platform, name string) ([]Subject, error) {
	where := fmt.Sprintf("(native_id = %[1]s OR lower(handle) = lower(%[1]s) OR toString(account_id) = lower(%[1]s))", Quote(name))
	if platform != "" {
		where += " AND platform = " + Quote(platform)
	}
	found := "SELECT platform, account_id, [native_id, handle] AS names, [handle] AS handles FROM " + table(schema.TableIdentities) + " WHERE " + where
	if id, err := uuid.Parse(name); err == nil { // Its identity may have passed its retention.
		bare := fmt.Sprintf("account_id = '%s'", id)
		if platform != "" {
			bare += " AND platform = " + Quote(platform)
		}
		found += " UNION ALL SELECT platform, account_id, emptyArrayString(), emptyArrayString() FROM " + table(schema.TablePosts) + " WHERE " + bare + " AND NOT deleted LIMIT 1 BY platform, account_id"
	}
	rows, err := s.db.Query(ctx, "SELECT toString(platform), account_id, toUUID('00000000-0000-0000-0000-000000000000'), toInt64(0), arrayFilter(x -> x != '', groupUniqArrayArray(names)), arrayFilter(x -> x != '', groupUniqArrayArray(handles)) FROM ("+found+") GROUP BY platform, account_id ORDER BY platform, account_id")
	return subjects(rows, err)
}

// PostsNamed are the posts that the store has under a native id, an address or a
// pseudonym, on one platform or, where that is empty, on any.
func (s *Store) PostsNamed(ctx context.Context, platform, name string) ([]Subject, error) {
	where := fmt.Sprintf("(native_id = %[1]s OR permalink = %[1]s", Quote(name))
	if id, err := uuid.Parse(name); err == nil {
		where += fmt.Sprintf(" OR post_id = '%s'", id)
	}
	where += ") AND NOT deleted"
	if platform != "" {
		where += " AND platform = " + Quote(platform)
	}
	rows, err := s.db.Query(ctx, "SELECT toString(platform), toUUID('00000000-0000-0000-0000-000000000000'), post_id, toInt64(toUnixTimestamp(any(id_day))) * 1000, arrayFilter(x -> x != '', groupUniqArrayArray([native_id, permalink])), emptyArrayString() FROM "+
		table(schema.TablePosts)+" WHERE "+where+" GROUP BY platform, post_id ORDER BY platform, post_id")
	return subjects(rows, err)
}

func subjects(rows driver.Rows, err error) ([]Subject, error) {
	if err != nil {
		return nil, fmt.Errorf("store: look up who is meant: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err tells.
	var list []Subject
	for rows.Next() {
		var one Subject
		if err := rows.Scan(&one.Platform, &one.Account, &one.Post, &one.WrittenMS, &one.Names, &one.Handles); err != nil {
			return nil, fmt.Errorf("store: look up who is meant: %w", err)
		}
		list = append(list, one)
	}
	return list, rows.Err()
}

// Trace is how much of what is to be forgotten a relation holds.
type Trace struct {
	Relation string `json:"relation"`
	Rows     uint64 `json:"rows"`
}

// traced are the relations that name accounts or posts, with the columns that do.
func traced() []struct {
	relation       string
	accounts, post []string
} {
	both := []string{"account_id"}
	posts := []string{"post_id"}
	return []struct {
		relation       string
		accounts, post []string
	}{
		{"posts", both, posts},
		{"links", both, posts},
		{"hourly_links", both, posts},
		{"actions", both, posts},
		{"accounts", both, nil},
		{"identities", both, nil},
		{"post_refs", both, posts},
		{"pairs", []string{"account_id", "account_id_newer"}, []string{"post_id", "post_id_newer"}},
		{"network_members", both, nil},
		{"network_edges", []string{"account_a", "account_b"}, nil},
		{"text_cluster_members", both, posts},
		{"account_scores", both, nil},
	}
}

// Traces counts what every relation that names accounts or posts holds of the subjects,
// and the rejects that do in what they were given.
func (s *Store) Traces(ctx context.Context, of []Subject) ([]Trace, error) {
	accounts, posts := literals(of)
	var all []Trace
	for _, t := range traced() {
		var any []string
		for _, column := range t.accounts {
			any = append(any, column+" IN ("+accounts+")")
		}
		for _, column := range t.post {
			any = append(any, column+" IN ("+posts+")")
		}
		found := Trace{Relation: t.relation}
		if err := s.db.QueryRow(ctx, "SELECT count() FROM "+schema.Database+"."+t.relation+" WHERE "+strings.Join(any, " OR ")).Scan(&found.Rows); err != nil {
			return nil, fmt.Errorf("store: look for traces in %s: %w", t.relation, err)
		}
		all = append(all, found)
	}
	rejects := Trace{Relation: "rejects"}
	if where := rejectsNaming(of); where != "" {
		if err := s.db.QueryRow(ctx, "SELECT count() FROM "+table(schema.TableRejects)+" WHERE "+where).Scan(&rejects.Rows); err != nil {
			return nil, fmt.Errorf("store: look for traces in rejects: %w", err)
		}
	}
	return append(all, rejects), nil
}

// EraseTraces removes what is not hidden by a tombstone: the rejects that name a
// subject, and the rows of former results that do, which nobody reads any more.
func (s *Store) EraseTraces(ctx context.Context, of []Subject) error {
	accounts, posts := literals(of)
	any := func(columns ...string) string {
		var list []string
		for _, c := range columns {
			in := accounts
			if strings.HasPrefix(c, "post") {
				in = posts
			}
			list = append(list, c+" IN ("+in+")")
		}
		return strings.Join(list, " OR ")
	}
	left := []struct{ table, where string }{
		{schema.TableLinks, any("account_id", "post_id")},
		{schema.TablePairs, any("account_id", "account_id_newer", "post_id", "post_id_newer")},
		{schema.TableMembers, any("account_id")},
		{schema.TableNetworkEdges, any("account_a", "account_b")},
		// The texts of clusters first, which are found by their members.
		{schema.TableClusters, "(hour, run, cluster_id) IN (SELECT hour, run, cluster_id FROM " + table(schema.TableClusterMembers) + " WHERE " + any("account_id", "post_id") + ")"},
		{schema.TableClusterMembers, any("account_id", "post_id")},
		{schema.TableScores, any("account_id")},
		{schema.TableRejects, rejectsNaming(of)},
	}
	for _, t := range left {
		if t.where == "" {
			continue
		}
		if _, err := s.eraseOne(ctx, t.table, t.where, "ALTER TABLE "+table(t.table)+" DELETE WHERE "+t.where+" SETTINGS allow_nondeterministic_mutations = 1"); err != nil {
			return err
		}
	}
	return nil
}

// literals are the pseudonyms of accounts and of posts; the zero one, which nobody has,
// is always among them.
func literals(of []Subject) (accounts, posts string) {
	a, p := []string{"'" + uuid.UUID{}.String() + "'"}, []string{"'ffffffff-ffff-ffff-ffff-ffffffffffff'"}
	for i := range of {
		if of[i].Account != (uuid.UUID{}) {
			a = append(a, "'"+of[i].Account.String()+"'")
		} else {
			p = append(p, "'"+of[i].Post.String()+"'")
		}
	}
	return strings.Join(a, ","), strings.Join(p, ",")
}

// rejectsNaming is the condition that a reject has a name of a subject as a word of
// its own, in what was given or said of it.
func rejectsNaming(of []Subject) string {
	var names []string
	for i := range of {
		for _, name := range of[i].Names {
			names = append(names, regexp.QuoteMeta(name))
		}
	}
	if len(names) == 0 {
		return ""
	}
	pattern := Quote(`(?i)(^|[^\pL\pN_])(` + strings.Join(names, "|") + `)($|[^\pL\pN_])`)
	return "match(raw, " + pattern + ") OR match(detail, " + pattern + ") OR match(position, " + pattern + ") OR match(source, " + pattern + ")"
}
