package archive

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"google.golang.org/protobuf/proto"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// at follows a path such as "user.id_str" or "entities.urls[].url" through JSON
// that was decoded without types, and lists every value at its end as text.
func at(v any, path string) []string {
	if v == nil {
		return nil
	}
	if path == "" {
		switch x := v.(type) {
		case []any, map[string]any:
			panic("the path ends before a value")
		case json.Number:
			return []string{x.String()}
		default:
			return []string{fmt.Sprint(x)}
		}
	}
	step, rest, _ := strings.Cut(path, ".")
	name, isList := strings.CutSuffix(step, "[]")
	object, _ := v.(map[string]any)
	if !isList {
		return at(object[name], rest)
	}
	items, _ := object[name].([]any)
	var all []string
	for _, item := range items {
		all = append(all, at(item, rest)...)
	}
	return all
}

// fact is a field of a post and where a platform's JSON has it.
type fact struct {
	name string
	path string // Several, separated by "|": the first that is there.
	want func(values []string) []string
	got  func(p *schema.Post) []string
}

func one(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func number(n *uint64) []string {
	if n == nil {
		return nil
	}
	return []string{strconv.FormatUint(*n, 10)}
}

func millis(ms int64) []string { return []string{strconv.FormatInt(ms, 10)} }

// timeIn reads times of a layout as Unix milliseconds.
func timeIn(layout string) func([]string) []string {
	return func(values []string) []string {
		t, err := time.Parse(layout, values[0])
		if err != nil {
			panic(err)
		}
		return millis(t.UnixMilli())
	}
}

func each[T any](items []T, text func(T) string) []string {
	var all []string
	for _, item := range items {
		all = append(all, text(item))
	}
	return all
}

func twitterFacts() []fact {
	return []fact{
		{name: "id", path: "id_str", got: func(p *schema.Post) []string { return one(p.GetNativeId()) }},
		{name: "author", path: "user.id_str", got: func(p *schema.Post) []string { return one(p.GetAuthor().GetNativeId()) }},
		{name: "handle", path: "user.screen_name", got: func(p *schema.Post) []string { return one(p.GetAuthor().GetHandle()) }},
		{name: "followers", path: "user.followers_count", got: func(p *schema.Post) []string { return number(p.GetAuthor().Followers) }},
		{name: "following", path: "user.friends_count", got: func(p *schema.Post) []string { return number(p.GetAuthor().Following) }},
		{name: "posts", path: "user.statuses_count", got: func(p *schema.Post) []string { return number(p.GetAuthor().Posts) }},
		{name: "account made", path: "user.created_at", want: timeIn(time.RubyDate), got: func(p *schema.Post) []string { return millis(p.GetAuthor().GetCreatedMs()) }},
		{name: "verified", path: "user.verified", got: func(p *schema.Post) []string { return one(strconv.FormatBool(p.GetAuthor().GetVerified())) }},
		{name: "claimed", path: "created_at", want: timeIn(time.RubyDate), got: func(p *schema.Post) []string { return millis(p.GetClaimedMs()) }},
		{name: "text", path: "text", want: func(v []string) []string {
			return one(html.UnescapeString(v[0]))
		}, got: func(p *schema.Post) []string { return one(p.GetText()) }},
		{name: "language", path: "lang", want: func(v []string) []string {
			return slices.DeleteFunc(v, func(s string) bool { return s == "und" })
		}, got: func(p *schema.Post) []string { return p.GetLangs() }},
		{name: "reply", path: "in_reply_to_status_id_str", got: func(p *schema.Post) []string { return one(p.GetReplyTo().GetNativeId()) }},
		{name: "repost", path: "retweeted_status.id_str", got: func(p *schema.Post) []string { return one(p.GetRepostOf().GetNativeId()) }},
		{name: "reposted author", path: "retweeted_status.user.id_str", got: func(p *schema.Post) []string { return one(p.GetRepostOf().GetAuthorId()) }},
		{name: "mentioned ids", path: "entities.user_mentions[].id_str", got: func(p *schema.Post) []string {
			return each(p.GetMentions(), (*schema.Mention).GetNativeId)
		}},
		{name: "mentioned names", path: "entities.user_mentions[].screen_name", got: func(p *schema.Post) []string {
			return each(p.GetMentions(), (*schema.Mention).GetHandle)
		}},
		{name: "links", path: "retweeted_status.entities.urls[].expanded_url|entities.urls[].expanded_url", got: func(p *schema.Post) []string {
			return each(p.GetLinks(), (*schema.Link).GetUrl)
		}},
		{name: "hashtags", path: "retweeted_status.entities.hashtags[].text|entities.hashtags[].text", got: func(p *schema.Post) []string { return p.GetHashtags() }},
		{name: "media", path: "extended_entities.media[].id_str|entities.media[].id_str", got: func(p *schema.Post) []string {
			return each(p.GetMedia(), (*schema.Media).GetNativeId)
		}},
	}
}

func jetstreamFacts() []fact {
	return []fact{
		{name: "author", path: "did", got: func(p *schema.Post) []string { return one(p.GetAuthor().GetNativeId()) }},
		{name: "key", path: "commit.rkey", got: func(p *schema.Post) []string {
			return one(p.GetNativeId()[strings.LastIndexByte(p.GetNativeId(), '/')+1:])
		}},
		{name: "collection", path: "commit.collection", got: func(p *schema.Post) []string { return one(strings.Split(p.GetNativeId(), "/")[3]) }},
		{name: "claimed", path: "commit.record.createdAt", want: timeIn(time.RFC3339), got: func(p *schema.Post) []string { return millis(p.GetClaimedMs()) }},
		{name: "collected", path: "time_us", want: func(v []string) []string { return one(v[0][:len(v[0])-3]) }, got: func(p *schema.Post) []string { return millis(p.GetCollectedMs()) }},
		{name: "text", path: "commit.record.text", got: func(p *schema.Post) []string { return one(p.GetText()) }, want: func(v []string) []string { return one(strings.Join(v, "")) }},
		{name: "languages", path: "commit.record.langs[]", got: func(p *schema.Post) []string { return p.GetLangs() }},
		{name: "reply", path: "commit.record.reply.parent.uri", got: func(p *schema.Post) []string { return one(p.GetReplyTo().GetNativeId()) }},
		{name: "repost", path: "commit.record.subject.uri", got: func(p *schema.Post) []string { return one(p.GetRepostOf().GetNativeId()) }},
		{name: "links", path: "commit.record.facets[].features[].uri|commit.record.embed.external.uri", got: func(p *schema.Post) []string {
			return each(p.GetLinks(), (*schema.Link).GetUrl)
		}},
		{name: "hashtags", path: "commit.record.facets[].features[].tag", got: func(p *schema.Post) []string { return p.GetHashtags() }},
		{name: "images", path: "commit.record.embed.images[].image.ref.$link", got: func(p *schema.Post) []string {
			return each(p.GetMedia(), (*schema.Media).GetNativeId)
		}},
	}
}

// twitterV2Facts are those of posts that twarc has flattened.
func twitterV2Facts() []fact {
	declared := func(v []string) []string {
		return slices.DeleteFunc(v, func(s string) bool { return s == "und" || s == "zxx" || s == "art" || len(s) == 3 && s[0] == 'q' })
	}
	return []fact{
		{name: "id", path: "id", got: func(p *schema.Post) []string { return one(p.GetNativeId()) }},
		{name: "author", path: "author_id", got: func(p *schema.Post) []string { return one(p.GetAuthor().GetNativeId()) }},
		{name: "handle", path: "author.username", got: func(p *schema.Post) []string { return one(p.GetAuthor().GetHandle()) }},
		{name: "followers", path: "author.public_metrics.followers_count", got: func(p *schema.Post) []string { return number(p.GetAuthor().Followers) }},
		{name: "following", path: "author.public_metrics.following_count", got: func(p *schema.Post) []string { return number(p.GetAuthor().Following) }},
		{name: "posts", path: "author.public_metrics.tweet_count", got: func(p *schema.Post) []string { return number(p.GetAuthor().Posts) }},
		{name: "account made", path: "author.created_at", want: timeIn(time.RFC3339), got: func(p *schema.Post) []string { return millis(p.GetAuthor().GetCreatedMs()) }},
		{name: "verified", path: "author.verified", got: func(p *schema.Post) []string { return one(strconv.FormatBool(p.GetAuthor().GetVerified())) }},
		{name: "claimed", path: "created_at", want: timeIn(time.RFC3339), got: func(p *schema.Post) []string { return millis(p.GetClaimedMs()) }},
		{name: "collected", path: "__twarc.retrieved_at", want: timeIn(time.RFC3339), got: func(p *schema.Post) []string { return millis(p.GetCollectedMs()) }},
		{name: "text", path: "text", want: func(v []string) []string { return one(html.UnescapeString(v[0])) }, got: func(p *schema.Post) []string { return one(p.GetText()) }},
		{name: "language", path: "lang", want: declared, got: func(p *schema.Post) []string { return p.GetLangs() }},
		{name: "mentioned names", path: "entities.mentions[].username", got: func(p *schema.Post) []string {
			return each(p.GetMentions(), (*schema.Mention).GetHandle)
		}},
		{name: "mentioned ids", path: "entities.mentions[].id", got: func(p *schema.Post) []string {
			return slices.DeleteFunc(each(p.GetMentions(), (*schema.Mention).GetNativeId), func(s string) bool { return s == "" })
		}},
		{name: "client", path: "source", got: func(p *schema.Post) []string { return one(p.GetClient()) }},
	}
}

func mastodonFacts() []fact {
	return []fact{
		{name: "address", path: "url", got: func(p *schema.Post) []string { return one(p.GetPermalink()) }},
		{name: "name", path: "account.display_name", want: func(v []string) []string { return one(v[0]) }, got: func(p *schema.Post) []string { return one(p.GetAuthor().GetName()) }},
		{name: "profile", path: "account.url", want: func(v []string) []string { return one(strings.TrimPrefix(v[0], "https://")) }, got: func(p *schema.Post) []string { return one(p.GetAuthor().GetNativeId()) }},
		{name: "followers", path: "account.followers_count", got: func(p *schema.Post) []string { return number(p.GetAuthor().Followers) }},
		{name: "following", path: "account.following_count", got: func(p *schema.Post) []string { return number(p.GetAuthor().Following) }},
		{name: "posts", path: "account.statuses_count", got: func(p *schema.Post) []string { return number(p.GetAuthor().Posts) }},
		{name: "account made", path: "account.created_at", want: timeIn(time.RFC3339), got: func(p *schema.Post) []string { return millis(p.GetAuthor().GetCreatedMs()) }},
		{name: "bot", path: "account.bot", got: func(p *schema.Post) []string {
			return one(strconv.FormatBool(p.GetAuthor().GetDeclaredBot() == schema.Declared_DECLARED_YES))
		}},
		{name: "claimed", path: "created_at", want: timeIn(time.RFC3339), got: func(p *schema.Post) []string { return millis(p.GetClaimedMs()) }},
		{name: "language", path: "language", got: func(p *schema.Post) []string { return p.GetLangs() }},
		{name: "sensitive", path: "sensitive", got: func(p *schema.Post) []string { return one(strconv.FormatBool(p.GetSensitive())) }},
		{name: "hashtags", path: "tags[].name", got: func(p *schema.Post) []string { return p.GetHashtags() }},
		{name: "media", path: "media_attachments[].remote_url", got: func(p *schema.Post) []string {
			return each(p.GetMedia(), (*schema.Media).GetUrl)
		}},
	}
}

func check(t *testing.T, number int, f fact, source any, p *schema.Post) (compared int) {
	t.Helper()
	var want []string
	for path := range strings.SplitSeq(f.path, "|") {
		if want = at(source, path); len(want) > 0 {
			break
		}
	}
	if f.want != nil && len(want) > 0 {
		want = f.want(want)
	}
	if got := f.got(p); !slices.Equal(got, want) {
		t.Errorf("record %d: %s differs from %s: %d values, want %d", number, f.name, f.path, len(got), len(want)) // Values are of real people.
	}
	return len(want)
}

// TestPostsSayWhatTheirJSONSays holds each field against the recording as a
// decoder without types reads it.
func TestPostsSayWhatTheirJSONSays(t *testing.T) {
	t.Parallel()
	for format, c := range map[string]struct {
		name  string
		facts []fact
	}{
		"twitter-v1": {"platforms/twitter_v11_stream.jsonl.gz", twitterFacts()},
		"twitter-v2": {"platforms/twitter_v2/flat.jsonl", twitterV2Facts()},
		"jetstream":  {"platforms/jetstream_v1_events.jsonl", jetstreamFacts()},
		"mastodon":   {"platforms/mastodon_statuses.json", mastodonFacts()},
	} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			d, list := records(t, config(format, recording(t, c.name)))
			compared := map[string]int{}
			for n, rec := range list {
				out := only(t, d, rec)
				if out.Event.GetPost() == nil {
					continue
				}
				var source any
				reader := json.NewDecoder(strings.NewReader(string(rec)))
				reader.UseNumber()
				if err := reader.Decode(&source); err != nil {
					t.Fatal(err)
				}
				for _, f := range c.facts {
					compared[f.name] += check(t, n, f, source, out.Event.GetPost())
				}
			}
			for _, f := range c.facts {
				if compared[f.name] == 0 {
					t.Errorf("%s: nothing in the recording to compare with", f.name)
				}
			}
		})
	}
}

