package urls

import "strings"

// Longest is the length of the longest URL that is taken apart.
const Longest = 8 * 1024

// Cut takes a URL apart by hand: net/url refuses much of what people post.
// The host is in lower case, without user, port and final dot.
func Cut(address string) (host, rest string) {
	from, end := Authority(address)
	host, rest = address[from:end], address[end:]
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	return strings.TrimSuffix(strings.ToLower(host), "."), rest
}

// Authority is where in a URL user, host and port are.
func Authority(address string) (from, end int) {
	if i := strings.Index(address, "://"); i >= 0 && i < 12 {
		from = i + 3
	} else if strings.HasPrefix(address, "//") {
		from = 2
	}
	end = from
	for end < len(address) && address[end] != '/' && address[end] != '?' && address[end] != '#' && address[end] != '\\' {
		end++
	}
	return from, end
}

// HasPrefixFold is strings.HasPrefix for prefixes in lower case that begin with
// a letter, whatever the case of s.
func HasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && s[0]|0x20 == prefix[0] && strings.EqualFold(s[:len(prefix)], prefix)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWord(c byte) bool {
	return isDigit(c) || c == '_' || (c|0x20 >= 'a' && c|0x20 <= 'z')
}
