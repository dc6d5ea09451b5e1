package x

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors/fetch"
	"github.com/election-observatory/observatory/schema"
)

// synchronise gives the app the rules of the study. Rules that the study did not make are
// left alone: what they find comes as well, and costs.
func (r *run) synchronise(ctx context.Context) error {
	there, err := r.api.rules(ctx)
	if err != nil {
		return err
	}
	missing, ours, leave := r.compare(there)
	if others := len(there) - len(ours) - len(leave); others > 0 {
		r.log.Warn("the app has rules that are not of this study: what they find is read, and costs", zap.Int("rules", others))
	}
	added, refused, err := r.api.add(ctx, missing, false)
	for _, rule := range added {
		ours = append(ours, rule.ID)
	}
	r.state.Rules = slices.Concat(ours, leave)
	if err != nil {
		return errors.Join(r.Keep(), err)
	}
	for _, said := range refused {
		r.log.Error("X does not take a rule: its query is not collected", zap.String("rule", said))
	}
	if len(refused) == len(r.rules) {
		return &fetch.Error{Outage: schema.OutageRefused, Err: fmt.Errorf("none of the rules is taken: %s", refused[0])}
	}
	if err := r.api.remove(ctx, leave); err != nil {
		return err
	}
	r.state.Rules = ours
	if len(added)+len(leave) > 0 {
		r.log.Info("rules follow the queries", zap.Int("added", len(added)), zap.Int("deleted", len(leave)), zap.Int("all", len(ours)))
	}
	return nil
}

// compare says which rules of the study are missing, and which of those that are there, by
// their ids, are of the study as it is and as it was.
func (r *run) compare(there []Rule) (missing []Rule, ours, leave []string) {
	missing = slices.Clone(r.rules)
	for _, rule := range there {
		i := slices.IndexFunc(missing, func(of Rule) bool { return of.Value == rule.Value && of.Tag == rule.Tag })
		switch {
		case i >= 0:
			missing, ours = slices.Delete(missing, i, i+1), append(ours, rule.ID)
		case r.queries[rule.Tag] || slices.Contains(r.state.Rules, rule.ID):
			leave = append(leave, rule.ID)
		}
	}
	return missing, ours, leave
}
