package bluesky

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/zeebo/xxh3"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/collectors"
	"github.com/election-observatory/observatory/collectors/mapping"
	"github.com/election-observatory/observatory/schema"
)

const (
	profilesName  = "bluesky-profiles" // Of the cursor.
	profilesAsked = 25                 // Accounts of one request, as many as the AppView takes.
	profilesEvery = 5 * time.Second    // At most one request in so long.
	maxProfiles   = 1 << 20            // Bytes of an answer.
)

// profiles asks the AppView about accounts that post: each once a day, and no
// more of them than the study's budget.
type profiles struct {
	*Collector
	emit  collectors.Emit
	queue chan string
	tally collectors.Tally
	day   int64 // Since 1970, of asked.
	asked map[uint64]bool
}

// profilesState is the cursor: who was asked about today.
type profilesState struct {
	Day   int64              `json:"day"`
	Asked []byte             `json:"asked"`
	Tally []*schema.Coverage `json:"tally"`
}

func newProfiles(c *Collector, emit collectors.Emit) (*profiles, error) {
	u, _ := url.Parse(c.cfg.ProfilesHost) // Validate has.
	p := &profiles{Collector: c, emit: emit, queue: make(chan string, 1000), asked: map[uint64]bool{}}
	p.tally = collectors.Tally{Source: u.Host + "/profiles", Collector: name, Platform: schema.PlatformBluesky}
	var s profilesState
	if _, err := c.cursors.Load(profilesName, &s); err != nil {
		return nil, err
	}
	p.day = s.Day
	for ids := s.Asked; len(ids) >= 8; ids = ids[8:] {
		p.asked[binary.LittleEndian.Uint64(ids)] = true
	}
	p.tally.Restore(s.Tally)
	return p, nil
}

// offer names an account that posted. Where there are too many to ask about,
// it is passed over; it may post again.
func (p *profiles) offer(did string) {
	select {
	case p.queue <- did:
	default:
	}
}

// run asks until ctx ends.
func (p *profiles) run(ctx context.Context) error {
	backoff := collectors.Backoff{First: time.Minute, Last: time.Hour}
	var next []string
	tick := time.NewTicker(profilesEvery)
	defer tick.Stop()
	due := time.Time{}
	for {
		wanted := p.queue
		if len(next) == profilesAsked {
			wanted = nil
		}
		select {
		case <-ctx.Done():
			return nil
		case did := <-wanted:
			if p.want(did) {
				next = append(next, did)
			}
			continue
		case <-tick.C:
		}
		if len(next) == 0 || p.now().Before(due) {
			continue
		}
		err := p.ask(ctx, next)
		if why := (*failure)(nil); errors.As(err, &why) {
			due = p.now().Add(backoff.Next(err))
			p.log.Warn("profiles cannot be fetched", zap.Error(err))
			continue
		}
		if err != nil {
			return err
		}
		backoff.Reset()
		next = next[:0]
	}
}

// want says whether an account is to be asked about, and notes that it was.
func (p *profiles) want(did string) bool {
	if day := p.now().Unix() / 86400; day != p.day {
		p.day = day
		clear(p.asked)
	}
	id := xxh3.HashString(did)
	if p.asked[id] || len(p.asked) >= p.cfg.Profiles {
		return false
	}
	p.asked[id] = true
	return true
}

// ask fetches profiles and hands them to the log. A *failure is the AppView's;
// it is in coverage.
func (p *profiles) ask(ctx context.Context, dids []string) error {
	body, why := p.fetch(ctx, dids)
	if ctx.Err() != nil {
		return nil //nolint:nilerr // What was cut off has not failed.
	}
	nowMS := p.now().UnixMilli()
	var batch []*schema.Event
	if why != nil {
		minute := nowMS / minuteMS * minuteMS
		batch = append(batch, &schema.Event{Kind: &schema.Event_Coverage{Coverage: &schema.Coverage{
			Source: p.tally.Source, Collector: name, Platform: schema.PlatformBluesky, MinuteMs: minute, Part: partOutage, GapReason: string(why.outage),
		}}})
	} else {
		batch = p.events(body, nowMS)
		batch = append(batch, p.tally.Running(partLive)...)
	}
	if err := p.emit(ctx, batch); err != nil {
		return fmt.Errorf("bluesky: %w", err)
	}
	p.tally.Close(nowMS/minuteMS*minuteMS - minuteMS)
	if why != nil {
		return why
	}
	s := profilesState{Day: p.day, Tally: p.tally.State()}
	for id := range p.asked {
		s.Asked = binary.LittleEndian.AppendUint64(s.Asked, id)
	}
	return p.cursors.Save(profilesName, s)
}

