package bluesky

import (
	"cmp"
	"slices"
	"strings"

	gojson "github.com/goccy/go-json"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// bskyRecord is a record of app.bsky.feed.post or app.bsky.feed.repost.
type bskyRecord struct {
	CreatedAt string      `json:"createdAt"`
	Text      string      `json:"text"`
	Langs     []string    `json:"langs"`
	Tags      []string    `json:"tags"`
	Facets    []bskyFacet `json:"facets"`
	Embed     *bskyEmbed  `json:"embed"`
	Reply     *bskyReply  `json:"reply"`
	Subject   *bskyRef    `json:"subject"`
	Labels    *bskyLabels `json:"labels"`
}

type bskyRef struct {
	URI string `json:"uri"`
}

type bskyReply struct {
	Parent bskyRef `json:"parent"`
}

type bskyLabels struct {
	Values []struct {
		Val string `json:"val"`
	} `json:"values"`
}

type bskyFacet struct {
	Index struct {
		Start int `json:"byteStart"`
		End   int `json:"byteEnd"`
	} `json:"index"`
	Features []struct {
		Type string `json:"$type"`
		DID  string `json:"did"`
		URI  string `json:"uri"`
		Tag  string `json:"tag"`
	} `json:"features"`
}

// bskyEmbed is any of the embeds: $type says which of the fields are its own.
type bskyEmbed struct {
	Type     string `json:"$type"`
	External struct {
		URI   string `json:"uri"`
		Title string `json:"title"`
	} `json:"external"`
	Images []struct {
		Alt   string   `json:"alt"`
		Image bskyBlob `json:"image"`
	} `json:"images"`
	Video  bskyBlob `json:"video"`
	Alt    string   `json:"alt"`
	Record struct {
		bskyRef
		Record bskyRef `json:"record"` // Of recordWithMedia.
	} `json:"record"`
	Media *bskyEmbed `json:"media"`
}

type bskyBlob struct {
	Ref struct {
		Link string `json:"$link"`
	} `json:"ref"`
	CID string `json:"cid"` // As blobs were written until 2023.
}

func readRecord(raw gojson.RawMessage) (*bskyRecord, error) {
	r := new(bskyRecord)
	return r, readInto(r, raw)
}

func readInto(record any, raw gojson.RawMessage) error {
	if len(raw) == 0 || raw[0] != '{' {
		return mapping.Reject(schema.ReasonBadField, "a commit without record")
	}
	return mapping.Unmarshal(raw, record)
}

func bskyRepost(p *schema.Post, raw gojson.RawMessage) error {
	r, err := readRecord(raw)
	if err != nil {
		return err
	}
	if r.Subject == nil || r.Subject.URI == "" {
		return mapping.Reject(schema.ReasonBadField, "a repost without subject")
	}
	p.Kind = schema.KindRepost
	if p.RepostOf, err = atReference(r.Subject.URI); err != nil {
		return err
	}
	p.ClaimedMs, err = claim(r.CreatedAt)
	return err
}

func bskyPost(p *schema.Post, raw gojson.RawMessage) error {
	r, err := readRecord(raw)
	if err != nil {
		return err
	}
	if p.ClaimedMs, err = claim(r.CreatedAt); err != nil {
		return err
	}
	p.Kind = schema.KindPost
	var at mapping.Places
	p.Text, at = mapping.CleanText(r.Text)
	for _, lang := range r.Langs[:min(len(r.Langs), 8)] {
		p.Langs = append(p.Langs, mapping.Short(lang))
	}
	r.facets(p, at)
	for _, tag := range r.Tags[:min(len(r.Tags), mapping.MaxEntities)] {
		addTag(p, tag)
	}
	if err := r.Embed.add(p, true); err != nil {
		return err
	}
	if r.Reply != nil && r.Reply.Parent.URI != "" {
		p.Kind = schema.KindReply
		if p.ReplyTo, err = atReference(r.Reply.Parent.URI); err != nil {
			return err
		}
	}
	p.Sensitive = r.Labels != nil && len(r.Labels.Values) > 0
	return nil
}

// facets adds what the author's client marked in the text, in its order.
func (r *bskyRecord) facets(p *schema.Post, at mapping.Places) {
	byStart := func(a, b bskyFacet) int { return cmp.Compare(a.Index.Start, b.Index.Start) }
	if !slices.IsSortedFunc(r.Facets, byStart) {
		slices.SortStableFunc(r.Facets, byStart)
	}
	for _, facet := range r.Facets[:min(len(r.Facets), mapping.MaxEntities)] {
		for _, f := range facet.Features[:min(len(facet.Features), 8)] {
			switch f.Type {
			case "app.bsky.richtext.facet#mention":
				if validDID(f.DID) && len(p.Mentions) < mapping.MaxEntities {
					p.Mentions = append(p.Mentions, mapping.Mention(f.DID, "", p.Text, at, facet.Index.Start, facet.Index.End))
				}
			case "app.bsky.richtext.facet#link":
				link := mapping.AddLink(p, f.URI)
				start, end, ok := at.Span(p.Text, facet.Index.Start, facet.Index.End)
				if link != nil && ok && p.Text[start:end] != link.Url {
					link.Short = mapping.Clean(p.Text[start:end], mapping.MaxShort)
				}
			case "app.bsky.richtext.facet#tag":
				addTag(p, f.Tag)
			}
		}
	}
}

func addTag(p *schema.Post, tag string) {
	if tag = strings.TrimLeft(mapping.Short(tag), "#＃"); tag != "" && len(p.Hashtags) < mapping.MaxEntities && !slices.Contains(p.Hashtags, tag) {
		p.Hashtags = append(p.Hashtags, tag)
	}
}

// add adds what is embedded. A medium of a recordWithMedia holds no other.
func (e *bskyEmbed) add(p *schema.Post, outer bool) error {
	if e == nil {
		return nil
	}
	switch e.Type {
	case "app.bsky.embed.external":
		if link := mapping.AddLink(p, e.External.URI); link != nil {
			link.Title = mapping.Short(e.External.Title)
		}
	case "app.bsky.embed.images":
		for _, image := range e.Images[:min(len(e.Images), mapping.MaxEntities)] {
			addBlob(p, "image", image.Image, image.Alt)
		}
	case "app.bsky.embed.video":
		addBlob(p, "video", e.Video, e.Alt)
	case "app.bsky.embed.record", "app.bsky.embed.recordWithMedia":
		uri := cmp.Or(e.Record.Record.URI, e.Record.URI)
		if strings.Contains(uri, "/"+feedPost+"/") { // Else a list, a feed, a starter pack.
			ref, err := atReference(uri)
			if err != nil {
				return err
			}
			p.Kind, p.QuoteOf = schema.KindQuote, ref
		}
		if outer {
			return e.Media.add(p, false)
		}
	}
	return nil
}

func addBlob(p *schema.Post, kind string, blob bskyBlob, alt string) {
	if id := mapping.Short(cmp.Or(blob.Ref.Link, blob.CID)); id != "" {
		p.Media = append(p.Media, &schema.Media{Kind: kind, NativeId: id, Alt: mapping.Clean(alt, mapping.MaxURL)})
	}
}

// atReference takes an AT URI apart: at://author/collection/key.
func atReference(uri string) (*schema.Reference, error) {
	rest, ok := strings.CutPrefix(uri, "at://")
	author, path, found := strings.Cut(rest, "/")
	if !ok || !found || author == "" || path == "" || len(uri) > mapping.MaxShort || !mapping.WordOf(rest, ".:_-~%/") {
		return nil, mapping.Reject(schema.ReasonBadField, "an AT URI that names no record")
	}
	ref := &schema.Reference{NativeId: uri}
	if strings.HasPrefix(author, "did:") {
		ref.AuthorId = author
	} else {
		ref.AuthorHandle = author
	}
	return ref, nil
}
