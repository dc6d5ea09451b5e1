package schema_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/election-observatory/observatory/schema"
)

func TestIdentityTimeFollowsFromTheNativeIDAlone(t *testing.T) {
	t.Parallel()
	day := time.Date(2017, 9, 24, 0, 0, 0, 0, time.UTC)
	cases := []struct {
		name     string
		platform schema.Platform
		id       string
		want     int64
	}{
		{"a status of 2014", schema.PlatformX, "454016550023229440", 1397080955402},
		{"an id from before Snowflake", schema.PlatformX, "20", 0},
		{"a negative id", schema.PlatformX, "-454016550023229440", 0},
		{"a status of Mastodon", schema.PlatformMastodon, "social.example/112550000000000000", 1717376708984},
		{"one from before its ids had times", schema.PlatformMastodon, "social.example/123456", 0},
		{"one of another server's software", schema.PlatformMastodon, "pleroma.example/objects/112550000000000000", 0},
		{"one without a server", schema.PlatformMastodon, "112550000000000000", 0},
		{"no number", schema.PlatformX, "c1", 0},
		{"a TID", schema.PlatformBluesky, "at://did:plc:abc/app.bsky.feed.post/3mptbyoeyc22k", 1783175886240},
		{"a record key that is no TID", schema.PlatformBluesky, "at://did:plc:abc/app.bsky.feed.post/self", 0},
		{"a TID beyond every calendar", schema.PlatformBluesky, "at://did:plc:abc/app.bsky.feed.post/zzzzzzzzzzzzz", 0},
		{"an empty id", schema.PlatformBluesky, "", 0},
		{"an archive's day", schema.PlatformX, schema.ArchiveID(day, "0123"), day.UnixMilli()},
		{"an archive without a day", schema.PlatformX, "archive:", 0},
		{"a feed's item", schema.PlatformRSS, "https://example.org/a", 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := schema.IdentityTime(c.platform, c.id); got != c.want {
				t.Errorf("IdentityTime(%s, %q) = %d, want %d", c.platform.Name(), c.id, got, c.want)
			}
		})
	}
}

func FuzzIdentityTime(f *testing.F) {
	f.Add(int32(3), "454016550023229440")
	f.Add(int32(1), "at://did:plc:abc/app.bsky.feed.post/3mptbyoeyc22k")
	f.Add(int32(3), "archive:2017-09-24:00")
	f.Fuzz(func(t *testing.T, platform int32, id string) {
		ms := schema.IdentityTime(schema.Platform(platform), id)
		if ms < 0 || time.UnixMilli(ms).UTC().Year() > 2099 {
			t.Errorf("IdentityTime(%d, %q) = %d, outside 1970 to 2099", platform, id, ms)
		}
	})
}

func TestNamesRoundTrip(t *testing.T) {
	t.Parallel()
	for _, p := range schema.Platforms() {
		got, ok := schema.ParsePlatform(p.Name())
		if !ok || got != p {
			t.Errorf("ParsePlatform(%q) = %v, %v", p.Name(), got, ok)
		}
	}
	if _, ok := schema.ParsePlatform(""); ok {
		t.Error("an empty name is a platform")
	}
	for number := range schema.PostKind_name {
		if kind := schema.PostKind(number); number != 0 && kind.Name() == "" {
			t.Errorf("%v has no name", kind)
		}
	}
	for number := range schema.ActionKind_name {
		if kind := schema.ActionKind(number); (kind.Name() == "") != (number == 0) {
			t.Errorf("%v has the name %q", kind, kind.Name())
		}
	}
}

func TestEventsOfOneAuthorShareAKey(t *testing.T) {
	t.Parallel()
	author := &schema.AccountSnapshot{Platform: schema.PlatformX, NativeId: "42"}
	post := &schema.Event{Kind: &schema.Event_Post{Post: &schema.Post{Platform: schema.PlatformX, NativeId: "1", Author: author}}}
	own := &schema.Event{Kind: &schema.Event_Delete{Delete: &schema.Delete{Platform: schema.PlatformX, NativeId: "1", AuthorId: "42"}}}
	nameless := &schema.Event{Kind: &schema.Event_Delete{Delete: &schema.Delete{Platform: schema.PlatformX, NativeId: "1"}}}
	account := &schema.Event{Kind: &schema.Event_Account{Account: author}}
	action := &schema.Event{Kind: &schema.Event_Action{Action: &schema.Action{Platform: schema.PlatformX, NativeId: "2", AuthorId: "42", Object: "7"}}}
	want := "x/42"
	for _, event := range []*schema.Event{post, own, account, action} {
		if got := string(event.AppendKey(nil)); got != want {
			t.Errorf("key %q, want %q", got, want)
		}
		if event.Topic() != schema.TopicPosts {
			t.Errorf("topic %q", event.Topic())
		}
	}
	if got := string(nameless.AppendKey(nil)); got != "x/1" {
		t.Errorf("a delete without an author has key %q", got)
	}
	known := &schema.Event{Kind: &schema.Event_Post{Post: &schema.Post{Platform: schema.PlatformX, NativeId: "1", Author: &schema.AccountSnapshot{Handle: "somebody"}}}}
	if got := string(known.AppendKey(nil)); got != "x/somebody" {
		t.Errorf("a post whose author is known by a handle alone has key %q", got)
	}
	if topic := (&schema.Event{}).Topic(); topic != "" {
		t.Errorf("an empty event goes to %q", topic)
	}
}

