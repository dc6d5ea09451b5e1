package datasets

import "context"

// coverage is in how many of their minutes sources answered: in all, by day and by
// platform.
type coverage struct {
	up, all map[string]uint64
}

const everything = ""

// readCoverage asks for the coverage of a week.
func readCoverage(ctx context.Context, week Week, ask Ask) (coverage, error) {
	c := coverage{map[string]uint64{}, map[string]uint64{}}
	// The log's own records have no platform.
	err := ask(ctx, "SELECT toString(toDate(minute)) AS day, toString(platform), countIf(connected), count() FROM coverage WHERE platform != '' AND "+week.inWeek("minute")+" GROUP BY day, platform ORDER BY day, platform", func(scan func(...any) error) error {
		var day, platform string
		var connected, minutes uint64
		if err := scan(&day, &platform, &connected, &minutes); err != nil {
			return err
		}
		for _, key := range []string{everything, day, platform} {
			c.up[key] += connected
			c.all[key] += minutes
		}
		return nil
	})
	return c, err
}

// share is the part of the minutes of all sources in which they answered; 1 where none
// was noted, as of an archive that was read as a whole.
func (c coverage) share() float64 {
	if c.all[everything] == 0 {
		return 1
	}
	return float64(c.up[everything]) / float64(c.all[everything])
}

// of is the share of a day or a platform; nil where none was noted.
func (c coverage) of(what string) any {
	if c.all[what] == 0 {
		return nil
	}
	return rounded(float64(c.up[what]) / float64(c.all[what]))
}
