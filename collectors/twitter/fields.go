package twitter

import (
	"html"
	"strconv"
	"strings"
	"time"

	gojson "github.com/goccy/go-json"

	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

func (u *user) snapshot() (*schema.AccountSnapshot, error) {
	if u == nil {
		return nil, mapping.Reject(schema.ReasonMissingUser, "a status without user")
	}
	id, err := numericID(u.IDStr, u.ID)
	if err != nil {
		return nil, err
	}
	if id == "" {
		return nil, mapping.Reject(schema.ReasonMissingUser, "a user without id")
	}
	a := &schema.AccountSnapshot{NativeId: id, Handle: mapping.Short(u.ScreenName), Name: mapping.Short(u.Name), Verified: u.Verified}
	if u.CreatedAt == "" {
		return a, nil // Without the profile, its counts are not known either.
	}
	if a.CreatedMs, err = rubyTime(u.CreatedAt); err != nil {
		return nil, err
	}
	if a.Followers, err = mapping.Count("followers_count", u.FollowersCount); err != nil {
		return nil, err
	}
	if a.Following, err = mapping.Count("friends_count", u.FriendsCount); err != nil {
		return nil, err
	}
	a.Posts, err = mapping.Count("statuses_count", u.StatusesCount)
	return a, err
}

// numericID prefers the string: readers of JSON that know only floating-point
// numbers have rounded the number in many archives.
func numericID(text string, number int64) (string, error) {
	switch {
	case mapping.Digits(text):
		return text, nil
	case text != "" || number < 0:
		return "", mapping.Reject(schema.ReasonBadField, "an id is no decimal number")
	case number == 0:
		return "", nil
	}
	return strconv.FormatInt(number, 10), nil
}

// rubyTime reads times as Twitter v1.1 writes them.
func rubyTime(s string) (int64, error) {
	if s == "" {
		return 0, mapping.Reject(schema.ReasonMissingTime, "no created_at")
	}
	t, err := time.Parse(time.RubyDate, s)
	if err != nil || !mapping.Plausible(t.UnixMilli()) {
		return 0, mapping.Reject(schema.ReasonBadTime, "created_at is no time of Twitter's")
	}
	return t.UnixMilli(), nil
}

// client is the name in the link that Twitter gives as the source.
func client(source gojson.RawMessage) string {
	var s string
	if len(source) == 0 || gojson.Unmarshal(source, &s) != nil {
		return ""
	}
	if from := strings.IndexByte(s, '>'); strings.HasPrefix(s, "<") && from >= 0 {
		s = s[from+1:]
		if to := strings.IndexByte(s, '<'); to >= 0 {
			s = s[:to]
		}
	}
	return mapping.Short(html.UnescapeString(s))
}
