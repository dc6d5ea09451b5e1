package urls

import (
	"net/url"
	"slices"
	"strings"
)

// maxHops is how many redirects that are carried in one another are followed.
const maxHops = 4

// Canonical is the form of a URL by which two links to the same page are told
// to be one: the page that a redirect carries, its original instead of its AMP
// copy, the main host instead of the mobile one, https, no user, no default
// port, no tracking parameters, no fragment. It is a name of the page, for
// comparing and counting; what was posted stays beside it. What is no web
// address is returned as it is.
func (c *Canonicalizer) Canonical(address string) string {
	if len(address) > Longest || c.isCanonical(address) {
		return address
	}
	u, ok := cutWeb(address)
	for hops := 0; ok && hops < maxHops; hops++ {
		target := c.carried(u)
		if target == "" {
			break
		}
		address = target
		u, ok = cutWeb(address)
	}
	if !ok {
		return address
	}
	u.host = c.mainHost(u.host)
	u.path, u.query = withoutAMP(u.path), withoutTracking(u.query)
	return u.String()
}

// isCanonical says of the most common form, without taking it apart, that it
// stays as it is.
func (c *Canonicalizer) isCanonical(address string) bool {
	rest, ok := strings.CutPrefix(address, "https://")
	if !ok || strings.ContainsAny(rest, "?#%:@\\ ") {
		return false
	}
	end := strings.IndexByte(rest, '/')
	if end < 0 || strings.HasSuffix(rest[:end], ".") || strings.Contains(rest, "/amp") || strings.Contains(rest, ".amp") {
		return false
	}
	for i := range end {
		if c := rest[i]; c >= 'A' && c <= 'Z' {
			return false
		}
	}
	return !hasSideLabel(rest[:end])
}

// web is a web address, taken apart.
type web struct{ host, port, path, query, fragment string }

func cutWeb(address string) (web, bool) {
	if !HasPrefixFold(address, "http://") && !HasPrefixFold(address, "https://") {
		return web{}, false
	}
	from, end := Authority(address)
	host, rest := address[from:end], address[end:]
	host = host[strings.LastIndexByte(host, '@')+1:]
	u := web{host: host}
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		u.host, u.port = host[:i], host[i+1:]
	}
	if u.port == "80" || u.port == "443" {
		u.port = ""
	}
	u.host = strings.TrimRight(strings.ToLower(u.host), ".")
	rest, fragment, _ := strings.Cut(rest, "#")
	if strings.HasPrefix(fragment, "!") { // An address of its own, as sites wrote them before they could do without.
		u.fragment = fragment
	}
	u.path, u.query, _ = strings.Cut(rest, "?")
	u.path = escapes(u.path)
	return u, u.host != "" && strings.Trim(u.port, "0123456789") == "" && (strings.IndexByte(u.host, ':') < 0 || strings.HasSuffix(u.host, "]"))
}

func (u web) String() string {
	var b strings.Builder
	b.Grow(len(u.host) + len(u.path) + len(u.query) + len(u.fragment) + 16)
	b.WriteString("https://")
	b.WriteString(u.host)
	if u.port != "" {
		b.WriteByte(':')
		b.WriteString(u.port)
	}
	if !strings.HasPrefix(u.path, "/") {
		b.WriteByte('/')
	}
	b.WriteString(u.path)
	for _, part := range [...]struct{ mark, text string }{{"?", u.query}, {"#", u.fragment}} {
		if part.text != "" {
			b.WriteString(part.mark)
			b.WriteString(part.text)
		}
	}
	return b.String()
}

// escapes writes a path's escapes alike: those that need not be are undone, the
// others are in upper case (RFC 3986, section 6.2.2).
func escapes(path string) string {
	if strings.IndexByte(path, '%') < 0 {
		return path
	}
	out := make([]byte, 0, len(path))
	for i := 0; i < len(path); i++ {
		if path[i] != '%' || i+2 >= len(path) || !isHex(path[i+1]) || !isHex(path[i+2]) {
			out = append(out, path[i])
			continue
		}
		c := unhex(path[i+1])<<4 | unhex(path[i+2])
		if isWord(c) || c == '-' || c == '.' || c == '~' {
			out = append(out, c)
		} else {
			const digits = "0123456789ABCDEF"
			out = append(out, '%', digits[c>>4], digits[c&15])
		}
		i += 2
	}
	return string(out)
}

