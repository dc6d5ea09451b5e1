package assess_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/zeebo/xxh3"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
	"github.com/election-observatory/observatory/processors/store/rows"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

// The model is what the store is to show after a set of events, in the plainest
// terms: no versions of rows, no notes, no order.
type model struct{ events []tag.Event }

type postKey struct {
	platform schema.Platform
	post     uuid.UUID
	account  uuid.UUID
}

func (m *model) visible() []*tag.Post {
	newest := map[postKey]*tag.Post{}
	own, nameless := map[postKey]bool{}, map[uuid.UUID]bool{}
	for i := range m.events {
		switch ev := &m.events[i]; {
		case ev.Post != nil:
			p := ev.Post
			key := postKey{p.Platform, p.PostID, p.AccountID}
			if old := newest[key]; old == nil || rows.PostVersion(old).Less(rows.PostVersion(p)) {
				newest[key] = p
			}
		case ev.Tombstone.AccountID == uuid.UUID{}:
			nameless[ev.Tombstone.PostID] = true
		default:
			own[postKey{ev.Tombstone.Platform, ev.Tombstone.PostID, ev.Tombstone.AccountID}] = true
		}
	}
	var posts []*tag.Post
	for key, p := range newest {
		if !own[key] && !nameless[key.post] {
			posts = append(posts, p)
		}
	}
	return posts
}

func (m *model) posts() string {
	var lines []string
	for _, p := range m.visible() {
		lines = append(lines, fmt.Sprintf("%s\t%s\t%s\t%s\t%d", p.Platform.Name(), p.PostID, p.AccountID, p.Text, p.CreatedMS))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

type combination struct {
	hour                  uint32
	platform, lang, query string
	kind                  string
}

func (m *model) hourly() string {
	type counts struct {
		posts, links int
		accounts     map[uuid.UUID]bool
	}
	table := map[combination]*counts{}
	for _, p := range m.visible() {
		for _, query := range append([]string{""}, p.Queries...) {
			key := combination{rows.Hour(p.CreatedMS), p.Platform.Name(), p.Lang, query, p.Kind.Name()}
			c := table[key]
			if c == nil {
				c = &counts{accounts: map[uuid.UUID]bool{}}
				table[key] = c
			}
			c.posts++
			c.links += len(p.Links)
			c.accounts[p.AccountID] = true
		}
	}
	keys := slices.SortedFunc(maps.Keys(table), func(a, b combination) int {
		return cmp.Or(cmp.Compare(a.hour, b.hour), cmp.Compare(a.platform, b.platform), cmp.Compare(a.lang, b.lang), cmp.Compare(a.query, b.query), cmp.Compare(a.kind, b.kind))
	})
	lines := make([]string, len(keys))
	for i, k := range keys {
		c := table[k]
		lines[i] = fmt.Sprintf("%d\t%s\t%s\t%s\t%s\t%d\t%d\t%d", k.hour, k.platform, k.lang, k.query, k.kind, c.posts, len(c.accounts), c.links)
	}
	return strings.Join(lines, "\n")
}

// shown asks the store for the same, of one world.
func shown(t fatal, e *enginetest.Engine, w world) (posts, hourly string) {
	from, to := w.span()
	posts, err := e.Ask(engine.RoleOwner, fmt.Sprintf(`SELECT platform, post_id, account_id, text, toUnixTimestamp64Milli(created_at) FROM observatory.posts
		WHERE created_at >= fromUnixTimestamp64Milli(%d) AND created_at < fromUnixTimestamp64Milli(%d)`, from, to))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(posts), "\n")
	slices.Sort(lines)
	hourly, err = e.Ask(engine.RoleOwner, fmt.Sprintf(`SELECT toUInt32(hour), platform, lang, query, kind, posts, accounts, links FROM observatory.hourly
		WHERE hour >= fromUnixTimestamp64Milli(%d) AND hour < fromUnixTimestamp64Milli(%d) ORDER BY ALL`, from, to))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n"), strings.TrimSpace(hourly)
}

type fatal interface{ Fatal(args ...any) }

// A world is a span of time and a space of ids for one schedule, so that many
// schedules can share an engine without emptying it.
type world struct{ number int }

const worldHours = 24 * 40

var epoch = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

func (w world) span() (from, to int64) {
	from = epoch + int64(w.number)*worldHours*time.Hour.Milliseconds()
	return from, from + worldHours*time.Hour.Milliseconds()
}

func (w world) log() string { return fmt.Sprintf("log-%d", w.number) }

func (w world) id(kind byte, n int) uuid.UUID {
	return uuid.UUID{byte(w.number >> 8), byte(w.number), kind, byte(n), 0, 0, 0x80, 0, 0x80, 0, 0, 0, 0, 0, 0, 1}
}

// spec says what an event is; small numbers make collisions, which are what
// matters.
type spec struct {
	post, account     int // Of a post; the account wrote it, unless forged.
	revision          uint64
	hour, collected   int // Claimed hour, and hours from then to collection.
	clamped           bool
	deletion, unnamed bool
	lang              string
	queries           []string
	links             int
}

// idHour is the hour that the id of a post says.
func idHour(post int) int { return post * 7 % 24 }

func (w world) event(s spec) tag.Event {
	from, _ := w.span()
	hour := time.Hour.Milliseconds()
	claimed := from + int64(s.hour)*hour
	collected := claimed + int64(s.collected)*hour + 1
	text := fmt.Sprintf("r%d c%d %v %s %v %d", s.revision, s.collected, s.clamped, s.lang, s.queries, s.links)
	if s.deletion {
		ts := tag.Tombstone{
			Platform: schema.PlatformX, IDDay: 11000, PostID: w.id('p', s.post), AccountID: w.id('a', s.account),
			Version: tag.Version{High: 1 << 63, Low: uint64(collected) << 20}, DeletedMS: claimed, CollectedMS: collected, ImportedMS: collected,
		}
		if s.unnamed {
			ts.AccountID = uuid.UUID{}
		}
		return tag.Event{Tombstone: &ts}
	}
	p := tag.Post{
		Platform: schema.PlatformX, Kind: schema.KindPost, IDDay: 11000, PostID: w.id('p', s.post), AccountID: w.id('a', s.account), Revision: s.revision,
		Version: tag.Version{High: s.revision, Low: uint64(collected)<<20 | xxh3.HashString(text)>>44}, ClaimedMS: claimed, CreatedMS: claimed, CollectedMS: collected,
		IdentityMS: from + int64(idHour(s.post))*hour, ImportedMS: collected, Lang: s.lang, Queries: s.queries, Links: make([]tag.Link, s.links),
		Text: text,
	}
	for i := range p.Links {
		p.Links[i] = tag.Link{URL: fmt.Sprintf("https://example.org/%d", i)}
	}
	if s.clamped {
		p.Clamped, p.CreatedMS = true, collected+1
	}
	return tag.Event{Post: &p}
}

// partitionOf is where the log has an event: by author, as collectors do it,
// and by post where no author is named.
func partitionOf(s spec, partitions int) int {
	if s.unnamed {
		return s.post % partitions
	}
	return s.account % partitions
}
