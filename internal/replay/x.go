package replay

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What faults of X's API are queued under.
const (
	XStream = "stream"
	XRules  = "rules"
)

// XFault is what goes wrong with one request. The zero fault does nothing.
type XFault struct {
	Status int    // Answers with it,
	Body   string // and this; X's form of a problem if empty.
	Reset  int64  // Sent along as x-rate-limit-reset, in Unix seconds.

	After int    // The faults below happen after so many posts.
	Say   string // Sends this message and closes the connection.
	Cut   bool   // Closes the connection in the middle of a message.
	Mute  bool   // Sends nothing more, not even signs of life.
}

// XPost is a post as the API has it.
type XPost struct {
	ID   string
	Text string // What rules are held against.
	JSON json.RawMessage
	at   time.Time
}

// XRule is a rule of the filtered stream.
type XRule struct {
	ID    string `json:"id"`
	Value string `json:"value"`
	Tag   string `json:"tag,omitempty"`
}

// X is the filtered stream of X's API v2 with its rules. A post matches a rule that has a
// word of it, as far as Matches says.
type X struct {
	Faults     Script[XFault]
	Token      string        // That it wants; empty for any.
	Enterprise bool          // It grants backfill.
	Thump      time.Duration // Between signs of life; 20 s as X's if zero.
	Matches    func(rule XRule, post *XPost) bool
	Connected  func() // Called when a stream was opened; nil for nothing.

	mu    sync.Mutex
	rules []XRule
	made  int
	posts []XPost
	open  map[chan *XPost]bool
	told  map[chan []byte]string // Who follows a stream of compliance, and which.
	sent  int
	calls []string
}

// NewX has no posts and no rules; every rule matches every post.
func NewX() *X {
	return &X{open: map[chan *XPost]bool{}, told: map[chan []byte]string{}, Matches: func(XRule, *XPost) bool { return true }}
}

// Publish tells everybody who follows the stream of a post.
func (x *X) Publish(p XPost) {
	x.mu.Lock()
	defer x.mu.Unlock()
	p.at = time.Now()
	x.posts = append(x.posts, p)
	for to := range x.open {
		to <- &p
	}
}

// Open is how many streams are open.
func (x *X) Open() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.open)
}

// Sent is how many posts were sent.
func (x *X) Sent() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.sent
}

// Calls are the requests that were made, in their order.
func (x *X) Calls() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.calls)
}

// Deny lets it want another token from now on.
func (x *X) Deny(token string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.Token = token
}

func (x *X) allows(authorization string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.Token == "" || authorization == "Bearer "+x.Token
}

// Rules are those that there are.
func (x *X) Rules() []XRule {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.rules)
}

// AddRule adds a rule, as another program would.
func (x *X) AddRule(value, tag string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.made++
	x.rules = append(x.rules, XRule{strconv.Itoa(1000 + x.made), value, tag})
}

// ServeHTTP serves the stream and its rules.
func (x *X) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	x.calls = append(x.calls, r.Method+" "+r.URL.Path)
	x.mu.Unlock()
	if !x.allows(r.Header.Get("Authorization")) {
		xProblem(w, http.StatusUnauthorized, "Unauthorized", "Unauthorized")
		return
	}
	name := XRules
	if !strings.HasSuffix(r.URL.Path, "/rules") {
		name = XStream
	}
	fault, _ := x.Faults.Next(name)
	switch {
	case fault.Status != 0:
		if fault.Reset != 0 {
			w.Header().Set("x-rate-limit-reset", strconv.FormatInt(fault.Reset, 10))
		}
		if fault.Body != "" {
			w.WriteHeader(fault.Status)
			_, _ = fmt.Fprint(w, fault.Body)
			return
		}
		xProblem(w, fault.Status, http.StatusText(fault.Status), "as the test wants it")
	case r.URL.Path == "/2/tweets/search/stream/rules":
		x.serveRules(w, r)
	case r.URL.Path == "/2/tweets/search/stream":
		x.stream(w, r, fault)
	case strings.HasSuffix(r.URL.Path, "/compliance/stream"):
		x.compliance(w, r)
	default:
		xProblem(w, http.StatusNotFound, "Not Found", r.URL.Path)
	}
}

// Notify sends a notice to those who follow a partition of a stream of compliance, of tweets
// or of users, and returns how many they are.
func (x *X) Notify(of string, partition int, notice []byte) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	n := 0
	for to, stream := range x.told {
		if stream == fmt.Sprintf("/2/%s/compliance/stream %d", of, partition) {
			to <- notice
			n++
		}
	}
	return n
}

// compliance sends the notices of a partition.
func (x *X) compliance(w http.ResponseWriter, r *http.Request) {
	const most = 1000
	notices := make(chan []byte, most)
	x.mu.Lock()
	x.told[notices] = r.URL.Path + " " + r.URL.Query().Get("partition")
	x.mu.Unlock()
	defer func() {
		x.mu.Lock()
		delete(x.told, notices)
		x.mu.Unlock()
	}()
	out := http.NewResponseController(w)
	_ = out.Flush()
	thump := time.NewTicker(cmp.Or(x.Thump, 20*time.Second))
	defer thump.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-thump.C:
			_, _ = fmt.Fprint(w, "\r\n")
		case notice := <-notices:
			_, _ = fmt.Fprintf(w, "%s\r\n", notice)
		}
		if out.Flush() != nil {
			return
		}
	}
}

func xProblem(w http.ResponseWriter, status int, title, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"title": title, "detail": detail, "type": "about:blank", "status": status})
}