func isHex(c byte) bool { return isDigit(c) || (c|0x20 >= 'a' && c|0x20 <= 'f') }

func unhex(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return (c | 0x20) - 'a' + 10
}

// isSideLabel says whether hosts that begin so show the pages of the host without.
func isSideLabel(label string) bool {
	switch label {
	case "www", "m", "mobile", "amp", "touch", "wap", "mob":
		return true
	}
	return false
}

func hasSideLabel(host string) bool {
	label, rest, ok := strings.Cut(host, ".")
	return ok && (isSideLabel(label) || strings.HasPrefix(rest, "m."))
}

// mainHost is the host whose pages a mobile or www host shows, if what is left
// still is a host and no public suffix.
func (c *Canonicalizer) mainHost(host string) string {
	for range 2 {
		if !hasSideLabel(host) {
			return host
		}
		label, rest, _ := strings.Cut(host, ".")
		shorter := rest
		if strings.HasPrefix(rest, "m.") { // de.m.wikipedia.org
			if shorter = label + rest[1:]; isSideLabel(label) {
				shorter = rest
			}
		}
		if c.Registrable(shorter) == "" {
			return host
		}
		host = shorter
	}
	return host
}

// withoutAMP is the path of the page that an AMP copy is of.
func withoutAMP(path string) string {
	if !strings.Contains(path, "amp") {
		return path
	}
	trimmed := strings.TrimSuffix(path, "/")
	for _, ending := range [...]struct{ amp, plain string }{{"/amp", ""}, {".amp.html", ".html"}, {".amp", ""}, {"/amp.html", ""}} {
		if page, ok := strings.CutSuffix(trimmed, ending.amp); ok {
			path = page + ending.plain
			break
		}
	}
	if rest, ok := strings.CutPrefix(path, "/amp/"); ok && rest != "" {
		return "/" + rest
	}
	return path
}

// withoutTracking removes the parameters that say how a reader came to a page
// and nothing of the page.
func withoutTracking(query string) string {
	if query == "" {
		return ""
	}
	kept := make([]string, 0, strings.Count(query, "&")+1)
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if part != "" && !isTracking(strings.ToLower(name)) {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "&")
}

// trackers are parameters of advertisers, newsletters and share buttons; those
// of the second list are the beginnings of such. Each is documented by whoever
// sets it, and all are in the lists of link cleaners.
const (
	trackers = " fbclid gclid gclsrc dclid gbraid wbraid msclkid twclid ttclid yclid ysclid li_fat_id igshid igsh mc_cid mc_eid mkt_tok _hsenc _hsmi " +
		"__hstc __hssc vero_id oly_anon_id oly_enc_id rb_clickid s_cid ref_src ref_url cmpid ito xtor _ga _gl ncid guccounter guce_referrer guce_referrer_sig " +
		"__twitter_impression amp ampmode outputtype sc_campaign sc_channel sc_content sc_medium sc_outcome sc_geo sc_country share_id sharetype smid smtyp " +
		"at_medium at_campaign at_custom1 at_custom2 at_custom3 at_custom4 fb_action_ids fb_action_types fb_ref fb_source action_object_map action_type_map _openstat spm wickedid "
)

func trackingPrefixes() [6]string {
	return [...]string{"utm_", "wt_mc", "wt.mc", "pk_", "mtm_", "hsa_"}
}

