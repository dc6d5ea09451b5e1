package tag_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/election-observatory/observatory/processors/store/rows"
	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

// typical is a repost with a mention that is marked, one that is not, and a
// short link.
func typical() *schema.Post {
	p := status("RT @iunida: Tras años de heroica lucha clandestina, el 9 de abril del 77 fue legalizado @elpce. Felicidades camaradas! https://t.co/x3D6329JIe",
		&schema.Mention{NativeId: "14824411", Handle: "iunida", Start: 3, End: 10})
	p.Links = []*schema.Link{{Url: "https://www.example.org/noticias/2014/04/09/pce", Short: "https://t.co/x3D6329JIe"}}
	p.RepostOf = &schema.Reference{NativeId: "453856116842065921", AuthorId: "14824411", AuthorHandle: "iunida"}
	return p
}

func FuzzTag(f *testing.F) {
	f.Add(encode(f, typical()))
	f.Add(encode(f, status("RT @a: https://x.com/b/status/1", &schema.Mention{NativeId: "1", Start: 3, End: 5})))
	f.Add(encodeAction(f, like()))
	f.Add(encodeAction(f, follow()))
	f.Add([]byte{})
	f.Add([]byte{0x0a, 0xff})
	tagger := newTagger(f)
	f.Fuzz(func(t *testing.T, value []byte) {
		var first, second tag.Event
		err := tagger.Tag(value, 0, 0, &first)
		again := tagger.Worker().Tag(value, 0, 0, &second)
		if (err == nil) != (again == nil) {
			t.Fatalf("%v, then %v", err, again)
		}
		if err != nil {
			return
		}
		if diff := cmp.Diff(first.Post, second.Post, cmpopts.EquateEmpty()) + cmp.Diff(first.Action, second.Action); diff != "" {
			t.Fatal("the same bytes were tagged in two ways: " + diff)
		}
		if a := first.Action; a != nil && (a.CreatedMS < 0 || a.CreatedMS >= 4102444800000 || uuid.Validate(a.ObjectID) != nil) {
			t.Fatalf("an action %+v", a)
		}
		if first.Post != nil && (first.Post.CreatedMS < 0 || first.Post.CreatedMS >= 4102444800000) {
			t.Fatalf("event time %d", first.Post.CreatedMS)
		}
	})
}

func BenchmarkTag(b *testing.B) {
	tagger := newTagger(b)
	value := encode(b, typical())
	b.SetBytes(int64(len(value)))
	b.ReportAllocs()
	var ev tag.Event
	for b.Loop() {
		if err := tagger.Tag(value, 0, 0, &ev); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTagAndEncode is what a processor does with a post between the log and
// the store: decode, tag, and encode as columns.
func BenchmarkTagAndEncode(b *testing.B) {
	tagger := newTagger(b)
	value := encode(b, typical())
	posts, identities := rows.NewPosts(), rows.NewIdentities()
	var ev tag.Event
	n := 0
	run := func() {
		if err := tagger.Tag(value, 0, 0, &ev); err != nil {
			b.Fatal(err)
		}
		from := rows.Origin{ImportedMS: ev.Post.ImportedMS}
		if err := posts.Add(ev.Post, from); err != nil {
			b.Fatal(err)
		}
		for i := range ev.Identities {
			if err := identities.Add(&ev.Identities[i], from); err != nil {
				b.Fatal(err)
			}
		}
		if n++; n%20_000 == 0 {
			for _, t := range []*rows.Table{&posts.Table, &identities.Table} {
				if _, err := t.Encode(); err != nil {
					b.Fatal(err)
				}
			}
			posts.Reset()
			identities.Reset()
		}
	}
	for range 20_000 {
		run()
	}
	b.ReportAllocs()
	for b.Loop() {
		run()
	}
}
