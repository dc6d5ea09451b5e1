package demo

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// margin is how far what is below a heading stands in.
const margin = 2

// Report writes what was planted and found, questions with their answers, how
// long it took, and what to do next.
type Report struct {
	Out   io.Writer
	Ask   Ask
	Plan  *Plan
	Times []Time
	Begun time.Time // When it all began.
	Next  []Hint
	// Pseudonyms are those that an account could have in the store: of its id on
	// each of the platforms.
	Pseudonyms func(id string) []string

	differ int // Lines of planted against found.
}

// Time is how long something took.
type Time struct {
	What string
	Took time.Duration
}

// Hint is a command and what it shows.
type Hint struct{ Command, Shows string }

// Write writes the report; what cannot be counted ends it. It is an error if what
// is found is not what was planted.
func (r *Report) Write(ctx context.Context) error {
	r.heading()
	if err := r.checks(ctx); err != nil {
		return err
	}
	if err := r.campaigns(ctx); err != nil {
		return err
	}
	asked := time.Now()
	for i, q := range Questions() {
		if err := r.question(ctx, i+1, q); err != nil {
			return err
		}
	}
	r.Times = append(r.Times, Time{"three questions", time.Since(asked)}, Time{"all", time.Since(r.Begun)})
	r.times()
	r.hints()
	if r.differ > 0 {
		return fmt.Errorf("demo: %d lines of what was planted differ from what is found: they are marked with !=", r.differ)
	}
	return nil
}

func (r *Report) line(format string, args ...any) {
	fmt.Fprintln(r.Out, strings.TrimRight(fmt.Sprintf(format, args...), " "))
}

func (r *Report) indented(lines []string) {
	for _, line := range lines {
		r.line("%s%s", strings.Repeat(" ", margin), line)
	}
}

func (r *Report) title(text string) {
	r.line("\n%s\n%s", text, strings.Repeat("─", len([]rune(text))))
}

func (r *Report) heading() {
	r.line("An election week, invented: 3 to 9 June 2024 in UTC (ISO week %s).", r.Plan.Week)
	r.line("Seed %d: %s posts. Nobody in it is real, nor is any text.", r.Plan.Seed, count(r.Plan.Counts.Written))
	r.line("The posts went the whole road, from the log through the processors into the store;\nall that follows was asked of the store, in SQL.")
}

func (r *Report) checks(ctx context.Context) error {
	found, err := Find(ctx, r.Ask, r.Plan)
	if err != nil {
		return err
	}
	r.title("Planted against found")
	r.differ = 0
	rows := make([][]string, 0, len(found))
	for i := range found {
		c := &found[i]
		mark := "="
		if !c.Equal() {
			mark = "!="
			if c.What != silence { // Small weeks have more of them by chance.
				r.differ++
			}
		}
		rows = append(rows, []string{c.What, count(c.Planted), mark, count(c.Found)})
	}
	lines := table([]string{"", "planted", "", "found"}, rows, "lr")
	for i := range found {
		if c := &found[i]; c.Note != "" {
			lines[i+1] += "   " + c.Note
		}
	}
	r.indented(lines)
	return nil
}

func (r *Report) campaigns(ctx context.Context) error {
	f, err := r.Ask.findings(ctx)
	if err != nil {
		return err
	}
	for _, list := range []struct {
		title string
		of    []Campaign
	}{{"Campaigns, which methods are to find", r.Plan.Campaigns}, {"Bursts, which they are not to take for campaigns", r.Plan.Bursts}} {
		r.title(list.title)
		var rows [][]string
		for i := range list.of {
			c := &list.of[i]
			found, err := r.recall(ctx, f, c)
			if err != nil {
				return err
			}
			rows = append(rows, []string{c.Name, count(uint64(len(c.Accounts))), count(uint64(c.Posts)), found[0]})
			for _, more := range found[1:] {
				rows = append(rows, []string{"", "", "", more})
			}
		}
		r.indented(table([]string{"planted", "accounts", "posts", "found"}, rows, "lrrl"))
		r.line("")
		for i := range list.of {
			r.line("  %s: %s.", list.of[i].Name, list.of[i].What)
		}
	}
	r.line("")
	r.indented(r.mistakes(f))
	return nil
}

func (r *Report) question(ctx context.Context, number int, q Question) error {
	rows, err := r.Ask(ctx, q.SQL)
	if err != nil {
		return err
	}
	answer, lines, err := q.show(rows)
	if err != nil {
		return err
	}
	r.title(fmt.Sprintf("Question %d. %s", number, q.Title))
	r.indented(strings.Split(q.SQL, "\n"))
	r.line("\n  %s\n", answer)
	r.indented(lines)
	return nil
}

func (r *Report) times() {
	r.title("Times")
	rows := make([][]string, len(r.Times))
	for i, t := range r.Times {
		rows[i] = []string{t.What, fmt.Sprintf("%.1f s", t.Took.Seconds())}
	}
	r.indented(table([]string{"", ""}, rows, "lr")[1:])
}

func (r *Report) hints() {
	r.title("Next")
	for _, h := range r.Next {
		r.line("  %s", h.Shows)
		r.line("    %s", h.Command)
	}
}
