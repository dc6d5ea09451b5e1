package demo

import (
	"github.com/election-observatory/observatory/schema"
)

// breakingNews is a story that many unrelated people share over a morning.
func (s *sower) breakingNews() Campaign {
	story := link{url: "https://matinal.example/2024/06/05/direct-port", as: mainstream}
	c := Campaign{Name: "breaking news", Kind: "shared link", What: "unrelated accounts share a story, most within the first of seven hours", Objects: []string{story.url}}
	from := moment(2, 9, 20)
	for range s.size {
		s.add(planted{account: s.passer(french, x, bluesky, mastodon), ms: from + int64(s.draw.early(int(7*hourMS))), kind: schema.KindPost, text: s.text(french, 1), link: story})
	}
	return c
}

// popularPost is a post that many repost, for two days.
func (s *sower) popularPost() Campaign {
	c := Campaign{Name: "popular post", Kind: "reposted post", What: "unrelated accounts on Bluesky repost a post for two days"}
	from := moment(2, 11, 0)
	post := s.add(planted{account: s.passer(english, bluesky), ms: from, kind: schema.KindPost, text: s.text(english, 2)})
	c.Objects = []string{string(appendID(nil, post.account, post.place()))}
	for range s.size {
		s.add(planted{account: s.passer(english, bluesky), ms: from + 1_000 + int64(s.draw.early(int(48*hourMS))), kind: schema.KindRepost, of: post})
	}
	return c
}

// memeSentence is a sentence that everybody writes for a while.
func (s *sower) memeSentence() Campaign {
	const sentence = "Erst die Stimme, dann der Kuchen."
	c := Campaign{Name: "meme", Kind: "same text", What: "unrelated accounts write the same sentence for two days", Objects: []string{sentence}}
	from := moment(5, 6, 0)
	for range s.size {
		s.add(planted{account: s.passer(german, x, bluesky, mastodon), ms: from + int64(s.draw.below(int(40*hourMS))), kind: schema.KindPost, text: sentence})
	}
	return c
}

// trendingHashtag is a debate that people write about while it lasts.
func (s *sower) trendingHashtag() Campaign {
	const tag = "ConfrontoEuropeo"
	c := Campaign{Name: "trending hashtag", Kind: "shared hashtag", What: "unrelated accounts comment on a debate under its hashtag", Objects: []string{tag}}
	from := moment(3, 18, 30)
	for range s.size {
		s.add(planted{account: s.passer(italian, x, bluesky, mastodon), ms: from + int64(s.draw.early(int(4*hourMS))), kind: schema.KindPost, text: s.text(italian, 1) + " #" + tag, tags: []string{tag}})
	}
	return c
}

// activeHuman is a person who writes a lot, answers people, eats and sleeps.
func (s *sower) activeHuman() Campaign {
	a := s.crew(x, spanish, 1, 1200, 1300)[0]
	c := Campaign{Name: "busy person", Kind: "much posting", What: "one person on X posts a lot, answers people, and sleeps", Objects: []string{a.id}}
	each := max(min(s.size/7, 120), 12) // A day.
	for day := range 7 {
		awake := moment(day, 5, s.draw.below(50))
		pause := 17 * hourMS / int64(each)
		for at := awake; at < awake+17*hourMS; at += pause/4 + int64(s.draw.below(int(3*pause/2))) {
			if of := (at - startMS()) % dayMS / hourMS; of == 12 || of == 18 { // Meals.
				continue
			}
			kind := schema.KindPost
			if s.draw.chance(550) {
				kind = schema.KindReply
			}
			s.add(planted{account: a, ms: at, kind: kind, text: s.text(spanish, 1)})
		}
	}
	return c
}
