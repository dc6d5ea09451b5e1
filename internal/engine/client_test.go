package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/election-observatory/observatory/internal/engine"
	"github.com/election-observatory/observatory/internal/engine/enginetest"
)

// open connects clickhouse-go over HTTP.
func open(tb testing.TB, e *enginetest.Engine, role engine.Role, method clickhouse.CompressionMethod) driver.Conn {
	tb.Helper()
	conn, err := clickhouse.Open(&clickhouse.Options{
		Protocol: clickhouse.HTTP, Addr: []string{strings.TrimPrefix(e.URL, "http://")},
		Auth:        clickhouse.Auth{Database: "observatory", Username: string(role), Password: enginetest.Password(role)},
		Compression: &clickhouse.Compression{Method: method},
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return conn
}

// row holds every kind of column that the contract uses, and more.
type row struct {
	ID      uint64             `ch:"id"`
	Word    string             `ch:"word"`
	At      time.Time          `ch:"at"`
	Tags    []string           `ch:"tags"`
	Counts  map[string]uint64  `ch:"counts"`
	Note    *string            `ch:"note"`
	Key     uuid.UUID          `ch:"key"`
	Version *big.Int           `ch:"version"`
	Nested  map[string][]int32 `ch:"nested"`
	Day     time.Time          `ch:"day"`
	Ratio   float64            `ch:"ratio"`
	Flag    bool               `ch:"flag"`
}

const rowTable = `CREATE TABLE observatory.%s (id UInt64, word LowCardinality(String), at DateTime64(3, 'UTC'), tags Array(LowCardinality(String)), counts Map(String, UInt64),
	note Nullable(String), key UUID, version UInt128, nested Map(LowCardinality(String), Array(Int32)), day Date, ratio Float64, flag Bool)
	ENGINE = MergeTree ORDER BY id SETTINGS fsync_after_insert = 1`

func sample(i int) row {
	r := row{
		ID: uint64(i), Word: fmt.Sprint("w", i%7), At: time.UnixMilli(1717200000000 + int64(i)*1001).UTC(), Tags: []string{"a", fmt.Sprint(i)}, Counts: map[string]uint64{"n": uint64(i)},
		Key: uuid.NewSHA1(uuid.Nil, []byte{byte(i), byte(i >> 8)}), Version: new(big.Int).Lsh(big.NewInt(int64(i)+1), 100), Nested: map[string][]int32{"x": {int32(i), -1}},
		Day: time.Date(2024, 6, 1+i%20, 0, 0, 0, 0, time.UTC), Ratio: float64(i) / 8, Flag: i%2 == 0,
	}
	if i%3 == 0 {
		note := strings.Repeat("é", i%50)
		r.Note = &note
	}
	return r
}

func TestClickHouseGo(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	for name, method := range map[string]clickhouse.CompressionMethod{
		"none": clickhouse.CompressionNone, "gzip": clickhouse.CompressionGZIP, "lz4": clickhouse.CompressionLZ4, "zstd": clickhouse.CompressionZSTD, "deflate": clickhouse.CompressionDeflate,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, table := open(t, e, engine.RoleOwner, method), "t_"+name
			if err := conn.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := conn.Exec(t.Context(), fmt.Sprintf(rowTable, table)); err != nil {
				t.Fatal(err)
			}
			const n = 100_000
			batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO observatory."+table)
			if err != nil {
				t.Fatal(err)
			}
			for i := range n {
				r := sample(i)
				if err := batch.AppendStruct(&r); err != nil {
					t.Fatal(err)
				}
			}
			if err := batch.Send(); err != nil {
				t.Fatal(err)
			}
			var got []row
			if err := conn.Select(t.Context(), &got, "SELECT * FROM "+table+" ORDER BY id"); err != nil {
				t.Fatal(err)
			}
			if len(got) != n {
				t.Fatalf("%d rows of %d", len(got), n)
			}
			for _, i := range []int{0, 1, 2, 3, 65_408, 65_409, n - 1} {
				if diff := cmp.Diff(sample(i), got[i], cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 })); diff != "" {
					t.Errorf("row %d: %s", i, diff)
				}
			}
			late(t, conn)
		})
	}
}

// late asks for a result that breaks off long after it began.
func late(t *testing.T, conn driver.Conn) {
	t.Helper()
	rows, err := conn.Query(t.Context(), "SELECT number, throwIf(number = 1000000, 'broken off') FROM numbers(1500000)")
	if err == nil {
		for rows.Next() {
		}
		err = rows.Err()
		_ = rows.Close()
	}
	var exception *clickhouse.Exception
	if !errors.As(err, &exception) || exception.Code != 395 {
		t.Errorf("late exception: %v", err)
	}
}

func TestClickHouseGoAsResearcher(t *testing.T) {
	t.Parallel()
	c := guard(t)
	conn := open(t, c.Engine, engine.RoleResearcher, clickhouse.CompressionLZ4)
	ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_execution_time": 10, "max_block_size": 1000}), clickhouse.WithQueryID("mine"),
		clickhouse.WithParameters(clickhouse.Parameters{"lang": "de", "n": "7"}))
	var n, seven uint64
	if err := conn.QueryRow(ctx, "SELECT count(), {n:UInt64} FROM posts WHERE lang = {lang:String}").Scan(&n, &seven); err != nil || n != 100 || seven != 7 {
		t.Errorf("%d %d %v", n, seven, err)
	}
	for query, code := range map[string]int32{"SELECT * FROM identities": 497, "SELECT * FROM nosuch": 60, "SELEC 1": 62, "SELECT nosuch": 47, "SELECT * FROM posts FORMAT nosuch": 73} {
		rows, err := conn.Query(t.Context(), query)
		if err == nil {
			_ = rows.Close()
		}
		var exception *clickhouse.Exception
		if !errors.As(err, &exception) || exception.Code != code {
			t.Errorf("%s: %v", query, err)
		}
	}
	batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO posts (platform)")
	if err == nil {
		_ = batch.Append("x")
		err = batch.Send()
	}
	if err == nil {
		t.Error("a researcher wrote")
	}
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	if err := conn.QueryRow(short, "SELECT count() FROM numbers(100000000000)").Scan(&n); err == nil || time.Since(start) > 30*time.Second {
		t.Errorf("after %v: %v", time.Since(start), err)
	}
	idle(t, c.Engine)
}

// idle waits until the engine runs nothing but the question.
func idle(t *testing.T, e *enginetest.Engine) {
	t.Helper()
	var running string
	for range 50 {
		var err error
		if running, err = e.Ask(engine.RoleOwner, "SELECT query FROM system.processes WHERE query NOT LIKE '%system.processes%'"); err != nil {
			t.Fatal(err)
		}
		if strings.TrimSpace(running) == "" {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("still running: %s", running)
}
