package twitter

import (
	"cmp"

	gotwitter "github.com/dghubble/go-twitter/twitter" //nolint:staticcheck // Its types describe the archives; v1.1 has no other maintained ones.

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// addMentions adds whom a text names, at their places in it.
func addMentions(p *schema.Post, named *entities, at mapping.Places) error {
	if named == nil {
		return nil
	}
	for _, m := range named.UserMentions[:min(len(named.UserMentions), mapping.MaxEntities)] {
		id, err := numericID(m.IDStr, m.ID)
		if err != nil {
			return err
		}
		if id != "" || m.ScreenName != "" {
			p.Mentions = append(p.Mentions, mapping.Mention(id, m.ScreenName, p.Text, at, m.Indices.Start(), m.Indices.End()))
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
	media := []gotwitter.MediaEntity(nil)
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
	for _, u := range named.Urls[:min(len(named.Urls), mapping.MaxEntities)] {
		link := &schema.Link{Url: cmp.Or(u.Unwound.URL, u.ExpandedURL, u.URL), Title: mapping.Short(u.Unwound.Title)}
		if link.Url == "" {
			continue
		}
		if link.Url = mapping.Clean(link.Url, mapping.MaxURL); u.URL != link.Url {
			link.Short = mapping.Clean(u.URL, mapping.MaxURL)
		}
		p.Links = append(p.Links, link)
	}
	for _, h := range named.Hashtags[:min(len(named.Hashtags), mapping.MaxEntities)] {
		if tag := mapping.Short(h.Text); tag != "" {
			p.Hashtags = append(p.Hashtags, tag)
		}
	}
}

func addMedia(p *schema.Post, media []gotwitter.MediaEntity) {
	for _, m := range media[:min(len(media), mapping.MaxEntities)] {
		kind := "image"
		switch m.Type {
		case "video":
			kind = "video"
		case "animated_gif":
			kind = "animation"
		}
		id, err := numericID(m.IDStr, m.ID)
		if url := mapping.Clean(cmp.Or(m.MediaURLHttps, m.MediaURL), mapping.MaxURL); err == nil && (id != "" || url != "") {
			p.Media = append(p.Media, &schema.Media{Kind: kind, NativeId: id, Url: url})
		}
	}
}
