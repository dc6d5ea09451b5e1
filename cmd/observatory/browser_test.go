package main

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/election-observatory/observatory/internal/app"
)

// axe checks accessibility in a browser; `make test` fetches it.
const axe = "../../page/npm/node_modules/axe-core/axe.min.js"

// violations has axe look at the page, and says what it finds.
const violations = `axe.run().then(r => r.violations.map(v => v.id + " (" + v.impact + "): " + v.nodes.map(n => n.html).slice(0, 3).join(" ")))`

// thePageIsAccessible looks at the page in a browser.
func thePageIsAccessible(t *testing.T, ends app.Endpoints, network string) {
	t.Helper()
	var addresses []string
	for _, path := range []string{"/", "/posts", "/sources?lang=de", "/networks", "/alerts", "/automation?lang=de", "/review", "/judge?lang=de&id=" + network, "/check?url=https://www.rt.com/&lang=de", "/parts"} {
		addresses = append(addresses, ends.Page+path)
	}
	areAccessible(t, addresses...)
}

// areAccessible looks at pages in a real browser, light and dark, on a screen and on a
// phone. Where there is no browser it says so.
func areAccessible(t *testing.T, addresses ...string) {
	t.Helper()
	browser := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			browser = found
			break
		}
	}
	script, err := os.ReadFile(axe)
	if browser == "" || err != nil {
		t.Logf("nothing was looked at in a browser: there is no Chromium, or no axe-core (make test fetches it): %v", err)
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.NoSandbox)
	allocated, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	defer cancel()
	ctx, cancel := chromedp.NewContext(allocated)
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, 15*time.Minute)
	defer cancel()
	looked := 0
	for _, address := range addresses {
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{1100, 390} {
				var found []string
				wide := false
				err := chromedp.Run(
					ctx,
					page.SetBypassCSP(true), // For axe alone.
					emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
					chromedp.EmulateViewport(width, 900),
					chromedp.Navigate(address),
					chromedp.Evaluate(string(script), nil),
					chromedp.Evaluate(violations, &found, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }),
					chromedp.Evaluate(`document.documentElement.scrollWidth > window.innerWidth`, &wide),
				)
				if err != nil {
					t.Errorf("%s, %s, %d wide: %v", address, scheme, width, err)
					return
				}
				if len(found) > 0 || wide {
					t.Errorf("%s, %s, %d wide: wider than the screen %t; axe finds %q", address, scheme, width, wide, found)
				}
				looked++
			}
		}
	}
	t.Logf("%d views were looked at in a browser", looked)
}
