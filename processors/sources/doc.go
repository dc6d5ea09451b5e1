// Package sources holds what others say of news sources: who rates a domain,
// as what, from when to when, and where that is written.
//
// # What a rating claims
//
// That a rater listed the domain, on the grounds that the citation names, in
// the time that it gives. It is never the project's own judgement, says nothing
// of a single article or of a person who shares it, and a domain without a
// rating is unrated, not sound. The class is the one of [Classes] that is closest
// to the rater's words.
//
// # The built-in lists
//
// [Builtin] is a start for a study without lists of its own. It is made of
// facts that were looked up one by one; no other list was taken over. Each entry cites
// the act (citation) and says where it was found that the domain is of the outlet that
// the act names (found). What could not be found for a domain was left out, so
// that the lists are sound rather than complete.
//
//   - eu-sanctions: media outlets in Annex XV of Council Regulation (EU) No
//     833/2014, whose content must not be broadcast in the Union (Article 2f). The
//     acts name outlets and no domains. An entry begins on the day from which the
//     act applies to the outlet, which mostly is later than the act. The class
//     rests on the acts' own ground: control by the leadership of the Russian Federation.
//     Mirrors that an outlet opened later are of the outlet, and begin with it.
//   - doj-2024-09: domains that the US Department of Justice seized on 4 September
//     2024 under a warrant of the Eastern District of Pennsylvania (Doppelganger). It
//     seized 32. Here are those that two places name; of washingtonpost.pm these do
//     not depend on each other, of the two others that could not be shown. An
//     affidavit states what its author believes, and no court has found on it.
package sources