func TestGeneratedCodesAgree(t *testing.T) {
	t.Parallel()
	followers := uint64(0)
	for _, event := range []*schema.Event{
		{Kind: &schema.Event_Post{Post: &schema.Post{
			Platform: schema.PlatformBluesky, NativeId: "at://did:plc:a/app.bsky.feed.post/3mptbyoeyc22k", Kind: schema.KindReply, Text: "Grüße, 世界",
			Author:   &schema.AccountSnapshot{NativeId: "did:plc:a", Followers: &followers},
			Links:    []*schema.Link{{Url: "https://example.org/"}},
			Mentions: []*schema.Mention{{Handle: "b", Start: 1, End: 3}}, ReplyTo: &schema.Reference{NativeId: "at://x"},
		}}},
		{Kind: &schema.Event_Action{Action: &schema.Action{
			Platform: schema.PlatformBluesky, NativeId: "at://did:plc:a/app.bsky.graph.follow/3mptbyoeyc22k", AuthorId: "did:plc:a", Kind: schema.ActionFollow, Object: "did:plc:b",
			ClaimedMs: -1, CollectedMs: 2, ImportedMs: 3, Collector: "bluesky", Source: "host",
		}}},
	} {
		fast, err := event.MarshalVT()
		if err != nil {
			t.Fatal(err)
		}
		var slow schema.Event
		if err := proto.Unmarshal(fast, &slow); err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(event, &slow) {
			t.Errorf("read back: %v", &slow)
		}
		var again schema.Event
		if err := again.UnmarshalVTUnsafe(fast); err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(event, &again) {
			t.Errorf("read back without copies: %v", &again)
		}
	}
}

func TestEveryRelationIsDescribed(t *testing.T) {
	t.Parallel()
	for _, table := range schema.Tables() {
		if table.Doc == "" || table.Retention == "" || table.Deletion == "" {
			t.Errorf("%s does not say what it is, how long it is kept and how a deletion reaches it", table.Name)
		}
		checkColumns(t, table.Name, table.Columns)
	}
	for _, view := range schema.Views() {
		if view.Doc == "" {
			t.Errorf("%s is not described", view.Name)
		}
		for _, name := range view.From {
			if !strings.Contains(view.Query, schema.StoreDatabase+"."+name) && !strings.Contains(view.Query, schema.Database+"."+name) {
				t.Errorf("%s says that it reads %s and does not", view.Name, name)
			}
		}
		checkColumns(t, view.Name, view.Columns)
	}
}

func checkColumns(t *testing.T, relation string, columns []schema.Column) {
	t.Helper()
	seen := map[string]bool{}
	for _, c := range columns {
		if seen[c.Name] {
			t.Errorf("%s.%s is declared twice", relation, c.Name)
		}
		seen[c.Name] = true
		if !strings.HasSuffix(c.Doc, ".") {
			t.Errorf("%s.%s: its description is no sentence: %q", relation, c.Name, c.Doc)
		}
	}
}

func TestRestrictedColumnsStayInRestrictedViews(t *testing.T) {
	t.Parallel()
	restricted := []string{"native_id", "handle", "name", "raw", "raw_text", "permalink", "detail"}
	for _, view := range schema.Views() {
		for _, c := range view.Columns {
			for _, name := range restricted {
				if c.Name == name && !view.Restricted {
					t.Errorf("%s shows %s to everybody", view.Name, c.Name)
				}
			}
		}
	}
}

func TestReasonsAreClosedAndDistinct(t *testing.T) {
	t.Parallel()
	seen := map[schema.Reason]bool{}
	for _, reason := range schema.Reasons() {
		if seen[reason] || strings.Trim(string(reason), "abcdefghijklmnopqrstuvwxyz_") != "" {
			t.Errorf("reason %q", reason)
		}
		seen[reason] = true
	}
}

func TestNoTopicKeepsPersonalDataLongerThanThirtyDays(t *testing.T) {
	t.Parallel()
	names := make([]string, 0, 3)
	for _, topic := range schema.Topics() {
		names = append(names, topic.Name)
		if topic.Retention > 30*24*time.Hour || topic.Retention <= 0 || topic.Partitions < 1 {
			t.Errorf("%s: %d partitions for %v", topic.Name, topic.Partitions, topic.Retention)
		}
	}
	if diff := cmp.Diff([]string{schema.TopicPosts, schema.TopicCoverage, schema.TopicRejects}, names); diff != "" {
		t.Error(diff)
	}
}

// Every platform has a policy, and the tables keep native ids no longer than it says.
func TestPolicies(t *testing.T) {
	t.Parallel()
	list := schema.Policies()
	for i, platform := range schema.Platforms() {
		if list[i].Platform != platform || list[i].Terms == "" {
			t.Errorf("the policy of %s is %+v", platform.Name(), list[i])
		}
		bound := fmt.Sprintf("INTERVAL %d DAY", list[i].NativeDays)
		for _, table := range schema.Tables() {
			for _, c := range table.Columns {
				if (c.Name == "native_id" || c.Name == "permalink" || c.Name == "raw_text") && !strings.HasSuffix(c.TTL+table.TTL, bound) {
					t.Errorf("%s.%s is kept by %q, and the policy says %s", table.Name, c.Name, c.TTL+table.TTL, bound)
				}
			}
		}
	}
	if len(list) != len(schema.Platforms()) {
		t.Errorf("%d policies", len(list))
	}
	page, err := os.ReadFile("../docs/platforms.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		said := regexp.MustCompile(fmt.Sprintf(`(?m)^\| %s \| %d days \| (yes|no)[^|]* \| (yes|no) \|$`, p.Platform.Name(), p.NativeDays)).FindStringSubmatch(string(page))
		word := map[bool]string{true: "yes", false: "no"}
		if said == nil || said[1] != word[p.Public] || said[2] != word[p.Vetted] {
			t.Errorf("docs/platforms.md says %q of %+v", said, p)
		}
	}
}
