package assess_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/processors/assess"
	"github.com/election-observatory/observatory/processors/automation"
	"github.com/election-observatory/observatory/processors/bursts"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

// said is a post of an account with a text.
func said(n, account int, text string, at time.Time) tag.Post {
	p := linked(n, account, "", at.UnixMilli())
	p.Links, p.Text, p.TextHash = nil, text, uint64(n)<<20|uint64(len(text))
	return p
}

// settle runs methods until there is nothing to do.
func settle(t *testing.T, runner *assess.Runner) {
	t.Helper()
	for busy := true; busy; {
		var err error
		if busy, err = runner.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func accountID(n int) uuid.UUID {
	return uuid.UUID{byte(n), byte(n >> 8), 0, 0, 0, 0, 0x80, 0, 0x80, 15: 2}
}

// methods runs the methods of texts, accounts and topics over a store.
func (b *bench) methods(t *testing.T) *assess.Runner {
	t.Helper()
	cfg := assess.DefaultConfig()
	cfg.Idle = 0
	db := b.store.DB()
	work := assess.Work{
		Methods: []assess.Method{assess.NewLinks(db), assess.NewHourly(db)},
		Later:   []assess.Method{assess.NewClusters(db, assess.DefaultClusters()), assess.NewScores(db, automation.DefaultParams()), assess.NewBursts(db, bursts.DefaultParams())},
	}
	runner, err := assess.New(cfg, b.store, work, zap.NewNop(), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return runner
}

// week is what methods are to find: 36 posts of an account, 35 of another, as many
// of a newsroom that says that it is automated; copies; a hashtag.
func methodsWeek() []tag.Post {
	var posts []tag.Post
	add := func(account int, text string, at time.Time) {
		posts = append(posts, said(len(posts), account, text, at))
	}
	const copied = "the ferry to the north island leaves an hour late today %s and nobody was told why"
	for i, word := range []string{"again", "sadly", "again", "somehow"} {
		add(500+i, fmt.Sprintf(copied, word), day(3001).Add(time.Duration(i)*time.Minute))
	}
	add(510, "something else altogether that nobody in this week has copied from anybody", day(3001))
	for i := range 36 {
		at := day(3000).Add(time.Duration(i) * 4 * time.Hour)
		add(1, "", at)
		if i > 0 {
			add(2, "", at)
		}
		add(3, "", at)
	}
	for tick := range 3 {
		for i := range 30 {
			p := said(len(posts), 1000+i, "", day(3002).Add(time.Duration(12*12+tick)*5*time.Minute+time.Duration(i)*time.Second))
			p.Hashtags = []string{"flood"}
			posts = append(posts, p)
		}
	}
	for i := range posts { // Ids that say when.
		posts[i].IdentityMS = posts[i].CreatedMS
	}
	return posts
}

// people are snapshots of accounts: one is automated and says so, some are new.
func people() []tag.Account {
	list := []tag.Account{{AccountID: accountID(3), DeclaredBot: schema.Declared_DECLARED_YES}}
	for i := range 30 {
		list = append(list, tag.Account{AccountID: accountID(1000 + i), CreatedMS: day(3000).UnixMilli()})
	}
	for i := range list {
		a := &list[i]
		a.Platform, a.Version, a.CollectedMS, a.ImportedMS = schema.PlatformX, tag.Version{Low: 1}, day(3002).UnixMilli(), day(3002).UnixMilli()
	}
	return list
}

func (b *bench) deliverPeople(t *testing.T, w *store.Writer) {
	t.Helper()
	list := people()
	w.Begin(store.Batch{Partition: store.Partition{Log: "people", Topic: schema.TopicPosts}, First: 0, Next: uint64(len(list))})
	for i := range list {
		if err := w.Add(&tag.Event{Account: &list[i], Offset: uint64(i)}, 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// remove deletes posts, each so long after it was written.
func (b *bench) remove(t *testing.T, w *store.Writer, first uint64, after time.Duration, posts ...*tag.Post) {
	t.Helper()
	w.Begin(store.Batch{Partition: store.Partition{Log: "methods", Topic: schema.TopicPosts}, First: first, Next: first + uint64(len(posts))})
	for i, p := range posts {
		deleted := tag.Tombstone{
			Platform: p.Platform, IDDay: p.IDDay, PostID: p.PostID, AccountID: p.AccountID, Version: tag.Version{High: 1 << 63},
			WrittenMS: p.CreatedMS, DeletedMS: p.CreatedMS + after.Milliseconds(), CollectedMS: p.CreatedMS + after.Milliseconds(), ImportedMS: p.CreatedMS,
		}
		if err := w.Add(&tag.Event{Tombstone: &deleted, Offset: first + uint64(i)}, 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) expect(t *testing.T, what string, answers map[string]string) {
	t.Helper()
	for query, want := range answers {
		if got := b.ask(t, query); got != want {
			t.Errorf("%s: %s\nis %q\nnot %q", what, query, got, want)
		}
	}
}

const (
	askClusters = "SELECT toString(day), posts, accounts, texts, similarity > 0.7, substring(text, 1, 9) FROM observatory.text_clusters"
	askMembers  = "SELECT count(), uniqExact(account_id), min(similarity) >= 0.6, max(similarity) FROM observatory.text_cluster_members"
	askStatus   = "SELECT groupArray((status, posts, isNull(score))) FROM (SELECT status, posts, score FROM observatory.account_scores WHERE day = '%s' AND posts > 30 ORDER BY status, posts)"
	askBursts   = "SELECT topic_kind, topic, toString(from), toString(to), posts, accounts, flagged_posts, new_posts, aged_posts, round(top10_share, 2), round(gini, 2), deleted_fast FROM observatory.bursts"
	askAlerts   = "SELECT method, subject, reason, observed FROM observatory.alerts"
)

func TestMethodsInTheStore(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Minute)
	runner, w, posts := b.methods(t), b.store.NewWriter(), methodsWeek()
	b.deliverPeople(t, w)
	deliverPosts(t.Context(), t, w, "methods", 0, posts)
	settle(t, runner)
	lastDay := day(3006 - 1).Format(time.DateOnly)
	status := fmt.Sprintf(askStatus, lastDay)
	dated := func(n int) string { return day(n).Format(time.DateOnly) }
	found := map[string]string{
		askClusters: dated(3001) + "\t4\t4\t4\t1\tthe ferry",
		askMembers:  "4\t4\t1\t1",
		status:      "[('declared automation',36,1),('insufficient data',35,1),('scored',36,0)]",
		askBursts:   fmt.Sprintf("hashtag\tflood\t%[1]s 12:00:00.000\t%[1]s 12:15:00.000\t90\t30\t0\t90\t90\t0.33\t0\t0", dated(3002)),
		askAlerts:   "burst\thashtag flood\tnew accounts\t90",
		"SELECT count() FROM observatory.labels WHERE label = 'burst' OR label = 'near-duplicate text'":                                                                      "5",
		"SELECT topic, sum(posts) FROM observatory.topics GROUP BY topic":                                                                                                    "flood\t90",
		"SELECT max(abs(score - (volume + regularity + periodicity + sleepless + duplicates + fast_deletes + youth + repost_delay))) < 1e-9 FROM observatory.account_scores": "1",
	}
	b.expect(t, "at first", found)
	rows := func() string {
		return b.ask(t, "SELECT groupArray(tuple(*)) FROM (SELECT * FROM observatory.account_scores ORDER BY ALL)") + b.ask(t, "SELECT groupArray(tuple(*)) FROM (SELECT * FROM observatory.bursts ORDER BY ALL)") +
			b.ask(t, "SELECT groupArray(tuple(*)) FROM (SELECT * FROM observatory.text_clusters ORDER BY ALL)") + b.ask(t, "SELECT groupArray(tuple(*)) FROM (SELECT * FROM observatory.text_cluster_members ORDER BY ALL)")
	}
	before := rows()
	if err := runner.Recompute(t.Context(), day(3000), day(3010)); err != nil {
		t.Fatal(err)
	}
	if rows() != before {
		t.Error("computed again, the rows are others")
	}
	b.expect(t, "computed again", found)

	// Two of four copies, the last post of the one with 36, and the whole last five
	// minutes but ten posts are deleted.
	gone := []*tag.Post{&posts[0], &posts[1]}
	flood := 0
	for i := range posts {
		if p := &posts[i]; p.AccountID == accountID(1) && p.CreatedMS == day(3000).Add(35*4*time.Hour).UnixMilli() {
			gone = append(gone, p)
		} else if len(p.Hashtags) > 0 {
			if flood++; flood > 40 {
				gone = append(gone, p)
			}
		}
	}
	b.remove(t, w, uint64(len(posts)), 5*time.Minute, gone...)
	settle(t, runner)
	b.expect(t, "after deletions", map[string]string{
		askClusters: "", askMembers: "0\t0\t0\t0", askBursts: "", askAlerts: "",
		status: "[('declared automation',36,1),('insufficient data',35,1),('insufficient data',35,1)]",
		"SELECT deleted, deleted_fast, round(fast_deletes, 4) FROM observatory.account_scores WHERE toString(account_id) LIKE '0100%' AND day = '" + lastDay + "'": fmt.Sprintf("1\t1\t%.4f", 1.0/36),
	})
}
