package datasets

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// supersededFile is in a release whose data files went since a later version took its
// place, and names that.
const supersededFile = "SUPERSEDED"

// FolderName is where a version of a release lies, below the folder of releases.
func FolderName(week Week, tier string, version int) string {
	name := week.String() + "-" + tier
	if version > 1 {
		name += "." + strconv.Itoa(version)
	}
	return name
}

// newest is the number of the newest complete version of a release; 0 for none.
func newest(out string, week Week, tier string) int {
	for version := 1; ; version++ {
		if _, err := os.Stat(filepath.Join(out, FolderName(week, tier, version), Complete)); err != nil {
			return version - 1
		}
	}
}

// VettedWeeks are the weeks of which there are releases of the vetted tier in a folder.
func VettedWeeks(out string) ([]Week, error) {
	list, err := releasesIn(out)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var weeks []Week
	for _, r := range list {
		if week, err := ParseWeek(r.Week); err == nil && r.Tier == Vetted && r.Version == 1 {
			weeks = append(weeks, week)
		}
	}
	return weeks, err
}

// supersede takes the data files from the version before, in whose place another is: its
// page, its metadata and its checksums stay. It may be repeated.
func supersede(out string, week Week, tier string, version int) error {
	if version < 2 {
		return nil
	}
	before := filepath.Join(out, FolderName(week, tier, version-1))
	if _, err := os.Stat(filepath.Join(before, supersededFile)); errors.Is(err, fs.ErrNotExist) {
		if err := writeSynced(filepath.Join(before, supersededFile), []byte(FolderName(week, tier, version)+"\n"), 0o644); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(before)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if isData(entry.Name()) {
			if err := os.Remove(filepath.Join(before, entry.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// Superseded is the name of the version that took a release's place; empty while it
// stands.
func Superseded(folder string) string {
	text, _ := os.ReadFile(filepath.Join(folder, supersededFile))
	return strings.TrimSpace(string(text))
}

// isData says whether a file of a release is one of its tables.
func isData(name string) bool {
	return strings.HasSuffix(name, ".parquet") || strings.HasSuffix(name, ".csv.gz")
}

// readCSV reads a table of a release: of each row what the named columns hold.
func readCSV(folder, table string, columns ...string) (rows [][]string, err error) {
	f, err := os.Open(filepath.Join(folder, table+".csv.gz"))
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // It was only read.
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", folder, table, err)
	}
	all, err := csv.NewReader(unzipped).ReadAll()
	if err != nil || len(all) == 0 {
		return nil, fmt.Errorf("%s: %s cannot be read: %w", folder, table, err)
	}
	at := map[string]int{}
	for i, name := range all[0] {
		at[name] = i
	}
	for _, line := range all[1:] {
		row := make([]string, len(columns))
		for i, name := range columns {
			row[i] = line[at[name]]
		}
		rows = append(rows, row)
	}
	return rows, nil
}
