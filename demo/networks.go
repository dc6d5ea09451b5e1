package demo

import (
	"context"
	"fmt"
)

// networked are the accounts that stand in a network, and how many there are at all.
type networked struct {
	accounts map[string]bool
	of       uint64
}

func (ask Ask) networked(ctx context.Context) (*networked, error) {
	rows, err := ask(ctx, "SELECT DISTINCT account_id FROM network_members")
	if err != nil {
		return nil, err
	}
	n := &networked{accounts: map[string]bool{}}
	for _, row := range rows {
		n.accounts[row[0]] = true
	}
	all, err := ask.numbers(ctx, "SELECT uniqExact(account_id) FROM posts"+ofDemo, 1)
	if err != nil {
		return nil, err
	}
	n.of = all[0]
	return n, nil
}

// among are those of the accounts that stand in a network. An account is known by
// its id on its platform, and in the store by a pseudonym of both.
func (n *networked) among(accounts []string, pseudonyms func(id string) []string) map[string]bool {
	in := map[string]bool{}
	for _, id := range accounts {
		for _, pseudonym := range pseudonyms(id) {
			if n.accounts[pseudonym] {
				in[pseudonym] = true
			}
		}
	}
	return in
}

// methods says, by its name, which method looks for a campaign; nothing where none does yet.
func methods() map[string]string {
	return map[string]string{
		"link sharing": "networks", "repost ring": "networks", "near duplicates": "", "hashtag flooding": "", "round the clock": "",
		"breaking news": "networks", "popular post": "networks", "meme": "networks", "trending hashtag": "networks", "busy person": "networks",
	}
}

// recall says how much is found of a campaign, or of a burst by mistake.
func (r *Report) recall(n *networked, c *Campaign) string {
	method := methods()[c.Name]
	if method == "" {
		return "not measured yet: no method"
	}
	return fmt.Sprintf("%s of %s accounts in %s", count(uint64(len(n.among(c.Accounts, r.Pseudonyms)))), count(uint64(len(c.Accounts))), method)
}

// mistakes are the accounts of no campaign that stand in a network.
func (r *Report) mistakes(n *networked) string {
	planted := map[string]bool{}
	for i := range r.Plan.Campaigns {
		for account := range n.among(r.Plan.Campaigns[i].Accounts, r.Pseudonyms) {
			planted[account] = true
		}
	}
	wrong := uint64(len(n.accounts) - len(planted))
	return fmt.Sprintf("Accounts of no campaign in networks: %s of %s, %.1f in 1,000.", count(wrong), count(n.of), 1000*float64(wrong)/float64(max(n.of, 1)))
}
