package datasets

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Week is a week by ISO 8601: from Monday to Sunday, in UTC.
type Week struct{ Year, Number int }

var weekText = regexp.MustCompile(`^(\d{4})-W(\d{2})$`)

// ParseWeek reads a week such as 2024-W23.
func ParseWeek(text string) (Week, error) {
	parts := weekText.FindStringSubmatch(text)
	if parts == nil {
		return Week{}, fmt.Errorf("%q is no week: write it as 2024-W23 (ISO 8601)", text)
	}
	year, _ := strconv.Atoi(parts[1])
	number, _ := strconv.Atoi(parts[2])
	w := Week{year, number}
	if y, n := w.From().ISOWeek(); y != year || n != number {
		return Week{}, fmt.Errorf("the year %d has no week %d", year, number)
	}
	return w, nil
}

// WeekOf is the week that a time lies in.
func WeekOf(at time.Time) Week {
	year, number := at.UTC().ISOWeek()
	return Week{year, number}
}

func (w Week) String() string { return fmt.Sprintf("%04d-W%02d", w.Year, w.Number) }

// From is the beginning of the week.
func (w Week) From() time.Time {
	const thursday = 4 // The first week of a year is that of 4 January.
	first := time.Date(w.Year, time.January, thursday, 0, 0, 0, 0, time.UTC)
	monday := first.AddDate(0, 0, -(int(first.Weekday())+6)%7)
	return monday.AddDate(0, 0, 7*(w.Number-1))
}

// To is the end of the week, which is not part of it.
func (w Week) To() time.Time { return w.From().AddDate(0, 0, 7) }

// Before is the week before.
func (w Week) Before() Week { return WeekOf(w.From().AddDate(0, 0, -1)) }
