package page

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// Judgement is what a reviewer says of a network, a burst or a look-alike.
type Judgement struct{ ID, Verdict, Confidence, ActorType, Citation, Note string }

// Review is how people judge on the page. The zero value shows what was judged, and
// takes nothing.
type Review struct {
	Reviewers                         []string // By their names.
	Verdicts, Confidences, ActorTypes []string // What they may say.
	// Judge notes a judgement. What is wrong with it is a *Mistake.
	Judge func(ctx context.Context, reviewer, password string, j *Judgement) error
}

// Mistake is an error that says what its maker has to change.
type Mistake struct{ What string }

func (m *Mistake) Error() string { return m.What }

// judged is the page of one thing that is judged.
type judged struct {
	*site
	Review
	Others *site     // What others say, after who looks has said something.
	Said   Judgement // What was filled in, where it could not be taken.
	Who    string
	Wrong  string // What is wrong with it.
}

// subjectID is what may be an id of a network or a burst, or a host.
var subjectID = regexp.MustCompile(`^[\pL\pN._-]{1,253}$`)

func (p *Page) judgePage(w http.ResponseWriter, r *http.Request) {
	p.showJudge(w, r, r.URL.Query().Get("id"), &judged{}, http.StatusOK)
}

func (p *Page) showJudge(w http.ResponseWriter, r *http.Request, id string, j *judged, status int) {
	if !subjectID.MatchString(id) {
		p.fail(w, errAsked{"id: it is no id of a network or burst, and no host"})
		return
	}
	q, err := p.request(r)
	if err != nil {
		p.fail(w, err)
		return
	}
	j.site, j.Review = p.site(q, "/judge?id="+url.QueryEscape(id), q.Words["title.judge"]+" "+id), p.cfg.Review
	j.Said.ID = id
	for _, v := range judging(id) {
		shown, err := p.answer(r.Context(), q, v)
		if err != nil {
			p.fail(w, err)
			return
		}
		j.Views = append(j.Views, shown)
	}
	j.Others = p.site(q, j.Path, j.Title)
	j.Views, j.Others.Views = j.Views[:1:1], j.Views[1:] // More is added to the first.
	if len(j.Views[0].Cells)+len(j.Others.Views[0].Cells) == 0 {
		http.Error(w, "there is no network, burst or look-alike "+id, http.StatusNotFound)
		return
	}
	if networkID.MatchString(id) { // Which a burst's is as well.
		for _, v := range network(id)[1:] {
			shown, err := p.answer(r.Context(), q, v)
			if err != nil {
				p.fail(w, err)
				return
			}
			if len(shown.Cells) > 0 {
				j.Views = append(j.Views, shown)
			}
		}
	}
	p.writeAs(w, "judge.html", j, status)
}

// longestForm is how many bytes a form may have.
const longestForm = 64 << 10

func (p *Page) judge(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, longestForm)
	if err := r.ParseForm(); err != nil {
		p.fail(w, errAsked{"the form is too long, or damaged"})
		return
	}
	field := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	said := Judgement{ID: field("id"), Verdict: field("verdict"), Confidence: field("confidence"), ActorType: field("actor_type"), Citation: field("citation"), Note: field("note")}
	if p.cfg.Review.Judge == nil {
		p.fail(w, errAsked{"the study names no reviewers"})
		return
	}
	err := p.cfg.Review.Judge(r.Context(), field("reviewer"), r.PostForm.Get("password"), &said)
	if mistake, ok := errors.AsType[*Mistake](err); ok {
		p.showJudge(w, r, said.ID, &judged{Said: said, Who: field("reviewer"), Wrong: mistake.What}, http.StatusUnprocessableEntity)
		return
	}
	if err != nil {
		p.fail(w, err)
		return
	}
	http.Redirect(w, r, "/judge?id="+url.QueryEscape(said.ID)+"&lang="+p.languageOf(r), http.StatusSeeOther) //nolint:gosec // It leads to this page, with the id escaped.
}
