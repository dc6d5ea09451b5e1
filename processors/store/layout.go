package store

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/election-observatory/observatory/schema"
)

// On replicas, databases are replicated ones, which carry every statement to all
// servers, and their tables have replicated engines. It needs Keeper and the macros
// {shard} and {replica}. With shards, the tables that know one lie in a database of
// their own, and in their place are tables that spread and gather rows; every server has
// all other tables whole, as replicas of one shard, so that no shard asks another for
// deletions, ratings or runs.

// databases are the statements that make the databases.
func (l Layout) databases() []string {
	const here = "'{shard}', '{replica}'"
	whole := here
	if l.Cluster != "" {
		whole = "'all', '{shard}-{replica}'"
	}
	list := []string{l.database(schema.Database, whole), l.database(schema.StoreDatabase, whole)}
	if l.Cluster != "" {
		list = append(list, l.database(schema.ShardDatabase, here))
	}
	return list
}

func (l Layout) database(name, servers string) string {
	statement := "CREATE DATABASE IF NOT EXISTS " + name
	if l.Replicated {
		statement += " ENGINE = Replicated('/clickhouse/databases/" + name + "', " + servers + ")"
	}
	return statement
}

var ofTable = regexp.MustCompile(`TABLE (?:IF NOT EXISTS )?` + schema.StoreDatabase + `\.(\w+)`)

// statements are what a statement of a migration becomes.
func (l Layout) statements(statement string) []string {
	if l.Replicated && strings.Contains(statement, "CREATE TABLE ") { // A remark may stand before it.
		statement = strings.Replace(statement, "\nENGINE = ", "\nENGINE = Replicated", 1)
	}
	if of := ofTable.FindStringSubmatch(statement); of != nil {
		if t := l.sharded(of[1]); t != nil {
			return []string{strings.Replace(statement, table(t.Name), schema.ShardDatabase+"."+t.Name, 1), l.spread(t)}
		}
	}
	return []string{statement}
}

// spread is the statement that makes a table which spreads rows over the shards and
// gathers them. It holds nothing, and is made anew when the tables behind it change.
func (l Layout) spread(t *schema.Table) string {
	return fmt.Sprintf("CREATE OR REPLACE TABLE %s AS %s.%s ENGINE = Distributed(%s, %s, %s, %s)",
		table(t.Name), schema.ShardDatabase, t.Name, Quote(l.Cluster), Quote(schema.ShardDatabase), Quote(t.Name), t.Shard)
}

// sharded is the table of that name, if its rows are spread over shards.
func (l Layout) sharded(name string) *schema.Table {
	tables := schema.Tables()
	i := slices.IndexFunc(tables, func(t schema.Table) bool { return t.Name == name && t.Shard != "" })
	if l.Cluster == "" || i < 0 {
		return nil
	}
	return &tables[i]
}

// holds is the database in which a table's rows lie.
func (l Layout) holds(name string) string {
	if l.sharded(name) != nil {
		return schema.ShardDatabase
	}
	return schema.StoreDatabase
}

// system is a system table of one replica of every shard.
func (l Layout) system(name string) string {
	if l.Cluster == "" {
		return "system." + name
	}
	return "cluster(" + Quote(l.Cluster) + ", system." + name + ")"
}

// tables is the query for the tables with their rows and bytes on all shards.
func (l Layout) tables() string {
	const of = "SELECT name, coalesce(total_rows, 0) AS rows, coalesce(total_bytes, 0) AS bytes FROM system.tables WHERE database = '" + schema.StoreDatabase + "' AND engine != 'Distributed'"
	if l.Cluster == "" {
		return of + " ORDER BY name"
	}
	return "SELECT * FROM (" + of + " UNION ALL SELECT name, sum(coalesce(total_rows, 0)), sum(coalesce(total_bytes, 0)) FROM " + l.system("tables") + " WHERE database = " + Quote(schema.ShardDatabase) + " GROUP BY name) ORDER BY name"
}
