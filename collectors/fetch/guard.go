package fetch

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
)

// PrivateError says that an address lies inside a private network, or is
// special in another way. No connection was made.
type PrivateError struct {
	Address string
	Err     error
}

func (e *PrivateError) Error() string {
	return fmt.Sprintf("%s is an address inside a private network: fetch.allow_private would allow it", e.Address)
}
func (e *PrivateError) Unwrap() error { return e.Err }

// guard refuses addresses. It decides when a socket is about to be connected, so
// that what a name resolved to at another time does not matter.
type guard struct {
	rules *ssrf.Guardian
}

func newGuard(allowed ...netip.Prefix) *guard {
	return &guard{ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(allowed...))}
}

// control is a net.Dialer's Control.
func (g *guard) control(network, address string, c syscall.RawConn) error {
	if err := g.rules.Safe(network, address, c); err != nil {
		return &PrivateError{address, err}
	}
	return nil
}

// checkURL refuses what needs no resolver to be recognised: addresses in any
// notation that some resolver takes, and the names of this machine.
func (g *guard) checkURL(u *url.URL) error {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return &PrivateError{host, ssrf.ErrProhibitedIP}
	}
	addr, ok := literal(host)
	if !ok {
		return nil
	}
	if err := g.rules.SafeAddr(addr.Unmap()); err != nil {
		return &PrivateError{host, err}
	}
	return nil
}

// literal reads a host that is an address: also in the old notations, as
// 2130706433, 0x7f.1 and 0177.0.0.1, which some resolvers still take.
func literal(host string) (netip.Addr, bool) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.WithZone(""), true
	}
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var value uint64
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 0, 64)
		if err != nil {
			if n, err = strconv.ParseUint(part, 8, 64); err != nil || part[0] != '0' {
				return netip.Addr{}, false
			}
		}
		if i == len(parts)-1 {
			room := 8 * (4 - i)
			if n >= 1<<room {
				return netip.Addr{}, false
			}
			value = value<<room | n
			break
		}
		if n > 255 {
			return netip.Addr{}, false
		}
		value = value<<8 | n
	}
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}), true
}

// newTransport connects as the configuration says, through no proxy: behind one,
// it would be the proxy that resolves names.
func newTransport(cfg Config, g *guard, resolver *net.Resolver) *http.Transport {
	dialer := &net.Dialer{Timeout: cfg.DialTimeout, Resolver: resolver}
	if !cfg.AllowPrivate {
		dialer.Control = g.control
	}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    cfg.TLSTimeout,
		ResponseHeaderTimeout:  cfg.HeaderTimeout,
		DisableCompression:     true, // The bounds are on both sides of it.
		MaxIdleConns:           cfg.Hosts,
		MaxIdleConnsPerHost:    1,
		IdleConnTimeout:        cfg.HeaderTimeout,
		MaxResponseHeaderBytes: 64 << 10,
		WriteBufferSize:        2 << 10,
	}
}
