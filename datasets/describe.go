package datasets

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// title is what the release is called.
func (r *release) title() string {
	title := fmt.Sprintf("%s: %s dataset of the week %s", r.cfg.Study, r.cfg.Tier, r.cfg.Week)
	if r.number > 1 {
		title += ", version " + strconv.Itoa(r.number)
	}
	return title
}

// description says in a few sentences what it is.
func (r *release) description() string {
	what := fmt.Sprintf("Counts of public posts, of links by class of source, and of what was collected, by language sphere. Every count of people is of at least %d accounts.", LeastAccounts)
	if r.cfg.Tier == Vetted {
		what = "Networks of accounts on which two reviewers agree, with their accounts, posts and pairs of posts under pseudonyms of this release alone, without texts, addresses or ids of platforms; and what was collected."
	}
	return fmt.Sprintf("%s From %s to %s (UTC); sources collected from answered in %.1f %% of the minutes.", what, r.cfg.Week.From().Format(time.DateOnly), r.cfg.Week.To().AddDate(0, 0, -1).Format(time.DateOnly), 100*r.covered.share())
}

// personal says what the data are of people.
func (r *release) personal() string {
	if r.cfg.Tier == Vetted {
		return "Accounts, posts and objects stand under pseudonyms, which are still personal data: whoever receives them does not try to find out whose they are, and does not pass them on. The same account has other pseudonyms in other weeks."
	}
	return "The data name no account and hold no text. They are counts, and not personal data."
}

// terms are on which terms it is passed on.
func (r *release) terms() string {
	if r.cfg.Tier == Vetted {
		return "To those with whom it was agreed on, and to nobody else; " + r.cfg.Licence + " for what they publish of it in sums."
	}
	return "Under " + r.cfg.Licence + "."
}

// released is the day that stands for the release: the one after the week, whenever it
// was made, so that the same week is the same release.
func (r *release) released() string { return r.cfg.Week.To().Format(time.DateOnly) }

func (r *release) creators() []string {
	if len(r.cfg.Creators) > 0 {
		return r.cfg.Creators
	}
	return []string{r.cfg.Study}
}

// version is semantic, as readers of Croissant want it: year, week, correction.
func (r *release) version() string {
	return fmt.Sprintf("%d.%d.%d", r.cfg.Week.Year, r.cfg.Week.Number, r.number-1)
}

// described is a file that says what the data are.
type described struct {
	path string
	of   func([]file) ([]byte, error)
}

// describe adds all that says what the data are.
func (r *release) describe() error {
	data := r.files
	list := []described{
		{"datapackage.json", r.dataPackage},
		{"croissant.json", r.croissant},
		{"CITATION.cff", r.citation},
		{"datacite.json", r.dataCite},
		{"zenodo.json", r.zenodo},
		{"provenance.json", r.provenance},
		{"codebook.md", r.codebook},
		{"datasheet.md", r.datasheet},
	}
	if r.cfg.Tier == Vetted {
		list = append(list, described{"stix.json", r.stix})
	}
	for _, make := range list {
		text, err := make.of(data)
		if err != nil {
			return fmt.Errorf("%s: %w", make.path, err)
		}
		r.files = append(r.files, file{make.path, text})
	}
	memos, err := r.memos(data)
	r.files = append(r.files, memos...)
	return err
}

func asJSON(of any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(of)
	return b.Bytes(), err
}

// each calls f with every file of data and its table.
func (r *release) each(data []file, f func(file, *Table, bool)) {
	for i, of := range data {
		f(of, r.tables[i/2], strings.HasSuffix(of.path, ".parquet"))
	}
}

