package demo

import "context"

// Check is a line of what was planted against what is found.
type Check struct {
	What    string
	Planted uint64
	Found   uint64
	Note    string
	Differs string // What differs although the numbers may not.
}

// Equal says whether all was found that was planted, and no more.
func (c *Check) Equal() bool { return c.Planted == c.Found && c.Differs == "" }

const ofDemo = " WHERE startsWith(collector, 'demo/')"

// Find counts in the store what the plan says.
func Find(ctx context.Context, ask Ask, plan *Plan) ([]Check, error) {
	posts, err := ask.numbers(ctx, `SELECT count(), uniqExact(platform), uniqExactIf(lang, lang_source = 'declared'), countIf(revision > 0),
    countIf(collected_at > created_at + INTERVAL 1 HOUR)
FROM posts`+ofDemo, 5)
	if err != nil {
		return nil, err
	}
	deletes, err := ask.numbers(ctx, "SELECT count() FROM tombstones"+ofDemo, 1)
	if err != nil {
		return nil, err
	}
	gaps, err := ask.numbers(ctx, "SELECT count() FROM coverage"+ofDemo+" AND gap_from IS NOT NULL", 1)
	if err != nil {
		return nil, err
	}
	silences, err := ask.numbers(ctx, "SELECT count() FROM alerts WHERE method = 'silence' AND startsWith(subject, 'demo/') AND reason = ''", 1)
	if err != nil {
		return nil, err
	}
	links, err := ask.numbers(ctx, "SELECT count(), countIf(source_class != ''), countIf(unresolved) FROM links WHERE "+within("created_at", plan.From, plan.To), 3)
	if err != nil {
		return nil, err
	}
	shares, err := ask.shares(ctx, plan)
	if err != nil {
		return nil, err
	}
	alike, err := ask.numbers(ctx, "SELECT uniqExact(host) FROM lookalikes", 1)
	if err != nil {
		return nil, err
	}
	of := &plan.Counts
	checks := []Check{
		{What: "posts", Planted: of.Posts, Found: posts[0], Note: "that stand; deleted ones are hidden, " + count(of.Twice) + " came twice"},
		{What: "platforms", Planted: of.Platforms, Found: posts[1]},
		{What: "languages", Planted: of.Languages, Found: posts[2], Note: "that posts declare"},
		{What: "edits", Planted: of.Edits, Found: posts[3], Note: "posts whose later revision counts"},
		{What: "deletes", Planted: of.Deletes, Found: deletes[0], Note: "by their authors"},
		{What: "late posts", Planted: of.Late, Found: posts[4], Note: "collected more than an hour after"},
		{What: "gaps", Planted: of.Gaps, Found: gaps[0], Note: "declared by their sources"},
		{What: silence, Planted: of.Silences, Found: silences[0], Note: "alarms of sources that say nothing"},
		{What: "lookalikes", Planted: imposters, Found: alike[0], Note: "hosts whose names look like protected ones"},
		{What: "links", Planted: of.Links, Found: links[0]},
		{What: "unresolved links", Planted: of.Unresolved, Found: links[2], Note: "of shorteners; nobody followed them"},
		{What: "rated links", Planted: of.Rated, Found: links[1], Note: "to sources on a list at that time; of these to"},
	}
	return append(checks, shares...), nil
}

// silence is the line of alarms, of which few posts give more than were planted.
const silence = "silence"

// imposters are the look-alikes of protected names among the outlets.
const imposters = 2
