package datasets

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// vetted makes the tables of the vetted tier: what is known of networks that two
// reviewers agree on, post by post, under pseudonyms of this release alone, and without
// texts, addresses or ids of platforms.
type vetted struct {
	week Week
	ask  Ask
	key  []byte // Of the release.

	withheld map[string]bool // Platforms that are not published.
}

// ReleaseKey is the key of a week's pseudonyms: HKDF-SHA-256 (RFC 5869) of the master key,
// the same for every version of the week's release, and of no use for another week's.
func ReleaseKey(master []byte, week Week) ([]byte, error) {
	return hkdf.Key(sha256.New, master, nil, "release:"+week.String(), sha256.Size)
}

func (v *vetted) id(of, platform, stored string) string {
	return ReleaseID(v.key, of, platform, stored)
}

// ReleaseID is a pseudonym of a release: a UUID of version 8 from HMAC-SHA-256 under its
// key over what it is of (account, post or object), the platform (none of objects) and the
// store's own pseudonym, parted by the byte 1f.
func ReleaseID(key []byte, of, platform, stored string) string {
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(of + "\x1f" + platform + "\x1f" + stored))
	var id uuid.UUID
	copy(id[:], mac.Sum(nil))
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	return id.String()
}

// agreed are the ids of what two reviewers agree on, of a kind.
func agreed(kind string) string {
	return "(SELECT subject_id FROM reviews WHERE status = 'agreed' AND subject_kind = '" + kind + "')"
}

// inDays is the condition that a day lies in the week.
func (w Week) inDays(column string) string {
	return fmt.Sprintf("%s >= '%s' AND %s < '%s'", column, w.From().Format(time.DateOnly), column, w.To().Format(time.DateOnly))
}

// mask is which columns are mapped: by index, what they are of and which column has the
// platform; -1 for none.
type mask map[int]struct {
	of       string
	platform int
}

// table asks for a table and maps what it names.
func (v *vetted) table(ctx context.Context, of asked, masked mask) (*Table, error) {
	t, err := of.table(ctx, v.ask)
	if err != nil {
		return nil, err
	}
	t.Rows = slices.DeleteFunc(t.Rows, func(row []any) bool {
		for _, m := range masked {
			if m.platform >= 0 {
				if platform, _ := row[m.platform].(string); v.withheld[platform] {
					return true
				}
			}
		}
		return false
	})
	for _, row := range t.Rows {
		for column, m := range masked {
			stored, _ := row[column].(string)
			platform := ""
			if m.platform >= 0 {
				platform, _ = row[m.platform].(string)
			}
			row[column] = v.id(m.of, platform, stored)
		}
	}
	sortRows(t.Rows)
	return t, nil
}

const (
	ofAccount = "account"
	ofPost    = "post"
	ofObject  = "object"
)

// question is a table that is asked for, and which of its columns are mapped.
type question struct {
	of     asked
	masked mask
}

