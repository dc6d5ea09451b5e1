package rows

import (
	"github.com/ClickHouse/ch-go/proto"
	"github.com/google/uuid"

	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

const dayMS = 24 * 60 * 60 * 1000

// unsettledFirst is the highest bit of a version's time of collection. Times of
// collection that need it lie after the year 2248.
const unsettledFirst = 1 << 63

// Posts builds post_rows.
type Posts struct {
	Table
	platform                           words
	idDay                              days
	postID, accountID                  proto.ColUUID
	version                            proto.ColUInt128
	deleted, clamped, archived, marked proto.ColBool
	revision                           proto.ColUInt64
	kind, lang, langSource             words
	claimed, created, collected        times
	langs                              wordList
	title, text                        proto.ColStr
	textHash                           proto.ColUInt64
	replyTo, replyToAccount            proto.ColUUID
	repostOf, repostOfAccount          proto.ColUUID
	quoteOf, quoteOfAccount            proto.ColUUID
	mentions                           uuidList
	hashtags, urls, canonicals         textList
	mediaIDs                           textList
	domains, mediaKinds, queries       wordList
	unresolved                         boolList
	linked                             uuidList
	likes, reposts, replies            proto.ColUInt64
	quotes, views                      proto.ColUInt64
	querySet                           words
	client, collector, source          words
	nativeID, permalink, rawText       proto.ColStr
	origin                             origin
}

// NewPosts returns an empty builder.
func NewPosts() *Posts {
	p := &Posts{}
	p.Table = newTable(schema.TablePosts, append([]named{
		{"platform", &p.platform},
		{"id_day", &p.idDay},
		{"post_id", &p.postID},
		{"account_id", &p.accountID},
		{"version", &p.version},
		{"deleted", &p.deleted},
		{"revision", &p.revision},
		{"kind", &p.kind},
		{"claimed_at", &p.claimed},
		{"created_at", &p.created},
		{"collected_at", &p.collected},
		{"clamped", &p.clamped},
		{"archived", &p.archived},
		{"lang", &p.lang},
		{"lang_source", &p.langSource},
		{"langs", p.langs.column()},
		{"title", &p.title},
		{"text", &p.text},
		{"text_hash", &p.textHash},
		{"reply_to", &p.replyTo},
		{"reply_to_account", &p.replyToAccount},
		{"repost_of", &p.repostOf},
		{"repost_of_account", &p.repostOfAccount},
		{"quote_of", &p.quoteOf},
		{"quote_of_account", &p.quoteOfAccount},
		{"mentions", p.mentions.column()},
		{"hashtags", p.hashtags.column()},
		{"links.url", p.urls.column()},
		{"links.canonical", p.canonicals.column()},
		{"links.domain", p.domains.column()},
		{"links.unresolved", p.unresolved.column()},
		{"links.account", p.linked.column()},
		{"media.kind", p.mediaKinds.column()},
		{"media.id", p.mediaIDs.column()},
		{"queries", p.queries.column()},
		{"query_set", &p.querySet},
		{"likes", &p.likes},
		{"reposts", &p.reposts},
		{"replies", &p.replies},
		{"quotes", &p.quotes},
		{"views", &p.views},
		{"client", &p.client},
		{"sensitive", &p.marked},
		{"collector", &p.collector},
		{"source", &p.source},
		{"native_id", &p.nativeID},
		{"permalink", &p.permalink},
		{"raw_text", &p.rawText},
	}, p.origin.columns()...))
	return p
}

// Unsettled reports whether a delivery of a post may stand in another hour than
// one that came before: it is an edit, its claimed time was clamped against the
// time of collection, it claims none and has the time of collection, or it stands
// in another hour than its id says. All other deliveries stand in the hour that
// the id says, and so in the same. Ids that say none leave every delivery
// unsettled.
func Unsettled(p *tag.Post) bool {
	return p.Revision > 0 || p.Clamped || !p.Archived && p.ClaimedMS == p.CollectedMS || p.IdentityMS == 0 || Hour(p.CreatedMS) != Hour(p.IdentityMS)
}

// PostVersion is the version under which a post is stored: that of the tagger,
// except that of two deliveries of one revision an unsettled one wins over one
// that is not, whichever was collected later. A delivery that moves a post to
// another hour is then always one that shows it, so that the hour that it leaves
// is looked up for these few alone.
func PostVersion(p *tag.Post) tag.Version {
	v := p.Version
	if Unsettled(p) {
		v.Low |= unsettledFirst
	} else {
		v.Low &^= unsettledFirst
	}
	return v
}

func number(v tag.Version) proto.UInt128 { return proto.UInt128{High: v.High, Low: v.Low} }

// Add adds a post.
func (p *Posts) Add(post *tag.Post, from Origin) error {
	v := PostVersion(post)
	p.key(post.Platform, post.IDDay, post.PostID, post.AccountID, v, false)
	p.revision.Append(post.Revision)
	p.kind.Append(post.Kind.Name())
	p.claimed.Append(post.ClaimedMS)
	p.created.Append(post.CreatedMS)
	p.collected.Append(post.CollectedMS)
	p.clamped.Append(post.Clamped)
	p.archived.Append(post.Archived)
	p.content(post)
	p.relations(post)
	p.likes.Append(post.Likes)
	p.reposts.Append(post.Reposts)
	p.replies.Append(post.Replies)
	p.quotes.Append(post.Quotes)
	p.views.Append(post.Views)
	p.client.Append(post.Client)
	p.marked.Append(post.Sensitive)
	p.collector.Append(post.Collector)
	p.source.Append(post.Source)
	p.nativeID.Append(post.NativeID)
	p.permalink.Append(post.Permalink)
	p.rawText.Append(post.RawText)
	p.origin.append(from)
	_, err := p.added()
	return err
}

// AddDeletion adds the row that replaces a post for ever. The notice must name
// the author: the row has the key of that author's post and of no other.
func (p *Posts) AddDeletion(t *tag.Tombstone, from Origin) error {
	// The time only keeps the row near the post that it replaces, for the index
	// on created_at; nobody sees it.
	at := t.DeletedMS
	if t.IDDay > 0 {
		at = int64(t.IDDay) * dayMS
	}
	none := tag.Post{LangSource: "none", Lang: "und"}
	p.key(t.Platform, t.IDDay, t.PostID, t.AccountID, t.Version, true)
	p.revision.Append(0)
	p.kind.Append("")
	p.claimed.Append(at)
	p.created.Append(at)
	p.collected.Append(t.CollectedMS)
	p.clamped.Append(false)
	p.archived.Append(false)
	p.content(&none)
	p.relations(&none)
	for _, c := range []*proto.ColUInt64{&p.likes, &p.reposts, &p.replies, &p.quotes, &p.views} {
		c.Append(0)
	}
	p.client.Append("")
	p.marked.Append(false)
	p.collector.Append(t.Collector)
	p.source.Append(t.Source)
	p.nativeID.Append("")
	p.permalink.Append("")
	p.rawText.Append("")
	p.origin.append(from)
	_, err := p.added()
	return err
}

func (p *Posts) key(platform schema.Platform, day uint16, post, account uuid.UUID, v tag.Version, deleted bool) {
	p.platform.Append(platform.Name())
	p.idDay.Append(day)
	p.postID.Append(post)
	p.accountID.Append(account)
	p.version.Append(number(v))
	p.deleted.Append(deleted)
}

func (p *Posts) content(post *tag.Post) {
	p.lang.Append(post.Lang)
	p.langSource.Append(post.LangSource)
	p.langs.append(post.Langs)
	p.title.Append(post.Title)
	p.text.Append(post.Text)
	p.textHash.Append(post.TextHash)
	p.hashtags.append(post.Hashtags)
	p.queries.append(post.Queries)
	p.querySet.Append(post.QuerySet)
	for i := range post.Links {
		link := &post.Links[i]
		p.urls.data.Append(link.URL)
		p.canonicals.data.Append(link.Canonical)
		p.domains.data.Append(link.Domain)
		p.unresolved.data.Append(link.Unresolved)
		p.linked.data = append(p.linked.data, link.Account)
	}
	p.urls.end()
	p.canonicals.end()
	p.domains.end()
	p.unresolved.end()
	p.linked.end()
	for i := range post.Media {
		p.mediaKinds.data.Append(post.Media[i].Kind)
		p.mediaIDs.data.Append(post.Media[i].ID)
	}
	p.mediaKinds.end()
	p.mediaIDs.end()
}

func (p *Posts) relations(post *tag.Post) {
	p.replyTo.Append(post.ReplyTo)
	p.replyToAccount.Append(post.ReplyToAccount)
	p.repostOf.Append(post.RepostOf)
	p.repostOfAccount.Append(post.RepostOfAccount)
	p.quoteOf.Append(post.QuoteOf)
	p.quoteOfAccount.Append(post.QuoteOfAccount)
	p.mentions.data = append(p.mentions.data, post.Mentions...)
	p.mentions.end()
}
