package lookalike

import (
	"math/rand/v2"
	"strings"
)

// Ordinary are domains that nobody made to look like another, drawn with a fixed
// seed: 10,000 of syllables and 10,000 of two everyday words.
func Ordinary() []Set {
	draw := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // Drawn the same way each time.
	pick := func(list string) string { words := strings.Fields(list); return words[draw.IntN(len(words))] }
	syllables, pairs := make([]string, 10_000), make([]string, 10_000)
	for i := range syllables {
		for range draw.IntN(3) + 3 {
			syllables[i] += pick("b c d f g k l m n p r s t v z") + pick("a e i o u") + pick("_ _ _ n r s t")
		}
		syllables[i] = strings.ReplaceAll(syllables[i], "_", "") + pick(".com .de .fr .org .eu .it .pl .nl .es .ro")
		pairs[i] = pick(everyday) + pick("_ _ - ") + pick(everyday) + pick(".com .de .fr .org .eu .net .info .shop .online .site")
		pairs[i] = strings.ReplaceAll(pairs[i], "_", "")
	}
	return []Set{{Name: "syllables, drawn", Hosts: syllables}, {Name: "two everyday words, drawn", Hosts: pairs}}
}

const everyday = "apfel baum berg blume brot buch dach feld fenster fisch garten haus holz hund kaffee karte katze kirche licht markt meer mond musik nacht platz rad regen salz schiff schule sonne stadt stein tisch vogel wald wasser wind wolke " +
	"apple bridge castle cloud coffee dream energy field forest garden green harbour house island kitchen lake light market moon mountain music ocean paper park river road school silver sport star stone street studio summer travel water winter world " +
	"amour arbre bateau chat ciel coeur ecole fleur foret jardin livre lune maison marche mer monde montagne nuit oiseau pain pierre pluie pont porte rouge rue soleil table terre vert ville vin voyage"
