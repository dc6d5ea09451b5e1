package engine

import (
	"strings"
	"testing"
	"time"
)

// An hour by the clock begins anew, for each user by itself.
func TestQuotasBeginAnew(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, 6, 9, 17, 59, 0, 0, time.UTC)
	q := quotas{bound: Quota{Time: 10 * time.Second}, now: func() time.Time { return now }}
	take := func(user Role) string {
		if err := q.take(user); err != nil {
			return err.Error()
		}
		return ""
	}
	q.ended(RoleResearcher, 9*time.Second, true)
	if said := take(RoleResearcher); said != "" {
		t.Error(said)
	}
	q.ended(RoleResearcher, time.Second, false)
	if said := take(RoleResearcher); !strings.Contains(said, "execution_time = 10s/10s") || !strings.Contains(said, "18:00:00 UTC") {
		t.Errorf("after ten seconds: %q", said)
	}
	if said := take(RoleDashboard); said != "" {
		t.Error(said)
	}
	now = now.Add(time.Minute)
	if said := take(RoleResearcher); said != "" {
		t.Errorf("an hour later: %s", said)
	}
}
