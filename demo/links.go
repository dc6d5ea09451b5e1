package demo

import (
	"strconv"
	"strings"
)

// source is the kind of source that a link leads to, as the store will see it.
type source int

const (
	unrated source = iota
	unresolved
	unreliable
	conspiracy
	imposter
	stateControlled
	satire
	factChecker
	independentPublic
	mainstream
	kinds // How many there are.
)

// classes are the names of kinds of rated sources; others have none.
func classes() [kinds]string {
	return [kinds]string{"", "", "unreliable", "conspiracy", "imposter", "state-controlled", "satire", "fact-checker", "independent-public", "mainstream"}
}

// link is a URL and what it counts as.
type link struct {
	url string
	as  source
}

// site is what lists say of an outlet in a part of the week.
type site struct {
	as       source
	from, to int64 // Unix milliseconds, to excluded; zero for all of the week.
}

// planned is what the lists in lists say of outlets, put down once more and by
// hand: what is found with the lists is compared with it.
func planned() map[string]site {
	day := func(n int64) int64 { return startMS() + n*dayMS }
	return map[string]site{
		"morgenblatt.example": {as: mainstream}, "stadtanzeiger.example": {as: mainstream}, "abendpost.example": {as: independentPublic}, "abendpost.example/glosse": {as: satire},
		"klartext-heute.example": {as: unreliable}, "hinterfragt.example": {as: conspiracy}, "morgenblatt-online.example": {as: imposter}, "faktenlotse.example": {as: factChecker},
		"matinal.example": {as: mainstream}, "echo-des-rives.example": {as: independentPublic}, "claire-vue.example": {as: unreliable}, "la-verite-nue.example": {as: conspiracy},
		"matinal-info.example": {as: imposter}, "le-canular.example": {as: satire},
		"corriere-del-faro.example": {as: mainstream}, "la-controvoce.example": {as: unreliable}, "controvoce-libera.example": {as: unreliable}, "la-bufala-del-giorno.example": {as: satire},
		"diario-del-puerto.example": {as: mainstream}, "el-despertar.example": {as: conspiracy, from: day(3)}, "contrastado.example": {as: factChecker},
		"kurier-poranny.example": {as: mainstream}, "prawda-na-dzis.example": {as: unreliable, to: day(4)},
		"harbour-times.example": {as: mainstream}, "the-lamplighter.example": {as: mainstream}, "open-ballot-truth.example": {as: conspiracy}, "t.me/wiretap_ex": {as: unreliable},
		"havenkrant.example": {as: mainstream}, "wakker-nieuws.example": {as: conspiracy},
	}
}

// at is what the outlet counts as at a time.
func (s site) at(ms int64) source {
	if ms < s.from || s.to != 0 && ms >= s.to {
		return unrated
	}
	return s.as
}

// stateDomains are on the lists that come with the program since before the
// week; a test holds this.
func stateDomains() []string {
	return []string{"rt.com", "sputnikglobe.com", "rtde.world", "actualidad-rt.com", "esrt.press", "journal-neo.org", "katehon.com", "tsargrad.tv"}
}

// laterDomains are on these lists too, but only since after the week: what links
// to them counts as unrated.
func laterDomains() []string { return []string{"voiceofeurope.com", "southfront.press"} }

// shorteners hide where they lead.
func shorteners() []string {
	return []string{"bit.ly", "t.co", "tinyurl.com", "ow.ly", "buff.ly", "is.gd"}
}

const base36 = "0123456789abcdefghijklmnopqrstuvwxyz"

// appendLink appends a link of the base: to a story of an outlet, of a source
// without a feed, of a state, or to a shortener.
func (w *Week) appendLink(b []byte, tongue int, d *draw, ms int64) ([]byte, source) {
	t, story := &w.tongues[tongue], d.early(600)
	var outlet string
	switch at := d.below(1000); {
	case at < t.state:
		b = append(append(append(b, "https://"...), stateDomains()[d.early(len(stateDomains()))]...), "/news/"...)
		return strconv.AppendInt(append(b, t.code...), int64(7000+story), 10), stateControlled
	case at < t.state+6:
		b = append(append(append(b, "https://"...), one(d, laterDomains())...), "/2024/06/"...)
		return strconv.AppendInt(b, int64(7000+story), 10), unrated
	case at < t.state+96:
		b = append(append(append(b, "https://"...), one(d, shorteners())...), "/ex"...)
		for range 6 {
			b = append(b, base36[d.below(len(base36))])
		}
		return b, unresolved
	case at < t.state+96+t.fringe:
		outlet = t.others[d.early(len(t.others))]
	default:
		outlet = one(d, t.outlets)
	}
	b = appendStory(b, outlet, ms, story)
	if d.chance(120) { // As a share button leaves it.
		b = append(b, "?utm_source=share&utm_medium=social"...)
	}
	return b, w.sites[outlet].at(ms)
}

// appendStory appends the address of a story: of an outlet by its day, of a
// channel by its number.
func appendStory(b []byte, outlet string, ms int64, story int) []byte {
	b = append(append(b, "https://"...), outlet...)
	if !strings.HasPrefix(outlet, "t.me/") {
		b = strconv.AppendInt(append(b, "/2024/06/0"...), 3+(ms-startMS())/dayMS, 10)
		b = append(b, "/story-"...)
	} else {
		b = append(b, '/')
	}
	return strconv.AppendInt(b, int64(1000+story), 10)
}
