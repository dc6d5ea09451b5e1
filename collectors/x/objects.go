package x

import gojson "github.com/goccy/go-json"

// tweet is a post of API v2. The last fields are of posts that twarc has flattened, in
// which what a response includes lies where it is named.
type tweet struct {
	ID               string      `json:"id"`
	Text             string      `json:"text"`
	NoteTweet        *note       `json:"note_tweet"` // The whole of a long post.
	AuthorID         string      `json:"author_id"`
	CreatedAt        string      `json:"created_at"`
	Lang             string      `json:"lang"`
	InReplyToUserID  string      `json:"in_reply_to_user_id"`
	History          []string    `json:"edit_history_tweet_ids"`
	Entities         *entities   `json:"entities"`
	Attachments      attachments `json:"attachments"`
	ReferencedTweets []reference `json:"referenced_tweets"`
	Metrics          *metrics    `json:"public_metrics"`
	Sensitive        bool        `json:"possibly_sensitive"`
	Source           string      `json:"source"`

	Author        *user `json:"author"`
	InReplyToUser *user `json:"in_reply_to_user"`

	Delete *struct { // Of the compliance stream.
		Tweet struct {
			ID       string `json:"id"`
			AuthorID string `json:"author_id"`
		} `json:"tweet"`
		EventAt string `json:"event_at"`
	} `json:"delete"`
	Drop          gojson.RawMessage `json:"drop"`
	Undrop        gojson.RawMessage `json:"undrop"`
	Withheld      gojson.RawMessage `json:"withheld"`
	TweetEdit     gojson.RawMessage `json:"tweet_edit"`
	UserDelete    *account          `json:"user_delete"`
	UserSuspend   *account          `json:"user_suspend"`
	UserUnsuspend *account          `json:"user_unsuspend"`
	UserUndelete  gojson.RawMessage `json:"user_undelete"`
	UserProtect   gojson.RawMessage `json:"user_protect"`
	UserUnprotect gojson.RawMessage `json:"user_unprotect"`
	UserWithheld  gojson.RawMessage `json:"user_withheld"`
}

// account is what became of an account, of the compliance stream.
type account struct {
	User struct {
		ID string `json:"id"`
	} `json:"user"`
	EventAt string `json:"event_at"`
}

type note struct {
	Text     string    `json:"text"`
	Entities *entities `json:"entities"`
}

type reference struct {
	Type string `json:"type"`
	tweet
}

type entities struct {
	URLs []struct {
		URL      string `json:"url"`
		Expanded string `json:"expanded_url"`
		Unwound  string `json:"unwound_url"`
		Title    string `json:"title"`
		MediaKey string `json:"media_key"`
	} `json:"urls"`
	Hashtags []struct {
		Tag string `json:"tag"`
	} `json:"hashtags"`
	Mentions []struct {
		Start    int    `json:"start"`
		End      int    `json:"end"`
		ID       string `json:"id"`
		Username string `json:"username"`
	} `json:"mentions"`
}

type attachments struct {
	MediaKeys []string `json:"media_keys"`
	Media     []media  `json:"media"`
}

type media struct {
	Key     string `json:"media_key"`
	Type    string `json:"type"`
	URL     string `json:"url"`
	Preview string `json:"preview_image_url"`
	Alt     string `json:"alt_text"`
}

type metrics struct {
	Likes       int `json:"like_count"`
	Reposts     int `json:"retweet_count"`
	Replies     int `json:"reply_count"`
	Quotes      int `json:"quote_count"`
	Impressions int `json:"impression_count"`
}

type user struct {
	ID        string `json:"id"`
	Username  string `json:"username"`
	Name      string `json:"name"`
	CreatedAt string `json:"created_at"`
	Verified  bool   `json:"verified"`
	Metrics   *struct {
		Followers int `json:"followers_count"`
		Following int `json:"following_count"`
		Posts     int `json:"tweet_count"`
	} `json:"public_metrics"`
}
