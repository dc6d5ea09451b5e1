package archive

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"github.com/election-observatory/observatory/collectors/bluesky"
	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/collectors/mastodon"
	"github.com/election-observatory/observatory/collectors/telegram"
	"github.com/election-observatory/observatory/collectors/twitter"
	"github.com/election-observatory/observatory/collectors/x"
	"github.com/election-observatory/observatory/schema"
)

// seeds are the records of the cases of a format, whole and cut.
func seeds(f *testing.F, format string) {
	f.Helper()
	inputs, err := filepath.Glob("testcases/" + format + "-*/in.*")
	if err != nil || len(inputs) == 0 {
		f.Fatal(inputs, err)
	}
	for _, input := range inputs {
		data, err := os.ReadFile(input)
		if err != nil {
			f.Fatal(err)
		}
		for line := range bytes.SplitSeq(data, []byte("\n")) {
			f.Add(line)
			f.Add(line[:len(line)/2])
		}
	}
}

// hold is what holds of every record, whoever wrote it.
func hold(t *testing.T, d decoder, rec []byte, platform schema.Platform) {
	t.Helper()
	given := slices.Clone(rec)
	out, err := d.decode(rec)
	if !bytes.Equal(rec, given) {
		t.Fatal("the decoder wrote into the record")
	}
	var why *mapping.Rejection
	if err != nil {
		if !errors.As(err, &why) || !slices.Contains(schema.Reasons(), why.Reason) {
			t.Fatalf("an error that is no reject: %v", err)
		}
		return
	}
	if out.Kind == "" || len(out.Kind) > 30 || out.MS < 0 || !utf8.ValidString(out.Kind) {
		t.Fatalf("kind %q at %d", out.Kind, out.MS)
	}
	again, err := d.decode(rec)
	if err != nil || !proto.Equal(out.Event, again.Event) || out.Kind != again.Kind {
		t.Fatal("the same record says two things")
	}
	if out.Event == nil {
		return
	}
	if _, err := proto.Marshal(out.Event); err != nil {
		t.Fatalf("no event for the log: %v", err)
	}
	if p := out.Event.GetPost(); p != nil {
		holdPost(t, p, platform)
	}
	if e := out.Event.GetDelete(); e != nil && (e.GetNativeId() == "" || e.GetPlatform() != platform) {
		t.Fatalf("a deletion of nothing: %v", e)
	}
}

func holdPost(t *testing.T, p *schema.Post, platform schema.Platform) {
	t.Helper()
	if p.GetPlatform() != platform || p.GetNativeId() == "" || p.GetKind().Name() == "" || p.GetAuthor().GetNativeId()+p.GetAuthor().GetHandle() == "" {
		t.Fatalf("no identity: %v", p)
	}
	if len(p.GetText()) > mapping.MaxText || strings.IndexByte(p.GetText(), 0) >= 0 {
		t.Fatalf("a text of %d bytes", len(p.GetText()))
	}
	for _, m := range p.GetMentions() {
		if m.GetEnd() == 0 && m.GetStart() == 0 {
			continue
		}
		if m.GetStart() >= m.GetEnd() || int(m.GetEnd()) > len(p.GetText()) || !utf8.ValidString(p.GetText()[m.GetStart():m.GetEnd()]) {
			t.Fatalf("a mention at [%d, %d) of %q", m.GetStart(), m.GetEnd(), p.GetText())
		}
	}
	if len(p.GetLinks()) > mapping.MaxEntities || len(p.GetHashtags()) > mapping.MaxEntities || len(p.GetMentions()) > mapping.MaxEntities || len(p.GetMedia()) > mapping.MaxEntities {
		t.Fatal("more entities than a post may have")
	}
}

func FuzzTwitterV1(f *testing.F) {
	seeds(f, "twitter-v1")
	f.Fuzz(func(t *testing.T, rec []byte) { hold(t, decoderFunc(twitter.Decode), rec, schema.PlatformX) })
}

func FuzzTwitterV2(f *testing.F) {
	seeds(f, "twitter-v2")
	f.Fuzz(func(t *testing.T, rec []byte) {
		(&chunk{}).each(pages(x.Decode), record{}, rec, func(_ int, raw []byte, out mapping.Decoded, why *mapping.Rejection) {
			hold(t, decoderFunc(func([]byte) (mapping.Decoded, error) {
				if why != nil {
					return mapping.Decoded{}, why
				}
				return out, nil
			}), raw, schema.PlatformX)
		})
	})
}

func FuzzMastodon(f *testing.F) {
	seeds(f, "mastodon")
	f.Fuzz(func(t *testing.T, rec []byte) {
		hold(t, decoderFunc(mastodon.Decode), rec, schema.PlatformMastodon)
	})
}

func FuzzTelegram(f *testing.F) {
	seeds(f, "telegram")
	f.Add([]byte(`{"chat":{"id":6,"type":"public_supergroup"},"message":{"id":1,"type":"message","date_unixtime":"1717405200","text":["a",{"type":"link","text":"b"}]}}`))
	f.Fuzz(func(t *testing.T, rec []byte) {
		hold(t, decoderFunc(telegram.Decode), rec, schema.PlatformTelegram)
	})
}

func FuzzJetstream(f *testing.F) {
	seeds(f, "jetstream")
	f.Fuzz(func(t *testing.T, rec []byte) { hold(t, decoderFunc(bluesky.Decode), rec, schema.PlatformBluesky) })
}

func FuzzIRACSV(f *testing.F) {
	seeds(f, "ira-csv")
	f.Add([]byte(`a,b,"c`))
	f.Add([]byte("\x1b,text,,German,2017-09-24 08:04:00,,10,20,33,,0"))
	d, missing := newIRACSV(newHeader([]byte("author_id,content,region,language,publish_date,harvested_date,following,followers,updates,post_type,retweet")))
	if missing != "" {
		f.Fatal(missing)
	}
	f.Fuzz(func(t *testing.T, rec []byte) { hold(t, d, rec, schema.PlatformX) })
}

func FuzzSharesCSV(f *testing.F) {
	seeds(f, "shares-csv")
	d, missing := newSharesCSV(newHeader([]byte("timestamp_share,extra,object_id,account_id,content_id")), schema.PlatformX, "url")
	if missing != "" {
		f.Fatal(missing)
	}
	f.Fuzz(func(t *testing.T, rec []byte) { hold(t, d, rec, schema.PlatformX) })
}

// FuzzText holds that a text is fit for the log and that no place lies outside.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "plain", "a &amp; b", "&amp;amp;", "\x00\x07ü😀\u0085", "\xff\xfe", "&lt", "&ampx;"} {
		f.Add(s, 0, 3)
	}
	f.Fuzz(func(t *testing.T, given string, from, to int) {
		for _, f := range []func(string) (string, mapping.Places){mapping.CleanText, mapping.CleanTweet} {
			text, at := f(given)
			if !utf8.ValidString(text) || len(text) > mapping.MaxText {
				t.Fatalf("%q of %q", text, given)
			}
			if start, end, ok := at.Span(text, from, to); ok && (start < 0 || end <= start || end > len(text) || !utf8.ValidString(text[start:end])) {
				t.Fatalf("[%d, %d) of %q became [%d, %d) of %q", from, to, given, start, end, text)
			}
		}
	})
}
