package demo

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// highIndex is the automation index from which an account is flagged.
const highIndex = "3"

// findings are what methods say of the week.
type findings struct {
	networked, high map[string]bool // Accounts.
	accounts        uint64          // All that there are,
	scored          uint64          // and those with an index.
	clustered       uint64          // Posts in clusters of texts.
	posts           uint64          // Posts with a text of their own.
	bursts          map[string]burst
}

// burst is what is said of a topic's bursts together.
type burst struct {
	posts, flagged, young, aged uint64
	alerts                      uint64
}

func (ask Ask) set(ctx context.Context, sql string) (map[string]bool, error) {
	rows, err := ask(ctx, sql)
	if err != nil {
		return nil, err
	}
	set := map[string]bool{}
	for _, row := range rows {
		set[row[0]] = true
	}
	return set, nil
}

func (ask Ask) findings(ctx context.Context) (*findings, error) {
	f := &findings{bursts: map[string]burst{}}
	var err error
	if f.networked, err = ask.set(ctx, "SELECT DISTINCT account_id FROM network_members"); err != nil {
		return nil, err
	}
	if f.high, err = ask.set(ctx, "SELECT DISTINCT account_id FROM account_scores WHERE score >= "+highIndex); err != nil {
		return nil, err
	}
	n, err := ask.numbers(ctx, "SELECT uniqExact(account_id), countIf(kind != 'repost' AND text != ''), (SELECT uniqExact(account_id) FROM account_scores WHERE status = 'scored'), (SELECT count() FROM text_cluster_members) FROM posts"+ofDemo, 4)
	if err != nil {
		return nil, err
	}
	f.accounts, f.posts, f.scored, f.clustered = n[0], n[1], n[2], n[3]
	rows, err := ask(ctx, `SELECT concat(topic_kind, ' ', topic) AS t, sum(posts), sum(flagged_posts), sum(new_posts), sum(aged_posts), countIf(t IN (SELECT subject FROM alerts WHERE method = 'burst'))
FROM bursts GROUP BY t`)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		var of [5]uint64
		for i := range of {
			if of[i], err = strconv.ParseUint(row[i+1], 10, 64); err != nil {
				return nil, fmt.Errorf("demo: the bursts: %w", err)
			}
		}
		f.bursts[row[0]] = burst{of[0], of[1], of[2], of[3], of[4]}
	}
	return f, nil
}

// among are those of the accounts that are in a set. An account is known by its
// id on its platform, and in the store by a pseudonym of both.
func among(set map[string]bool, accounts []string, pseudonyms func(id string) []string) map[string]bool {
	in := map[string]bool{}
	for _, id := range accounts {
		for _, pseudonym := range pseudonyms(id) {
			if set[pseudonym] {
				in[pseudonym] = true
			}
		}
	}
	return in
}

// looked says which methods look for a campaign, or could take a burst for one.
func looked(name string) []string {
	return map[string][]string{
		"link sharing": {"networks"}, "repost ring": {"networks"}, "near duplicates": {"texts"}, "hashtag flooding": {"hashtag"}, "round the clock": {"index"},
		"breaking news": {"networks", "url"}, "popular post": {"networks"}, "meme": {"networks", "texts"}, "trending hashtag": {"networks", "hashtag"}, "busy person": {"networks", "index"},
	}[name]
}

// recall says how much each method finds of a campaign, or of a burst by mistake.
func (r *Report) recall(ctx context.Context, f *findings, c *Campaign) ([]string, error) {
	var said []string
	of := count(uint64(len(c.Accounts)))
	for _, method := range looked(c.Name) {
		switch method {
		case "networks":
			said = append(said, fmt.Sprintf("%s of %s accounts in networks", count(uint64(len(among(f.networked, c.Accounts, r.Pseudonyms)))), of))
		case "index":
			said = append(said, fmt.Sprintf("%s of %s accounts with an index of %s and more", count(uint64(len(among(f.high, c.Accounts, r.Pseudonyms)))), of, highIndex))
		case "texts":
			text, err := r.copies(ctx, c)
			if err != nil {
				return nil, err
			}
			said = append(said, text)
		default:
			said = append(said, f.burst(method+" "+topicOf(method, c)))
		}
	}
	return said, nil
}

func topicOf(kind string, c *Campaign) string {
	if kind == "hashtag" {
		return strings.ToLower(c.Objects[0])
	}
	return c.Objects[0]
}

// burst says what is said of a topic.
func (f *findings) burst(topic string) string {
	b, found := f.bursts[topic]
	if !found {
		return "no burst"
	}
	alert := "no alert"
	if b.alerts > 0 {
		alert = "an alert"
	}
	return fmt.Sprintf("burst: %s posts, %.0f %% new accounts, %.0f %% flagged; %s", count(b.posts), 100*float64(b.young)/float64(max(b.aged, 1)), 100*float64(b.flagged)/float64(max(b.posts, 1)), alert)
}

// copies counts the posts of the accounts of a campaign, in its time, that are in clusters of texts.
func (r *Report) copies(ctx context.Context, c *Campaign) (string, error) {
	var ids []string
	for _, id := range c.Accounts {
		for _, pseudonym := range r.Pseudonyms(id) {
			ids = append(ids, "'"+pseudonym+"'")
		}
	}
	text := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(c.Objects[0])
	of := "account_id IN (" + strings.Join(ids, ", ") + ")"
	if len(c.Objects) == 1 { // Accounts that write other things as well.
		of += " AND cluster_id IN (SELECT cluster_id FROM text_clusters WHERE text LIKE '%" + text + "%')"
	}
	n, err := r.Ask.numbers(ctx, "SELECT count(), uniqExact(day, cluster_id) FROM text_cluster_members WHERE "+of, 2)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s of %s posts in %s clusters of texts", count(n[0]), count(uint64(c.Posts)), count(n[1])), nil
}

// mistakes are what methods say of accounts and topics of no campaign.
func (r *Report) mistakes(f *findings) []string {
	network, high := map[string]bool{}, map[string]bool{}
	planted, alerts := map[string]bool{}, 0
	for i := range r.Plan.Campaigns {
		c := &r.Plan.Campaigns[i]
		for account := range among(f.networked, c.Accounts, r.Pseudonyms) {
			network[account] = true
		}
		for account := range among(f.high, c.Accounts, r.Pseudonyms) {
			high[account] = true
		}
		for _, object := range c.Objects {
			planted["hashtag "+strings.ToLower(object)], planted["url "+object] = true, true
		}
	}
	for topic, b := range f.bursts {
		if b.alerts > 0 && !planted[topic] {
			alerts++
		}
	}
	wrong := func(all, planted map[string]bool, of uint64) string {
		n := uint64(len(all) - len(planted))
		return fmt.Sprintf("%s of %s, %.1f in 1,000", count(n), count(of), 1000*float64(n)/float64(max(of, 1)))
	}
	return []string{
		"Accounts of no campaign in networks: " + wrong(f.networked, network, f.accounts) + ".",
		"Accounts of no campaign with an index of " + highIndex + " and more: " + wrong(f.high, high, f.scored) + " that have one.",
		fmt.Sprintf("Bursts: %d topics, of which %d that no campaign planted raise an alert.", len(f.bursts), alerts),
		fmt.Sprintf("Posts in clusters of texts: %s of %s; invented sentences have few pieces, and repeat.", count(f.clustered), count(f.posts)),
	}
}
