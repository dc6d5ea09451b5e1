package datasets

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// The files of a folder of releases that say what is in it.
const (
	indexFile       = "index.html"
	feedFile        = "feed.atom"
	withdrawalsFile = "withdrawals.csv"
)

// listed is a release as the index shows it.
type listed struct {
	Folder, Week, Tier, Title, Description, Created, Checksum, Superseded string
	PDF                                                                   string // Its memo for printing; empty for none.
	Version                                                               int
	Open                                                                  bool // Its files are for anybody.
}

var releaseFolder = regexp.MustCompile(`^(\d{4}-W\d{2})-(public|vetted)(?:\.(\d+))?$`)

// releasesIn are the releases in a folder that have a page, newest week first.
func releasesIn(folder string) (list []listed, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		parts := releaseFolder.FindStringSubmatch(entry.Name())
		if parts == nil {
			continue
		}
		at := filepath.Join(folder, entry.Name())
		text, err := os.ReadFile(filepath.Join(at, "datapackage.json"))
		if err != nil {
			continue // It is not complete; it is not written as a whole before it has its name.
		}
		var of struct{ Title, Description, Created string }
		if err := json.Unmarshal(text, &of); err != nil {
			return nil, fmt.Errorf("%s is damaged: datapackage.json: %w", at, err)
		}
		sums, err := os.ReadFile(filepath.Join(at, sumsFile))
		if err != nil {
			return nil, fmt.Errorf("%s is damaged: %w", at, err)
		}
		one := listed{
			Folder: entry.Name(), Week: parts[1], Tier: parts[2], Title: of.Title, Description: of.Description, Created: of.Created, Checksum: file{sumsFile, sums}.sum(),
			Superseded: Superseded(at), Version: 1, Open: parts[2] == Public,
		}
		if _, err := os.Stat(at + pdfEnding); err == nil {
			one.PDF = entry.Name() + pdfEnding
		}
		if parts[3] != "" {
			one.Version, _ = strconv.Atoi(parts[3])
		}
		list = append(list, one)
	}
	slices.SortStableFunc(list, func(a, b listed) int {
		if a.Week != b.Week {
			return strings.Compare(b.Week, a.Week)
		}
		if a.Tier != b.Tier {
			return strings.Compare(a.Tier, b.Tier)
		}
		return b.Version - a.Version
	})
	return list, nil
}

// Index writes the page and the feed of a folder's releases, and what was withdrawn since.
// What is in them follows from the releases; nothing of them is read from a clock.
func Index(folder, study, contact string, withdrawals []Withdrawal) error {
	list, err := releasesIn(folder)
	if err != nil {
		return err
	}
	page, err := template.ParseFS(templates, "templates/index.html", "templates/style.html")
	if err != nil {
		return err
	}
	var html, table bytes.Buffer
	if err := page.ExecuteTemplate(&html, "index.html", map[string]any{"Study": study, "Contact": contact, "Releases": list, "Withdrawals": withdrawals}); err != nil {
		return err
	}
	rows := csv.NewWriter(&table)
	_ = rows.Write([]string{"week", "table", "counted", "withdrawn"})
	for _, w := range withdrawals {
		_ = rows.Write([]string{w.Week, w.Table, strconv.FormatInt(w.Counted, 10), w.Withdrawn})
	}
	rows.Flush()
	feed, err := atom(list, study)
	if err != nil {
		return err
	}
	for _, f := range []file{{indexFile, html.Bytes()}, {feedFile, feed}, {withdrawalsFile, table.Bytes()}} {
		if err := replace(filepath.Join(folder, f.path), f.data); err != nil {
			return err
		}
	}
	return nil
}

