package tag

import (
	"cmp"

	"github.com/google/uuid"

	"github.com/election-observatory/observatory/schema"
)

// Action is a share with whose it is and by which post: a row of share_rows. A
// like or a follow has a record of its own in place of a post.
type Action struct {
	Platform   schema.Platform
	IDDay      uint16
	PostID     uuid.UUID
	AccountID  uuid.UUID
	ImportedMS int64
	Collector  string
	Source     string
	Share
}

// tagAction derives the row of a like or a follow. Its time is bounded as that of
// a post, by when the platform took it in: rows have no versions, and that is
// the same in every delivery.
func (t *Tagger) tagAction(a *schema.Action, hash uint64, ev *Event) error {
	p := a.GetPlatform()
	if p.Name() == "" || a.GetNativeId() == "" || a.GetAuthorId() == "" || a.GetKind().Name() == "" || a.GetObject() == "" {
		return undecodable("an action without platform, native id, author, kind or object")
	}
	collected := bound(cmp.Or(a.GetCollectedMs(), a.GetClaimedMs()))
	imported := cmp.Or(bound(a.GetImportedMs()), collected)
	action := &t.action
	*action = Action{
		Platform: p, IDDay: dayOf(schema.IdentityTime(p, a.GetNativeId())), PostID: t.pseudonyms.id(purposePost, p, a.GetNativeId()),
		AccountID: t.account(p, a.GetAuthorId(), ""), ImportedMS: imported, Collector: a.GetCollector(), Source: t.source(p, a.GetSource()),
		Share: Share{Kind: a.GetKind().Name(), CreatedMS: eventTime(cmp.Or(a.GetClaimedMs(), collected), collected, false)},
	}
	t.identify(ev, p, a.GetAuthorId(), "", "", collected, imported, hash)
	if a.GetKind() == schema.ActionFollow {
		action.ObjectID = t.account(p, a.GetObject(), "").String()
		t.identify(ev, p, a.GetObject(), "", "", collected, imported, 0)
	} else {
		action.ObjectID = t.pseudonyms.id(purposePost, p, a.GetObject()).String()
	}
	ev.Action = action
	return nil
}
