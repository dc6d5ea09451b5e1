package store_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/processors/store"
	"github.com/election-observatory/observatory/processors/store/rows"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

var (
	low  = uuid.MustParse("00000000-0000-8000-8000-000000000001")
	high = uuid.MustParse("ffffffff-ffff-8fff-bfff-fffffffffffe")
)

const (
	firstMS = -2208988800000 // 1900-01-01, the least that DateTime64 holds.
	lastMS  = 10413791999999 // 2299-12-31T23:59:59.999Z, the greatest.
)

func write(tb testing.TB, w *store.Writer, first uint64, events ...tag.Event) {
	tb.Helper()
	w.Begin(batch(first, first+uint64(len(events))))
	for i := range events {
		if err := w.Add(&events[i], time.Now().UnixMilli()); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Commit(tb.Context()); err != nil {
		tb.Fatal(err)
	}
}

func batch(first, next uint64) store.Batch {
	return store.Batch{Partition: store.Partition{Log: "log", Topic: schema.TopicPosts}, First: first, Next: next}
}

func extremePost() tag.Post {
	return tag.Post{
		Platform: schema.PlatformBluesky, Kind: schema.KindQuote, IDDay: math.MaxUint16, PostID: high, AccountID: low,
		Version: tag.Version{High: math.MaxInt64, Low: math.MaxUint64}, Revision: math.MaxInt64,
		ClaimedMS: firstMS, CreatedMS: lastMS, CollectedMS: lastMS, ImportedMS: 4102444800000, Clamped: true, Archived: true,
		Lang: "zh-hant", LangSource: "declared", Langs: []string{"zh-hant", "", "de"}, Title: "T\x01\n\t'\\", Text: strings.Repeat("Grüße, 世界 🗳 ", 5000), TextHash: math.MaxUint64,
		ReplyTo: low, ReplyToAccount: high, RepostOf: high, RepostOfAccount: low, QuoteOf: low, QuoteOfAccount: high,
		Mentions: []uuid.UUID{low, high}, Hashtags: []string{"wahl", ""},
		Links:   []tag.Link{{URL: "https://example.org/ä", Canonical: "https://example.org/a", Domain: "example.org", Unresolved: true}, {URL: "x:post:1", Account: high}},
		Media:   []tag.Media{{Kind: "image", ID: "m1"}},
		Queries: []string{"q1", "q2"}, QuerySet: "set", Likes: math.MaxUint64, Reposts: 1, Replies: 2, Quotes: 3, Views: 4,
		Client: "client", Sensitive: true, Collector: "bluesky", Source: "host", NativeID: "at://x", Permalink: "https://p", RawText: "raw",
	}
}

func TestEveryTypeIsReadBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	s, e := open(t)
	most, none := uint64(math.MaxUint64), uint64(0)
	extreme, empty := extremePost(), tag.Post{Platform: schema.PlatformRSS, Kind: schema.KindItem}
	author := tag.Account{
		Platform: schema.PlatformX, AccountID: high, Version: tag.Version{High: 1, Low: 2}, CollectedMS: lastMS, Followers: &most, Following: &none,
		CreatedMS: firstMS, DeclaredBot: schema.Declared_DECLARED_YES, Verified: true, Status: schema.AccountStatus_ACCOUNT_STATUS_SUSPENDED,
	}
	unknown := tag.Account{Platform: schema.PlatformX, AccountID: low}
	extreme.Author, empty.Author = &author, &unknown
	w := s.NewWriter()
	write(t, w, 0,
		tag.Event{Post: &extreme, Offset: math.MaxUint64, Partition: math.MaxUint32},
		tag.Event{Post: &empty, Offset: 1},
		tag.Event{Coverage: &schema.Coverage{
			Source: "s", MinuteMs: 1_700_000_040_000, Part: "p", Connected: true, Expected: &most, Received: 3, Emitted: 2,
			Rejected: map[string]uint64{"syntax": 1}, Kinds: map[string]uint64{"post": 2}, Late: 4, LagS: 0.5, GapFromMs: 1000, GapToMs: 2000, GapReason: "r",
		}},
		tag.Event{Coverage: &schema.Coverage{Source: "s", Part: "q"}},
		tag.Event{Reject: &schema.Reject{Source: "s", Position: "1", Reason: "syntax", Raw: []byte{0, 0xff, '\n'}, RawSize: 3, RawSha256: []byte{0xab}, CollectedMs: 5}},
		tag.Event{Tombstone: &tag.Tombstone{Platform: schema.PlatformX, PostID: low, DeletedMS: 7}},
		tag.Event{Expansion: &tag.Expansion{URL: "https://t.co/a", Status: "resolved", Target: tag.Link{URL: "x:post:1", Domain: "x.com", Account: high}, Chain: []string{"https://t.co/a", "x:post:1"}}},
		tag.Event{Account: &author, Identities: []tag.Identity{{Platform: schema.PlatformX, AccountID: high, NativeID: "42", Handle: "h", Name: "ñ", ImportedMS: time.Now().UnixMilli(), Version: tag.Version{Low: 1}}}},
	)
	for _, c := range []struct{ what, query, want string }{
		{"extreme post", "SELECT * FROM observatory_store.post_rows WHERE platform = 'bluesky' FORMAT JSONCompactEachRow", extremeRow()},
		{"empty post", "SELECT id_day, post_id, version, lang, langs, mentions, links.url, links.unresolved, toUnixTimestamp64Milli(created_at) FROM observatory_store.post_rows WHERE platform = 'rss' FORMAT JSONCompactEachRow", `["1970-01-01", "00000000-0000-0000-0000-000000000000", 9223372036854775808, "", [], [], [], [], 0]`},
		{
			"accounts", "SELECT account_id, day, followers, following, posts, toUnixTimestamp64Milli(created_at), declared_bot, verified, status FROM observatory_store.account_rows ORDER BY account_id FORMAT JSONCompactEachRow",
			`["00000000-0000-8000-8000-000000000001", "1970-01-01", null, null, null, null, null, false, ""]` + "\n" +
				`["ffffffff-ffff-8fff-bfff-fffffffffffe", "2149-06-06", 18446744073709551615, 0, null, -2208988800000, true, true, "suspended"]`,
		},
		{
			"coverage", "SELECT minute, part, connected, expected, received, rejected, kinds, lag_s, gap_from, gap_reason FROM observatory_store.coverage_rows ORDER BY part FORMAT JSONCompactEachRow",
			`["2023-11-14 22:14:00", "p", true, 18446744073709551615, 3, {"syntax":1}, {"post":2}, 0.5, "1970-01-01 00:00:01.000", "r"]` + "\n" +
				`["1970-01-01 00:00:00", "q", false, null, 0, {}, {}, 0, null, ""]`,
		},
		{"rejects", "SELECT hex(raw), raw_size, raw_sha256, toUnixTimestamp64Milli(collected_at) FROM observatory_store.reject_rows FORMAT JSONCompactEachRow", `["00FF0A", 3, "ab", 5]`},
		{"tombstones", "SELECT platform, post_id, account_id, toUnixTimestamp64Milli(deleted_at) FROM observatory.tombstones FORMAT JSONCompactEachRow", `["x", "00000000-0000-8000-8000-000000000001", "00000000-0000-0000-0000-000000000000", 7]`},
		{
			"expansions", "SELECT url, status, target, domain, account, chain FROM observatory.url_expansions FORMAT JSONCompactEachRow",
			`["https:\/\/t.co\/a", "resolved", "x:post:1", "x.com", "ffffffff-ffff-8fff-bfff-fffffffffffe", ["https:\/\/t.co\/a","x:post:1"]]`,
		},
		{"identities", "SELECT native_id, handle, name FROM observatory.identities FORMAT JSONCompactEachRow", `["42", "h", "ñ"]`},
	} {
		got, err := e.Ask(engine.RoleOwner, c.query, "output_format_json_quote_64bit_integers", "0")
		if err != nil {
			t.Fatal(c.what, ": ", err)
		}
		if diff := cmp.Diff(strings.ReplaceAll(c.want, ", ", ","), strings.ReplaceAll(strings.TrimSpace(got), ", ", ",")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.what, diff)
		}
	}
}