// dataPackage is the Data Package, version 2 (https://datapackage.org).
func (r *release) dataPackage(data []file) ([]byte, error) {
	type field struct {
		Name        string `json:"name"`
		Type        Type   `json:"type"`
		Description string `json:"description"`
		Format      string `json:"format,omitempty"`
	}
	type fields struct {
		Fields        []field  `json:"fields"`
		MissingValues []string `json:"missingValues"`
	}
	type resource struct {
		Name        string `json:"name"`
		Path        string `json:"path"`
		Type        string `json:"type,omitempty"`
		Title       string `json:"title"`
		Description string `json:"description"`
		Format      string `json:"format"`
		MediaType   string `json:"mediatype"`
		Encoding    string `json:"encoding,omitempty"`
		Compression string `json:"compression,omitempty"`
		Bytes       int    `json:"bytes"`
		Hash        string `json:"hash"`
		Schema      fields `json:"schema"`
	}
	var resources []resource
	r.each(data, func(f file, t *Table, parquet bool) {
		of := resource{Name: t.Name, Path: f.path, Title: t.Title, Description: t.Doc, Bytes: len(f.data), Hash: "sha256:" + f.sum(), Schema: fields{MissingValues: []string{""}}}
		if parquet { // Not as a table: readers of packages take that for something else.
			of.Name, of.Format, of.MediaType = t.Name+"-parquet", "vnd.apache.parquet", "application/vnd.apache.parquet"
		} else {
			of.Type, of.Format, of.MediaType, of.Encoding, of.Compression = "table", "csv", "text/csv", "utf-8", "gz"
		}
		for _, c := range t.Columns {
			of.Schema.Fields = append(of.Schema.Fields, field{Name: c.Name, Type: c.Type, Description: c.Doc})
		}
		resources = append(resources, of)
	})
	contributors := make([]map[string]any, 0, 1)
	for _, name := range r.creators() {
		contributors = append(contributors, map[string]any{"title": name, "roles": []string{"creator"}})
	}
	return asJSON(map[string]any{
		"$schema": "https://datapackage.org/profiles/2.0/datapackage.json", "name": "week-" + strings.ToLower(FolderName(r.cfg.Week, r.cfg.Tier, r.number)), "title": r.title(), "description": r.description(), "version": r.version(),
		"created": r.released() + "T00:00:00Z", "licenses": []map[string]string{{"name": r.cfg.Licence}}, "contributors": contributors, "resources": resources,
	})
}

// citation is the CITATION.cff, version 1.2.0.
func (r *release) citation([]file) ([]byte, error) {
	var authors []map[string]string
	for _, name := range r.creators() {
		authors = append(authors, map[string]string{"name": name})
	}
	return yaml.Marshal(yaml.MapSlice{
		{Key: "cff-version", Value: "1.2.0"},
		{Key: "message", Value: "If you use this dataset, please cite it as below."},
		{Key: "type", Value: "dataset"},
		{Key: "title", Value: r.title()},
		{Key: "abstract", Value: r.description()},
		{Key: "authors", Value: authors},
		{Key: "version", Value: r.version()},
		{Key: "date-released", Value: r.released()},
		{Key: "license", Value: r.cfg.Licence},
	})
}

// dataCite is the metadata of DataCite, kernel 4.
func (r *release) dataCite([]file) ([]byte, error) {
	var creators []map[string]string
	for _, name := range r.creators() {
		creators = append(creators, map[string]string{"name": name, "nameType": "Organizational"})
	}
	days := r.cfg.Week.From().Format(time.DateOnly) + "/" + r.cfg.Week.To().AddDate(0, 0, -1).Format(time.DateOnly)
	related := []map[string]string{}
	if r.number > 1 {
		related = append(related, map[string]string{"relationType": "IsNewVersionOf", "relatedIdentifierType": "URL", "relatedIdentifier": "../" + FolderName(r.cfg.Week, r.cfg.Tier, r.number-1) + "/memo.html", "resourceTypeGeneral": "Dataset"})
	}
	return asJSON(map[string]any{
		"relatedIdentifiers": related, "subjects": subjects(),
		"schemaVersion": "http://datacite.org/schema/kernel-4", "types": map[string]string{"resourceTypeGeneral": "Dataset", "resourceType": "Weekly dataset"},
		"creators": creators, "titles": []map[string]string{{"title": r.title()}}, "publisher": map[string]string{"name": r.creators()[0]}, "publicationYear": r.cfg.Week.To().Year(), "version": r.version(), "language": "en",
		"dates":        []map[string]string{{"date": r.released(), "dateType": "Issued"}, {"date": days, "dateType": "Collected"}},
		"rightsList":   []map[string]string{{"rightsIdentifier": r.cfg.Licence, "rightsIdentifierScheme": "SPDX"}},
		"descriptions": []map[string]string{{"description": r.description(), "descriptionType": "Abstract"}},
	})
}

// zenodo is the metadata that Zenodo takes with a deposit (https://developers.zenodo.org).
func (r *release) zenodo([]file) ([]byte, error) {
	var creators []map[string]string
	for _, name := range r.creators() {
		creators = append(creators, map[string]string{"name": name})
	}
	of := map[string]any{
		"upload_type": "dataset", "title": r.title(), "description": r.description(), "creators": creators, "version": r.version(), "publication_date": r.released(), "language": "eng",
		"access_right": "open", "license": strings.ToLower(r.cfg.Licence), "keywords": keywords(), "notes": r.personal(),
	}
	if r.cfg.Tier == Vetted {
		of["access_right"], of["access_conditions"] = "restricted", r.terms()
		delete(of, "license")
	}
	return asJSON(of)
}

