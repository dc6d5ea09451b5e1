package engine

import (
	"html"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/election-observatory/observatory/internal/engine/access"
)

// browser says whether a person's browser shows the answer as a page.
func browser(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html")
}

// loopback says whether a host is this machine by an address or a name that no
// one else can take.
func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && address.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// ownPage refuses requests without credentials that a page of another site
// makes a browser send: by its origin, or by a name that it lets point here.
func ownPage(r *http.Request) error {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err != nil && host != "" && !loopback(host) {
		return access.Denied("without a user and a password ask for this machine by its address or as localhost, not as %s", host)
	}
	if origin := r.Header.Get("Origin"); origin != "" && !ownOrigin(origin) {
		return access.Denied("pages of %s may not ask without a user and a password", origin)
	}
	return nil
}

func ownOrigin(origin string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && loopback(u.Host)
}

// allowOrigin lets pages of this machine read the answer, and no others.
func allowOrigin(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Origin")
	if origin := r.Header.Get("Origin"); ownOrigin(origin) {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Expose-Headers", "X-ClickHouse-Query-Id,X-ClickHouse-Summary,X-ClickHouse-Server-Display-Name,X-ClickHouse-Format,"+
			"X-ClickHouse-Timezone,X-ClickHouse-Exception-Code,X-ClickHouse-Exception-Tag")
	}
}

// preflight answers what a browser asks before it sends a request of a page.
func preflight(w http.ResponseWriter, r *http.Request) {
	if w.Header().Get("Access-Control-Allow-Origin") != "" {
		w.Header().Set("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS")
		w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-ClickHouse-User, X-ClickHouse-Key, X-ClickHouse-Database, X-ClickHouse-Format")
		w.Header().Set("Access-Control-Max-Age", "600")
	}
	w.Header().Set("Allow", "GET, HEAD, POST, OPTIONS")
	w.WriteHeader(http.StatusNoContent)
}

// welcome tells a person with a browser where they are, and a program that the
// engine lives.
func (s *server) welcome(w http.ResponseWriter, r *http.Request) {
	if !browser(r) {
		_, _ = io.WriteString(w, "Ok.\n")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'")
	_, _ = io.WriteString(w, strings.NewReplacer("HOST", html.EscapeString(r.Host), "VERSION", html.EscapeString(s.version), "DATABASE", html.EscapeString(s.cfg.Database)).Replace(welcomePage))
}

const welcomePage = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Observatory: SQL</title>
<style>body{font:16px/1.5 sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}textarea{width:100%;font:14px monospace}code{background:#eee}</style>
<h1>Observatory: SQL</h1>
<p>This is the store of the observatory, ClickHouse VERSION over HTTP. Without a user you read the database <code>DATABASE</code> as <em>researcher</em>.</p>
<form action="/" method="get"><textarea name="query" rows="6">SHOW TABLES</textarea><p><button>Run</button></p></form>
<p>Programs: <code>curl 'http://HOST/' --data-binary 'SHOW TABLES'</code>. Any ClickHouse client for HTTP works with this address.</p>
</html>
`
