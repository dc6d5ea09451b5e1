package tag_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

func expanded(t *testing.T, x *schema.Expansion) (*tag.Expansion, error) {
	t.Helper()
	value, err := (&schema.Event{Kind: &schema.Event_Expansion{Expansion: x}}).MarshalVT()
	if err != nil {
		t.Fatal(err)
	}
	var ev tag.Event
	err = newTagger(t).Tag(value, 0, 0, &ev)
	return ev.Expansion, err
}

func TestExpansionsAreMaskedAsLinksAre(t *testing.T) {
	t.Parallel()
	got, err := expanded(t, &schema.Expansion{
		Url: "http://www.t.co/AbC?utm_source=x", Status: "resolved", Target: "https://twitter.com/otra/status/454212738214178817?s=20", ExpandedMs: 7, Collector: "expand", Source: "expand/t.co",
		Chain: []string{"http://t.co/AbC", "https://user:pw@bit.ly/x", "https://x.com/otra"},
	})
	if err != nil {
		t.Fatal(err)
	}
	otra := uuid.MustParse(strings.TrimPrefix(account("otra"), "x:account:"))
	if !strings.HasPrefix(got.Target.URL, "x:post:") || got.Target.Account != otra || got.Target.Domain != "twitter.com" {
		t.Errorf("leads to %+v", got.Target)
	}
	got.Target, got.Version = tag.Link{}, tag.Version{}
	want := &tag.Expansion{
		URL: "https://t.co/AbC", Status: "resolved", ExpandedMS: 7, Collector: "expand", Source: "expand/t.co",
		Chain: []string{"http://t.co/AbC", "https://bit.ly/x", account("otra")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatResolvedOnceWins(t *testing.T) {
	t.Parallel()
	first, err := expanded(t, &schema.Expansion{Url: "https://t.co/a", Status: "resolved", Target: "https://example.org/", ExpandedMs: 7})
	if err != nil {
		t.Fatal(err)
	}
	later, err := expanded(t, &schema.Expansion{Url: "https://t.co/a", Status: "not_found", ExpandedMs: 9})
	if err != nil {
		t.Fatal(err)
	}
	again, err := expanded(t, &schema.Expansion{Url: "https://t.co/a", Status: "resolved", Target: "https://example.org/b", ExpandedMs: 8})
	if err != nil {
		t.Fatal(err)
	}
	if !later.Version.Less(first.Version) || !first.Version.Less(again.Version) {
		t.Error("an expansion is replaced by a failure, or not by a later one")
	}
}

func TestExpansionsOfNothingAreRejected(t *testing.T) {
	t.Parallel()
	for _, x := range []*schema.Expansion{{Status: "resolved"}, {Url: "https://t.co/a"}, {Url: "https://t.co/a", Status: strings.Repeat("x", 33)}} {
		if _, err := expanded(t, x); err == nil {
			t.Errorf("%v passes", x)
		}
	}
}
