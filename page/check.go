package page

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// Rating is what a rater says of the source of a link.
type Rating struct {
	Source    string `json:"source"`
	Rater     string `json:"rater"`
	Class     string `json:"class"`
	Score     string `json:"score"` // Empty where there is none.
	Criteria  string `json:"criteria"`
	From      string `json:"from"`
	To        string `json:"to"` // Empty while it holds.
	Version   string `json:"list_version"`
	Citation  string `json:"citation"`
	Backdated bool   `json:"backdated"` // It counts for posts before it was made.
}

// Found is what is known of a link.
type Found struct {
	URL       string   `json:"url"`
	Canonical string   `json:"canonical"`
	Domain    string   `json:"domain"`
	Shortener bool     `json:"shortener"` // Where it leads is not known.
	Resembles string   `json:"resembles"` // A protected name that its host looks like; empty for none.
	Rule      string   `json:"rule"`      // By which rule.
	Ratings   []Rating `json:"ratings"`
}

// longestLink is how long a link may be that is asked about.
const longestLink = 4096

// found is what is known of the link that was asked about; nil where none was.
func (p *Page) found(r *http.Request) (*Found, string, error) {
	link := strings.TrimSpace(r.URL.Query().Get("url"))
	if link == "" {
		return nil, "", nil
	}
	if len(link) > longestLink {
		return nil, "", errAsked{"url: it is too long"}
	}
	found, err := p.cfg.Check(r.Context(), link)
	return &found, link, err
}

func (p *Page) check(w http.ResponseWriter, r *http.Request) {
	q, err := p.request(r)
	if err != nil {
		p.fail(w, err)
		return
	}
	found, link, err := p.found(r)
	if err != nil {
		p.fail(w, err)
		return
	}
	path := "/check"
	if link != "" {
		path += "?url=" + url.QueryEscape(link)
	}
	s := p.site(q, path, q.Words["title.check"])
	s.Asked, s.Found = link, found
	p.write(w, "check.html", s)
}

func (p *Page) checkJSON(w http.ResponseWriter, r *http.Request) {
	found, _, err := p.found(r)
	if err == nil && found == nil {
		err = errAsked{"url: give the link that it is about, as /check.json?url=https://news.example/"}
	}
	if err != nil {
		p.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(struct {
		*Found
		Caveat string `json:"caveat"`
	}{found, p.words[p.language[0]]["caveat.check"]})
}

// RatingColumns are the keys of the columns of ratings.
func (s *site) RatingColumns() []string {
	return []string{"rating.source", "rating.rater", "rating.class", "rating.score", "rating.criteria", "rating.from", "rating.to", "rating.version", "rating.citation"}
}
