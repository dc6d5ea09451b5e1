package assess

import (
	"context"
	"errors"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/election-observatory/observatory/processors/coordination"
	"github.com/election-observatory/observatory/schema"
)

// networkWriter writes the networks of a day.
type networkWriter struct {
	day                     Hour
	run                     run
	windowMS                float64
	networks, members, edge *inserter
}

func newNetworkWriter(ctx context.Context, db driver.Conn, day Hour, r run, window float64) *networkWriter {
	const of = "object_kind, hour, network_id, "
	const by = ", method_version, run"
	return &networkWriter{
		day: day, run: r, windowMS: 1000 * window,
		networks: newInserter(ctx, db, schema.TableNetworks, of+"accounts, edges, objects, posts, pairs, expected_pairs, p_value, q_value, first, last"+by),
		members:  newInserter(ctx, db, schema.TableMembers, of+"platform, account_id, edges, objects, posts"+by),
		edge:     newInserter(ctx, db, schema.TableNetworkEdges, of+"account_a, account_b, weight, avg_time_delta, symmetry, normalised_weight, expected_pairs, p_value, q_value"+by),
	}
}

func (w *networkWriter) end() error {
	return errors.Join(w.networks.end(), w.members.end(), w.edge.end())
}

// figures are what is counted of a network or of one of its accounts.
type figures struct {
	edges, pairs    uint64
	objects, posts  map[string]bool
	expected        float64
	firstMS, lastMS int64
}

func (f *figures) share(object string, s *side) {
	if f.objects == nil {
		f.objects, f.posts = map[string]bool{}, map[string]bool{}
	}
	f.objects[object], f.posts[s.platform+s.post.String()] = true, true
	if f.firstMS == 0 || s.ms < f.firstMS {
		f.firstMS = s.ms
	}
	f.lastMS = max(f.lastMS, s.ms)
}

// write writes the networks of one kind of objects.
func (w *networkWriter) write(kind string, p *period, n *coordination.StrictNetwork, found []network) {
	of := map[string]int{} // The network of an account, from 1.
	for i := range found {
		for _, account := range found[i].accounts {
			of[account] = i + 1
		}
	}
	networks, members := make([]figures, len(found)+1), map[string]*figures{}
	for i := range n.Edges {
		e, s := &n.Edges[i], &n.Strict[i]
		number := of[e.A]
		if !e.Above || s.Community == 0 || number == 0 {
			continue
		}
		networks[number].edges++
		networks[number].expected += s.Expected
		for _, account := range [...]string{e.A, e.B} {
			if members[account] == nil {
				members[account] = &figures{}
			}
			members[account].edges++
		}
		w.edge.add(kind, w.day.Time(), found[number-1].id, p.accounts[e.A].account, p.accounts[e.B].account, e.Weight, e.AvgTimeDelta, e.Symmetry, s.Normalised, s.Expected, s.P, s.Q, w.run.methodVersion, w.run.id)
	}
	w.shares(p, of, networks, members)
	for i := range found {
		f := &networks[i+1]
		if len(found[i].accounts) == 0 {
			continue
		}
		w.networks.add(kind, w.day.Time(), found[i].id, uint64(len(found[i].accounts)), f.edges, uint64(len(f.objects)), uint64(len(f.posts)), f.pairs, f.expected, n.Communities[i].P, n.Communities[i].Q,
			time.UnixMilli(f.firstMS).UTC(), time.UnixMilli(f.lastMS).UTC(), w.run.methodVersion, w.run.id)
		for _, account := range found[i].accounts {
			m := members[account]
			s := p.accounts[account]
			w.members.add(kind, w.day.Time(), found[i].id, s.platform, s.account, m.edges, uint64(len(m.objects)), uint64(len(m.posts)), w.run.methodVersion, w.run.id)
		}
	}
}

// shares counts what the accounts of networks shared within the window of each
// other.
func (w *networkWriter) shares(p *period, of map[string]int, networks []figures, members map[string]*figures) {
	inside := &coordination.Shares{}
	var list []*side
	for i := range p.sides {
		s := &p.sides[i]
		account := accountKey(s.platform, s.account)
		if number := of[account]; number > 0 {
			inside.Add(found(number)+objectKey(p.kind, s.platform, s.object), account, s.platform+" "+s.post.String(), float64(s.ms))
			list = append(list, s)
		}
	}
	inside.Near(w.windowMS, 0, func(n coordination.Near) {
		a, b := list[n.Older], list[n.Newer]
		first, second := accountKey(a.platform, a.account), accountKey(b.platform, b.account)
		if first == second || a.platform == b.platform && a.post == b.post {
			return
		}
		f := &networks[of[first]]
		f.pairs++
		for account, s := range map[string]*side{first: a, second: b} {
			object := objectKey(p.kind, s.platform, s.object)
			f.share(object, s)
			members[account].share(object, s)
		}
	})
}

// found keeps the objects of different networks apart.
func found(number int) string { return string(rune(number)) + " " }