// only is what a record of one part says.
func only(tb testing.TB, d decoder, rec []byte) (only mapping.Decoded) {
	tb.Helper()
	(&chunk{}).each(d, record{}, rec, func(part int, _ []byte, out mapping.Decoded, why *mapping.Rejection) {
		if why != nil || part > 1 {
			tb.Fatalf("part %d: %v", part, why)
		}
		only = out
	})
	return only
}

// The same hundred posts, flat and as a page, say the same.
func TestFlatPostsSayWhatTheirPageSays(t *testing.T) {
	t.Parallel()
	said := func(name string) map[string]*schema.Post {
		_, events := read(t, config("twitter-v2", recording(t, "platforms/twitter_v2/"+name)))
		posts := map[string]*schema.Post{}
		for _, e := range events {
			if p := e.GetPost(); p != nil {
				p.Source, p.CollectedMs, p.Client = "", 0, "" // What is of the file, and what flattening keeps or not.
				posts[p.GetNativeId()] = p
			}
		}
		return posts
	}
	flat, page := said("flat.jsonl"), said("noflat.jsonl")
	if len(flat) != 100 || len(page) != 100 {
		t.Fatalf("%d and %d posts", len(flat), len(page))
	}
	for id, p := range flat {
		if !proto.Equal(p, page[id]) {
			t.Error("a post differs") // Of a real person.
		}
	}
}

