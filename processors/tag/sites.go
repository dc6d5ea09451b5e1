package tag

import (
	"strings"

	"github.com/election-observatory/observatory/processors/urls"
	"github.com/election-observatory/observatory/schema"
)

// on writes an account of a platform, which need not be the post's.
func (m *masker) on(p schema.Platform, a named) string {
	m.own(p, a)
	return accountName(p, m.owner)
}

// own notes whose profile or post the URL at hand is of.
func (m *masker) own(p schema.Platform, a named) {
	a = m.completed(p, a)
	m.owner = m.tagger.account(p, a.id, a.handle)
}

func (m *masker) completed(p schema.Platform, a named) named {
	if p == m.platform && a.id == "" {
		return m.names.byHandle(a.handle)
	}
	return a
}

func (m *masker) publicOn(p schema.Platform, a named) bool {
	if len(m.tagger.public) == 0 {
		return false
	}
	a = m.completed(p, a)
	return m.tagger.isPublic(p, a.id, a.handle)
}

func (m *masker) xURL(address, path, query string, segments []string) string {
	const p = schema.PlatformX
	for i := 0; i+1 < len(segments); i++ {
		id := digits(segments[i+1])
		switch word := strings.ToLower(segments[i]); {
		case id == "":
		case word == "status" || word == "statuses":
			return m.xPost(strings.TrimSuffix(address, query), id, segments[:i])
		case word == "user":
			return m.on(p, named{id: id})
		}
	}
	handle := strings.TrimLeft(segments[0], "@")
	handle = handle[:handleLength(handle, p)]
	if handle == "" || reservedOnX(handle) {
		return m.page(p, address, path, segments)
	}
	if m.publicOn(p, named{handle: handle}) {
		return strings.TrimSuffix(address, query)
	}
	return m.on(p, named{handle: handle})
}

// xPost is a post on X; before its id the address has who wrote it, or the letter i.
func (m *masker) xPost(address, id string, before []string) string {
	const p = schema.PlatformX
	if len(before) == 1 && before[0] != "i" {
		author := named{handle: strings.TrimLeft(before[0], "@")}
		if m.publicOn(p, author) {
			return address
		}
		m.own(p, author)
	}
	return postName(m.tagger, p, id)
}

// page is a page of a platform that is no profile and no post: its host, and of
// its path what cannot name anybody.
func (m *masker) page(p schema.Platform, address, path string, segments []string) string {
	_, end := urls.Authority(address)
	kept := withoutUser(address[:end])
	switch first := strings.ToLower(segments[0]); {
	case path == "" || segments[0] == "":
	case first == "hashtag" && len(segments) > 1 && !strings.Contains(segments[1], "@"):
		return kept + "/hashtag/" + segments[1]
	case first == "i" && len(segments) > 2:
		return kept + "/i/" + handleOnly(segments[1]) + "/" + m.tagger.pseudonyms.id(purposeMedia, p, segments[2]).String()
	case reservedOnX(first) || first == "feeds" || first == "tags":
		return kept + "/" + first
	}
	return kept
}

func handleOnly(s string) string { return s[:handleLength(s, schema.PlatformX)] }

// reservedOnX says whether a word in the place of a handle is a page of X.
func reservedOnX(word string) bool {
	switch strings.ToLower(word) {
	case "i", "search", "search-advanced", "hashtag", "home", "intent", "share", "explore", "settings", "privacy", "tos", "login", "signup", "about", "download", "jobs",
		"notifications", "messages", "compose", "oauth", "account", "who_to_follow", "widgets", "logout", "help", "rules", "sharer":
		return true
	}
	return false
}

func (m *masker) blueskyURL(address, host, query string, segments []string) string {
	const p = schema.PlatformBluesky
	if strings.HasSuffix(host, blueskyDomain) && host != "www"+blueskyDomain {
		if m.publicOn(p, named{handle: host}) {
			return strings.TrimSuffix(address, query)
		}
		return m.on(p, named{handle: host})
	}
	if len(segments) < 2 || (segments[0] != "profile" && segments[0] != "starter-pack" && segments[0] != "start") {
		return m.page(p, address, "/", segments)
	}
	a := named{handle: strings.ToLower(strings.TrimLeft(segments[1], "@"))}
	if strings.HasPrefix(segments[1], "did:") {
		a = named{id: segments[1]}
	}
	if m.publicOn(p, a) {
		return strings.TrimSuffix(address, query)
	}
	a = m.completed(p, a)
	if len(segments) >= 4 && segments[2] == "post" {
		m.own(p, a)
		return postName(m.tagger, p, "at://"+first(a.id, a.handle)+"/app.bsky.feed.post/"+segments[3])
	}
	return m.on(p, a)
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// atURI masks an AT URI or a bare DID.
func (m *masker) atURI(uri string) string {
	const p = schema.PlatformBluesky
	rest := uri
	if urls.HasPrefixFold(rest, "at://") {
		rest = rest[len("at://"):]
	}
	who, record, _ := strings.Cut(rest, "/")
	if strings.Contains(record, "/") {
		return postName(m.tagger, p, "at://"+who+"/"+record)
	}
	if urls.HasPrefixFold(who, "did:") {
		return m.on(p, named{id: who})
	}
	return m.on(p, named{handle: who})
}

func (m *masker) telegramURL(address string, segments []string) string {
	const p = schema.PlatformTelegram
	if segments[0] == "s" && len(segments) > 1 {
		segments = segments[1:]
	}
	channel := strings.ToLower(segments[0])
	if channel == "c" && len(segments) > 2 { // A channel without a name, by number.
		return postName(m.tagger, p, strings.Join(segments[:3], "/"))
	}
	switch {
	case isInvitation(channel):
		return p.Name() + wordLink + m.tagger.pseudonyms.id(purposeMedia, p, address).String()
	case m.publicOn(p, named{handle: channel}):
		return address
	case len(segments) > 1 && digits(segments[1]) != "":
		m.own(p, named{handle: channel})
		return postName(m.tagger, p, channel+"/"+digits(segments[1]))
	}
	return m.on(p, named{handle: channel})
}

// isInvitation says whether what is in the place of a channel's name is none:
// an invitation, or a page of Telegram.
func isInvitation(channel string) bool {
	switch channel {
	case "", "joinchat", "share", "addstickers", "proxy", "iv":
		return true
	}
	return handleOnly(channel) != channel
}

// fediverseURL masks profiles and statuses on hosts that nobody lists: by the
// forms that the software of the fediverse gives them.
func (m *masker) fediverseURL(address, host, path, query string) (string, bool) {
	const p = schema.PlatformMastodon
	user, isStatus := fediverseUser(path)
	if user == "" || (!isStatus && m.platform != p) { // Other sites have such addresses too.
		return "", false
	}
	if !strings.Contains(user, "@") {
		user += "@" + host
	}
	address = strings.TrimSuffix(address, query)
	if m.publicOn(p, named{handle: user}) {
		return address, true
	}
	if isStatus {
		m.own(p, named{handle: user})
		return postName(m.tagger, p, strings.TrimRight(address, "/")), true
	}
	return m.on(p, named{handle: user}), true
}

// fediverseUser is whose profile or status a path is, and which of the two.
func fediverseUser(path string) (user string, isStatus bool) {
	switch {
	case strings.HasPrefix(path, "/@"):
		s := segments(path)
		return s[0][1:], len(s) > 1 && len(digits(s[1])) >= 15
	case strings.HasPrefix(path, "/users/"):
		if s := segments(path); len(s) > 1 {
			return s[1], len(s) > 3 && s[2] == "statuses"
		}
	}
	return "", false
}
