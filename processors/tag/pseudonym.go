package tag

import (
	"crypto/sha256"
	"encoding"
	"hash"

	"github.com/google/uuid"

	"github.com/election-observatory/observatory/schema"
)

// purpose separates the pseudonyms of different kinds of things.
type purpose string

const (
	purposeAccount purpose = "account"
	purposeHandle  purpose = "handle"
	purposePost    purpose = "post"
	purposeMedia   purpose = "media"
)

const cachedPseudonyms = 1 << 16

// pseudonymizer makes UUIDs of version 8 from HMAC-SHA-256 over
// purpose 0x1f platform 0x1f id. The two states of the key are computed once.
type pseudonymizer struct {
	inner, outer []byte
	digest       hash.Hash
	cache        map[string]uuid.UUID
	message      []byte
	sum          []byte
}

func newPseudonymizer(key []byte) *pseudonymizer {
	p := &pseudonymizer{digest: sha256.New(), cache: make(map[string]uuid.UUID)}
	state := func(pad byte) []byte {
		block := make([]byte, sha256.BlockSize)
		copy(block, key)
		for i := range block {
			block[i] ^= pad
		}
		d := sha256.New()
		_, _ = d.Write(block)
		saved, err := d.(encoding.BinaryMarshaler).MarshalBinary()
		if err != nil {
			panic("tag: SHA-256 does not save its state: " + err.Error()) // Of our own making; it cannot go on.
		}
		return saved
	}
	p.inner, p.outer = state(0x36), state(0x5c)
	return p
}

// id is the pseudonym of a thing.
func (p *pseudonymizer) id(what purpose, platform schema.Platform, id string) uuid.UUID {
	p.message = append(append(append(append(append(p.message[:0], what...), 0x1f), platform.Name()...), 0x1f), id...)
	if what != purposeAccount && what != purposeHandle {
		return p.compute()
	}
	if known, ok := p.cache[string(p.message)]; ok {
		return known
	}
	if len(p.cache) >= cachedPseudonyms {
		clear(p.cache)
	}
	made := p.compute()
	p.cache[string(p.message)] = made
	return made
}

func (p *pseudonymizer) compute() uuid.UUID {
	p.restore(p.inner)
	_, _ = p.digest.Write(p.message)
	p.sum = p.digest.Sum(p.sum[:0])
	p.restore(p.outer)
	_, _ = p.digest.Write(p.sum)
	p.sum = p.digest.Sum(p.sum[:0])
	var id uuid.UUID
	copy(id[:], p.sum)
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id
}

func (p *pseudonymizer) restore(state []byte) {
	if err := p.digest.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		panic("tag: SHA-256 does not take its state back: " + err.Error()) // Of our own making; it cannot go on.
	}
}
