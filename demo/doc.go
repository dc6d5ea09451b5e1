// Package demo invents an election week and says what it put in: a quiet base of
// posts in seven languages on five platforms, five campaigns that methods are to
// find and five bursts that they are not to, gaps, a silence, edits, deletions,
// late posts and posts that were delivered twice.
//
// It is the ISO week 2024-W23, 3 to 9 June 2024 in UTC, in which the European
// Parliament was elected. Nobody in it is real, nor is any text. Domains are
// reserved names that belong to nobody, link shorteners, and some of those on
// the lists that come with the program. Two invented raters rate the outlets:
// with paths, an account, an outlet that moved, ratings that begin and end in the
// middle of the week, and some on which they disagree.
//
// Every post follows from the seed and its place in the week alone (head.go), so
// that posts can refer to each other without having been made, hours are made in
// any order, by any number of goroutines, and the same seed gives the same
// bytes. When an event was read in is the one thing that the caller says.
package demo
