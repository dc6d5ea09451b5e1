package datasets

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// withdrawal is what a version of the vetted tier holds that must not stand any more.
type withdrawal struct {
	posts, accounts, subjects []string // Pseudonyms of the release, and what reviewers no longer agree on.
	objected                  bool     // Somebody objected, or a judgement was taken back; else posts were deleted on their platforms.
}

func (w *withdrawal) empty() bool { return len(w.posts)+len(w.accounts)+len(w.subjects) == 0 }

// withdrawn compares a version with what was deleted and taken back in the store.
func (v *vetted) withdrawn(ctx context.Context, folder, objections string) (*withdrawal, error) {
	in, platforms, err := namedIn(folder)
	if err != nil {
		return nil, err
	}
	w := &withdrawal{}
	posts, accounts := map[string]bool{}, map[string]bool{}
	err = v.ask(ctx, "SELECT toString(platform), toString(post_id), toString(account_id), collector = '"+objections+"' FROM tombstones WHERE platform IN ("+quoted(platforms)+") AND "+v.week.mayHold(), func(scan func(...any) error) error {
		var platform, post, account string
		var objection bool
		if err := scan(&platform, &post, &account, &objection); err != nil {
			return err
		}
		if v.deleted(in, platform, post, account, posts, accounts) {
			w.objected = w.objected || objection
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for post, by := range in.posts {
		if accounts[by] {
			posts[post] = true
		}
	}
	w.posts, w.accounts = sorted(posts), sorted(accounts)
	return w, v.takenBack(ctx, in, w)
}

// deleted notes what a deletion takes from a version, and says whether it does.
func (v *vetted) deleted(in named, platform, post, account string, posts, accounts map[string]bool) bool {
	nobody := (uuid.UUID{}).String()
	by := ""
	if account != nobody {
		by = v.id(ofAccount, platform, account)
	}
	if post == nobody { // The account, with all that it wrote.
		if in.accounts[by] {
			accounts[by] = true
		}
		return in.accounts[by]
	}
	id := v.id(ofPost, platform, post)
	author, known := in.posts[id]
	if !known || by != "" && by != author {
		return false
	}
	posts[id] = true
	return true
}

// takenBack notes what reviewers no longer agree on.
func (v *vetted) takenBack(ctx context.Context, in named, w *withdrawal) error {
	stands := map[string]bool{}
	err := v.ask(ctx, "SELECT toString(subject_kind), subject_id FROM reviews WHERE status = 'agreed'", func(scan func(...any) error) error {
		var kind, subject string
		err := scan(&kind, &subject)
		stands[kind+" "+subject] = true
		return err
	})
	for _, subject := range in.subjects {
		if !stands[subject] {
			w.subjects, w.objected = append(w.subjects, subject), true
		}
	}
	return err
}

// mayHold is the condition that a deletion can be of a post of the week, by when its id
// says that it was written; ids that do not say, and accounts, can.
func (w Week) mayHold() string {
	const days = 31 // Times are bounded by when posts were collected (tag.Config).
	return fmt.Sprintf("(written_at < '1971-01-01' OR (written_at >= '%s' AND written_at < '%s'))", w.From().AddDate(0, 0, -days).Format(time.DateTime), w.To().AddDate(0, 0, days).Format(time.DateTime))
}

// named is who and what a version names: posts with their accounts, accounts, and what
// was reviewed.
type named struct {
	posts    map[string]string
	accounts map[string]bool
	subjects []string
}

// namedIn reads what a version names, and of which platforms.
func namedIn(folder string) (n named, platforms []string, err error) {
	n = named{map[string]string{}, map[string]bool{}, nil}
	seen := map[string]bool{}
	posts, err := readCSV(folder, "network_posts", "post_id", "account_id", "platform")
	if err != nil {
		return n, nil, err
	}
	for _, row := range posts {
		n.posts[row[0]], n.accounts[row[1]], seen[row[2]] = row[1], true, true
	}
	members, err := readCSV(folder, "network_members", "account_id", "platform")
	if err != nil {
		return n, nil, err
	}
	for _, row := range members {
		n.accounts[row[0]], seen[row[1]] = true, true
	}
	reviewed, err := readCSV(folder, "reviewed", "kind", "subject")
	for _, row := range reviewed {
		n.subjects = append(n.subjects, row[0]+" "+row[1])
	}
	return n, sorted(seen), err
}

func sorted(of map[string]bool) []string {
	list := make([]string, 0, len(of))
	for name := range of {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// quoted are texts as a list of literals; never empty.
func quoted(list []string) string {
	return "'" + strings.Join(list, "', '") + "'"
}

// table is the table that says what was withdrawn, from the version before and, as that
// says, from those before it.
func (w *withdrawal) table(before int, earlier [][]string) *Table {
	t := &Table{
		Name: "withdrawn", Title: "What was withdrawn", Doc: fmt.Sprintf("What version %d and those before it hold that must not be used any more: of posts and accounts the pseudonyms of this week's releases.", before),
		Columns: []Column{{"kind", String, "post, account, or what was reviewed: network, burst, lookalike."}, {"id", String, "Its pseudonym, or what it is called in reviewed."}},
	}
	for _, of := range []struct {
		kind string
		ids  []string
	}{{ofPost, w.posts}, {ofAccount, w.accounts}} {
		for _, id := range of.ids {
			t.Rows = append(t.Rows, []any{of.kind, id})
		}
	}
	for _, subject := range w.subjects {
		kind, id, _ := strings.Cut(subject, " ")
		t.Rows = append(t.Rows, []any{kind, id})
	}
	for _, row := range earlier {
		t.Rows = append(t.Rows, []any{row[0], row[1]})
	}
	sortRows(t.Rows)
	t.Rows = slices.CompactFunc(t.Rows, slices.Equal)
	return t
}

// Correction is why there has to be a new version of a release of the vetted tier.
type Correction struct {
	Version   int  // Of the version that has to be replaced.
	Withdrawn int  // Posts, accounts and reviews in it that must not stand any more.
	Objected  bool // Somebody objected to it, or a judgement was taken back: within seven days.
}

// Why says it in words.
func (c *Correction) Why() string {
	why := "deleted on their platforms"
	if c.Objected {
		why = "objected to, or taken back"
	}
	return fmt.Sprintf("Of version %d, %d posts, accounts and reviews were %s.", c.Version, c.Withdrawn, why)
}

// Corrections says what of a week's vetted release has to be withdrawn; nil where there
// is no release, or nothing is. objections is the collector of deletions that were asked for.
func Corrections(ctx context.Context, cfg *Config, objections string, ask Ask) (*Correction, error) {
	version := newest(cfg.Out, cfg.Week, Vetted)
	if version == 0 {
		return nil, nil //nolint:nilnil // There is nothing to correct.
	}
	v := &vetted{week: cfg.Week, ask: ask}
	var err error
	if v.key, err = ReleaseKey(cfg.Master, cfg.Week); err != nil {
		return nil, err
	}
	w, err := v.withdrawn(ctx, filepath.Join(cfg.Out, FolderName(cfg.Week, Vetted, version)), objections)
	if err != nil || w.empty() {
		return nil, err
	}
	return &Correction{version, len(w.posts) + len(w.accounts) + len(w.subjects), w.objected}, nil
}
