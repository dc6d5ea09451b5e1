package x

import "strings"

// includes are what a response has besides its posts.
type includes struct {
	Users  []*user  `json:"users"`
	Tweets []*tweet `json:"tweets"`
	Media  []*media `json:"media"`
}

// included are these by their ids, and users by their names as well.
type included struct {
	users, named map[string]*user
	tweets       map[string]*tweet
	media        map[string]*media
}

func (i *includes) byName() included {
	of := included{map[string]*user{}, map[string]*user{}, map[string]*tweet{}, map[string]*media{}}
	for _, u := range i.Users {
		if u != nil {
			of.users[u.ID], of.named[strings.ToLower(u.Username)] = u, u
		}
	}
	for _, t := range i.Tweets {
		if t != nil {
			of.tweets[t.ID] = t
		}
	}
	for _, m := range i.Media {
		if m != nil {
			of.media[m.Key] = m
		}
	}
	return of
}
