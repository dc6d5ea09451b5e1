// Package automation describes how automated the posting of an account looks: an
// index that is the sum of components, each of which anybody can recompute. It
// takes the times of an account's posts and a few counts; it reads and writes
// nothing.
//
// The index is calibrated on no labels, since there are none for the platforms of
// today; every component has the weight one. It is no probability, and never says
// that an account is a bot: newsrooms, people who report live and people who
// schedule their posts have high values too, and studies that counted accounts above
// a threshold counted many people (Rauchfleisch and Kaiser 2020). An account with
// fewer than 36 posts, below which such scores are unstable (Ng and Carley), or
// with posts on fewer than three days, has no index; one that declares itself
// automated has none either, since it hides nothing.
package automation
