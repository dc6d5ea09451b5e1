package datasets

import (
	"context"
	"path/filepath"
	"strconv"
)

// Withdrawal is how much less the store counts than a public release did in one of its
// tables.
type Withdrawal struct {
	Week, Table string
	Counted     int64  // Posts or links, as they were published.
	Withdrawn   string // How many of them are gone; "fewer than 10" where it is so few.
}

// Withdrawals compares the newest public releases in a folder with the store: deleted
// posts, and those of accounts that objected, are in it no more. A cell that has become
// too small since counts as a whole. What came later makes up for some of it.
func Withdrawals(ctx context.Context, cfg *Config, ask Ask) ([]Withdrawal, error) {
	const weeks = 12 // Most deletions come soon.
	list, err := releasesIn(cfg.Out)
	if err != nil {
		return nil, err
	}
	var all []Withdrawal
	compared := 0
	for _, r := range list {
		week, err := ParseWeek(r.Week)
		if err != nil || r.Tier != Public || compared == weeks {
			continue
		}
		compared++
		of := *cfg
		of.Week, of.Tier = week, Public
		some, err := withdrawals(ctx, &of, filepath.Join(cfg.Out, r.Folder), ask)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func withdrawals(ctx context.Context, cfg *Config, folder string, ask Ask) ([]Withdrawal, error) {
	p := &public{week: cfg.Week, ask: ask, withheld: cfg.withheld()}
	if err := p.read(ctx); err != nil {
		return nil, err
	}
	tables, err := p.tables(ctx)
	if err != nil {
		return nil, err
	}
	var list []Withdrawal
	for _, t := range tables {
		column := t.counts()
		if column < 0 {
			continue
		}
		published, err := readCSV(folder, t.Name, t.Columns[column].Name)
		if err != nil {
			return nil, err
		}
		counted, now := int64(0), int64(0)
		for _, row := range published {
			n, _ := strconv.ParseInt(row[0], 10, 64)
			counted += n
		}
		for _, row := range t.Rows {
			n, _ := row[column].(int64)
			now += n
		}
		list = append(list, Withdrawal{cfg.Week.String(), t.Name, counted, fewer(counted - now)})
	}
	return list, nil
}

// counts is the column of a table that counts posts or links; below zero for none.
func (t *Table) counts() int {
	for i, c := range t.Columns {
		if c.Name == "posts" || c.Name == "links" {
			return i
		}
	}
	return -1
}

// fewer is a number of withdrawn posts or links as it is published.
func fewer(n int64) string {
	switch {
	case n <= 0:
		return "0"
	case n < LeastAccounts:
		return "fewer than " + strconv.Itoa(LeastAccounts)
	}
	return strconv.FormatInt(n, 10)
}