func subjects() []map[string]string {
	var list []map[string]string
	for _, word := range keywords() {
		list = append(list, map[string]string{"subject": word})
	}
	return list
}

func keywords() []string {
	return []string{"elections", "disinformation", "social media", "news sources", "coordinated behaviour"}
}

// schemaOrg is the description that search engines for datasets read (https://schema.org/Dataset).
func (r *release) schemaOrg(data []file) map[string]any {
	var creators, distribution []map[string]string
	for _, name := range r.creators() {
		creators = append(creators, map[string]string{"@type": "Organization", "name": name})
	}
	r.each(data, func(f file, t *Table, parquet bool) {
		kind := "text/csv"
		if parquet {
			kind = "application/vnd.apache.parquet"
		}
		distribution = append(distribution, map[string]string{"@type": "DataDownload", "name": t.Title, "contentUrl": f.path, "encodingFormat": kind, "sha256": f.sum()})
	})
	var variables []string
	for _, t := range r.tables {
		variables = append(variables, t.Title)
	}
	of := map[string]any{
		"@context": "https://schema.org/", "@type": "Dataset", "name": r.title(), "description": r.description(), "license": "https://spdx.org/licenses/" + r.cfg.Licence + ".html", "creator": creators,
		"version": r.version(), "datePublished": r.released(), "temporalCoverage": r.cfg.Week.From().Format(time.DateOnly) + "/" + r.cfg.Week.To().AddDate(0, 0, -1).Format(time.DateOnly),
		"isAccessibleForFree": r.cfg.Tier == Public, "keywords": keywords(), "variableMeasured": variables, "conditionsOfAccess": r.terms(),
		"measurementTechnique": "Public posts as collected from platforms and feeds; links rated by lists of raters as of the time of the post; counts of at least " + strconv.Itoa(LeastAccounts) + " accounts.",
	}
	if r.cfg.Tier == Public {
		of["distribution"] = distribution
	}
	return of
}

// codebook says what every column of every table is.
func (r *release) codebook([]file) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Codebook\n\n%s. Each table is a `.parquet` file, which is canonical, and a `.csv.gz` for spreadsheets: there a text that a spreadsheet would take for a formula has `'` before it, and what is not there is empty. Times are UTC.\n", r.title())
	for _, t := range r.tables {
		fmt.Fprintf(&b, "\n## %s\n\n%s. %s %d rows.\n\n| Column | Type | What it is |\n|---|---|---|\n", t.Name, t.Title, t.Doc, len(t.Rows))
		for _, c := range t.Columns {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c.Name, c.Type, strings.ReplaceAll(c.Doc, "|", `\|`))
		}
	}
	return b.Bytes(), nil
}

// datasheet answers the questions of Datasheets for Datasets (Gebru and others 2021).
func (r *release) datasheet([]file) ([]byte, error) {
	left := ""
	if len(r.leftOut) > 0 {
		left = "Left out of all tables, since fewer than 10 accounts wrote: " + strings.Join(r.leftOut, ", ") + "."
	}
	gaps := ""
	if r.covered.share() < r.cfg.LeastCoverage {
		gaps = fmt.Sprintf(" That is below the %.1f %% that the study wants: the week was published all the same.", 100*r.cfg.LeastCoverage)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Datasheet

In the order of *Datasheets for Datasets* (Gebru and others 2021).

## Motivation

Made by the study "%s" to show how much of the public debate around an election links to sources that raters call unreliable, and how much of it was seen.

## Composition

%s Tables and columns are in codebook.md. In counts of people, language spheres, classes and domains that are too small are counted together or left out, and so is what would follow from the rest by subtraction. %s

%s

## Collection

Public posts, by the platforms' public interfaces or from archives; what was collected and what is missing is in coverage and gaps. Sources answered in %.2f %% of the minutes that coverage has of them.%s

## Preprocessing

Deleted posts and accounts that objected are in no number. A post is counted in its newest version. Languages are those declared, else detected. Links are counted by the registrable domain of their canonical form, and rated by the lists in lists as of the time of the post.

## Uses

Shares are of links to rated sources: of the rest nothing is said. A rating is of a source as a whole, and does not say that a link says something true or false. Nothing here says who or what an account is.

## Distribution

%s

## Maintenance

A complete release is never changed; a correction is another one. %s

Made by observatory %s.
`, r.cfg.Study, r.description(), left, r.personal(), 100*r.covered.share(), gaps, r.terms(), cmp.Or(prefixed("Mistakes are told to ", r.cfg.Contact, "."), "Mistakes are told to whoever runs the study."), r.cfg.Program)
	return b.Bytes(), nil
}

func prefixed(before, text, after string) string {
	if text == "" {
		return ""
	}
	return before + text + after
}
