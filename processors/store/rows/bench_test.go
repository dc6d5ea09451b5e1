package rows_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/election-observatory/observatory/processors/store/rows"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

// samplePosts are of the size that platforms have: 150 bytes of text, a link in
// every second post, a hashtag in every third, a reply in every fourth.
func samplePosts(n int) []tag.Post {
	followers := uint64(1000)
	posts := make([]tag.Post, n)
	for i := range posts {
		ms := int64(1_700_000_000_000 + i*20)
		posts[i] = tag.Post{
			Platform: schema.PlatformBluesky, Kind: schema.KindPost, IDDay: uint16(ms / 86_400_000), PostID: uuidOf(i), AccountID: uuidOf(i % 3000),
			Version: tag.Version{Low: uint64(ms) << 20}, ClaimedMS: ms, CreatedMS: ms, CollectedMS: ms + 800, ImportedMS: ms + 800,
			Lang: []string{"de", "en", "es", "und"}[i%4], LangSource: "declared", Langs: []string{"de"}, Text: strings.Repeat("word ", 30), TextHash: uint64(i),
			Collector: "bluesky", Source: "jetstream1.us-east", NativeID: "at://did:plc:abcdefghijklmnop/app.bsky.feed.post/3kabcdefghijk",
		}
		p := &posts[i]
		if i%2 == 0 {
			p.Links = []tag.Link{{URL: fmt.Sprintf("https://news.example.org/%d", i%500), Domain: fmt.Sprintf("example%d.org", i%300)}}
		}
		if i%3 == 0 {
			p.Hashtags = []string{"wahl"}
		}
		if i%4 == 0 {
			p.Kind, p.ReplyTo, p.ReplyToAccount = schema.KindReply, uuidOf(i+1), uuidOf(i%100)
		}
		if i%5 == 0 {
			p.Author = &tag.Account{Platform: p.Platform, AccountID: p.AccountID, Version: p.Version, CollectedMS: p.CollectedMS, Followers: &followers, Collector: p.Collector, Source: p.Source}
		}
	}
	return posts
}

func uuidOf(n int) uuid.UUID {
	var id uuid.UUID
	for i := range 8 {
		id[i] = byte(n * 0x9e3779b1 >> (3 * i))
	}
	return id
}

func BenchmarkPostToNative(b *testing.B) {
	posts := samplePosts(20_000)
	table, identities, accounts := rows.NewPosts(), rows.NewIdentities(), rows.NewAccounts()
	run := func() int {
		table.Reset()
		identities.Reset()
		accounts.Reset()
		for i := range posts {
			p := &posts[i]
			from := rows.Origin{ImportedMS: p.ImportedMS, Offset: uint64(i)}
			if err := table.Add(p, from); err != nil {
				b.Fatal(err)
			}
			if p.Author != nil {
				if err := accounts.Add(p.Author, from); err != nil {
					b.Fatal(err)
				}
			}
			if err := identities.Add(&tag.Identity{Platform: p.Platform, AccountID: p.AccountID, Version: p.Version, NativeID: "did:plc:abcdefghijklmnop", CollectedMS: p.CollectedMS}, from); err != nil {
				b.Fatal(err)
			}
		}
		size := 0
		for _, t := range []*rows.Table{&table.Table, &identities.Table, &accounts.Table} {
			body, err := t.Encode()
			if err != nil {
				b.Fatal(err)
			}
			size += len(body)
		}
		return size
	}
	size := run()
	b.ReportAllocs()
	for b.Loop() {
		run()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(posts)), "ns/post")
	b.ReportMetric(float64(size)/float64(len(posts)), "B/post")
}
