package bluesky

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/internal/replay"
	"github.com/election-observatory/observatory/schema"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{`{}`, ""},
		{`{api: v2, likes: count, follows: count}`, ""},
		{`{hosts: ["wss://one.example"], rewind: 30s, dids: ["did:plc:z72i7hdynmk6r22z27h6tvur"]}`, ""},
		{`{hosts: ["ws://127.0.0.1:1"], allow_private: true}`, ""},
		{`{hosts: ["ws://one.example"]}`, "must begin with wss://"},
		{`{hosts: ["one.example"]}`, "is no address of a server, as wss://"},
		{`{hosts: ["wss://one.example", "https://one.example"]}`, "is named twice"},
		{`{hosts: ["wss://user:secret@one.example"]}`, "is no address of a server, as wss://"},
		{`{hosts: ["wss://one.example"], compare: true}`, "name a second one"},
		{`{api: v3}`, "use v1 or v2"},
		{`{compress: true}`, "use api: v2"},
		{`{likes: actions, follows: actions}`, ""},
		{`{likes: all}`, "bluesky.likes: \"all\" is not off, count or actions"},
		{`{follows: yes}`, "bluesky.follows: \"yes\" is not off, count or actions"},
		{`{dids: ["alice.example"]}`, "is no DID"},
		{`{rewind: 2h}`, "bluesky.rewind"},
		{`{profiles: -1}`, "bluesky.profiles"},
		{`{profiles_host: "http://appview.local"}`, "bluesky.profiles_host"},
		{`{failover_after: -1s}`, "bluesky.failover_after"},
	} {
		text, want := c[0], c[1]
		var c Config
		if err := yaml.UnmarshalWithOptions([]byte(text), &c, yaml.DisallowUnknownField()); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		err := c.Validate()
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
		if _, err := New(c, nil, nil, time.Now, zap.NewNop()); want != "" && err == nil {
			t.Errorf("%s: a collector was made", text)
		}
	}
	c := DefaultConfig()
	if err := c.Validate(); err != nil || len(c.Hosts) != 2 || !*c.Compare || c.Rewind != 10*time.Second {
		t.Errorf("%v, %+v", err, c)
	}
	c.DIDs = slices.Repeat([]string{"did:plc:a"}, maxDIDs+1)
	if err := c.Validate(); err == nil {
		t.Error("too many accounts are no error")
	}
}

func TestWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	one := Config{API: apiV1, Likes: askCount, DIDs: []string{"did:plc:a"}}
	if got := one.address("wss://h.example/at", 1780855200000000, 0); got != "wss://h.example/at/subscribe?cursor=1780855200000000&wantedCollections=app.bsky.feed.post&wantedCollections=app.bsky.feed.repost&wantedCollections=app.bsky.feed.like&wantedDids=did%3Aplc%3Aa" {
		t.Error(got)
	}
	two := Config{API: apiV2, Follows: askActions}
	if got := two.address("https://h.example", 0, 7); got != "https://h.example/xrpc/network.bsky.jetstream.subscribeEvents?collections=app.bsky.feed.post&collections=app.bsky.feed.repost&collections=app.bsky.graph.follow&zstdDictionary=7" {
		t.Error(got)
	}
	if one.singly() != (actions{}) || two.singly() != (actions{follows: true}) || (&Config{Likes: askActions, Follows: askCount}).singly() != (actions{likes: true}) {
		t.Errorf("one by one: %+v and %+v", one.singly(), two.singly())
	}
}

func TestPrivateAddressesAreRefused(t *testing.T) {
	t.Parallel()
	asked := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	t.Cleanup(server.Close)
	client := newClient(false)
	for _, address := range []string{server.URL, strings.Replace(server.URL, "127.0.0.1", "localhost", 1), strings.Replace(server.URL, "127.0.0.1", "[::ffff:127.0.0.1]", 1), "http://10.1.2.3", "http://169.254.169.254", "http://[64:ff9b::7f00:1]", "http://[fd00::1]"} {
		_, err := dial(t.Context(), client, address, func() {})
		var why *failure
		if !errors.As(err, &why) || why.outage != schema.OutagePrivate || asked {
			t.Errorf("%s: %v, asked %v", address, err, asked)
		}
	}
}

func TestRefusalsAreNamed(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]schema.Outage{
		429: schema.OutageRateLimited, 401: schema.OutageUnauthorised, 403: schema.OutageUnauthorised, 404: schema.OutageNotFound, 410: schema.OutageGone, 400: schema.OutageRefused,
		500: schema.OutageServer, 503: schema.OutageServer, 302: schema.OutageRedirects, 200: schema.OutageContent,
	} {
		host := replay.NewJetstream(replay.Generated{PerSecond: 1, Start: start(), End: 1}, fixed(start()), time.Hour, 1)
		host.Faults.Add(replay.JetstreamConnect, replay.JetstreamFault{Status: status, RetryAfter: "7"})
		_, err := dial(t.Context(), newClient(true), serve(t, host)+replay.JetstreamV1, func() {})
		var why *failure
		var wait *collectors.WaitError
		if !errors.As(err, &why) || why.outage != want || !errors.As(err, &wait) || wait.Wait != 7*time.Second {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// TestCompressedFrames reads version 2 with the dictionary of its host.
func TestCompressedFrames(t *testing.T) {
	t.Parallel()
	source := replay.Generated{Seed: 9, PerSecond: 10, Start: start(), End: 500}
	host := replay.NewJetstream(source, fixed(start().Add(time.Hour)), 36*time.Hour, 1)
	cfg := config(apiV2, serve(t, host))
	cfg.Compress = true
	want := contentsOf(source, 0, source.End)
	j := newJournal(func(j *journal) bool { return j.emitted >= want.events() })
	collect(t, cfg, collectors.NewCursors(quick(t)), clock(start().Add(-time.Second)), j)
	if j.emitted != want.events() || len(j.rejects) > 0 {
		t.Errorf("%d events, %d rejects", j.emitted, len(j.rejects))
	}
	if asked := host.Asked(); len(asked) != 1 || asked[0].Get("zstdDictionary") == "" || !slices.Equal(asked[0]["collections"], []string{feedPost, feedRepost}) {
		t.Errorf("asked for %v", asked)
	}
}
