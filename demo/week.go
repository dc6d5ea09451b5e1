package demo

import (
	"errors"
	"fmt"
	"time"

	"github.com/election-observatory/observatory/schema"
)

const (
	hours    = 7 * 24
	hourMS   = int64(time.Hour / time.Millisecond)
	minuteMS = int64(time.Minute / time.Millisecond)
	fewest   = 5_000
	most     = 50_000_000
)

// Start is the first moment of the week, End the first after it.
func Start() time.Time { return time.Date(2024, 6, 3, 0, 0, 0, 0, time.UTC) }

// End is the first moment after the week.
func End() time.Time { return Start().Add(hours * time.Hour) }

func startMS() int64 { return Start().UnixMilli() }

// Config says which week is invented.
type Config struct {
	Seed  uint64 // Another seed gives another week.
	Posts int    // How many posts there are, those that are deleted later included.
}

// DefaultConfig is a week of a million posts.
func DefaultConfig() Config { return Config{Seed: 1, Posts: 1_000_000} }

// Validate says what is wrong, if anything.
func (c Config) Validate() error {
	if c.Posts < fewest || c.Posts > most {
		return fmt.Errorf("a week of %d posts cannot be made: give from %d to %d", c.Posts, fewest, most)
	}
	return nil
}

// tongue is a language and how it is spread.
type tongue struct {
	code      string
	name      string
	share     int      // Of all posts, per cent.
	zone      int      // Hours that its clocks are ahead of UTC in June.
	platforms [5]int   // Of its posts, per cent, in the order of platforms.
	regions   []string // As some authors declare it.
	outlets   []string // Invented ones, whose feeds are read.
	others    []string // Invented ones without a feed.
	fringe    int      // Links to these, per mille of its links.
	state     int      // Links to what states control, likewise.
}

func tongues() []tongue {
	return []tongue{
		{"de", "German", 24, 2, [5]int{26, 24, 28, 20, 2}, []string{"de-DE", "de-AT"}, []string{"morgenblatt.example", "stadtanzeiger.example", "abendpost.example", "landbote.example", "uferkurier.example", "wahlnachrichten.example"}, []string{"klartext-heute.example", "hinterfragt.example", "abendpost.example/glosse", "morgenblatt-online.example", "faktenlotse.example", "mein-kanal.example"}, 140, 46},
		{"fr", "French", 18, 2, [5]int{24, 16, 40, 18, 2}, []string{"fr-FR", "fr-BE"}, []string{"matinal.example", "gazette-du-port.example", "echo-des-rives.example", "courrier-du-soir.example", "la-depeche-bleue.example"}, []string{"claire-vue.example", "la-verite-nue.example", "le-canular.example", "matinal-info.example", "mon-blog.example"}, 150, 58},
		{"it", "Italian", 14, 2, [5]int{18, 12, 44, 24, 2}, []string{"it-IT"}, []string{"corriere-del-faro.example", "mattino-azzurro.example", "la-gazzetta-civica.example", "voce-del-porto.example"}, []string{"la-controvoce.example", "controvoce-libera.example", "la-bufala-del-giorno.example", "il-mio-diario.example"}, 160, 66},
		{"es", "Spanish", 14, 2, [5]int{18, 12, 46, 22, 2}, []string{"es-ES"}, []string{"diario-del-puerto.example", "la-hoja.example", "noticias-del-valle.example", "el-farol.example"}, []string{"el-despertar.example", "contrastado.example", "mi-cuaderno.example"}, 120, 52},
		{"pl", "Polish", 10, 2, [5]int{16, 12, 50, 20, 2}, []string{"pl-PL"}, []string{"kurier-poranny.example", "gazeta-portowa.example", "wiadomosci-lokalne.example"}, []string{"prawda-na-dzis.example", "moj-notes.example"}, 130, 30},
		{"en", "English", 14, 1, [5]int{36, 20, 34, 8, 2}, []string{"en-IE", "en-GB"}, []string{"harbour-times.example", "the-lamplighter.example", "county-record.example", "results.example"}, []string{"open-ballot-truth.example", "t.me/wiretap_ex", "my-notebook.example"}, 110, 36},
		{"nl", "Dutch", 6, 2, [5]int{32, 22, 32, 12, 2}, []string{"nl-NL", "nl-BE"}, []string{"havenkrant.example", "het-dagboek.example", "de-klok.example"}, []string{"wakker-nieuws.example", "mijn-schrift.example"}, 90, 24},
	}
}