func (v *vetted) tables(ctx context.Context) ([]*Table, error) {
	var tables []*Table
	for _, q := range append([]question{v.reviewed()}, v.networks()...) {
		t, err := v.table(ctx, q.of, q.masked)
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	for _, of := range collected(v.week) {
		t, err := of.table(ctx, v.ask)
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// networks are the accounts, pairs and posts of reviewed networks.
func (v *vetted) networks() []question {
	network := Column{"network", String, "The network, as in reviewed."}
	pairs := fmt.Sprintf(`(SELECT m.network_id AS network, p.object_kind AS object_kind, p.object_id AS object_id, p.platform AS platform, p.post_id AS post_id, p.account_id AS account_id, p.created_at AS created_at,
    p.platform_newer AS platform_newer, p.post_id_newer AS post_id_newer, p.account_id_newer AS account_id_newer, p.time_delta AS time_delta
FROM (SELECT * FROM pairs WHERE %[1]s AND NOT self AND NOT original AND account_id IN (SELECT account_id FROM network_members WHERE network_id IN %[2]s)) AS p
INNER JOIN (SELECT DISTINCT network_id, account_id, object_kind FROM network_members WHERE %[3]s AND network_id IN %[2]s) AS m ON p.account_id = m.account_id AND p.object_kind = m.object_kind
INNER JOIN (SELECT DISTINCT network_id, account_id FROM network_members WHERE %[3]s AND network_id IN %[2]s) AS n ON p.account_id_newer = n.account_id AND m.network_id = n.network_id)`,
		v.week.inWeek("created_at_newer"), agreed("network"), v.week.inDays("day"))
	return []question{
		{asked{Table{
			Name: "network_members", Title: "Accounts of reviewed networks", Doc: "By day: a network is of the seven days up to it.",
			Columns: []Column{
				network,
				{"day", Date, "The last of the seven days."},
				{"platform", String, "The platform."},
				{"account_id", String, "Pseudonym of the account, of this release alone."},
				{"edges", Integer, "With how many others it stands out."},
				{"objects", Integer, "What it shared with them."},
				{"posts", Integer, "With how many posts."},
			},
		}, fmt.Sprintf(`SELECT toNullable(network_id), toNullable(day), toNullable(toString(platform)), toNullable(toString(account_id)), toNullable(toInt64(edges)), toNullable(toInt64(objects)), toNullable(toInt64(posts))
FROM network_members WHERE %s AND network_id IN %s`, v.week.inDays("day"), agreed("network"))}, mask{3: {ofAccount, 2}}},
		{asked{Table{
			Name: "network_pairs", Title: "Pairs of posts of reviewed networks", Doc: "Two posts by accounts of one network that shared the same object within five minutes.",
			Columns: []Column{
				network,
				{"object_kind", String, "url, repost, text, media, hashtags or reply."},
				{"object", String, "Pseudonym of what they shared, of this release alone."},
				{"platform", String, "Of the older post."},
				{"post_id", String, "Pseudonym of the older post."},
				{"account_id", String, "Its account."},
				{"created_at", DateTime, "When it was written, to the second."},
				{"platform_newer", String, "Of the newer post."},
				{"post_id_newer", String, "Pseudonym of the newer post."},
				{"account_id_newer", String, "Its account."},
				{"time_delta", Number, "Seconds between them."},
			},
		}, "SELECT toNullable(network), toNullable(toString(object_kind)), toNullable(object_id), toNullable(toString(platform)), toNullable(toString(post_id)), toNullable(toString(account_id)), toNullable(created_at), toNullable(toString(platform_newer)), toNullable(toString(post_id_newer)), toNullable(toString(account_id_newer)), toNullable(time_delta) FROM " + pairs}, mask{2: {ofObject, -1}, 4: {ofPost, 3}, 5: {ofAccount, 3}, 8: {ofPost, 7}, 9: {ofAccount, 7}}},
		{asked{Table{
			Name: "network_posts", Title: "Posts of reviewed networks", Doc: "The posts of network_pairs, without their texts.",
			Columns: []Column{
				{"platform", String, "The platform."},
				{"post_id", String, "Pseudonym of the post, of this release alone."},
				{"account_id", String, "Pseudonym of its account."},
				{"created_at", DateTime, "When it was written, to the second."},
				{"kind", String, "post, reply, repost, quote or item."},
				{"lang", String, "Language, BCP 47."},
				{"domains", String, "Registrable domains that it links to, parted by blanks."},
			},
		}, fmt.Sprintf(`SELECT toNullable(toString(platform)), toNullable(toString(post_id)), toNullable(toString(account_id)), toNullable(created_at), toNullable(toString(kind)), toNullable(toString(lang)), toNullable(arrayStringConcat(arraySort(d.domains), ' '))
FROM posts LEFT JOIN (SELECT platform, post_id, groupUniqArray(toString(domain)) AS domains FROM hourly_links WHERE %[1]s GROUP BY platform, post_id) AS d USING (platform, post_id)
WHERE %[1]s AND (platform, post_id) IN (SELECT arrayJoin([(platform, post_id), (platform_newer, post_id_newer)]) FROM %[2]s)`, v.week.inWeek("created_at"), pairs)}, mask{1: {ofPost, 0}, 2: {ofAccount, 0}}},
	}
}

// reviewed is what two reviewers agree on.
func (v *vetted) reviewed() question {
	return question{asked{Table{
		Name: "reviewed", Title: "What two reviewers agree on", Doc: "Networks, bursts and look-alikes of the week on which two or more reviewers say the same.",
		Columns: []Column{
			{"kind", String, "network, burst or lookalike."},
			{"subject", String, "Which one; of a look-alike the host."},
			{"verdict", String, "confirmed: it is what the method takes it for. rejected: it has another explanation. unclear: what is there does not say."},
			{"confidence", String, "The lowest of theirs: low, moderate or high."},
			{"actor_type", String, "Who is behind it, where two or more say the same and cite it; else empty."},
			{"citations", String, "On what that rests."},
			{"reviewers", Integer, "How many judged it."},
		},
	}, fmt.Sprintf(`SELECT toNullable(toString(subject_kind)), toNullable(subject_id), toNullable(toString(verdict)), toNullable(toString(confidence)), toNullable(toString(actor_type)), toNullable(arrayStringConcat(citations, '; ')), toNullable(toInt64(reviewers))
FROM reviews WHERE status = 'agreed' AND ((subject_kind = 'network' AND subject_id IN (SELECT network_id FROM networks WHERE %s)) OR (subject_kind = 'burst' AND subject_id IN (SELECT burst_id FROM bursts WHERE %s))
    OR (subject_kind = 'lookalike' AND subject_id IN (SELECT host FROM lookalikes WHERE first_seen < '%s' AND last_seen >= '%s')))`,
		v.week.inDays("day"), v.week.inDays("day"), v.week.To().Format(time.DateTime), v.week.From().Format(time.DateTime))}, nil}
}

// known checks that the master key is the one under which the store's pseudonyms were made,
// by one of them: another key would make a release whose pseudonyms lead nowhere.
func known(ctx context.Context, ask Ask, pseudonym func(platform, nativeID string) string) error {
	return ask(ctx, "SELECT toString(platform), native_id, toString(account_id) FROM identities WHERE native_id != '' ORDER BY platform, account_id LIMIT 1", func(scan func(...any) error) error {
		var platform, native, stored string
		if err := scan(&platform, &native, &stored); err != nil {
			return err
		}
		if !strings.EqualFold(pseudonym(platform, native), stored) {
			return ErrKey
		}
		return nil
	})
}
