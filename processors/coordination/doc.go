// Package coordination finds accounts that do the same thing within seconds of
// each other, again and again: share the same link, repost the same post, write
// the same text. It takes shares and gives pairs of shares and edges between
// accounts; it reads and writes nothing.
//
// Shares of an object are put in the order of their times, and each is compared
// with those within the window after it, which costs n log n and the pairs that
// there are. Three modes make networks of the pairs:
//
//   - CooRTweet computes what detect_groups and generate_coordinated_network of
//     the R package CooRTweet 2.1.3 compute (Righetti and Balluff 2025), with its
//     peculiarities: an account below the minimum participation stays if its
//     partner is above it, and the symmetry is one of older and newer posts.
//   - QUT computes the directed edges of the coordination network toolkit
//     (Graham, Bruns, Angus, Hurcombe and Hames 2020).
//   - Strict is what this project publishes: both accounts of a pair take part in
//     at least so many posts that have partners, which is repeated until it holds
//     of all that is left; weights are distinct objects; each edge comes with how
//     many pairs chance explains.
package coordination
