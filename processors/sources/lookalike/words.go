package lookalike

// establishedEndings are generic endings that are older than the many of 2014, or
// that a region, a language or a closed circle has for itself: the same name under
// another of them is ordinary.
const establishedEndings = " com net org edu gov int mil info biz name museum coop aero cat eus gal bzh eu swiss scot wales cymru irish berlin hamburg bayern koeln cologne nrw saarland ruhr " +
	"wien tirol paris alsace corsica brussels vlaanderen gent amsterdam frl london madrid barcelona quebec istanbul moscow moskva tokyo nyc arpa test example invalid localhost onion "

// suspiciousEndings are endings of countries that are sold to anybody and used in
// campaigns of cloned sites (those of EU DisinfoLab, Doppelganger, September 2022,
// and of the affidavit of the US Department of Justice of 4 September 2024 among
// them), and registries below other endings that sell names of their own.
func suspiciousEndings() string {
	return "co me pm ws cc tk ml ga cf gq pw vc sx " +
		"co.com eu.com de.com uk.com us.com gb.net uk.net se.net in.net eu.org us.org br.com cn.com jpn.com ru.com sa.com za.com com.de com.se co.nl co.no hu.com no.com qc.com se.com gr.com africa.com mex.com it.com"
}

// plainWords are words that a name is put together with and that say nothing.
func plainWords() string {
	return "news new online live tv info press media daily official today web net site portal page pages plus digital mobile app blog post read reader world global europe eu europa european " +
		"nachrichten aktuell zeitung heute actu actualite actualites infos journal noticias noticia diario notizie giornale oggi wiadomosci nieuws krant noticies nyheter uutiset zpravy novinky hirek stiri vijesti novosti " +
		"breaking latest report reports now update updates story stories article articles real true truth free inter international national com org www the my get go " +
		"en de fr es it pl nl pt ro hu cz sk bg hr si lt lv ee fi se dk no gr ie be at ch uk us ua ru"
}

// carrierDomains are domains below which the names of sites stand because they
// serve, copy or translate them.
func carrierDomains() string {
	return "edgekey.net edgesuite.net akamaiedge.net akamaized.net akamaihd.net cloudfront.net fastly.net fastlylb.net cloudflare.net azureedge.net trafficmanager.net ampproject.org translate.goog archive.org archive-it.org googleusercontent.com"
}