// platforms are the order of the shares above.
func platforms() [5]schema.Platform {
	return [5]schema.Platform{schema.PlatformBluesky, schema.PlatformMastodon, schema.PlatformX, schema.PlatformTelegram, schema.PlatformRSS}
}

const (
	bluesky = iota
	mastodon
	x
	telegram
	rss
)

// sourceOf is a platform's source, in coverage and in posts; its collector has
// the same name.
func sourceOf(platform int) string { return "demo/" + platforms()[platform].Name() }

// rhythm is how much is written in each hour of the day, where it is written.
func rhythm() [24]int {
	return [24]int{26, 18, 14, 14, 14, 16, 28, 48, 66, 72, 74, 76, 82, 78, 72, 72, 76, 82, 90, 100, 104, 98, 76, 46}
}

// excitement is by how many per cent an hour of the week differs from an
// ordinary one: the last debate on Thursday evening, the day of the election,
// and the night of its results.
func excitement(hour int) int {
	switch day, of := hour/24, hour%24; {
	case day == 6 && of >= 18:
		return [...]int{330, 430, 520, 700, 900, 900}[of-18]
	case day == 6:
		return 140
	case day == 3 && of >= 18 && of < 21:
		return 150
	}
	return 100
}

// outage is a time in which a source delivers nothing. With a reason it is a gap
// that is declared; without one the source is connected and silent.
type outage struct {
	platform int
	from, to int64 // Unix milliseconds, to excluded.
	reason   schema.Outage
}

func (o outage) holds(ms int64) bool { return ms >= o.from && ms < o.to }

func outages() []outage {
	at := func(day, hour, minute int) int64 {
		return startMS() + (int64(day)*24+int64(hour))*hourMS + int64(minute)*minuteMS
	}
	return []outage{
		{bluesky, at(1, 13, 5), at(1, 13, 50), schema.OutageCursorTooOld},
		{telegram, at(2, 7, 0), at(2, 15, 0), ""},
		{mastodon, at(4, 2, 10), at(4, 5, 40), schema.OutageUnreachable},
	}
}

// hour is what is known of an hour before any of its posts is.
type hour struct {
	weights []int // By language.
	sum     int
	posts   int   // Of the base; campaigns and bursts are apart.
	before  int   // Posts of the base in the hours before.
	step    int64 // Milliseconds from one post to the next, on average.
}

var errCrowded = errors.New("so many posts do not fit into the hours of a week")

// spread spreads the posts of the base over the hours.
func spread(posts int, of []tongue) ([]hour, error) {
	week := make([]hour, hours)
	total, beat := 0, rhythm()
	for h := range week {
		week[h].weights = make([]int, len(of))
		for i, t := range of {
			week[h].weights[i] = t.share * beat[(h+t.zone)%24] * excitement(h)
			week[h].sum += week[h].weights[i]
		}
		total += week[h].sum
	}
	weight, given := 0, 0
	for h := range week {
		weight += week[h].sum
		until := int(int64(posts) * int64(weight) / int64(total))
		week[h].posts, week[h].before, given = until-given, given, until
		if week[h].posts == 0 || int64(week[h].posts) > hourMS {
			return nil, errCrowded
		}
		week[h].step = hourMS / int64(week[h].posts)
	}
	return week, nil
}
