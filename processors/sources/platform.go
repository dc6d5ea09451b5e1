package sources

import "strings"

// A platform carries what others publish. It is no source itself; accounts on it
// are, by their address.
type platform struct {
	host string
	// strip are path segments before the name of an account: t.me/s/NAME.
	strip string
	// under are path segments that only together with the next one name an
	// account: youtube.com/channel/ID.
	under string
}

// platforms are the hosts on which anybody can publish, with what their
// addresses of accounts look like. That a source is rated must never mean that
// one of these is.
func platforms() []platform {
	return []platform{
		{host: "x.com", under: " i "},
		{host: "t.me", strip: " s "},
		{host: "bsky.app", under: " profile "},
		{host: "threads.net"},
		{host: "threads.com"},
		{host: "facebook.com", strip: " pg ", under: " groups people pages "},
		{host: "instagram.com"},
		{host: "tiktok.com"},
		{host: "youtube.com", under: " channel c user playlist shorts live "},
		{host: "rutube.ru", under: " channel u video "},
		{host: "vimeo.com", under: " channels "},
		{host: "twitch.tv"},
		{host: "dailymotion.com", under: " video playlist "},
		{host: "linkedin.com", under: " company in school showcase pulse "},
		{host: "vk.com"},
		{host: "ok.ru", under: " group profile "},
		{host: "dzen.ru", under: " id "},
		{host: "reddit.com", under: " r u user "},
		{host: "pinterest.com"},
		{host: "discord.com", under: " channels invite "},
		{host: "whatsapp.com", under: " channel "},
		{host: "medium.com"},
		{host: "substack.com"},
		{host: "tumblr.com"},
		{host: "wordpress.com"},
		{host: "blogspot.com"},
		{host: "livejournal.com"},
		{host: "weebly.com"},
		{host: "wixsite.com"},
		{host: "telegra.ph"},
		{host: "google.com"},
		{host: "github.com"},
		{host: "wikipedia.org"},
	}
}

// sameHosts are other hosts under which a platform's pages are.
func sameHosts() map[string]string {
	return map[string]string{
		"twitter.com": "x.com", "telegram.me": "t.me", "telegram.dog": "t.me", "fb.com": "facebook.com", "youtu.be": "youtube.com", "youtube-nocookie.com": "youtube.com",
		"vkontakte.ru": "vk.com", "vk.ru": "vk.com", "odnoklassniki.ru": "ok.ru", "zen.yandex.ru": "dzen.ru", "instagr.am": "instagram.com",
	}
}

// account is the part of a path that names an account of the platform: its first
// segment, or two where the first only says of which kind it is.
func (p platform) account(path string) string {
	first, rest, _ := strings.Cut(strings.Trim(path, "/"), "/")
	if first != "" && strings.Contains(p.strip, " "+first+" ") && rest != "" {
		first, rest, _ = strings.Cut(rest, "/")
	}
	if first != "" && strings.Contains(p.under, " "+first+" ") {
		second, _, _ := strings.Cut(rest, "/")
		if second == "" {
			return ""
		}
		return first + "/" + second
	}
	return first
}

// Addresses are the addresses that links to a source may have: one on each host
// under which its pages are.
func (p *Parser) Addresses(source string) []string {
	host, path, _ := strings.Cut(source, "/")
	all := []string{"https://" + source}
	for _, other := range p.hosts[host] {
		all = append(all, "https://"+other+"/"+path)
	}
	return all
}
