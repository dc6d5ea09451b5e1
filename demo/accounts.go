package demo

import (
	"strconv"

	"github.com/election-observatory/observatory/schema"
)

// account is somebody who posts.
type account struct {
	platform int
	tongue   int
	id       string
	handle   string
	name     string
	created  int64 // Unix milliseconds.

	followers, following, posts uint64
	bot                         bool // It says so itself.
}

const (
	postsPerAccount = 12
	didLetters      = "abcdefghijklmnopqrstuvwxyz234567"
	accountPlace    = 1 << 32 // Beyond the hours, which are places as well.
	plantedPlace    = 2 << 32
	dayMS           = 24 * hourMS
)

// nameParts are what invented handles are made of.
func nameParts() (first, second []string) {
	return []string{"linde", "kiesel", "falter", "moor", "hafen", "lumen", "brisa", "rivage", "campo", "wiatr", "fjord", "pomme", "tulip", "ember", "sasso", "nuage", "orzo", "klee", "zorza", "delta"},
		[]string{"blatt", "weg", "ling", "stein", "licht", "porto", "bleu", "verde", "las", "wind", "note", "rood", "mare", "pluma", "kreis", "boot"}
}

// newAccount invents an account of an age in days. Its handle holds "_ex", or its
// host is below .example, so that it is nobody's.
func newAccount(d draw, platform, tongue, serial, days int) account {
	first, second := nameParts()
	stem, number := one(&d, first), strconv.Itoa(serial)
	a := account{
		platform: platform, tongue: tongue, name: stem + " " + one(&d, second),
		created:   startMS() - int64(days)*dayMS - int64(d.below(int(dayMS))),
		followers: uint64(d.early(200) * d.below(60)), following: uint64(d.below(900)), posts: uint64(20 + d.below(300)*d.below(60)),
	}
	switch platforms()[platform] {
	case schema.PlatformBluesky:
		id := []byte("did:plc:")
		for range 24 {
			id = append(id, didLetters[d.below(len(didLetters))])
		}
		a.id, a.handle = string(id), stem+number+".bsky.example"
	case schema.PlatformMastodon:
		host := [...]string{"mastodon.example", "sozial.example", "toots.example", "agora.example"}[d.early(4)]
		a.handle, a.bot = stem+number+"@"+host, d.chance(12)
		a.id = "https://" + host + "/users/" + stem + number
	case schema.PlatformX:
		// Ids of X tell when the account was made, as those of posts do.
		a.id, a.handle = strconv.FormatInt((max(a.created, xEpochMS+hourMS)-xEpochMS)<<22|int64(serial&0x3fffff), 10), stem+"_ex"+number
	default:
		a.id, a.handle = "-100"+strconv.Itoa(1_000_000_000+serial*7+platform), stem+"_ex"+number
	}
	return a
}

// newFeed invents the feed of an outlet.
func newFeed(tongue int, outlet string) account {
	return account{platform: rss, tongue: tongue, id: "https://" + outlet + "/feed.xml", name: outlet}
}

// settle invents the accounts of the base, by platform and language.
func settle(seed uint64, posts int, of []tongue) [5][][]account {
	var all [5][][]account
	serial := 0
	for p := range all {
		all[p] = make([][]account, len(of))
		for l, t := range of {
			if p == rss {
				for _, outlet := range t.outlets {
					all[p][l] = append(all[p][l], newFeed(l, outlet))
				}
				continue
			}
			n := max(8, posts/postsPerAccount*t.share*t.platforms[p]/10_000)
			if p == telegram {
				n = max(4, n/8) // Channels, which many read and few write.
			}
			all[p][l] = make([]account, n)
			for i := range all[p][l] {
				serial++
				d := drawFor(seed, accountPlace, uint64(serial))
				days := d.between(40, 4000)
				all[p][l][i] = newAccount(d, p, l, serial, days)
			}
		}
	}
	return all
}

// snapshot is what a platform says of an account.
func (a *account) snapshot() *schema.AccountSnapshot {
	s := &schema.AccountSnapshot{NativeId: a.id, Handle: a.handle, Name: a.name}
	a.describe(s)
	return s
}

func (a *account) describe(s *schema.AccountSnapshot) {
	if a.platform == rss {
		return
	}
	s.CreatedMs, s.Followers, s.Following, s.Posts = a.created, &a.followers, &a.following, &a.posts
	if a.platform == mastodon {
		s.DeclaredBot = schema.Declared_DECLARED_NO
		if a.bot {
			s.DeclaredBot = schema.Declared_DECLARED_YES
		}
	}
}
