package tag

import (
	"github.com/google/uuid"

	"github.com/election-observatory/observatory/schema"
)

// Event is one event of the log with what the stages derive from it. Exactly
// one of Post, Action, Tombstone, Account, Expansion, Coverage and Reject is set. Strings may
// alias the record's bytes and the tagger's memory: the event is valid until the
// next call of the tagger.
type Event struct {
	Partition uint32
	Offset    uint64

	Post       *Post
	Action     *Action
	Tombstone  *Tombstone
	Account    *Account // Of an account snapshot that stands alone.
	Expansion  *Expansion
	Coverage   *schema.Coverage
	Reject     *schema.Reject
	Identities []Identity // Accounts that the event names, with their native ids and handles.
}

// Post is a post in the terms of the store: the columns of post_rows.
// Times are Unix milliseconds.
type Post struct {
	Platform  schema.Platform
	Kind      schema.PostKind
	IDDay     uint16 // Days since 1970-01-01, from the native id alone.
	PostID    uuid.UUID
	AccountID uuid.UUID
	Version   Version
	Revision  uint64

	IdentityMS  int64 // The time that follows from the native id alone, 0 where none does.
	ClaimedMS   int64
	CreatedMS   int64
	CollectedMS int64
	ImportedMS  int64
	Clamped     bool
	Archived    bool

	Lang       string
	LangSource string
	Langs      []string
	Title      string
	Text       string
	TextHash   uint64

	ReplyTo, ReplyToAccount   uuid.UUID
	RepostOf, RepostOfAccount uuid.UUID
	QuoteOf, QuoteOfAccount   uuid.UUID

	Mentions []uuid.UUID
	Hashtags []string
	Links    []Link
	Media    []Media
	Queries  []string
	QuerySet string // The version of the queries that the post was matched with.

	Likes, Reposts, Replies, Quotes, Views uint64

	Client    string
	Sensitive bool
	Collector string
	Source    string

	NativeID  string
	Permalink string
	RawText   string // Empty where Text already is the raw text.

	Author *Account // Snapshot of the author, nil where nothing is known.
	Shares []Share
}

// Version orders the deliveries of one key: the larger wins. It is a function
// of the content alone: from the highest bit 1 bit deletion, 63 bits revision,
// 44 bits time of collection in milliseconds, 20 bits hash of the content.
type Version struct{ High, Low uint64 }

// Link is a URL of a post.
type Link struct {
	URL        string // Masked: of a profile or a post the platform and its pseudonym.
	Canonical  string // The canonical form, masked in the same way; empty where that is the URL itself.
	Domain     string // Registrable domain of the canonical form, empty where there is none.
	Unresolved bool
	Account    uuid.UUID // Whose profile or post it is of; zero where the URL does not say.
}

// Media is an attached image, video or sound.
type Media struct {
	Kind string
	ID   string // Pseudonym.
}

// Share is what was done to which object, and when.
type Share struct {
	Kind      string
	ObjectID  string
	CreatedMS int64
}

// Tombstone is a deletion.
type Tombstone struct {
	Platform    schema.Platform
	IDDay       uint16
	PostID      uuid.UUID // Zero where all of the account's posts are meant.
	AccountID   uuid.UUID // Zero where the notice names no author.
	Version     Version
	DeletedMS   int64
	CollectedMS int64
	WrittenMS   int64 // When the post was written, as its native id says; 0 where it does not.
	ImportedMS  int64
	Collector   string
	Source      string
}

// Account is a snapshot of an account. A nil count is unknown.
type Account struct {
	Platform    schema.Platform
	AccountID   uuid.UUID
	Version     Version
	CollectedMS int64
	ImportedMS  int64
	Followers   *uint64
	Following   *uint64
	Posts       *uint64
	CreatedMS   int64 // 0 where unknown.
	DeclaredBot schema.Declared
	Verified    bool
	Status      schema.AccountStatus
	Collector   string
	Source      string
}

// Identity is which account a pseudonym stands for.
type Identity struct {
	Platform    schema.Platform
	AccountID   uuid.UUID
	Version     Version
	NativeID    string
	Handle      string
	Name        string
	CollectedMS int64
	ImportedMS  int64
}
