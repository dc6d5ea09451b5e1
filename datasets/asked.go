package datasets

import (
	"context"
	"fmt"
	"time"
)

// asked are the tables that the store answers as they are.
type asked struct {
	Table
	sql string
}

func (a *asked) table(ctx context.Context, ask Ask) (*Table, error) {
	t := a.Table
	err := ask(ctx, a.sql, func(scan func(...any) error) error {
		row, into := make([]any, len(t.Columns)), make([]any, len(t.Columns))
		for i, c := range t.Columns {
			into[i] = c.Type.pointer()
		}
		if err := scan(into...); err != nil {
			return err
		}
		for i := range into {
			row[i] = value(into[i])
		}
		t.Rows = append(t.Rows, row)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name, err)
	}
	return &t, nil
}

// pointer is what a nullable column is read into.
func (t Type) pointer() any {
	switch t {
	case Integer:
		return new(*int64)
	case Number:
		return new(*float64)
	case Boolean:
		return new(*bool)
	case Date, DateTime:
		return new(*time.Time)
	case String:
	}
	return new(*string)
}

func value(of any) any {
	switch v := of.(type) {
	case **int64:
		return deref(*v)
	case **float64:
		return deref(*v)
	case **bool:
		return deref(*v)
	case **time.Time:
		if *v == nil {
			return nil
		}
		return (*v).UTC().Truncate(time.Second)
	case **string:
		return deref(*v)
	}
	return nil
}

func deref[T any](v *T) any {
	if v == nil {
		return nil
	}
	return *v
}

// collected are the tables that say what was collected and by which lists it is rated;
// they hold nothing of people.
func collected(week Week) []asked {
	return []asked{
		{Table{
			Name: "coverage", Title: "What was collected", Doc: "Each source by day: in how many minutes it answered, and how much it delivered.",
			Columns: []Column{
				{"source", String, "What was read: a host and stream, a feed, a file by its content."},
				{"platform", String, "The platform; empty where a source has several."},
				{"day", Date, "The day, UTC."},
				{"minutes", Integer, "Minutes that coverage has of it."},
				{"connected", Integer, "Those in which it answered."},
				{"received", Integer, "Events read, rejects included."},
				{"rejected", Integer, "Events that could not be used."},
				{"expected", Integer, "Events that its own history lets expect; empty where it has none."},
			},
		}, fmt.Sprintf(`SELECT toNullable(toString(source)), toNullable(toString(platform)), toNullable(toDate(minute)) AS day, toNullable(toInt64(count())), toNullable(toInt64(countIf(connected))), toNullable(toInt64(sum(c.received))), toNullable(toInt64(sum(arraySum(mapValues(c.rejected))))), toInt64OrNull(toString(sum(c.expected)))
FROM coverage AS c WHERE %s GROUP BY source, platform, day ORDER BY source, platform, day`, week.inWeek("minute"))},
		{Table{
			Name: "gaps", Title: "What is missing", Doc: "gap: lost for good, as far as is known. down: asked in vain. silence: nothing came against the source's history.",
			Columns: []Column{
				{"source", String, "The source, as in coverage."}, {"kind", String, "gap, down or silence."}, {"reason", String, "Why, as far as that is known."}, {"since", DateTime, "Since when, UTC."}, {"until", DateTime, "Until when; empty while it lasts."},
			},
		}, fmt.Sprintf(`SELECT toNullable(toString(source)), toNullable(toString(kind)), toNullable(toString(reason)), toNullable(m.from) AS since, m.to AS until FROM missing AS m WHERE since < '%s' AND (until > '%s' OR until IS NULL) ORDER BY source, kind, since`,
			week.To().Format(time.DateTime), week.From().Format(time.DateTime))},
		{Table{
			Name: "lists", Title: "Lists of raters", Doc: "The lists that sources are rated by, in the versions that held.",
			Columns: []Column{{"rater", String, "The list."}, {"list_version", String, "Its version."}, {"licence", String, "Under which it is published."}, {"sources", Integer, "Sources that it rates."}},
		}, "SELECT toNullable(toString(rater)), toNullable(toString(list_version)), toNullable(toString(licence)), toNullable(toInt64(uniqExact(domain_or_account))) FROM sources GROUP BY rater, list_version, licence ORDER BY rater, list_version, licence"},
	}
}
