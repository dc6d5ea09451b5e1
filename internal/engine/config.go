package engine

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Role is what a user may do.
type Role string

// The roles. Each user has the name of its role.
const (
	RoleOwner      Role = "owner"      // Everything; migrations.
	RoleIngest     Role = "ingest"     // Inserts, and reads what it must look up.
	RoleResearcher Role = "researcher" // Reads every relation but the restricted ones.
	RoleAnalyst    Role = "analyst"    // The same, for people who watch.
	RoleDashboard  Role = "dashboard"  // The same, for dashboards.
	RolePublic     Role = "public"     // Reads aggregates.
	RoleCustodian  Role = "custodian"  // Reads the restricted relations as well.
)

// Roles lists the roles.
func Roles() []Role {
	return []Role{RoleOwner, RoleIngest, RoleResearcher, RoleAnalyst, RoleDashboard, RolePublic, RoleCustodian}
}

// Limits bound one query of a reader.
type Limits struct {
	Time        time.Duration // Longest execution.
	Memory      uint64        // Bytes of memory.
	Disk        uint64        // Bytes of temporary files, for what does not fit into memory; 0 for none.
	ResultBytes uint64        // Bytes of the result; 0 for no limit.
	Threads     int           // Threads that one query may use.
	Concurrent  int           // Queries of all readers at a time; others wait.
}

// Config says what the engine serves.
type Config struct {
	// Dir holds the data. One process at a time may serve it.
	Dir string
	// Library is the path of libchdb.so; empty to look beside the program.
	Library string
	// Further is XML of the engine's own configuration, for example the clusters that
	// it knows; empty for none.
	Further string
	// Database is the default of every user.
	Database string
	// Relations are those of Database that readers may name, without the
	// restricted ones.
	Relations []string
	// Restricted are those that only the custodian may name.
	Restricted []string
	// Aggregates are those that the role public may name.
	Aggregates []string
	// Passwords are the users' passwords by role. A role without one cannot log in.
	Passwords map[Role]string
	// Anonymous is the role of requests without credentials; empty refuses them.
	Anonymous Role
	// Readers bounds the queries of readers.
	Readers Limits
	// Quota bounds what a reading user asks in an hour.
	Quota Quota
	// Audit is the file in which what readers ask is noted; empty for none.
	Audit string
	// Memory is the most that the engine takes for all queries, merges and
	// caches together; 0 for nine tenths of the machine's. A query that would
	// take more fails.
	Memory uint64
	// WriterConcurrent is how many requests of owner and ingest run at a time.
	WriterConcurrent int
	// QueryBytes is the longest text of a query, in bytes; data of inserts does not count.
	QueryBytes int64
	// Wait is how long a request waits for its turn.
	Wait time.Duration
}

// DefaultConfig is what suits two cores. Dir and the relations are left to be filled in.
func DefaultConfig() Config {
	return Config{
		Database:         "observatory",
		Readers:          Limits{Time: 60 * time.Second, Memory: 3 << 30, Disk: 10 << 30, Threads: 2, Concurrent: 6},
		Quota:            Quota{Queries: 60_000, Errors: 20_000, Time: 3 * time.Hour},
		WriterConcurrent: 8,
		QueryBytes:       16 << 20,
		Wait:             30 * time.Second,
	}
}

// Validate says what is wrong, if anything.
func (c *Config) Validate() error {
	var errs []error
	if c.Dir == "" {
		errs = append(errs, errors.New("the engine needs a directory"))
	}
	if !identifier(c.Database) {
		errs = append(errs, errors.New("the engine needs a default database, named by letters, digits and _"))
	}
	if l := c.Readers; min(int64(l.Time), int64(l.Threads), int64(l.Concurrent)) < 1 || l.Memory == 0 {
		errs = append(errs, errors.New("readers need a limit of time, memory, threads and concurrent queries"))
	}
	if min(int64(c.WriterConcurrent), c.QueryBytes, int64(c.Wait)) < 1 {
		errs = append(errs, errors.New("concurrent writers, query bytes and wait must be above zero"))
	}
	if q := c.Quota; min(q.Queries, q.Errors, int(q.Time)) < 0 {
		errs = append(errs, errors.New("a quota must not be below zero"))
	}
	for role := range c.Passwords {
		if !known(role) {
			errs = append(errs, fmt.Errorf("there is no role %q", role))
		}
	}
	if c.Anonymous != "" && !slices.Contains([]Role{RoleResearcher, RoleAnalyst, RoleDashboard, RolePublic}, c.Anonymous) {
		errs = append(errs, fmt.Errorf("requests without credentials cannot be %q", c.Anonymous))
	}
	return errors.Join(errs...)
}

func known(role Role) bool { return slices.Contains(Roles(), role) }

// writes says whether the role may change anything.
func (r Role) writes() bool { return r == RoleOwner || r == RoleIngest }

// permitted are the relations of the database that a reading role may name.
func (c *Config) permitted(role Role) []string {
	switch role {
	case RolePublic:
		return c.Aggregates
	case RoleCustodian:
		return slices.Concat(c.Relations, c.Restricted)
	default:
		return c.Relations
	}
}

// identifier says whether a name needs no quotation marks.
func identifier(name string) bool {
	for i, c := range []byte(name) {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}
