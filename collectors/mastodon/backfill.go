package mastodon

import (
	"context"
	"errors"
	"io"
	"net/url"
	"slices"
	"strconv"
	"time"

	gojson "github.com/goccy/go-json"

	"github.com/election-observatory/observatory/collectors/fetch"
	"github.com/election-observatory/observatory/schema"
)

const (
	perPage = 40 // What servers give at most.
	maxPage = 16 << 20

	mostSeen   = 20_000
	mostRemote = 50_000
)

// backfill reads from the timeline what was written since the newest status that the log
// has. What the server does not give, or what is too much, is a gap.
func (r *run) backfill(ctx context.Context) error {
	if r.newest == "" { // It begins with what comes from now on; of other software it knows no more than when.
		if r.Until() > 0 {
			return r.gapUntilNow(ctx, schema.OutageNotCollecting)
		}
		r.newest = idAt(r.Begun())
		return r.Keep()
	}
	for range r.cfg.MostPages {
		page, err := r.page(ctx, r.newest)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // What failed because it was told to end has not failed.
		}
		if err != nil {
			if down := fetch.Failed(err); down.Outage != schema.OutageUnauthorised && down.Outage != schema.OutageRefused && down.Outage != schema.OutageNotFound {
				return down // It is asked again with the next connection.
			}
			return r.gapUntilNow(ctx, fetch.OutageOf(err))
		}
		before := r.newest
		for _, status := range slices.Backward(page) { // The newest is the first.
			r.status(status, true)
		}
		if err := r.Flush(ctx); err != nil {
			return err
		}
		if r.newest == before {
			return nil
		}
	}
	return r.gapUntilNow(ctx, schema.OutageCursorTooOld)
}

// page is a page of the timeline after a status.
func (r *run) page(ctx context.Context, after string) ([]gojson.RawMessage, error) {
	const patience = time.Minute
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	resp, err := r.ask(ctx, r.address(false, url.Values{"min_id": {after}, "limit": {strconv.Itoa(perPage)}}), "application/json")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // It was read to its end.
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxPage+1))
	if err != nil {
		return nil, fetch.Failed(err)
	}
	var page []gojson.RawMessage
	if len(body) > maxPage || gojson.Unmarshal(body, &page) != nil || len(page) > perPage {
		return nil, &fetch.Error{Outage: schema.OutageContent, Err: errors.New("its timeline cannot be read")}
	}
	return page, nil
}

// gapUntilNow says that what was written between the newest status and now is lost.
func (r *run) gapUntilNow(ctx context.Context, why schema.Outage) error {
	from, to := timeOf(r.newest), r.Begun().UnixMilli()
	if from == 0 {
		from = r.Until()
	}
	r.Gap(from, to, why)
	r.newest = idAt(r.Begun())
	return r.Flush(ctx)
}

// timeOf is when a server took a status in, in Unix milliseconds, by its number; 0 where
// that does not say.
func timeOf(id string) int64 {
	return schema.IdentityTime(schema.PlatformMastodon, "server/"+id)
}

// idAt is the largest number that a status before a time can have.
func idAt(at time.Time) string { return strconv.FormatInt(at.UnixMilli()<<16-1, 10) }

// later says whether a number is larger than another.
func later(a, b string) bool {
	if len(a) != len(b) {
		return len(a) > len(b)
	}
	return a > b
}
