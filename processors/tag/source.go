package tag

import (
	"encoding/hex"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/election-observatory/observatory/processors/urls"
	"github.com/election-observatory/observatory/schema"
)

// SourceKey is what a link to the address of a source is joined with its ratings
// by, and the registrable domain of such links: the host with the beginning of the
// path in lower case, or the pseudonym of an account, unless the study lists that
// as public.
func (t *Tagger) SourceKey(address string) (key, domain string) {
	t.mask.alone(schema.Platform_PLATFORM_UNSPECIFIED)
	host, rest := urls.Cut(address)
	key = t.mask.cut(address, host, rest)
	if !isAccountName(key) {
		key = strings.TrimSuffix(strings.ToLower(strings.TrimPrefix(key, "https://")), "/")
	}
	return key, t.urls.Registrable(host)
}

// NamesVersion changes whenever links may show an account under another name:
// with the study's key and with the accounts that it lists as public.
func (t *Tagger) NamesVersion() string {
	public := make([]string, 0, len(t.public))
	for name := range t.public {
		public = append(public, name)
	}
	slices.Sort(public)
	id := t.pseudonyms.id(purposeMedia, schema.Platform_PLATFORM_UNSPECIFIED, strings.Join(public, "\n"))
	return hex.EncodeToString(id[:len(uuid.UUID{})/2])
}

// Account is the pseudonym of an account by its id on its platform.
func (t *Tagger) Account(platform schema.Platform, id string) uuid.UUID {
	return t.pseudonyms.id(purposeAccount, platform, id)
}
