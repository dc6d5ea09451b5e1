package rows

import (
	"github.com/ClickHouse/ch-go/proto"

	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

// Shares builds share_rows, of shares, likes and follows.
type Shares struct {
	Table
	platform          words
	idDay             days
	postID, accountID proto.ColUUID
	kind              words
	objectID          proto.ColStr
	created           times
	collector, source words
	origin            origin
}

// NewShares returns an empty builder.
func NewShares() *Shares {
	s := &Shares{}
	s.Table = newTable(schema.TableShares, append([]named{
		{"platform", &s.platform},
		{"id_day", &s.idDay},
		{"post_id", &s.postID},
		{"account_id", &s.accountID},
		{"kind", &s.kind},
		{"object_id", &s.objectID},
		{"created_at", &s.created},
		{"collector", &s.collector},
		{"source", &s.source},
	}, s.origin.columns()...))
	return s
}

// Add adds the shares that a post states.
func (s *Shares) Add(post *tag.Post, from Origin) error {
	action := tag.Action{Platform: post.Platform, IDDay: post.IDDay, PostID: post.PostID, AccountID: post.AccountID, Collector: post.Collector, Source: post.Source}
	for i := range post.Shares {
		action.Share = post.Shares[i]
		if err := s.AddAction(&action, from); err != nil {
			return err
		}
	}
	return nil
}

// AddAction adds an action.
func (s *Shares) AddAction(a *tag.Action, from Origin) error {
	s.platform.Append(a.Platform.Name())
	s.idDay.Append(a.IDDay)
	s.postID.Append(a.PostID)
	s.accountID.Append(a.AccountID)
	s.kind.Append(a.Kind)
	s.objectID.Append(a.ObjectID)
	s.created.Append(a.CreatedMS)
	s.collector.Append(a.Collector)
	s.source.Append(a.Source)
	s.origin.append(from)
	_, err := s.added()
	return err
}

// Tombstones builds tombstone_rows.
type Tombstones struct {
	Table
	platform           words
	postID, accountID  proto.ColUUID
	version            proto.ColUInt128
	deleted, collected times
	written            times
	collector, source  words
	origin             origin
}

// NewTombstones returns an empty builder.
func NewTombstones() *Tombstones {
	t := &Tombstones{}
	t.Table = newTable(schema.TableTombstones, append([]named{
		{"platform", &t.platform},
		{"post_id", &t.postID},
		{"account_id", &t.accountID},
		{"version", &t.version},
		{"deleted_at", &t.deleted},
		{"collected_at", &t.collected},
		{"written_at", &t.written},
		{"collector", &t.collector},
		{"source", &t.source},
	}, t.origin.columns()...))
	return t
}

// Add adds a deletion.
func (t *Tombstones) Add(d *tag.Tombstone, from Origin) error {
	t.platform.Append(d.Platform.Name())
	t.postID.Append(d.PostID)
	t.accountID.Append(d.AccountID)
	t.version.Append(number(d.Version))
	t.deleted.Append(d.DeletedMS)
	t.collected.Append(d.CollectedMS)
	t.written.Append(d.WrittenMS)
	t.collector.Append(d.Collector)
	t.source.Append(d.Source)
	t.origin.append(from)
	_, err := t.added()
	return err
}
