package datasets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

// pdfEnding is what the memo for printing has after the name of its release, beside which
// it lies: it is not part of the release, since other browsers make another one.
const pdfEnding = ".pdf"

// ErrNoBrowser is that there is none to print with.
var ErrNoBrowser = errors.New("there is no Chromium or Chrome to print the memo with")

// browsers are the programs that print, by the names that they are installed under.
func browsers() []string {
	return []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"}
}

// dates are when a browser made a PDF; all of one length.
var dates = regexp.MustCompile(`/(CreationDate|ModDate) \(D:\d{14}`)

// links are those of the memo: printed, they would lead to where it lay when it was.
var links = regexp.MustCompile(` href="[^"]*"`)

// PDF prints the memo of a release with a browser, where one is installed, beside its
// folder; one that is there stays. The browser asks nothing of any network.
func PDF(ctx context.Context, folder string, of Week) error {
	path := folder + pdfEnding
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	browser := ""
	for _, name := range browsers() {
		if found, err := exec.LookPath(name); err == nil {
			browser = found
			break
		}
	}
	if browser == "" {
		return ErrNoBrowser
	}
	page, err := os.ReadFile(filepath.Join(folder, "memo.html"))
	if err != nil {
		return err
	}
	profile, err := os.MkdirTemp("", "memo")
	if err != nil {
		return err
	}
	defer os.RemoveAll(profile) //nolint:errcheck // It is of no use to anybody.
	memo := filepath.Join(profile, "memo.html")
	if err := writeSynced(memo, links.ReplaceAll(page, nil), 0o600); err != nil {
		return err
	}
	const longest, end = 3 * time.Minute, 10 * time.Second
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	made := filepath.Join(profile, "memo.pdf")
	args := []string{"--headless", "--disable-gpu", "--disable-dev-shm-usage", "--no-pdf-header-footer", "--host-resolver-rules=MAP * ~NOTFOUND", "--user-data-dir=" + profile, "--print-to-pdf=" + made}
	if os.Geteuid() == 0 { // Its sandbox does not start as root; the page is our own and has no scripts.
		args = append(args, "--no-sandbox")
	}
	print := exec.CommandContext(ctx, browser, append(args, "file://"+memo)...)
	print.Env = append(os.Environ(), "TZ=UTC", "LANG=C.UTF-8") // Else the place where it is printed is in it.
	print.WaitDelay = end                                      // Its own children may hold on to what it writes to.
	if said, err := print.CombinedOutput(); err != nil {
		return fmt.Errorf("%s does not print the memo: %w: %.300s", browser, err, said)
	}
	pdf, err := os.ReadFile(made)
	if err != nil {
		return fmt.Errorf("%s does not print the memo: %w", browser, err)
	}
	return replace(path, dates.ReplaceAll(pdf, []byte("/$1 (D:"+of.To().Format("20060102150405"))))
}
