// Package bursts finds topics that many more write about than their history
// explains. It takes counts of topics by hour and by five minutes and gives bursts;
// it reads and writes nothing.
//
// What is expected of an hour is an average of two: of the same hour of the week in
// the weeks before (up to eight, of which newer ones weigh more), and of the topic's last
// seven days, spread over the day as all topics together are. The fewer weeks there
// are, the more the latter weighs. A topic without a history gets the mean of its
// kind. Counts vary more than Poisson's: the size of the negative binomial is that
// which makes the variance of the last seven days (moments), or of all topics of the
// kind where a topic has too little.
//
// Each five minutes of each topic have a p-value, and within these five minutes q is
// Benjamini and Hochberg's over all topics that were ever there, not only over those
// that are busy. A burst begins with two of them in a row that stand out, have enough
// posts and enough accounts; those less than an hour apart are one.
//
// That a topic bursts says nothing of why: it is what news does.
package bursts
