package tag

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/election-observatory/observatory/processors/match"
	"github.com/election-observatory/observatory/processors/urls"
	"github.com/election-observatory/observatory/schema"
)

// KeyBytes is the length of the study's key.
const KeyBytes = 32

// PublicAccount is an account that the study names: a party, a candidate, a
// medium, an institution. Its handle and its links stay as they are.
type PublicAccount struct {
	Platform schema.Platform
	NativeID string // Either may be empty.
	Handle   string
}

// Config says how events are tagged.
type Config struct {
	// Key is the study's key, from which every pseudonym follows.
	Key []byte
	// Public are the accounts that keep their names.
	Public []PublicAccount
	// Shorteners are hosts whose links have an unknown target.
	Shorteners []string
	// Queries are the study's queries; nil for none.
	Queries *match.Set
	// Languages are those that undeclared texts may be in, BCP 47; empty for
	// those of Europe.
	Languages []string
	// MaxLinks is how many links of one post are kept.
	MaxLinks int
}

// DefaultConfig is all but the key.
func DefaultConfig() Config {
	return Config{Shorteners: urls.Shorteners(), MaxLinks: 100}
}

// Validate says what is wrong, if anything.
func (c *Config) Validate() error {
	if len(c.Key) != KeyBytes {
		return fmt.Errorf("the study's key has %d bytes, not %d", len(c.Key), KeyBytes)
	}
	if c.MaxLinks < 1 {
		return errors.New("at least one link of a post must be kept")
	}
	return nil
}

// Rejected is an event that cannot be tagged.
type Rejected struct {
	Reason schema.Reason
	Detail string
}

func (r *Rejected) Error() string { return fmt.Sprintf("tag: %s: %s", r.Reason, r.Detail) }

func undecodable(format string, args ...any) error {
	return &Rejected{Reason: schema.ReasonUndecodable, Detail: fmt.Sprintf(format, args...)}
}

// Tagger tags events. It is for one goroutine; Worker makes another.
type Tagger struct {
	cfg        *Config
	pseudonyms *pseudonymizer
	urls       *urls.Canonicalizer
	public     map[string]bool
	shorteners map[string]bool
	mask       masker
	normal     normalizer
	detector   *detector
	matcher    *match.Matcher
	linked     []string // Domains of the post's links.
	sources    map[sourceKey]string
	decoded    schema.Event // What the events of this tagger point to.
	post       Post
	action     Action
	author     Account
}

type sourceKey struct {
	platform schema.Platform
	source   string
}

const cachedSources = 1 << 12

// New returns a tagger.
func New(cfg Config) (*Tagger, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("tag: %w", err)
	}
	if cfg.Queries == nil {
		cfg.Queries = new(match.Set)
	}
	t := &Tagger{cfg: &cfg, public: map[string]bool{}, shorteners: map[string]bool{}}
	for _, host := range cfg.Shorteners {
		t.shorteners[host] = true
	}
	for _, account := range cfg.Public {
		if account.NativeID != "" {
			t.public[account.Platform.Name()+"/"+account.NativeID] = true
		}
		if account.Handle != "" {
			t.public[account.Platform.Name()+"@"+lowerASCII(account.Handle)] = true
		}
	}
	return t.Worker(), nil
}

// Worker returns a tagger of the same configuration for another goroutine.
func (t *Tagger) Worker() *Tagger {
	w := &Tagger{cfg: t.cfg, public: t.public, shorteners: t.shorteners, pseudonyms: newPseudonymizer(t.cfg.Key), urls: urls.New(), sources: map[sourceKey]string{}}
	w.mask.tagger = w
	w.detector, w.matcher = newDetector(t.cfg.Languages), t.cfg.Queries.Matcher()
	return w
}

// Tag decodes a record of the log and derives what follows from it. ev aliases
// value and the tagger's memory: it is valid until the next call. The error is a
// *Rejected.
func (t *Tagger) Tag(value []byte, partition uint32, offset uint64, ev *Event) error {
	*ev = Event{Partition: partition, Offset: offset, Identities: ev.Identities[:0]}
	t.decoded.ResetVT()
	if err := t.decoded.UnmarshalVTUnsafe(value); err != nil {
		return undecodable("%v", err)
	}
	hash := contentHash(value)
	switch kind := t.decoded.GetKind().(type) {
	case *schema.Event_Post:
		return t.tagPost(kind.Post, hash, ev)
	case *schema.Event_Action:
		return t.tagAction(kind.Action, hash, ev)
	case *schema.Event_Delete:
		return t.tagDelete(kind.Delete, hash, ev)
	case *schema.Event_Account:
		return t.tagAccount(kind.Account, hash, ev)
	case *schema.Event_Expansion:
		return t.tagExpansion(kind.Expansion, hash, ev)
	case *schema.Event_Coverage:
		ev.Coverage = kind.Coverage
		ev.Coverage.Source = t.source(ev.Coverage.GetPlatform(), ev.Coverage.GetSource())
	case *schema.Event_Reject:
		ev.Reject = kind.Reject
	default:
		return undecodable("the record holds no event that this program knows")
	}
	return nil
}

