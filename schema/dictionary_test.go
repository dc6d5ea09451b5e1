package schema_test

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/election-observatory/observatory/schema"
)

var update = flag.Bool("update", false, "write the reference pages")

// TestDataDictionary compares the reference page with the schema; with -update
// it writes the page.
func TestDataDictionary(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "docs", "reference", "data-dictionary.md")
	want := dictionary(t)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is not what the schema says: run make generate (-schema +page)\n%s", path, diff)
	}
}

// page writes Markdown.
type page struct{ strings.Builder }

func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

func (p *page) row(cells ...string) {
	for i, cell := range cells {
		cells[i] = strings.ReplaceAll(cell, "|", `\|`)
	}
	p.line("| %s |", strings.Join(cells, " | "))
}

func (p *page) head(cells ...string) {
	p.line("")
	p.row(cells...)
	p.line("|%s", strings.Repeat("---|", len(cells)))
}

func code(s string) string { return "`" + s + "`" }

func dictionary(t *testing.T) string {
	t.Helper()
	var p page
	p.line("# Data dictionary")
	p.line("")
	p.line("Generated from `schema` by `make generate`. Times are UTC. Languages are BCP 47. Accounts, posts and media are pseudonyms under the study's key.")
	views(&p)
	tables(&p)
	topics(&p)
	events(t, &p)
	words(&p)
	return p.String()
}

func views(p *page) {
	p.line("\n## Relations for people\n")
	p.line("In database `%s`, the default of every user. Deleted posts are hidden, and of each row the newest version is shown.", schema.Database)
	p.head("Relation", "Who reads it", "What it is")
	for _, v := range schema.Views() {
		p.row(fmt.Sprintf("[`%s`](#%s)", v.Name, v.Name), readers(v), v.Doc)
	}
	for _, v := range schema.Views() {
		p.line("\n### %s\n", v.Name)
		p.line("%s", v.Doc)
		if v.Restricted {
			p.line("\n**Restricted**: the role `custodian` alone reads it.")
		}
		if len(v.Params) > 0 {
			given := make([]string, len(v.Params))
			for i, param := range v.Params {
				given[i] = param.Name + " = …"
			}
			p.line("\nAsk for `%s(%s)`; all parameters are needed.", v.Name, strings.Join(given, ", "))
			p.head("Parameter", "Type", "Description")
			for _, param := range v.Params {
				p.row(code(param.Name), code(param.Type), param.Doc)
			}
		}
		p.head("Column", "Type", "Description")
		for _, c := range v.Columns {
			p.row(code(c.Name), code(c.Type), c.Doc)
		}
		p.line("\nFrom %s.", list(v.From))
	}
}

func readers(v schema.View) string {
	if v.Restricted {
		return "custodian"
	}
	return "everybody"
}

func list(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = code(name)
	}
	return strings.Join(quoted, ", ")
}

func tables(p *page) {
	p.line("\n## Tables of rows\n")
	p.line("In database `%s`, for the writer alone. A row is replaced by one of the same key with a larger version. *Audit* columns say how a row got here: two deliveries of one event may differ in them.", schema.StoreDatabase)
	for _, t := range schema.Tables() {
		p.line("\n### %s\n", t.Name)
		p.line("%s\n", t.Doc)
		p.line("- Engine: `%s`, key `%s`%s", t.Engine, t.OrderBy, partitioned(t))
		p.line("- Kept: %s%s", t.Retention, expiry(t))
		p.line("- Deletion: %s", t.Deletion)
		for _, x := range t.Indexes {
			p.line("- Index `%s` on `%s`: `%s`", x.Name, strings.ReplaceAll(x.Expr, "`", ""), x.Type)
		}
		p.head("Column", "Type", "Description")
		for _, c := range t.Columns {
			doc := c.Doc
			if c.Audit {
				doc += " *Audit.*"
			}
			if c.TTL != "" {
				doc += " Emptied when `" + c.TTL + "` has passed."
			}
			p.row(code(c.Name), code(c.Type), doc)
		}
	}
}

func partitioned(t schema.Table) string {
	if t.PartitionBy == "" {
		return ""
	}
	return ", partitioned by `" + t.PartitionBy + "`"
}

func expiry(t schema.Table) string {
	if t.TTL == "" {
		return ""
	}
	return " (`" + t.TTL + "`)"
}

