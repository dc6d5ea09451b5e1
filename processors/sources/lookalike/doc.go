// Package lookalike tells whether the name of a host looks like one of a list of
// protected names: outlets, parties, election bodies, candidates. It compares
// names and nothing else; a finding carries its rule, its target and its evidence,
// and never says who is behind it.
//
// The rules, in the order in which they are tried; the first that holds counts:
//
//   - R5: the whole protected name stands below another domain, as in
//     spiegel.de.example.com.
//   - R2: characters that look alike (Unicode Technical Standard #39, skeletons),
//     in other scripts, as digits, or as pairs of letters: rn for m.
//   - R1: the same label under another ending, where that ending is one that
//     anybody registers without a reason of their own. Endings of countries are no
//     ground: delfi.lt and delfi.lv are both real.
//   - R4: the label together with a word that says nothing, as in spiegel-news.com.
//   - R3: a slip of the pen, under the same ending or a suspicious one: one edit
//     of optimal string alignment (Damerau 1964) in labels of five or six
//     characters and more, two in labels of ten and more.
//
// What is looked up is hashed: a check takes the same time for ten protected
// names as for ten thousand. R3 looks up the label's delete-neighbourhood (Garbe
// 2012, SymSpell).
package lookalike