// tagPost runs the stages of a post, in order.
func (t *Tagger) tagPost(p *schema.Post, hash uint64, ev *Event) error {
	if p.GetPlatform().Name() == "" || p.GetNativeId() == "" || p.GetKind().Name() == "" {
		return undecodable("a post without platform, native id or kind")
	}
	post := &t.post
	*post = Post{
		Platform: p.GetPlatform(), Kind: p.GetKind(), Revision: p.GetRevision(), Collector: p.GetCollector(), Source: t.source(p.GetPlatform(), p.GetSource()), NativeID: p.GetNativeId(),
		Langs: post.Langs[:0], Mentions: post.Mentions[:0], Hashtags: post.Hashtags[:0], Links: post.Links[:0], Queries: post.Queries[:0], Media: post.Media[:0], Shares: post.Shares[:0],
	}
	ev.Post = post
	t.times(p, post)
	t.identity(p, hash, ev)
	t.references(p, ev)
	t.mask.reset(p)
	t.links(p, post)
	t.text(p, post)
	t.objects(p, post)
	t.language(p, post)
	t.queries(p, post)
	post.TextHash = t.normal.hash(post.Text)
	return nil
}

func (t *Tagger) tagDelete(d *schema.Delete, hash uint64, ev *Event) error {
	written := schema.IdentityTime(d.GetPlatform(), d.GetNativeId())
	var post, account uuid.UUID
	switch {
	case d.GetPlatform().Name() == "":
		return undecodable("a deletion without platform")
	case len(d.GetPostPseudonym()) == len(post):
		post, written = uuid.UUID(d.GetPostPseudonym()), bound(d.GetWrittenMs())
	case len(d.GetAccountPseudonym()) == len(account):
		account = uuid.UUID(d.GetAccountPseudonym())
	case d.GetNativeId() == "":
		return undecodable("a deletion without native id")
	default:
		post = t.pseudonyms.id(purposePost, d.GetPlatform(), d.GetNativeId())
	}
	collected := bound(d.GetCollectedMs())
	tombstone := &Tombstone{
		Platform: d.GetPlatform(), IDDay: dayOf(written), WrittenMS: written, PostID: post, AccountID: account,
		Version:   version(true, 0, collected, hash),
		DeletedMS: bound(d.GetClaimedMs()), CollectedMS: collected, ImportedMS: bound(d.GetImportedMs()),
		Collector: d.GetCollector(), Source: t.source(d.GetPlatform(), d.GetSource()),
	}
	if d.GetAuthorId() != "" {
		tombstone.AccountID = t.account(d.GetPlatform(), d.GetAuthorId(), "")
	}
	if tombstone.DeletedMS == 0 {
		tombstone.DeletedMS = collected
	}
	ev.Tombstone = tombstone
	return nil
}

func (t *Tagger) tagAccount(a *schema.AccountSnapshot, hash uint64, ev *Event) error {
	if a.GetPlatform().Name() == "" || (a.GetNativeId() == "" && a.GetHandle() == "") {
		return undecodable("an account without platform or native id")
	}
	collected, imported := bound(a.GetCollectedMs()), bound(a.GetImportedMs())
	if a.GetStatus() == schema.AccountStatus_ACCOUNT_STATUS_DELETED {
		ev.Tombstone = t.deletedAccount(a, collected, imported, hash)
		return nil
	}
	t.identify(ev, a.GetPlatform(), a.GetNativeId(), a.GetHandle(), a.GetName(), collected, imported, hash)
	if !knows(a) { // A name alone, which is an identity.
		return nil
	}
	ev.Account = t.snapshot(a, a.GetPlatform(), collected, imported, hash)
	ev.Account.Collector, ev.Account.Source = a.GetCollector(), t.source(a.GetPlatform(), a.GetSource())
	return nil
}

// deletedAccount is the deletion of all that an account wrote, and of who it was.
func (t *Tagger) deletedAccount(a *schema.AccountSnapshot, collected, imported int64, hash uint64) *Tombstone {
	return &Tombstone{
		Platform: a.GetPlatform(), AccountID: t.account(a.GetPlatform(), a.GetNativeId(), a.GetHandle()), Version: version(true, 0, collected, hash),
		DeletedMS: collected, CollectedMS: collected, ImportedMS: cmp.Or(imported, collected),
		Collector: a.GetCollector(), Source: t.source(a.GetPlatform(), a.GetSource()),
	}
}

// source is the name of a source without the names of accounts: a source may
// be a profile or a channel.
func (t *Tagger) source(p schema.Platform, name string) string {
	if !suspicious(name) {
		return name
	}
	key := sourceKey{p, name}
	if masked, ok := t.sources[key]; ok {
		return masked
	}
	if len(t.sources) >= cachedSources {
		clear(t.sources)
	}
	key.source = strings.Clone(name)
	t.mask.alone(p)
	masked := t.mask.text(key.source, false)
	t.sources[key] = masked
	return masked
}

// AccountID is the pseudonym of an account, of its native id, or of its handle where
// nothing else is known. A Tagger is for one goroutine.
func (t *Tagger) AccountID(p schema.Platform, nativeID, handle string) uuid.UUID {
	return t.account(p, nativeID, handle)
}

// PostID is the pseudonym of a post.
func (t *Tagger) PostID(p schema.Platform, nativeID string) uuid.UUID {
	return t.pseudonyms.id(purposePost, p, nativeID)
}

// account is the pseudonym of an account: of its native id, or of its handle
// where nothing else is known.
func (t *Tagger) account(p schema.Platform, nativeID, handle string) uuid.UUID {
	switch {
	case nativeID != "":
		return t.pseudonyms.id(purposeAccount, p, nativeID)
	case handle != "":
		return t.pseudonyms.id(purposeHandle, p, lowerASCII(handle))
	}
	return uuid.UUID{}
}

func (t *Tagger) isPublic(p schema.Platform, nativeID, handle string) bool {
	if len(t.public) == 0 {
		return false
	}
	return (nativeID != "" && t.public[p.Name()+"/"+nativeID]) || (handle != "" && t.public[p.Name()+"@"+lowerASCII(handle)])
}
