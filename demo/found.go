package demo

import "context"

// Check is a line of what was planted against what is found.
type Check struct {
	What    string
	Planted uint64
	Found   uint64
	Note    string
}

// Equal says whether all was found that was planted, and no more.
func (c Check) Equal() bool { return c.Planted == c.Found }

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
	of := &plan.Counts
	return []Check{
		{"posts", of.Posts, posts[0], "that stand; deleted ones are hidden, " + count(of.Twice) + " came twice"},
		{"platforms", of.Platforms, posts[1], ""},
		{"languages", of.Languages, posts[2], "that posts declare"},
		{"edits", of.Edits, posts[3], "posts whose later revision counts"},
		{"deletes", of.Deletes, deletes[0], "by their authors"},
		{"late posts", of.Late, posts[4], "collected more than an hour after"},
		{"gaps", of.Gaps, gaps[0], "declared by their sources"},
		{"silence", of.Silences, silences[0], "alarms of sources that say nothing"},
		{"links", of.Links, links[0], ""},
		{"rated links", of.Rated, links[1], "to sources on a list at that time"},
		{"unresolved links", of.Unresolved, links[2], "of shorteners; nobody followed them"},
	}, nil
}

// Measure says what a method finds of a campaign or a burst.
type Measure func(ctx context.Context, ask Ask, c *Campaign) (found string, err error)

// unmeasured is what there is to say where no method looks.
func unmeasured(context.Context, Ask, *Campaign) (string, error) {
	return "not measured yet: no method", nil
}

// measures says, by its name, which method looks for a campaign, and which one
// must not take a burst for one.
func measures() map[string]Measure {
	return map[string]Measure{
		"link sharing": unmeasured, "repost ring": unmeasured, "near duplicates": unmeasured, "hashtag flooding": unmeasured, "round the clock": unmeasured,
		"breaking news": unmeasured, "popular post": unmeasured, "meme": unmeasured, "trending hashtag": unmeasured, "busy person": unmeasured,
	}
}
