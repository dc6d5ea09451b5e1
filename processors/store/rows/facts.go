package rows

import (
	"github.com/ClickHouse/ch-go/proto"

	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

// Shares builds share_rows.
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
	for i := range post.Shares {
		share := &post.Shares[i]
		s.platform.Append(post.Platform.Name())
		s.idDay.Append(post.IDDay)
		s.postID.Append(post.PostID)
		s.accountID.Append(post.AccountID)
		s.kind.Append(share.Kind)
		s.objectID.Append(share.ObjectID)
		s.created.Append(share.CreatedMS)
		s.collector.Append(post.Collector)
		s.source.Append(post.Source)
		s.origin.append(from)
		if _, err := s.added(); err != nil {
			return err
		}
	}
	return nil
}

// Tombstones builds tombstone_rows.
type Tombstones struct {
	Table
	platform           words
	postID, accountID  proto.ColUUID
	version            proto.ColUInt128
	deleted, collected times
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
	t.collector.Append(d.Collector)
	t.source.Append(d.Source)
	t.origin.append(from)
	_, err := t.added()
	return err
}
