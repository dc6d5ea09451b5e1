package collectors

import (
	"encoding/json"
	"testing"
	"time"
)

// TestHistory feeds a source with a daily rhythm and asks what it expects.
func TestHistory(t *testing.T) {
	t.Parallel()
	var h History
	monday := time.Date(2024, 6, 3, 0, 0, 0, 0, time.UTC)
	if h.Expected(monday.UnixMilli(), monday.Add(time.Hour).UnixMilli()) != nil {
		t.Error("an empty history expects something")
	}
	for at := monday; at.Before(monday.AddDate(0, 0, 14)); at = at.Add(time.Minute) {
		h.Add(at.UnixMilli(), uint64(at.Hour()))
	}
	for hour, want := range map[int]uint64{0: 0, 1: 60, 12: 720, 23: 1380} {
		from := monday.AddDate(0, 0, 21).Add(time.Duration(hour) * time.Hour)
		if got := h.Expected(from.UnixMilli(), from.Add(time.Hour).UnixMilli()); got == nil || *got != want {
			t.Errorf("hour %d: expects %v, want %d", hour, got, want)
		}
	}
	from := monday.AddDate(0, 0, 21).Add(90 * time.Minute)
	if got := h.Expected(from.UnixMilli(), from.Add(time.Hour).UnixMilli()); got == nil || *got != 90 {
		t.Errorf("half an hour each of 60 and 120: expects %v, want 90", got)
	}
	text, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	var again History
	if err := json.Unmarshal(text, &again); err != nil || again != h {
		t.Errorf("a history does not survive its cursor: %v", err)
	}
}

func TestHistoryOfAFewHoursSpeaksForOthers(t *testing.T) {
	t.Parallel()
	var h History
	start := time.Date(2024, 6, 3, 10, 0, 0, 0, time.UTC)
	for at := start; at.Before(start.Add(3 * time.Hour)); at = at.Add(time.Minute) {
		h.Add(at.UnixMilli(), 2)
	}
	for _, later := range []time.Duration{24 * time.Hour, 40 * time.Hour} { // The same hour of another day; another hour.
		from := start.Add(later)
		if got := h.Expected(from.UnixMilli(), from.Add(time.Hour).UnixMilli()); got == nil || *got != 120 {
			t.Errorf("after %v: expects %v, want 120", later, got)
		}
	}
}

func TestHistoryDoesNotLearnFromOutages(t *testing.T) {
	t.Parallel()
	var h History
	start := time.Date(2024, 6, 3, 10, 0, 0, 0, time.UTC)
	for at := start; at.Before(start.Add(2 * time.Hour)); at = at.Add(time.Minute) {
		h.Add(at.UnixMilli(), 1)
	}
	h.Missed()
	for at := start.Add(3*time.Hour + 50*time.Minute); at.Before(start.Add(5 * time.Hour)); at = at.Add(time.Minute) {
		h.Add(at.UnixMilli(), 1)
	}
	if rate, known := h.Rate(start.Add(3 * time.Hour).UnixMilli()); !known || rate != 60 {
		t.Errorf("rate %v, %v; want 60", rate, known)
	}
}