func topics(p *page) {
	p.line("\n## Topics of the log\n")
	p.line("Kept by the time at which the log took a record, whatever the record's own time. A consumer must not lag behind for longer.")
	p.head("Topic", "Partitions", "Kept", "At most per partition", "What it carries")
	for _, topic := range schema.Topics() {
		p.row(code(topic.Name), fmt.Sprint(topic.Partitions), fmt.Sprintf("%d days", topic.Retention/(24*time.Hour)), fmt.Sprintf("%d GiB", topic.RetentionBytes>>30), topic.Doc)
	}
	p.head("Event", "Topic", "Key")
	author := &schema.AccountSnapshot{Platform: schema.PlatformX, NativeId: "AUTHOR"}
	for _, e := range []struct {
		name string
		kind *schema.Event
	}{
		{"Post", &schema.Event{Kind: &schema.Event_Post{Post: &schema.Post{Platform: schema.PlatformX, NativeId: "POST", Author: author}}}},
		{"Action", &schema.Event{Kind: &schema.Event_Action{Action: &schema.Action{Platform: schema.PlatformX, NativeId: "ACTION", AuthorId: "AUTHOR"}}}},
		{"Delete", &schema.Event{Kind: &schema.Event_Delete{Delete: &schema.Delete{Platform: schema.PlatformX, NativeId: "POST", AuthorId: "AUTHOR"}}}},
		{"Delete that names no author", &schema.Event{Kind: &schema.Event_Delete{Delete: &schema.Delete{Platform: schema.PlatformX, NativeId: "POST"}}}},
		{"AccountSnapshot", &schema.Event{Kind: &schema.Event_Account{Account: author}}},
		{"Coverage", &schema.Event{Kind: &schema.Event_Coverage{Coverage: &schema.Coverage{Source: "SOURCE"}}}},
		{"Reject", &schema.Event{Kind: &schema.Event_Reject{Reject: &schema.Reject{Source: "SOURCE"}}}},
	} {
		p.row(e.name, code(e.kind.Topic()), code(string(e.kind.AppendKey(nil))))
	}
	p.line("\nAn event has at most %d KiB; a rejected input is kept up to %d KiB.", schema.MaxEventBytes>>10, schema.MaxRejectBytes>>10)
}

var (
	declaration = regexp.MustCompile(`^(message|enum) (\w+) \{$`)
	field       = regexp.MustCompile(`^ +((?:optional |repeated )?[\w<>, ]+?) (\w+) = (\d+);(?: +// (.*))?$`)
	value       = regexp.MustCompile(`^ +(\w+) = (\d+);(?: +// (.*))?$`)
)

// events reads the messages where their comments are: in the Protobuf file.
func events(t *testing.T, p *page) {
	t.Helper()
	file, err := os.Open("events.proto")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // It was only read.
	p.line("\n## Events\n")
	p.line("`schema/events.proto`. Times are Unix milliseconds, 0 where the source did not say; offsets into texts are bytes.")
	var comment []string
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := lines.Text()
		switch match := declaration.FindStringSubmatch(line); {
		case strings.HasPrefix(line, "// "):
			comment = append(comment, strings.TrimPrefix(line, "// "))
			continue
		case match != nil:
			p.line("\n### %s\n", match[2])
			p.line("%s", strings.Join(comment, " "))
			if match[1] == "enum" {
				p.head("Value", "Number", "Description")
			} else {
				p.head("Field", "Type", "Number", "Description")
			}
		}
		if match := field.FindStringSubmatch(line); match != nil {
			p.row(code(match[2]), code(match[1]), match[3], match[4])
		} else if match := value.FindStringSubmatch(line); match != nil {
			p.row(code(match[1]), match[2], match[3])
		}
		comment = nil
	}
}

func words(p *page) {
	p.line("\n## Words\n")
	names := make([]string, 0, len(schema.Platforms()))
	for _, platform := range schema.Platforms() {
		names = append(names, platform.Name())
	}
	p.line("Platforms: %s.", list(names))
	names = names[:0]
	for number := range int32(len(schema.PostKind_name)) {
		if name := schema.PostKind(number).Name(); name != "" {
			names = append(names, name)
		}
	}
	p.line("\nKinds of posts: %s.", list(names))
	p.line("\nKinds of actions that are events of their own: %s and %s.", schema.ActionLike.Name(), schema.ActionFollow.Name())
	p.line("\nReasons for which input is rejected, a closed list:")
	p.head("Reason", "Description")
	for _, reason := range schema.Reasons() {
		p.row(code(string(reason)), reason.Doc())
	}
	p.line("\nOutages: why a source was not connected, or why there is a gap, a closed list:")
	p.head("Outage", "Description")
	for _, outage := range schema.Outages() {
		p.row(code(string(outage)), outage.Doc())
	}
}
