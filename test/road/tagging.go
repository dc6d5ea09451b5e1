package main

import (
	"bytes"
	"io"

	"github.com/election-observatory/observatory/processors/store/rows"
	"github.com/election-observatory/observatory/processors/tag"
)

// tagging does with each record what a processor does before the store hears of
// it: decode, tag, and encode as columns.
type tagging struct {
	tagger     *tag.Tagger
	posts      *rows.Posts
	accounts   *rows.Accounts
	identities *rows.Identities
	tombstones *rows.Tombstones
	event      tag.Event
}

// blockRows is how many posts are encoded at a time.
const blockRows = 20_000

func newTagging() (*tagging, error) {
	cfg := tag.DefaultConfig()
	cfg.Key = bytes.Repeat([]byte{1}, tag.KeyBytes)
	tagger, err := tag.New(cfg)
	return &tagging{tagger: tagger, posts: rows.NewPosts(), accounts: rows.NewAccounts(), identities: rows.NewIdentities(), tombstones: rows.NewTombstones()}, err
}

func (t *tagging) use(value []byte, partition int, offset int64) error {
	ev := &t.event
	if err := t.tagger.Tag(value, uint32(partition), uint64(offset), ev); err != nil {
		return err
	}
	from := rows.Origin{Partition: ev.Partition, Offset: ev.Offset}
	if err := t.add(ev, from); err != nil {
		return err
	}
	for i := range ev.Identities {
		if err := t.identities.Add(&ev.Identities[i], from); err != nil {
			return err
		}
	}
	if t.posts.Rows() < blockRows {
		return nil
	}
	return t.encode()
}

func (t *tagging) add(ev *tag.Event, from rows.Origin) error {
	switch {
	case ev.Post != nil:
		if ev.Post.Author != nil {
			if err := t.accounts.Add(ev.Post.Author, from); err != nil {
				return err
			}
		}
		return t.posts.Add(ev.Post, from)
	case ev.Tombstone != nil:
		return t.tombstones.Add(ev.Tombstone, from)
	case ev.Account != nil:
		return t.accounts.Add(ev.Account, from)
	}
	return nil
}

func (t *tagging) encode() error {
	for _, table := range []*rows.Table{&t.posts.Table, &t.accounts.Table, &t.identities.Table, &t.tombstones.Table} {
		body, err := table.Encode()
		if err != nil {
			return err
		}
		if _, err := io.Discard.Write(body); err != nil {
			return err
		}
	}
	t.posts.Reset()
	t.accounts.Reset()
	t.identities.Reset()
	t.tombstones.Reset()
	return nil
}