func (p *profiles) fetch(ctx context.Context, dids []string) ([]byte, *failure) {
	ctx, cancel := context.WithTimeout(ctx, 2*dialPatience)
	defer cancel()
	address := strings.TrimSuffix(p.cfg.ProfilesHost, "/") + "/xrpc/app.bsky.actor.getProfiles?" + url.Values{"actors": dids}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, &failure{outage: schema.OutageUnreachable, err: err}
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, &failure{outage: outageOf(err), err: err}
	}
	if resp.StatusCode != http.StatusOK {
		return nil, refusal(resp)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxProfiles+1))
	if err != nil {
		return nil, &failure{outage: outageOf(err), err: err}
	}
	return body, nil
}

// profile is an account as the AppView describes it.
type profile struct {
	DID         string  `json:"did"`
	Handle      string  `json:"handle"`
	DisplayName string  `json:"displayName"`
	CreatedAt   string  `json:"createdAt"`
	Followers   *uint64 `json:"followersCount"`
	Follows     *uint64 `json:"followsCount"`
	Posts       *uint64 `json:"postsCount"`
}

// events reads an answer.
func (p *profiles) events(body []byte, nowMS int64) (batch []*schema.Event) {
	reject := func(raw []byte, err error) {
		why := &mapping.Rejection{Reason: schema.ReasonBadField, Detail: err.Error()}
		_ = errors.As(err, &why)
		sum := sha256.Sum256(raw)
		p.tally.Rejected(nowMS, why.Reason)
		batch = append(batch, &schema.Event{Kind: &schema.Event_Reject{Reject: &schema.Reject{
			Platform: schema.PlatformBluesky, Collector: name, Source: p.tally.Source, Reason: string(why.Reason), Detail: mapping.Clean(why.Detail, mapping.MaxShort),
			Raw: raw[:min(len(raw), schema.MaxRejectBytes)], RawSize: uint64(len(raw)), RawSha256: sum[:], CollectedMs: nowMS,
		}}})
	}
	list, err := readProfiles(body)
	if err != nil {
		reject(body, err)
		return batch
	}
	for i := range list {
		account, err := list[i].snapshot()
		if err != nil {
			reject([]byte(list[i].DID), err)
			continue
		}
		account.CollectedMs, account.Collector, account.Source = nowMS, name, p.tally.Source
		p.tally.Received(nowMS, "profile", 1)
		batch = append(batch, &schema.Event{Kind: &schema.Event_Account{Account: account}})
	}
	return batch
}

func readProfiles(body []byte) ([]profile, error) {
	if len(body) > maxProfiles {
		return nil, mapping.Reject(schema.ReasonTooLarge, "an answer of more than %d bytes", maxProfiles)
	}
	if err := mapping.CheckJSON(body); err != nil {
		return nil, err
	}
	var answer struct {
		Profiles []profile `json:"profiles"`
	}
	if err := mapping.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	return answer.Profiles[:min(len(answer.Profiles), profilesAsked)], nil
}

// snapshot maps a profile.
func (p *profile) snapshot() (*schema.AccountSnapshot, error) {
	if !validDID(p.DID) {
		return nil, mapping.Reject(schema.ReasonMissingUser, "a profile without a DID")
	}
	account := &schema.AccountSnapshot{
		Platform: schema.PlatformBluesky, NativeId: p.DID, Handle: mapping.Short(p.Handle), Name: mapping.Short(p.DisplayName),
		Followers: p.Followers, Following: p.Follows, Posts: p.Posts,
	}
	if p.CreatedAt != "" {
		made, err := claim(p.CreatedAt)
		if err != nil {
			return nil, err
		}
		account.CreatedMs = made
	}
	return account, nil
}
