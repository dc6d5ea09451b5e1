package archive

import (
	"github.com/dghubble/go-twitter/twitter" //nolint:staticcheck // Its types describe the archives; v1.1 has no other maintained ones.

	"github.com/election-observatory/observatory/schema"
)

// addMentions adds whom a text names, at their places in it.
func addMentions(p *schema.Post, named *entities, at places) error {
	if named == nil {
		return nil
	}
	for _, m := range named.UserMentions[:min(len(named.UserMentions), maxEntities)] {
		id, err := numericID(m.IDStr, m.ID)
		if err != nil {
			return err
		}
		if id != "" || m.ScreenName != "" {
			p.Mentions = append(p.Mentions, mention(id, m.ScreenName, p.Text, at, m.Indices.Start(), m.Indices.End()))
		}
	}
	return nil
}

// objects adds links, hashtags and media. A repost has those of its original,
// whose own are whole where those of the repost were cut with its text.
func (t *tweet) objects(p *schema.Post) {
	of := t
	if r := t.RetweetedStatus; r != nil && (r.Entities != nil || r.ExtendedTweet != nil) {
		of = r
	}
	_, _, named := of.words()
	media := []twitter.MediaEntity(nil)
	if named != nil {
		addLinks(p, named)
		media = named.Media
	}
	switch {
	case of.ExtendedTweet != nil && of.ExtendedTweet.ExtendedEntities != nil:
		media = of.ExtendedTweet.ExtendedEntities.Media
	case of.ExtendedEntities != nil:
		media = of.ExtendedEntities.Media
	}
	addMedia(p, media)
}

func addLinks(p *schema.Post, named *entities) {
	for _, u := range named.Urls[:min(len(named.Urls), maxEntities)] {
		link := &schema.Link{Url: firstOf(u.Unwound.URL, u.ExpandedURL, u.URL), Title: short(u.Unwound.Title)}
		if link.Url == "" {
			continue
		}
		if link.Url = clean(link.Url, maxURL); u.URL != link.Url {
			link.Short = clean(u.URL, maxURL)
		}
		p.Links = append(p.Links, link)
	}
	for _, h := range named.Hashtags[:min(len(named.Hashtags), maxEntities)] {
		if tag := short(h.Text); tag != "" {
			p.Hashtags = append(p.Hashtags, tag)
		}
	}
}

func addMedia(p *schema.Post, media []twitter.MediaEntity) {
	for _, m := range media[:min(len(media), maxEntities)] {
		kind := "image"
		switch m.Type {
		case "video":
			kind = "video"
		case "animated_gif":
			kind = "animation"
		}
		id, err := numericID(m.IDStr, m.ID)
		if url := clean(firstOf(m.MediaURLHttps, m.MediaURL), maxURL); err == nil && (id != "" || url != "") {
			p.Media = append(p.Media, &schema.Media{Kind: kind, NativeId: id, Url: url})
		}
	}
}

func firstOf(options ...string) string {
	for _, s := range options {
		if s != "" {
			return s
		}
	}
	return ""
}
