// Package neardup finds texts that are copies of each other but for a few words
// or signs. It takes texts and gives groups of them; it reads and writes nothing.
//
// Texts are compared by their normal form (see [Normalizer]), cut into overlapping
// runs of five characters, of three in scripts without blanks. Two texts are
// copies if the Jaccard similarity of their sets of runs is at least a threshold;
// a group is what such copies connect. Candidates come from locality-sensitive
// hashing of MinHash signatures (Broder 1997; Indyk and Motwani 1998): 32 bands of
// four, so that of pairs with a similarity of 0.6 about 99 in 100 are candidates
// and of those with 0.15 two in 100; each candidate is then compared exactly.
// Signatures are made by hashing each run four times, once for each row of the bands, into
// 32 bins (one-permutation hashing: Li, Owen and Zhang 2012), empty bins borrowing from
// others (optimal densification: Shrivastava 2017).
//
// It finds wording, not meaning: a paraphrase or a translation is another text.
package neardup