// serveRules lists, adds and deletes rules as X does: one that is there twice, or longer
// than 1,024 characters, or with a * is refused.
func (x *X) serveRules(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if r.Method == http.MethodGet {
		_ = json.NewEncoder(w).Encode(map[string]any{"data": x.rules, "meta": map[string]any{"result_count": len(x.rules)}})
		return
	}
	var asked struct {
		Add    []XRule `json:"add"`
		Delete struct {
			IDs []string `json:"ids"`
		} `json:"delete"`
	}
	if json.NewDecoder(r.Body).Decode(&asked) != nil {
		xProblem(w, http.StatusBadRequest, "Invalid Request", "the body is no JSON")
		return
	}
	before, made := slices.Clone(x.rules), []XRule{}
	var refused []map[string]any
	for _, rule := range asked.Add {
		duplicate := slices.ContainsFunc(x.rules, func(there XRule) bool { return there.Value == rule.Value && there.Tag == rule.Tag })
		switch {
		case duplicate:
			refused = append(refused, map[string]any{"value": rule.Value, "title": "DuplicateRule"})
		case len([]rune(rule.Value)) > 1024 || strings.Contains(rule.Value, "*"):
			refused = append(refused, map[string]any{"value": rule.Value, "title": "Invalid Rule", "details": []string{"it cannot be read"}})
		default:
			x.made++
			rule.ID = strconv.Itoa(1000 + x.made)
			x.rules, made = append(x.rules, rule), append(made, rule)
		}
	}
	x.rules = slices.DeleteFunc(x.rules, func(rule XRule) bool { return slices.Contains(asked.Delete.IDs, rule.ID) })
	if r.URL.Query().Get("dry_run") == "true" {
		x.rules = before
	}
	answer := map[string]any{"data": made, "meta": map[string]any{"summary": map[string]any{"created": len(made), "not_created": len(refused)}}}
	if len(refused) > 0 {
		answer["errors"] = refused
	}
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(answer)
}

// message is a post as the stream sends it; nil if no rule matches it.
func (x *X) message(p *XPost) []byte {
	x.mu.Lock()
	defer x.mu.Unlock()
	var matching []map[string]string
	for _, rule := range x.rules {
		if x.Matches(rule, p) {
			matching = append(matching, map[string]string{"id": rule.ID, "tag": rule.Tag})
		}
	}
	if len(matching) == 0 {
		return nil
	}
	text, _ := json.Marshal(map[string]any{"data": p.JSON, "matching_rules": matching})
	return text
}

// follow opens a stream, with what is asked for again; it says why that is not possible.
func (x *X) follow(backfill int) (posts chan *XPost, why string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.open) > 0 {
		return nil, "This stream is currently at the maximum allowed connection limit."
	}
	const most = 10_000
	posts = make(chan *XPost, most)
	for i := range x.posts {
		if p := x.posts[i]; time.Since(p.at) < time.Duration(backfill)*time.Minute {
			posts <- &p
		}
	}
	x.open[posts] = true
	return posts, ""
}

func (x *X) leave(posts chan *XPost) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.open, posts)
}

// stream sends what comes from now on, and before that what is asked for again.
func (x *X) stream(w http.ResponseWriter, r *http.Request, fault XFault) {
	backfill, _ := strconv.Atoi(r.URL.Query().Get("backfill_minutes"))
	if backfill > 0 && !x.Enterprise {
		xProblem(w, http.StatusBadRequest, "Invalid Request", "backfill_minutes is not for you")
		return
	}
	posts, why := x.follow(backfill)
	if why != "" {
		xProblem(w, http.StatusTooManyRequests, "ConnectionException", why)
		return
	}
	defer x.leave(posts)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	out := http.NewResponseController(w)
	_ = out.Flush()
	if x.Connected != nil {
		x.Connected()
	}
	thump := time.NewTicker(cmp.Or(x.Thump, 20*time.Second))
	defer thump.Stop()
	for sent := 0; !fault.due(sent); {
		select {
		case <-r.Context().Done():
			return
		case <-thump.C:
			_, _ = fmt.Fprint(w, "\r\n")
		case p := <-posts:
			if text := x.message(p); text != nil {
				_, _ = fmt.Fprintf(w, "%s\r\n", text)
				x.count()
			}
			sent++
		}
		if out.Flush() != nil {
			return
		}
	}
	fault.end(w, r, out)
}

func (x *X) count() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.sent++
}

func (f *XFault) due(sent int) bool { return (f.Cut || f.Mute || f.Say != "") && sent >= f.After }

func (f *XFault) end(w http.ResponseWriter, r *http.Request, out *http.ResponseController) {
	switch {
	case f.Mute:
		<-r.Context().Done()
	case f.Say != "":
		_, _ = fmt.Fprintf(w, "%s\r\n", f.Say)
		_ = out.Flush()
	default:
		_, _ = fmt.Fprint(w, `{"data":{"id":`)
		_ = out.Flush()
	}
}

// XNote is an invented post, the nth of a time.
func XNote(n int, at time.Time) XPost {
	const epoch = 1288834974657 // Of X's ids.
	id := strconv.FormatInt((at.UnixMilli()-epoch)<<22+int64(n)&0x3fffff, 10)
	text := fmt.Sprintf("Meldung %d zur Wahl", n)
	post, _ := json.Marshal(map[string]any{
		"id": id, "text": text, "author_id": strconv.Itoa(9000 + n%50), "created_at": at.UTC().Format("2006-01-02T15:04:05.000Z"), "lang": "de", "edit_history_tweet_ids": []string{id},
		"entities": map[string]any{"hashtags": []map[string]any{{"start": 0, "end": 1, "tag": "wahl"}}},
	})
	return XPost{ID: id, Text: text, JSON: post}
}
