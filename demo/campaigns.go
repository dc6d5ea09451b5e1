package demo

import (
	"strconv"
	"strings"

	"github.com/election-observatory/observatory/schema"
)

// The languages, in the order of tongues.
const (
	german = iota
	french
	italian
	spanish
	polish
	english
	dutch
	tongueCount
)

// linkSharing is a network on X that shares the same stories within seconds.
func (s *sower) linkSharing() Campaign {
	crew := s.crew(x, french, min(max(s.size/12, 10), 40), 200, 1500)
	c := Campaign{Name: "link sharing", Kind: "coordinated link sharing", What: "a network on X shares the same stories within 20 seconds"}
	for i := range max(s.size/len(crew), 3) {
		story := link{url: "https://claire-vue.example/2024/06/dossier-" + strconv.Itoa(100+i), as: unreliable}
		if i%3 == 2 {
			story = link{url: "https://" + stateDomains()[0] + "/news/fr" + strconv.Itoa(9100+i), as: stateControlled}
		}
		c.Objects = append(c.Objects, story.url)
		at := moment(s.draw.below(7), s.draw.between(6, 19), s.draw.below(60))
		for _, a := range crew {
			if s.draw.chance(800) {
				s.add(planted{account: a, ms: at + int64(s.draw.early(20_000)), kind: schema.KindPost, text: s.text(french, 1), link: story})
			}
		}
	}
	return c
}

// repostRing is a ring on Bluesky that lifts the posts of three of its own.
func (s *sower) repostRing() Campaign {
	crew := s.crew(bluesky, german, min(max(s.size/20, 10), 40), 60, 400)
	c := Campaign{Name: "repost ring", Kind: "coordinated reposts", What: "a ring on Bluesky reposts three of its accounts within 90 seconds"}
	for i := range max(s.size/len(crew), 4) {
		leader := i % 3
		at := moment(s.draw.below(7), s.draw.between(5, 20), s.draw.below(60))
		lead := s.add(planted{account: crew[leader], ms: at, kind: schema.KindPost, text: s.text(german, 2)})
		if lead == nil {
			continue
		}
		c.Objects = append(c.Objects, string(appendID(nil, lead.account, lead.place())))
		for j, a := range crew {
			if j != leader && s.draw.chance(750) {
				s.add(planted{account: a, ms: at + 2_000 + int64(s.draw.below(88_000)), kind: schema.KindRepost, of: lead})
			}
		}
	}
	return c
}

// nearDuplicates are texts on Telegram that differ in a word or a sign.
func (s *sower) nearDuplicates() Campaign {
	crew := s.crew(telegram, italian, min(max(s.size/8, 12), 60), 100, 900)
	c := Campaign{Name: "near duplicates", Kind: "near-duplicate texts", What: "channels on Telegram post five texts that differ in a word or a sign"}
	signs := []string{"", "!", " !!", " ⚠️", " 👇", " …"}
	for i := range 5 {
		text := s.text(italian, 4)
		c.Objects = append(c.Objects, text)
		words := strings.Fields(text)
		from := moment(i+1, 16, 10*i)
		for range max(s.size/5, 8) {
			changed := append([]string(nil), words...)
			changed[s.draw.below(len(changed))] = one(&s.draw, []string{"davvero", "sempre", "oggi", "ormai", "purtroppo"})
			s.add(planted{account: one(&s.draw, crew), ms: from + int64(s.draw.below(int(5*hourMS))), kind: schema.KindPost, text: strings.Join(changed, " ") + one(&s.draw, signs)})
		}
	}
	return c
}

// hashtagFlood are fresh accounts on X that push a hashtag for two hours.
func (s *sower) hashtagFlood() Campaign {
	crew := s.crew(x, german, min(max(s.size/6, 12), 300), 0, 3)
	const tag = "StimmenWeg"
	c := Campaign{Name: "hashtag flooding", Kind: "hashtag flooding", What: "accounts on X, a few days old, push a hashtag for two hours", Objects: []string{tag}}
	from := moment(5, 17, 0)
	for range s.size {
		s.add(planted{account: one(&s.draw, crew), ms: from + int64(s.draw.below(int(2*hourMS))), kind: schema.KindPost, text: s.text(german, 1) + " #" + tag, tags: []string{tag}})
	}
	return c
}

// roundTheClock are accounts on Mastodon that post day and night, to the second.
func (s *sower) roundTheClock() Campaign {
	every := int64(15)
	switch {
	case s.size < 168:
		every = 120
	case s.size < 700:
		every = 60
	}
	crew := s.crew(mastodon, english, min(max(s.size*int(every)/10_080, 1), 6), 100, 700)
	c := Campaign{Name: "round the clock", Kind: "scheduled posting", What: "accounts on Mastodon post every " + strconv.FormatInt(every, 10) + " minutes, day and night"}
	for _, a := range crew {
		c.Objects = append(c.Objects, a.id)
		for at := startMS() + int64(s.draw.below(int(every*minuteMS))); at < End().UnixMilli(); at += every * minuteMS {
			s.add(planted{account: a, ms: at + int64(s.draw.below(2_000)), kind: schema.KindPost, text: s.text(english, 2)})
		}
	}
	return c
}
