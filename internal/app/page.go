package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"
)

// Check asks whether a part works; nil means that it does.
type Check struct {
	Name string
	Ask  func(ctx context.Context) error
}

// Page is what a person or a monitor sees of a running observatory: a site at /, which
// parts work at /parts, its health at /healthz and its metrics at /metrics.
type Page struct {
	Title    string
	Password string // Asked for if not empty, from any user.
	Links    []Link
	Site     http.Handler // What readers see, at /; nil where there is no store.
	Checks   []Check
	Metrics  prometheus.Gatherer
	Log      *zap.Logger

	mu      sync.Mutex
	asked   time.Time
	answers []Answer
}

// Link is a line of the page.
type Link struct{ What, Where string }

// Report is what /healthz answers.
type Report struct {
	Healthy bool     `json:"healthy"`
	Parts   []Answer `json:"parts"`
}

// Answer is what was found of a part.
type Answer struct {
	Part  string `json:"part"`
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
}

// freshFor is how long an answer about health is given again, so that asking
// often costs nothing.
const freshFor = time.Second

// Serve answers on ln until ctx ends.
func (p *Page) Serve(ctx context.Context, ln net.Listener) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", p.health)
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.Metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /parts", p.index)
	if p.Site != nil {
		mux.Handle("/", p.Site)
	} else {
		mux.HandleFunc("GET /{$}", p.index)
	}
	web := &http.Server{
		Handler: p.guarded(mux), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, MaxHeaderBytes: 1 << 16,
		ErrorLog: zap.NewStdLog(p.Log.WithOptions(zap.IncreaseLevel(zap.ErrorLevel))),
	}
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(ln) }()
	select {
	case err := <-failed:
		return fmt.Errorf("the page cannot be served: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := web.Shutdown(grace); err != nil {
		_ = web.Close()
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("the page cannot be served: %w", err)
	}
	return nil
}

// guarded asks for the password, if there is one. Health is for everybody.
func (p *Page) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; img-src 'self'; style-src 'self' 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		w.Header().Set("Referrer-Policy", "no-referrer")
		if p.Password != "" && r.URL.Path != "/healthz" {
			_, given, _ := r.BasicAuth()
			if !sameText(given, p.Password) {
				w.Header().Set("WWW-Authenticate", `Basic realm="observatory"`)
				http.Error(w, "give the password", http.StatusUnauthorized)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// Health asks every part, unless that was done just now.
func (p *Page) Health(ctx context.Context) (answers []Answer, healthy bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.asked) > freshFor {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		answers := make([]Answer, len(p.Checks))
		var asking sync.WaitGroup
		for i, check := range p.Checks {
			asking.Go(func() {
				answers[i] = Answer{Part: check.Name, OK: true}
				if err := check.Ask(ctx); err != nil {
					answers[i].OK, answers[i].Error = false, err.Error()
				}
			})
		}
		asking.Wait()
		p.answers, p.asked = answers, time.Now()
	}
	healthy = true
	for _, a := range p.answers {
		healthy = healthy && a.OK
	}
	return p.answers, healthy
}

func (p *Page) health(w http.ResponseWriter, r *http.Request) {
	answers, healthy := p.Health(r.Context())
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if !healthy {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(Report{Healthy: healthy, Parts: answers})
}

func (p *Page) index(w http.ResponseWriter, r *http.Request) {
	answers, healthy := p.Health(r.Context())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err := pageTemplate().Execute(w, map[string]any{"Title": p.Title, "Links": p.Links, "Parts": answers, "Healthy": healthy}); err != nil {
		p.Log.Debug("page not written", zap.Error(err))
	}
}

func pageTemplate() *template.Template {
	return template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #ddd; vertical-align: top }
code { overflow-wrap: anywhere } .ok { color: #1b6e3c } .bad { color: #a3261b }
</style>
<main><h1>{{.Title}}</h1>
<p>Every part works: <strong class="{{if .Healthy}}ok{{else}}bad{{end}}">{{if .Healthy}}yes{{else}}no{{end}}</strong></p>
<table>
<thead><tr><th scope="col">Part</th><th scope="col">State</th></tr></thead>
<tbody>{{range .Parts}}<tr><td>{{.Part}}</td><td class="{{if .OK}}ok{{else}}bad{{end}}">{{if .OK}}works{{else}}{{.Error}}{{end}}</td></tr>{{end}}</tbody>
</table>
<h2>Where to ask</h2>
<table><tbody>{{range .Links}}<tr><th scope="row">{{.What}}</th><td><code>{{.Where}}</code></td></tr>{{end}}</tbody></table></main>
</html>
`))
}