func isTracking(name string) bool {
	if strings.Contains(trackers, " "+name+" ") && name != "" {
		return true
	}
	prefixes := trackingPrefixes()
	return slices.ContainsFunc(prefixes[:], func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// carried is the page that a redirect or an AMP cache carries in its own
// address; empty where it carries none.
func (c *Canonicalizer) carried(u web) string {
	if target := fromAMPCache(u); target != "" {
		return target
	}
	for _, known := range c.carriersOf(u.host) {
		if known.path != "" && known.path != u.path {
			continue
		}
		for part := range strings.SplitSeq(u.query, "&") {
			key, value, _ := strings.Cut(part, "=")
			if key != known.param {
				continue
			}
			target, err := url.QueryUnescape(value)
			if err == nil && (HasPrefixFold(target, "https://") || HasPrefixFold(target, "http://")) {
				return target
			}
		}
	}
	return ""
}

// carrier is a redirecting address and the parameter in which it carries the
// page; an empty path stands for any.
type carrier struct{ path, param string }

// knownCarriers are the redirecting hosts, without www.
func knownCarriers() map[string][]carrier {
	anywhere := func(param string) []carrier { return []carrier{{"", param}} }
	facebook := []carrier{{"/l.php", "u"}, {"/flx/warn/", "u"}, {"/sharer/sharer.php", "u"}, {"/sharer.php", "u"}}
	youtube, vk := []carrier{{"/redirect", "q"}}, []carrier{{"/away.php", "to"}, {"/away", "to"}}
	x, telegram := []carrier{{"/intent/tweet", "url"}, {"/share", "url"}}, []carrier{{"/share/url", "url"}, {"/iv", "url"}}
	return map[string][]carrier{
		"l.facebook.com": anywhere("u"), "lm.facebook.com": anywhere("u"), "l.instagram.com": anywhere("u"), "l.messenger.com": anywhere("u"),
		"l.threads.com": anywhere("u"), "l.threads.net": anywhere("u"), "facebook.com": facebook, "m.facebook.com": facebook,
		"youtube.com": youtube, "m.youtube.com": youtube, "vk.com": vk, "m.vk.com": vk, "away.vk.com": vk,
		"t.umblr.com": anywhere("z"), "out.reddit.com": anywhere("url"), "slack-redir.net": anywhere("url"), "exit.sc": anywhere("url"),
		"go.redirectingat.com": anywhere("url"), "steamcommunity.com": {{"/linkfilter/", "url"}, {"/linkfilter/", "u"}, {"/linkfilter", "url"}},
		"duckduckgo.com": {{"/l/", "uddg"}}, "linkedin.com": {{"/redir/redirect", "url"}, {"/safety/go", "url"}, {"/shareArticle", "url"}},
		"twitter.com": x, "x.com": x, "t.me": telegram, "telegram.me": telegram,
		googles: {{"/url", "q"}, {"/url", "url"}},
	}
}

// googles stands for the hosts of Google's search in all countries.
const googles = "google."

func (c *Canonicalizer) carriersOf(host string) []carrier {
	host = strings.TrimPrefix(host, "www.")
	if country, ok := strings.CutPrefix(host, googles); ok && strings.Count(country, ".") < 2 {
		host = googles
	}
	return c.carriers[host]
}

// fromAMPCache is the page of which a cache of AMP pages has a copy: of
// Google's viewer (/amp/s/HOST/PATH) and of cdn.ampproject.org (/c/s/HOST/PATH);
// without the s it is of http.
func fromAMPCache(u web) string {
	host := strings.TrimPrefix(u.host, "www.")
	page := ""
	switch {
	case strings.HasSuffix(host, ".cdn.ampproject.org") || host == "cdn.ampproject.org":
		for _, kind := range [...]string{"/c/", "/v/", "/wp/"} {
			if rest, ok := strings.CutPrefix(u.path, kind); ok {
				page = rest
			}
		}
	case strings.HasPrefix(host, "google."):
		page, _ = strings.CutPrefix(u.path, "/amp/")
		if page == u.path {
			return ""
		}
	}
	page = strings.TrimPrefix(page, "s/")
	if first, _, _ := strings.Cut(page, "/"); !strings.Contains(first, ".") {
		return ""
	}
	if u.query != "" {
		page += "?" + u.query
	}
	return "https://" + page
}