// TestMentionsLieWhereTheTextNamesThem looks each marked mention up in the text.
func TestMentionsLieWhereTheTextNamesThem(t *testing.T) {
	t.Parallel()
	d, list := records(t, config("twitter-v1", recording(t, "platforms/twitter_v11_stream.jsonl.gz")))
	whole, cut := 0, 0
	for n, rec := range list {
		out, err := d.decode(rec)
		if err != nil {
			t.Fatal(err)
		}
		p := out.Event.GetPost()
		for _, m := range p.GetMentions() {
			switch shown := p.GetText()[m.GetStart():m.GetEnd()]; {
			case strings.EqualFold(strings.TrimLeft(shown, "@＠"), m.GetHandle()):
				whole++
			case strings.HasSuffix(shown, "…") && m.GetEnd() == uint32(len(p.GetText())):
				cut++ // A repost that did not fit.
			default:
				t.Errorf("record %d: a mention at [%d, %d) does not name its account", n, m.GetStart(), m.GetEnd())
			}
		}
	}
	if whole < 700 {
		t.Errorf("%d mentions in their places, %d cut", whole, cut)
	}
}

// TestRowsSayWhatTheStandardReaderReads holds the table against encoding/csv.
func TestRowsSayWhatTheStandardReaderReads(t *testing.T) {
	t.Parallel()
	name := recording(t, "campaign/ira_german_2017.csv.gz")
	d, list := records(t, config("ira-csv", name))
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows := csv.NewReader(z)
	names, err := rows.Read()
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		values, err := rows.Read()
		if errors.Is(err, io.EOF) {
			if n != len(list) {
				t.Errorf("%d rows, want %d", len(list), n)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		of := func(column string) string { return values[slices.Index(names, column)] }
		out, err := d.decode(list[n])
		if err != nil {
			t.Fatal(err)
		}
		p := out.Event.GetPost()
		published, err := time.Parse(time.DateTime, of("publish_date"))
		if err != nil {
			t.Fatal(err)
		}
		harvested, err := time.Parse(time.DateTime, of("harvested_date"))
		if err != nil {
			t.Fatal(err)
		}
		for what, same := range map[string]bool{
			"author": p.GetAuthor().GetHandle() == of("author_id"), "text": p.GetText() == withoutControls(html.UnescapeString(of("content"))),
			"followers": number(p.GetAuthor().Followers)[0] == of("followers"), "following": number(p.GetAuthor().Following)[0] == of("following"),
			"updates": number(p.GetAuthor().Posts)[0] == of("updates"), "claimed": p.GetClaimedMs() == published.UnixMilli(),
			"collected": p.GetCollectedMs() == harvested.UnixMilli(), "repost": (p.GetKind() != schema.KindPost) == (of("retweet") == "1"),
			"links": len(p.GetLinks()) <= strings.Count(strings.ToLower(of("content")), "http"),
		} {
			if !same {
				t.Fatalf("row %d: %s differs", n, what)
			}
		}
	}
}

func withoutControls(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}
