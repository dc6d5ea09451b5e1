package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

// iraCSV decodes the posts of the Internet Research Agency as FiveThirtyEight
// published them, and tables made of those. They have no id of a post, and
// times to the minute, in UTC.
type iraCSV struct {
	header
	languages                                                  map[string]string
	author, accountID, content, language, published, harvested int
	following, followers, updates, postType, retweet, tweetID  int
}

func newIRACSV(h header) (*iraCSV, string) {
	d := &iraCSV{
		header: h, languages: languages(),
		author: h.column("author", "author_id"), accountID: h.column("external_author_id"), content: h.column("content"), language: h.column("language"),
		published: h.column("publish_date"), harvested: h.column("harvested_date"), following: h.column("following"), followers: h.column("followers"),
		updates: h.column("updates"), postType: h.column("post_type"), retweet: h.column("retweet"), tweetID: h.column("tweet_id"),
	}
	switch {
	case d.author < 0:
		return nil, "author_id"
	case d.published < 0:
		return nil, "publish_date"
	case d.content < 0:
		return nil, "content"
	}
	return d, ""
}

func (d *iraCSV) decode(rec []byte) (mapping.Decoded, error) {
	var buffer [32]string
	r, err := d.row(buffer[:0], rec)
	if err != nil {
		return mapping.Decoded{}, err
	}
	author := r.get(d.author)
	if author == "" {
		return mapping.Decoded{}, mapping.Reject(schema.ReasonMissingUser, "a row without author")
	}
	if !fit(author, mapping.MaxShort) {
		return mapping.Decoded{}, mapping.Reject(schema.ReasonBadField, "an author that is too long or no text")
	}
	published, err := d.time("publish_date", r.get(d.published))
	if err != nil {
		return mapping.Decoded{}, err
	}
	if published == 0 {
		return mapping.Decoded{}, mapping.Reject(schema.ReasonMissingTime, "a row without publish_date")
	}
	harvested, err := d.time("harvested_date", r.get(d.harvested))
	if err != nil {
		return mapping.Decoded{}, err
	}
	account, err := d.account(r, author)
	if err != nil {
		return mapping.Decoded{}, err
	}
	text, _ := mapping.CleanTweet(r.get(d.content))
	p := &schema.Post{
		Platform: schema.PlatformX, NativeId: d.id(r, author, published), Kind: d.kind(r), Author: account,
		ClaimedMs: published, CollectedMs: harvested, Text: text,
	}
	if lang := d.languages[r.get(d.language)]; lang != "" {
		p.Langs = []string{lang}
	}
	extract(p)
	return mapping.Decoded{Kind: p.Kind.Name(), MS: published, Event: &schema.Event{Kind: &schema.Event_Post{Post: p}}}, nil
}

// id is Twitter's where the table has it whole, and else follows from what
// tells two posts of an author apart: the time, the text, and the author's count
// of posts.
func (d *iraCSV) id(r row, author string, publishedMS int64) string {
	if id := r.get(d.tweetID); mapping.Digits(id) {
		return id
	}
	var buffer [1024]byte
	b := append(append(buffer[:0], author...), 0)
	b = append(strconv.AppendInt(b, publishedMS/1000, 10), 0)
	b = append(append(b, r.get(d.updates)...), 0)
	sum := sha256.Sum256(append(b, r.get(d.content)...))
	return schema.ArchiveID(time.UnixMilli(publishedMS), hex.EncodeToString(sum[:16]))
}

func (d *iraCSV) kind(r row) schema.PostKind {
	switch {
	case r.get(d.postType) == "R" || r.get(d.postType) == "RETWEET":
		return schema.KindRepost
	case strings.HasPrefix(r.get(d.postType), "Q"):
		return schema.KindQuote
	case r.get(d.retweet) == "1":
		return schema.KindRepost
	}
	return schema.KindPost
}

// account has the native id only where no spreadsheet has made a rounded
// number of it.
func (d *iraCSV) account(r row, author string) (*schema.AccountSnapshot, error) {
	a := &schema.AccountSnapshot{Handle: author}
	if id := r.get(d.accountID); mapping.Digits(id) {
		a.NativeId = id
	}
	for _, n := range [...]struct {
		name   string
		column int
		into   **uint64
	}{{"following", d.following, &a.Following}, {"followers", d.followers, &a.Followers}, {"updates", d.updates, &a.Posts}} {
		s := r.get(n.column)
		if s == "" {
			continue
		}
		v, err := strconv.ParseUint(s, 10, 63)
		if err != nil {
			return nil, mapping.Reject(schema.ReasonBadField, "%s is no count", n.name)
		}
		*n.into = &v
	}
	return a, nil
}

// time reads the two ways in which these tables write times.
func (d *iraCSV) time(name, s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	layout := time.DateTime
	if strings.IndexByte(s, '/') >= 0 {
		layout = "1/2/2006 15:04"
	}
	t, err := time.Parse(layout, s)
	if err != nil || !mapping.Plausible(t.UnixMilli()) {
		return 0, mapping.Reject(schema.ReasonBadTime, "%s is neither like 2017-01-31 15:04:00 nor like 1/31/2017 15:04", name)
	}
	return t.UnixMilli(), nil
}
