package schema

import (
	"fmt"
	"strings"
)

// The databases of the store.
const (
	Database      = "observatory"       // Relations for people; the default of every user.
	StoreDatabase = "observatory_store" // The rows behind them; for the writer alone.
	ShardDatabase = "observatory_shard" // On a cluster with shards, what of the rows lies on each of them.
)

// Column is a column of a table or a view.
type Column struct {
	Name  string
	Type  string // As ClickHouse writes it.
	Doc   string // One or two sentences; ends up in the database and in every codebook.
	Codec string // Without CODEC(…); empty for the default.
	TTL   string // When the column is emptied; empty for never.
	Audit bool   // Says how a row got here, not what it says: two deliveries of the same event may differ in it.
}

// Index is a data-skipping index.
type Index struct{ Name, Expr, Type string }

// Table holds rows. Its name lies in StoreDatabase.
type Table struct {
	Name        string
	Doc         string
	Columns     []Column
	Indexes     []Index
	Engine      string
	PartitionBy string
	OrderBy     string
	TTL         string
	Settings    string
	Shard       string // What says on which shard of a cluster a row lies, a function of its key; empty where every server has all rows.
	Runs        string // The method whose runs say which rows count; empty where all do.
	Retention   string // How long rows are kept, in words.
	Deletion    string // How a deletion reaches the table, in words.
}

// View is what people read. Its name lies in Database.
type View struct {
	Name       string
	Doc        string
	Columns    []Column
	Query      string
	Params     []Param  // All of them are to be given: view(name = value, …).
	Restricted bool     // Only the role custodian reads it.
	From       []string // The tables that it reads, or other views.
}

// Param is a parameter of a view.
type Param struct{ Name, Type, Doc string }

// Create is the statement that creates the table.
func (t Table) Create() string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE IF NOT EXISTS %s.%s\n(\n", StoreDatabase, t.Name)
	for i, c := range t.Columns {
		fmt.Fprintf(&b, "    `%s` %s COMMENT %s", c.Name, c.Type, quote(c.Doc))
		if c.Codec != "" {
			fmt.Fprintf(&b, " CODEC(%s)", c.Codec)
		}
		if c.TTL != "" {
			fmt.Fprintf(&b, " TTL %s", c.TTL)
		}
		if i < len(t.Columns)-1 || len(t.Indexes) > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	for i, x := range t.Indexes {
		fmt.Fprintf(&b, "    INDEX %s %s TYPE %s", x.Name, x.Expr, x.Type)
		if i < len(t.Indexes)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, ")\nENGINE = %s\n", t.Engine)
	for _, clause := range []struct{ word, value string }{
		{"PARTITION BY", t.PartitionBy}, {"ORDER BY", t.OrderBy}, {"TTL", t.TTL}, {"SETTINGS", t.Settings},
	} {
		if clause.value != "" {
			fmt.Fprintf(&b, "%s %s\n", clause.word, clause.value)
		}
	}
	fmt.Fprintf(&b, "COMMENT %s", quote(t.Doc))
	return b.String()
}

// Create is the statement that creates the view, or replaces an older one.
func (v View) Create() string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE OR REPLACE VIEW %s.%s\n(\n", Database, v.Name)
	for i, c := range v.Columns {
		fmt.Fprintf(&b, "    `%s` %s COMMENT %s", c.Name, c.Type, quote(c.Doc))
		if i < len(v.Columns)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, ")\nAS %s\nCOMMENT %s", strings.TrimSpace(v.Query), quote(v.Doc))
	return b.String()
}

// CreateForReaders is Create for a server with users: whoever may read the view
// reads it with the rights of who made it, and needs none on the tables behind it.
func (v View) CreateForReaders() string {
	return strings.Replace(v.Create(), "\n)\nAS ", "\n)\nDEFINER = CURRENT_USER SQL SECURITY DEFINER\nAS ", 1)
}

func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
