package store

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"go.uber.org/zap"

	"github.com/election-observatory/observatory/schema"
	"github.com/election-observatory/observatory/schema/clickhouse"
)

// Migration is a step of the store from one version to the next.
type Migration struct {
	Number     uint32 // From 1, without holes.
	Name       string
	Statements []string
}

// Migrations lists the migrations that this program knows, in order.
func Migrations() ([]Migration, error) { return readMigrations(clickhouse.Migrations) }

func readMigrations(files fs.FS) ([]Migration, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("store: migrations: %w", err)
	}
	slices.Sort(names)
	migrations := make([]Migration, 0, len(names))
	for i, file := range names {
		number, name, ok := strings.Cut(strings.TrimSuffix(file, ".sql"), "_")
		n, err := strconv.ParseUint(number, 10, 32)
		if !ok || err != nil || n != uint64(i)+1 {
			return nil, fmt.Errorf("store: migrations: %s is not number %d", file, i+1)
		}
		text, err := fs.ReadFile(files, file)
		if err != nil {
			return nil, fmt.Errorf("store: migrations: %w", err)
		}
		migrations = append(migrations, Migration{Number: uint32(n), Name: name, Statements: split(string(text))})
	}
	return migrations, nil
}

func split(text string) []string {
	var statements []string
	for part := range strings.SplitSeq(text, ";\n") {
		if part = strings.TrimSpace(part); part != "" {
			statements = append(statements, part)
		}
	}
	return statements
}

// Version is the number of the newest migration that was applied to the store,
// 0 for a new one.
func Version(ctx context.Context, db driver.Conn) (uint32, error) {
	var tables uint64
	row := db.QueryRow(ctx, "SELECT count() FROM system.tables WHERE database = "+Quote(schema.StoreDatabase)+" AND name = "+Quote(schema.TableMigrations))
	if err := row.Scan(&tables); err != nil {
		return 0, fmt.Errorf("store: read the version: %w", err)
	}
	if tables == 0 {
		return 0, nil
	}
	var version uint32
	if err := db.QueryRow(ctx, "SELECT max(number) FROM "+table(schema.TableMigrations)).Scan(&version); err != nil {
		return 0, fmt.Errorf("store: read the version: %w", err)
	}
	return version, nil
}

// Migrate brings the store to the newest version and returns what it applied.
// It may be repeated, and several may run at once: every statement does nothing
// where its work is done. The views follow from the program, not from the store's
// history, and are made anew each time.
func Migrate(ctx context.Context, db driver.Conn, log *zap.Logger) ([]Migration, error) {
	known, err := Migrations()
	if err != nil {
		return nil, err
	}
	return migrate(ctx, db, log.Named("store"), known, dialect{view: schema.View.Create})
}

// MigrateServer is Migrate for a ClickHouse server with users: views are read with
// the rights of who made them, so that readers need none on the rows behind them.
// The embedded engine has no users, and its HTTP layer sees to it.
//
// How the store lies on the servers of a cluster is told by layout.
func MigrateServer(ctx context.Context, db driver.Conn, layout Layout, log *zap.Logger) ([]Migration, error) {
	known, err := Migrations()
	if err != nil {
		return nil, err
	}
	return migrate(ctx, db, log.Named("store"), known, dialect{schema.View.CreateForReaders, layout})
}

// dialect is how statements are written for where the store is.
type dialect struct {
	view   func(schema.View) string
	layout Layout
}

func migrate(ctx context.Context, db driver.Conn, log *zap.Logger, known []Migration, d dialect) ([]Migration, error) {
	version, err := Version(ctx, db)
	if err != nil {
		return nil, err
	}
	if int(version) > len(known) {
		return nil, fmt.Errorf("%w: it has migration %d, this program knows %d; use a newer observatory", ErrNewer, version, len(known))
	}
	for _, create := range d.layout.databases() {
		if err := db.Exec(ctx, create); err != nil {
			return nil, fmt.Errorf("store: migrate: %w", err)
		}
	}
	applied := known[version:]
	for _, m := range applied {
		start := time.Now()
		if err := apply(ctx, db, m, d); err != nil {
			return nil, fmt.Errorf("store: migration %d %s: %w", m.Number, m.Name, err)
		}
		log.Info("migrated", zap.Uint32("number", m.Number), zap.String("name", m.Name), zap.Duration("took", time.Since(start)))
	}
	for _, view := range schema.Views() {
		if err := createView(ctx, db, d.view(view)); err != nil {
			return nil, fmt.Errorf("store: view %s: %w", view.Name, err)
		}
	}
	return applied, nil
}

// apply runs the statements and then notes the migration; when it is cut short,
// it is applied again from its start.
func apply(ctx context.Context, db driver.Conn, m Migration, d dialect) error {
	for _, statement := range m.Statements {
		for _, part := range d.layout.statements(statement) {
			if err := db.Exec(ctx, part); err != nil {
				return err
			}
		}
	}
	return db.Exec(ctx, fmt.Sprintf("INSERT INTO %s (number, name, applied_at) SELECT %d, %s, now64(3)", table(schema.TableMigrations), m.Number, Quote(m.Name)))
}

// createView replaces a view. Two programs that do so at the same time get into
// each other's way for a moment.
func createView(ctx context.Context, db driver.Conn, create string) error {
	var err error
	for attempt := range 5 {
		if err = db.Exec(ctx, create); err == nil {
			return nil
		}
		if waiting := sleep(ctx, time.Duration(attempt+1)*50*time.Millisecond); waiting != nil {
			return err
		}
	}
	return err
}