// replace writes a file so that readers see the old one or the new one.
func replace(path string, data []byte) error {
	_ = os.Remove(path + ".part")
	if err := writeSynced(path+".part", data, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}

type atomLink struct {
	Rel  string `xml:"rel,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Link    atomLink `xml:"link"`
	Summary string   `xml:"summary"`
}

type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  string      `xml:"author>name"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

// mostEntries is how many releases the feed has, the newest first.
const mostEntries = 100

// atom is the feed (RFC 4287). The ids follow from the study and the release.
func atom(list []listed, study string) ([]byte, error) {
	id := func(of string) string {
		return "urn:uuid:" + uuid.NewSHA1(uuid.NameSpaceURL, []byte("election-observatory\x1f"+study+"\x1f"+of)).String()
	}
	feed := atomFeed{ID: id(""), Title: study + ": weekly datasets", Updated: "1970-01-01T00:00:00Z", Author: study, Links: []atomLink{{"self", feedFile}, {"alternate", indexFile}}}
	for _, r := range list[:min(len(list), mostEntries)] {
		feed.Updated = max(feed.Updated, r.Created)
		summary := r.Description
		if r.Superseded != "" {
			summary = "Withdrawn: " + r.Superseded + " took its place. " + summary
		}
		feed.Entries = append(feed.Entries, atomEntry{id(r.Folder), r.Title, r.Created, atomLink{"alternate", r.Folder + "/memo.html"}, summary})
	}
	text, err := xml.MarshalIndent(feed, "", "  ")
	return append([]byte(xml.Header), append(text, '\n')...), err
}

// Site copies what anybody may see of a folder's releases to another folder, which any
// web server can host: the public ones, and of the vetted ones page, metadata and checksums.
// It returns how many releases it has copied now.
func Site(from, to, study, contact string) (copied int, err error) {
	list, err := releasesIn(from)
	if err != nil {
		return 0, err
	}
	if err := os.MkdirAll(to, 0o755); err != nil { //nolint:gosec // It is public.
		return 0, err
	}
	for i := range list {
		made, err := list[i].copyTo(from, to)
		if err != nil {
			return copied, err
		}
		if made {
			copied++
		}
	}
	withdrawals, err := readWithdrawals(from)
	if err != nil {
		return copied, err
	}
	return copied, Index(to, study, contact, withdrawals)
}

// copyTo brings a release in another folder up to date, and says whether it was not there.
func (r *listed) copyTo(from, to string) (made bool, err error) {
	target := filepath.Join(to, r.Folder)
	if _, err := os.Stat(target); err != nil {
		if err := copyShown(filepath.Join(from, r.Folder), target, r.Open); err != nil {
			return false, err
		}
		made = true
	}
	if r.PDF != "" && r.Open {
		pdf, err := os.ReadFile(filepath.Join(from, r.PDF))
		if err == nil {
			err = replace(filepath.Join(to, r.PDF), pdf)
		}
		if err != nil {
			return made, err
		}
	}
	if r.Superseded != "" && Superseded(target) == "" {
		return made, replace(filepath.Join(target, supersededFile), []byte(r.Superseded+"\n"))
	}
	return made, nil
}

// readWithdrawals reads what the index of a folder says of them.
func readWithdrawals(folder string) (list []Withdrawal, err error) {
	text, err := os.ReadFile(filepath.Join(folder, withdrawalsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, fmt.Errorf("%s is damaged: %w", withdrawalsFile, err)
	}
	for _, row := range rows[1:] {
		counted, _ := strconv.ParseInt(row[2], 10, 64)
		list = append(list, Withdrawal{row[0], row[1], counted, row[3]})
	}
	return list, nil
}

// copyShown copies a release, or of one that is not for anybody what describes it.
func copyShown(from, to string, whole bool) error {
	part := to + ".part"
	if err := os.RemoveAll(part); err != nil {
		return err
	}
	if err := os.MkdirAll(part, 0o755); err != nil { //nolint:gosec // It is public.
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !whole && (isData(entry.Name()) || entry.Name() == Complete) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(from, entry.Name()))
		if err != nil {
			return err
		}
		if err := writeSynced(filepath.Join(part, entry.Name()), data, fs.FileMode(0o644)); err != nil {
			return err
		}
	}
	return os.Rename(part, to)
}
