package x

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	gojson "github.com/goccy/go-json"

	"github.com/election-observatory/observatory/collectors/fetch"
	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

const userAgent = "election-observatory/1.0 (research on elections; +https://github.com/election-observatory/observatory)"

// api asks X. Its errors are *fetch.Error.
type api struct {
	address string
	token   string
	client  *http.Client
	now     func() time.Time
}

const (
	pathRules  = "/2/tweets/search/stream/rules"
	pathStream = "/2/tweets/search/stream"
)

// ask asks for a path; body is nil but for what changes something.
func (a *api) ask(ctx context.Context, method, path string, query url.Values, body any) (*http.Response, error) {
	var sent io.Reader = http.NoBody
	if body != nil {
		text, err := gojson.Marshal(body)
		if err != nil {
			return nil, fetch.Failed(err)
		}
		sent = bytes.NewReader(text)
	}
	address := strings.TrimSuffix(a.address, "/") + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, address, sent)
	if err != nil {
		return nil, fetch.Failed(err)
	}
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Authorization", "Bearer "+a.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return nil, fetch.Failed(err)
	}
	down := fetch.Answered(resp, a.now())
	if down == nil {
		return resp, nil
	}
	defer resp.Body.Close() //nolint:errcheck // It was read to its end.
	if at, err := strconv.ParseInt(resp.Header.Get("X-Rate-Limit-Reset"), 10, 64); err == nil && resp.StatusCode == http.StatusTooManyRequests {
		const longest = 15 * time.Minute // Of the windows of X's limits.
		down.Wait = max(down.Wait, min(time.Unix(at, 0).Sub(a.now()), longest))
	}
	if said := problem(resp.Body); said != "" {
		down.Err = fmt.Errorf("%w: %s", down.Err, said)
	}
	return nil, down
}

// problem is what an answer says of why it refuses.
func problem(body io.Reader) string {
	const most = 64 << 10
	text, err := io.ReadAll(io.LimitReader(body, most))
	var said struct {
		Title, Detail string
		Errors        []struct {
			Title, Detail, Message string
			Details                []string
		}
	}
	if err != nil || gojson.Unmarshal(text, &said) != nil {
		return ""
	}
	parts := []string{said.Title, said.Detail}
	for _, e := range said.Errors[:min(len(said.Errors), 3)] {
		parts = append(append(parts, e.Title, e.Detail, e.Message), e.Details...)
	}
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	return mapping.Clean(strings.Join(slices.Compact(parts), ": "), 300)
}

// call asks, and reads the answer.
func (a *api) call(ctx context.Context, method string, query url.Values, body, into any) error {
	const patience, most = 30 * time.Second, 8 << 20
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	resp, err := a.ask(ctx, method, pathRules, query, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // It was read to its end.
	text, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err != nil {
		return fetch.Failed(err)
	}
	if len(text) > most || gojson.Unmarshal(text, into) != nil {
		return &fetch.Error{Outage: schema.OutageContent, Err: errors.New("its answer cannot be read")}
	}
	return nil
}

// rules are those that the app has.
func (a *api) rules(ctx context.Context) ([]Rule, error) {
	var all []Rule
	query := url.Values{}
	for len(all) <= maxRules {
		var page struct {
			Data []Rule `json:"data"`
			Meta struct {
				Next string `json:"next_token"`
			} `json:"meta"`
		}
		if err := a.call(ctx, http.MethodGet, query, nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Data...)
		if page.Meta.Next == "" || len(page.Data) == 0 {
			break
		}
		query.Set("pagination_token", page.Meta.Next)
	}
	return all, nil
}

// atOnce is how many rules are added or deleted with one request.
const atOnce = 100

// add adds rules, or only asks whether X would take them. It returns those that it has now,
// and what it says of those that it refused.
func (a *api) add(ctx context.Context, rules []Rule, dry bool) (added []Rule, refused []string, err error) {
	query := url.Values{}
	if dry {
		query.Set("dry_run", "true")
	}
	for part := range slices.Chunk(rules, atOnce) {
		var answer struct {
			Data   []Rule `json:"data"`
			Errors []struct {
				Value, Title, Detail string
				Details              []string
			} `json:"errors"`
		}
		if err := a.call(ctx, http.MethodPost, query, map[string]any{"add": part}, &answer); err != nil {
			return added, refused, err
		}
		added = append(added, answer.Data...)
		for _, e := range answer.Errors {
			if e.Title == "DuplicateRule" { // It is there: that is what was asked for.
				continue
			}
			refused = append(refused, mapping.Clean(fmt.Sprintf("%s: %s %s", e.Value, e.Title, strings.Join(append(e.Details, e.Detail), " ")), mapping.MaxShort))
		}
	}
	return added, refused, nil
}

func (a *api) remove(ctx context.Context, ids []string) error {
	for part := range slices.Chunk(ids, atOnce) {
		var answer struct {
			Errors []struct{ Title, Detail string } `json:"errors"`
		}
		if err := a.call(ctx, http.MethodPost, nil, map[string]any{"delete": map[string]any{"ids": part}}, &answer); err != nil {
			return err
		}
		if len(answer.Errors) > 0 {
			return &fetch.Error{Outage: schema.OutageRefused, Err: fmt.Errorf("rules are not deleted: %s", mapping.Clean(answer.Errors[0].Detail, mapping.MaxShort))}
		}
	}
	return nil
}