func extremeRow() string {
	p := extremePost()
	return fmt.Sprintf(`["bluesky", "2149-06-06", %[1]q, %[2]q, 170141183460469231731687303715884105727, false, 9223372036854775807, "quote", `+
		`"1900-01-01 00:00:00.000", "2299-12-31 23:59:59.999", "2299-12-31 23:59:59.999", true, true, "zh-hant", "declared", ["zh-hant","","de"], `+
		`"T\u0001\n\t'\\", "%[3]s", 18446744073709551615, %[2]q, %[1]q, %[1]q, %[2]q, %[2]q, %[1]q, [%[2]q,%[1]q], ["wahl",""], `+
		`["https:\/\/example.org\/ä","x:post:1"], ["https:\/\/example.org\/a",""], ["example.org",""], [true,false], ["00000000-0000-0000-0000-000000000000","ffffffff-ffff-8fff-bfff-fffffffffffe"], ["image"], ["m1"], ["q1","q2"], "set", 18446744073709551615, 1, 2, 3, 4, `+
		`"client", true, "at:\/\/x", "https:\/\/p", "raw", "bluesky", "host", "2100-01-01 00:00:00.000", 4294967295, 18446744073709551615]`, high, low, p.Text)
}

// The dictionary of a block may need keys of one, two or four bytes, and a batch
// more than one block.
func TestLargeDictionariesAndManyBlocks(t *testing.T) {
	t.Parallel()
	s, e := open(t)
	w := s.NewWriter()
	total := 0
	for round, n := range []int{200, 300, rows.MaxBlock + 10, 100} {
		w.Begin(batch(uint64(total), uint64(total+n)))
		for i := range n {
			p := tag.Post{Platform: schema.PlatformX, Kind: schema.KindPost, PostID: numbered(total + i), Client: fmt.Sprintf("client %d", i), Text: fmt.Sprintf("text %d", i)}
			p.Langs = []string{fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i)}
			p.Author = &tag.Account{Platform: schema.PlatformX, AccountID: numbered(i), Version: tag.Version{Low: uint64(round)}, Source: p.Client}
			if err := w.Add(&tag.Event{Post: &p, Offset: uint64(total + i)}, 0); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		got, err := e.Ask(engine.RoleOwner, fmt.Sprintf(`SELECT count(), countIf(substring(client, 8) = substring(text, 6)), countIf(langs[1] = concat('a', substring(text, 6)) AND langs[2] = concat('b', substring(text, 6)))
			FROM observatory_store.post_rows WHERE _offset >= %d`, total))
		if want := fmt.Sprintf("%[1]d\t%[1]d\t%[1]d\n", n); err != nil || got != want {
			t.Errorf("round %d: %q, %v, want %q", round, got, err, want)
		}
		total += n
	}
	got, err := e.Ask(engine.RoleOwner, "SELECT count(), uniqExact(account_id), uniqExact(source) FROM observatory.accounts")
	if want := fmt.Sprintf("%[1]d\t%[1]d\t%[1]d\n", rows.MaxBlock+10); err != nil || got != want {
		t.Errorf("accounts: %q, %v, want %q", got, err, want)
	}
}

func numbered(n int) uuid.UUID {
	var id uuid.UUID
	for i := range 8 {
		id[15-i] = byte(n >> (8 * i))
	}
	id[6], id[8] = 0x80, 0x80
	return id
}
