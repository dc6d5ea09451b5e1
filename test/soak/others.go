package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/election-observatory/observatory/internal/replay"
)

// serveOthers starts the streams of Mastodon, X and API v1.1, which write at a steady rate
// and break off now and then, and adds them to the study.
func serveOthers(ctx context.Context, o options, b *strings.Builder) error {
	fediverse, x, old := replay.NewMastodon(), replay.NewX(), replay.NewTwitter()
	old.Thump = 15 * time.Second
	const breaks = 1000 // More than there is time for.
	for n := range breaks {
		after := (30 + n%7*20) * o.notes // From half a minute to two and a half.
		fediverse.Faults.Add(replay.MastodonStream, replay.MastodonFault{Cut: true, After: after}, replay.MastodonFault{Status: 503})
		x.Faults.Add(replay.XStream, replay.XFault{Cut: true, After: after}, replay.XFault{Status: 503})
		old.Faults.Add(replay.XStream, replay.XFault{Cut: true, After: after}, replay.XFault{Status: 503})
	}
	go func() {
		tick := time.NewTicker(time.Second / time.Duration(o.notes))
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case now := <-tick.C:
				fediverse.Publish(replay.MastodonNote("social.example", n, now))
				x.Publish(replay.XNote(n, now))
				_, message := replay.TwitterNote(1<<20+n, now) // X and Twitter share their ids.
				old.Publish(message)
			}
		}
	}()
	mastodon, err := listen(ctx, "127.0.9.10:0", fediverse)
	if err != nil {
		return err
	}
	v2, err := listen(ctx, "127.0.9.11:0", x)
	if err != nil {
		return err
	}
	v1, err := listen(ctx, "127.0.9.12:0", old)
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "mastodon: {allow_private: true, servers: [{url: \"http://%s\"}]}\n", mastodon)
	fmt.Fprintf(b, "x: {allow_private: true, api: \"http://%s\", reads_per_day: 1000000}\n", v2)
	fmt.Fprintf(b, "twitter: {allow_private: true, api: \"http://%s/1.1/\"}\n", v1)
	return nil
}
