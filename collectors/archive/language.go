package archive

import "strings"

// languageNames are the languages as the tables of FiveThirtyEight write them,
// with their BCP 47 tags.
const languageNames = `Albanian=sq
Arabic=ar
Bengali=bn
Bulgarian=bg
Catalan=ca
Croatian=hr
Czech=cs
Danish=da
Dutch=nl
English=en
Estonian=et
Farsi (Persian)=fa
Finnish=fi
French=fr
German=de
Greek=el
Gujarati=gu
Hebrew=he
Hindi=hi
Hungarian=hu
Icelandic=is
Indonesian=id
Italian=it
Japanese=ja
Kannada=kn
Korean=ko
Kurdish=ku
Latvian=lv
Lithuanian=lt
Macedonian=mk
Malay=ms
Malayalam=ml
Norwegian=no
Polish=pl
Portuguese=pt
Pushto=ps
Romanian=ro
Russian=ru
Serbian=sr
Simplified Chinese=zh-Hans
Slovak=sk
Slovenian=sl
Somali=so
Spanish=es
Swedish=sv
Tagalog (Filipino)=fil
Tamil=ta
Telugu=te
Thai=th
Traditional Chinese=zh-Hant
Turkish=tr
Ukrainian=uk
Urdu=ur
Uzbek=uz
Vietnamese=vi`

// languages finds tags by names.
func languages() map[string]string {
	tags := map[string]string{}
	for line := range strings.SplitSeq(languageNames, "\n") {
		name, tag, _ := strings.Cut(line, "=")
		tags[name] = tag
	}
	return tags
}
