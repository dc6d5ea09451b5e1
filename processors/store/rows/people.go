package rows

import (
	"github.com/ClickHouse/ch-go/proto"
	"github.com/google/uuid"
	"github.com/zeebo/xxh3"

	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

// Accounts builds account_rows. Of the snapshots of one account and day in a
// block only the newest is kept: a busy author would otherwise have a row for
// each post.
type Accounts struct {
	Table
	platform                    words
	accountID                   proto.ColUUID
	day                         days
	version                     proto.ColUInt128
	collected, created          times
	createdAt                   maybe
	followers, following, posts count
	bot                         proto.ColBool
	declaredBot                 maybe
	verified                    proto.ColBool
	status, collector, source   words
	origin                      origin
	seen                        map[accountDay]int
}

type accountDay struct {
	platform schema.Platform
	account  uuid.UUID
	day      uint16
}

// count is Nullable(UInt64).
type count struct {
	data proto.ColUInt64
	list maybe
}

func (c *count) column() column { c.list.data = &c.data; return &c.list }

func (c *count) put(row int, n *uint64) {
	value := uint64(0)
	if n != nil {
		value = *n
	}
	put((*[]uint64)(&c.data), row, value)
	put((*[]uint8)(&c.list.nulls), row, null(n == nil))
}

// put sets a row, or appends it where it is the next.
func put[T any](rows *[]T, row int, value T) {
	if row == len(*rows) {
		*rows = append(*rows, value)
		return
	}
	(*rows)[row] = value
}

func (c *words) put(row int, word string) {
	if row == len(c.keys) {
		c.Append(word)
		return
	}
	c.Set(row, word)
}

// NewAccounts returns an empty builder.
func NewAccounts() *Accounts {
	a := &Accounts{seen: map[accountDay]int{}}
	a.createdAt.data, a.declaredBot.data = &a.created, &a.bot
	a.Table = newTable(schema.TableAccounts, append([]named{
		{"platform", &a.platform},
		{"account_id", &a.accountID},
		{"day", &a.day},
		{"version", &a.version},
		{"collected_at", &a.collected},
		{"followers", a.followers.column()},
		{"following", a.following.column()},
		{"posts", a.posts.column()},
		{"created_at", &a.createdAt},
		{"declared_bot", &a.declaredBot},
		{"verified", &a.verified},
		{"status", &a.status},
		{"collector", &a.collector},
		{"source", &a.source},
	}, a.origin.columns()...))
	return a
}

// Add adds a snapshot, or replaces the one of the same account and day.
func (a *Accounts) Add(s *tag.Account, from Origin) error {
	key := accountDay{s.Platform, s.AccountID, dayOf(s.CollectedMS)}
	v := number(s.Version)
	row, again := a.seen[key]
	if again && !less(a.version[row], v) {
		return nil
	}
	if !again {
		row = a.rows
		a.seen[key] = row
	}
	a.platform.put(row, s.Platform.Name())
	put((*[]uuid.UUID)(&a.accountID), row, s.AccountID)
	put((*[]uint16)(&a.day.ColUInt16), row, key.day)
	put((*[]proto.UInt128)(&a.version), row, v)
	put((*[]int64)(&a.collected.ColInt64), row, s.CollectedMS)
	a.followers.put(row, s.Followers)
	a.following.put(row, s.Following)
	a.posts.put(row, s.Posts)
	put((*[]int64)(&a.created.ColInt64), row, s.CreatedMS)
	put((*[]uint8)(&a.createdAt.nulls), row, null(s.CreatedMS == 0))
	put((*[]bool)(&a.bot), row, s.DeclaredBot == schema.Declared_DECLARED_YES)
	put((*[]uint8)(&a.declaredBot.nulls), row, null(s.DeclaredBot == schema.Declared_DECLARED_UNKNOWN))
	put((*[]bool)(&a.verified), row, s.Verified)
	a.status.put(row, s.Status.Name())
	a.collector.put(row, s.Collector)
	a.source.put(row, s.Source)
	put((*[]int64)(&a.origin.imported.ColInt64), row, from.ImportedMS)
	put((*[]uint32)(&a.origin.partition), row, from.Partition)
	put((*[]uint64)(&a.origin.offset), row, from.Offset)
	if again {
		return nil
	}
	full, err := a.added()
	if full {
		clear(a.seen)
	}
	return err
}

// Reset forgets all rows.
func (a *Accounts) Reset() {
	a.Table.Reset()
	clear(a.seen)
}

func dayOf(ms int64) uint16 {
	const last = 1<<16 - 1
	return uint16(min(max(ms/dayMS, 0), last))
}

func less(a, b proto.UInt128) bool {
	return a.High < b.High || a.High == b.High && a.Low < b.Low
}

// Identities builds identity_rows. Of one identity in a block only the newest
// is kept.
type Identities struct {
	Table
	platform               words
	accountID              proto.ColUUID
	nativeID, handle, name proto.ColStr
	version                proto.ColUInt128
	collected              times
	origin                 origin
	seen                   map[identity]int
	scratch                []byte
}

// identity is the key of a row, its two texts as a hash: two handles of one
// account that share it would have to collide in 64 bits.
type identity struct {
	platform schema.Platform
	account  uuid.UUID
	texts    uint64
}

// NewIdentities returns an empty builder.
func NewIdentities() *Identities {
	i := &Identities{seen: map[identity]int{}}
	i.Table = newTable(schema.TableIdentities, append([]named{
		{"platform", &i.platform},
		{"account_id", &i.accountID},
		{"native_id", &i.nativeID},
		{"handle", &i.handle},
		{"version", &i.version},
		{"name", &i.name},
		{"collected_at", &i.collected},
	}, i.origin.columns()...))
	return i
}

// Add adds an identity, or replaces an older one of the same key.
func (i *Identities) Add(id *tag.Identity, from Origin) error {
	i.scratch = append(append(append(i.scratch[:0], id.NativeID...), 0), id.Handle...)
	key := identity{id.Platform, id.AccountID, xxh3.Hash(i.scratch)}
	v := number(id.Version)
	if row, again := i.seen[key]; again {
		if less(i.version[row], v) {
			i.replace(row, id, v, from)
		}
		return nil
	}
	i.seen[key] = i.rows
	i.platform.Append(id.Platform.Name())
	i.accountID.Append(id.AccountID)
	i.nativeID.Append(id.NativeID)
	i.handle.Append(id.Handle)
	i.version.Append(v)
	i.name.Append(id.Name)
	i.collected.Append(id.CollectedMS)
	i.origin.append(from)
	full, err := i.added()
	if full {
		clear(i.seen)
	}
	return err
}

// replace sets what is not in the key.
func (i *Identities) replace(row int, id *tag.Identity, v proto.UInt128, from Origin) {
	i.version[row] = v
	if at := i.name.Pos[row]; string(i.name.Buf[at.Start:at.End]) != id.Name {
		start := len(i.name.Buf)
		i.name.Buf = append(i.name.Buf, id.Name...)
		i.name.Pos[row] = proto.Position{Start: start, End: len(i.name.Buf)}
	}
	i.collected.ColInt64[row] = id.CollectedMS
	i.origin.imported.ColInt64[row] = from.ImportedMS
	i.origin.partition[row] = from.Partition
	i.origin.offset[row] = from.Offset
}

// Reset forgets all rows.
func (i *Identities) Reset() {
	i.Table.Reset()
	clear(i.seen)
}
