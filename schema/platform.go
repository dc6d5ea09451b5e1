package schema

// The platforms, by the short names that this project uses everywhere.
const (
	PlatformBluesky  = Platform_PLATFORM_BLUESKY
	PlatformMastodon = Platform_PLATFORM_MASTODON
	PlatformX        = Platform_PLATFORM_X
	PlatformTelegram = Platform_PLATFORM_TELEGRAM
	PlatformRSS      = Platform_PLATFORM_RSS
)

// The kinds of posts.
const (
	KindPost   = PostKind_POST_KIND_POST
	KindReply  = PostKind_POST_KIND_REPLY
	KindRepost = PostKind_POST_KIND_REPOST
	KindQuote  = PostKind_POST_KIND_QUOTE
	KindItem   = PostKind_POST_KIND_ITEM
)

// The kinds of actions.
const (
	ActionLike   = ActionKind_ACTION_KIND_LIKE
	ActionFollow = ActionKind_ACTION_KIND_FOLLOW
)

// Platforms lists every platform in the order of the contract.
func Platforms() []Platform {
	return []Platform{PlatformBluesky, PlatformMastodon, PlatformX, PlatformTelegram, PlatformRSS}
}

// Name is the platform as the store and the command line write it; it is empty
// for a value that the contract does not know.
func (x Platform) Name() string {
	switch x {
	case PlatformBluesky:
		return "bluesky"
	case PlatformMastodon:
		return "mastodon"
	case PlatformX:
		return "x"
	case PlatformTelegram:
		return "telegram"
	case PlatformRSS:
		return "rss"
	case Platform_PLATFORM_UNSPECIFIED:
	}
	return ""
}

// ParsePlatform is the inverse of Name.
func ParsePlatform(name string) (Platform, bool) {
	for _, p := range Platforms() {
		if p.Name() == name {
			return p, true
		}
	}
	return Platform_PLATFORM_UNSPECIFIED, false
}

// Name is the kind as the store writes it; it is empty for a value that the
// contract does not know.
func (x PostKind) Name() string {
	switch x {
	case KindPost:
		return "post"
	case KindReply:
		return "reply"
	case KindRepost:
		return "repost"
	case KindQuote:
		return "quote"
	case KindItem:
		return "item"
	case PostKind_POST_KIND_UNSPECIFIED:
	}
	return ""
}

// Name is the kind as the store writes it; it is empty for a value that the
// contract does not know.
func (x ActionKind) Name() string {
	switch x {
	case ActionLike:
		return "like"
	case ActionFollow:
		return "follow"
	case ActionKind_ACTION_KIND_UNSPECIFIED:
	}
	return ""
}

// Name is the status as the store writes it; it is empty where unknown.
func (x AccountStatus) Name() string {
	switch x {
	case AccountStatus_ACCOUNT_STATUS_ACTIVE:
		return "active"
	case AccountStatus_ACCOUNT_STATUS_DEACTIVATED:
		return "deactivated"
	case AccountStatus_ACCOUNT_STATUS_SUSPENDED:
		return "suspended"
	case AccountStatus_ACCOUNT_STATUS_DELETED:
		return "deleted"
	case AccountStatus_ACCOUNT_STATUS_UNSPECIFIED:
	}
	return ""
}
