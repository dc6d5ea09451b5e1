package bluesky

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/internal/replay"
	"github.com/election-observatory/observatory/schema"
)

// seedFrames are frames of a wire, as servers send them, and some that none does.
func seedFrames(v2 bool) [][]byte {
	source := replay.Generated{Seed: 6, PerSecond: 10, Start: start()}
	var frames [][]byte
	for i := range int64(60) {
		frames = append(frames, source.Frame(i, v2))
	}
	for _, text := range []string{
		``, `{}`, `[]`, `{"$type":"message"}`, `{"$type":"error","error":"ConsumerTooSlow","message":"x"}`, `{"$type":"message","payload":{"$type":"a#info","name":"OutdatedCursor"}}`,
		`{"$type":"message","payload":{"$type":"a#sync","seq":5,"did":"did:plc:a","time":"2026-06-07T18:00:00.000000Z","sync":{}}}`, `{"did":"did:plc:a","time_us":1780855200000000,"kind":"commit","commit":null}`,
		`{"did":"did:plc:a","time_us":1780855200000000,"kind":"commit","commit":{"rev":"3lqxyzabcde2a","operation":"delete","collection":"app.bsky.feed.like","rkey":"3lqxyzabcde2a"}}`,
		`{"did":"did:plc:a","time_us":1780855200000000,"kind":"commit","commit":{"operation":"create","collection":"app.bsky.feed.like","rkey":"a","record":{"createdAt":"2026-06-07T18:00:00Z","subject":{"uri":"at://did:plc:b/app.bsky.feed.generator/a"}}}}`,
		`{"did":"did:plc:a","time_us":9223372036854775807,"kind":"identity","identity":{}}`, `{"$type":"message","payload":{"$type":"#commit","seq":-1,"time":"0000-01-01T00:00:00Z"}}`,
	} {
		frames = append(frames, []byte(text))
	}
	return frames
}

// all asks for actions.
var all = actions{likes: true, follows: true}

func fuzzFrames(f *testing.F, v2 bool) {
	f.Helper()
	for _, text := range seedFrames(v2) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		before := string(text)
		got := read(text, v2, all)
		if string(text) != before {
			t.Error("the frame was changed")
		}
		if (got.why != nil) == (got.out.Kind != "" || got.notice != "") && got.notice == "" {
			t.Errorf("neither used nor rejected, or both: %+v", got)
		}
		if got.us != 0 && !mapping.Plausible(got.us/1000) {
			t.Errorf("a time of %d µs", got.us)
		}
		if len(got.raw) > schema.MaxRejectBytes {
			t.Errorf("%d bytes are kept", len(got.raw))
		}
		if e := got.out.Event; e != nil {
			if _, err := proto.Marshal(e); err != nil {
				t.Errorf("an event that cannot be written: %v", err)
			}
		}
		again := read(text, v2, all)
		if again.id != got.id || !proto.Equal(again.out.Event, got.out.Event) {
			t.Error("the same frame says something else")
		}
		if a := got.out.Event.GetAction(); a != nil && (a.GetKind().Name() == "" || a.GetObject() == "" || a.GetCollectedMs() == 0) {
			t.Errorf("an action that says nothing: %v", a)
		}
		if counted := read(text, v2, actions{}); counted.out.Event.GetAction() != nil || got.why == nil && (counted.why != nil || counted.out.Kind != got.out.Kind || counted.pos != got.pos) {
			t.Errorf("where actions are not asked for: %+v", counted)
		}
	})
}

func FuzzV1(f *testing.F) { fuzzFrames(f, false) }
func FuzzV2(f *testing.F) { fuzzFrames(f, true) }

// TestBothWiresSayTheSame reads events as either version sends them.
func TestBothWiresSayTheSame(t *testing.T) {
	t.Parallel()
	source := replay.Generated{Seed: 7, PerSecond: 10, Start: start()}
	for i := range int64(500) {
		one, two := read(source.Frame(i, false), false, all), read(source.Frame(i, true), true, all)
		if one.why != nil || two.why != nil || one.us != two.us || one.id != two.id || one.collection != two.collection || one.out.Kind != two.out.Kind || one.out.MS != two.out.MS || !proto.Equal(one.out.Event, two.out.Event) {
			t.Fatalf("event %d: %+v and %+v", i, one, two)
		}
		if two.pos != i || one.pos != one.us {
			t.Errorf("event %d: its places are %d and %d", i, one.pos, two.pos)
		}
	}
}

// TestFramesOfVersion2 reads what only version 2 has.
func TestFramesOfVersion2(t *testing.T) {
	t.Parallel()
	message := func(payload string) string { return `{"$type":"message","payload":{` + payload + `}}` }
	const head = `"$type":"network.bsky.jetstream.subscribeEvents#sync","seq":9,"did":"did:plc:a"`
	for text, want := range map[string]frame{
		message(head + `,"time":"2026-06-07T18:00:00.000001Z"`):                                             {out: mapping.Decoded{Kind: "sync"}, pos: 9, us: start().UnixMicro() + 1},
		message(head + `,"time":"2024-01-01T00:00:00.000000Z","witnessedAt":"2026-06-07T18:00:00.000000Z"`): {out: mapping.Decoded{Kind: "sync"}, pos: 9, us: start().UnixMicro()},
		message(head + `,"time":"yesterday"`):                                                               {why: &mapping.Rejection{Reason: schema.ReasonBadTime}, pos: 9},
		message(head):                                                                                       {why: &mapping.Rejection{Reason: schema.ReasonMissingTime}, pos: 9},
		message(`"$type":"a#info","name":"FutureCursor"`):                                                   {notice: "FutureCursor"},
		message(`"$type":"a#label","seq":4,"did":"did:plc:a","time":"2026-06-07T18:00:00Z"`):                {why: &mapping.Rejection{Reason: schema.ReasonUnknownEvent}, pos: 4, us: start().UnixMicro()},
		`{"$type":"error","error":"ConsumerTooSlow","message":"m"}`:                                         {why: &mapping.Rejection{Reason: schema.ReasonUpstream}, fault: "ConsumerTooSlow"},
		`{"$type":"pong"}`: {why: &mapping.Rejection{Reason: schema.ReasonUnknownEvent}},
		`{"did":"x"}`:      {why: &mapping.Rejection{Reason: schema.ReasonUnknownEvent}},
	} {
		got := read([]byte(text), true, all)
		if got.out.Kind != want.out.Kind || got.pos != want.pos || got.us != want.us || got.notice != want.notice || got.fault != want.fault || (got.why == nil) != (want.why == nil) || got.why != nil && got.why.Reason != want.why.Reason {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

// BenchmarkRead is what a frame costs, of a mixture as the stream has it.
func BenchmarkRead(b *testing.B) {
	for api, v2 := range map[string]bool{apiV1: false, apiV2: true} {
		b.Run(api, func(b *testing.B) {
			var frames [][]byte
			source := replay.Generated{Seed: 8, PerSecond: 100, Start: start()}
			bytes := 0
			for i := range int64(1000) {
				frames = append(frames, source.Frame(i, v2))
				bytes += len(frames[i])
			}
			b.SetBytes(int64(bytes / len(frames)))
			b.ReportAllocs()
			began := time.Now()
			n := 0
			for b.Loop() {
				if f := read(frames[n%len(frames)], v2, actions{}); f.why != nil {
					b.Fatal(f.why)
				}
				n++
			}
			b.ReportMetric(float64(n)/time.Since(began).Seconds(), "events/s")
		})
	}
}
