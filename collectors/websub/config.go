// Package websub lets hubs say when a feed has something new
// (WebSub, W3C Recommendation of 23 January 2018, https://www.w3.org/TR/websub/), so that it
// is asked at once. What a hub sends is never taken for the feed: it only wakes whoever asks.
package websub

import (
	"fmt"
	"net"
	"net/url"
	"slices"
)

// Config says where hubs reach the program.
type Config struct {
	Callback     string `yaml:"callback" doc:"The public address at which hubs reach the listener, as https://observatory.example.org/websub."`
	Listen       string `yaml:"listen" doc:"HOST:PORT that the listener is bound to, behind whatever serves the public address; 127.0.0.1:8090 if left out."`
	AllowPrivate bool   `yaml:"allow_private" doc:"Allow hubs and a callback inside private networks: for tests and intranets."`
}

const defaultListen = "127.0.0.1:8090"

// Validate says what is wrong, if anything.
func (c *Config) Validate() error {
	schemes := []string{"https"}
	if c.AllowPrivate {
		schemes = append(schemes, "http")
	}
	u, err := url.Parse(c.Callback)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !slices.Contains(schemes, u.Scheme) {
		return fmt.Errorf("websub.callback: %q is no public address, as https://observatory.example.org/websub", c.Callback)
	}
	if _, _, err := net.SplitHostPort(c.Listen); c.Listen != "" && err != nil {
		return fmt.Errorf("websub.listen: %q is not HOST:PORT", c.Listen)
	}
	return nil
}
