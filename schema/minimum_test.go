package schema_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/election-observatory/observatory/schema"
)

// minimum is what outside users rely on: columns are added to it, never taken
// away. A type after a colon is relied on too.
func minimum() map[string]string {
	const moment, maybe, id = ":DateTime64(3,'UTC')", ":Nullable(DateTime64(3,'UTC'))", ":UUID"
	return map[string]string{
		"posts": "platform post_id" + id + " account_id" + id + " kind revision claimed_at" + moment + " created_at" + moment + " collected_at" + moment +
			" clamped lang lang_source text text_hash reply_to repost_of queries collector",
		"links":      "platform post_id" + id + " account_id" + id + " created_at" + moment + " lang url domain unresolved source_class",
		"actions":    "platform account_id" + id + " post_id" + id + " kind object_id created_at" + moment,
		"accounts":   "platform account_id" + id + " collected_at" + moment + " followers following posts created_at" + maybe + " declared_bot",
		"hourly":     "hour platform lang query source_class kind",
		"coverage":   "source minute connected expected received emitted rejected:Map(LowCardinality(String),UInt64) late lag_s gap_from" + maybe + " gap_to" + maybe,
		"sources":    "domain_or_account rater class score valid_from" + moment + " valid_to" + maybe + " list_version citation",
		"queries":    "valid_from" + maybe + " valid_to" + maybe,
		"alerts":     "method",
		"tombstones": "platform post_id" + id + " account_id" + id,
		"rejects":    "source reason raw",
		"identities": "platform account_id" + id + " native_id handle",
		"post_refs":  "platform post_id" + id + " native_id permalink raw_text",
	}
}

func TestRelationsHaveWhatOthersRelyOn(t *testing.T) {
	t.Parallel()
	restricted := []string{"identities", "post_refs", "rejects"}
	want := minimum()
	for _, view := range schema.Views() {
		types := map[string]string{}
		for _, c := range view.Columns {
			types[c.Name] = strings.ReplaceAll(c.Type, " ", "")
		}
		for column := range strings.FieldsSeq(want[view.Name]) {
			name, kind, typed := strings.Cut(column, ":")
			if got, ok := types[name]; !ok || typed && got != kind {
				t.Errorf("%s.%s is %q, want it there, of type %q", view.Name, name, got, kind)
			}
		}
		if view.Restricted != slices.Contains(restricted, view.Name) {
			t.Errorf("%s: restricted is %v", view.Name, view.Restricted)
		}
		delete(want, view.Name)
	}
	for name := range want {
		t.Errorf("there is no relation %s", name)
	}
}

func TestReasonsSayWhy(t *testing.T) {
	t.Parallel()
	for _, reason := range schema.Reasons() {
		if !strings.HasSuffix(reason.Doc(), ".") {
			t.Errorf("%s: %q", reason, reason.Doc())
		}
	}
	if schema.Reason("other").Doc() != "" {
		t.Error("what is no reason has a description")
	}
}

// The constants of enums follow the Protobuf file, and every value but the first
// has a name of its own.
func TestEveryValueHasAName(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for number := range schema.AccountStatus_name {
		if name := schema.AccountStatus(number).Name(); number != 0 && (name == "" || names[name]) {
			t.Errorf("account status %d has name %q", number, name)
		} else {
			names[name] = true
		}
	}
	for number := range schema.Platform_name {
		if name := schema.Platform(number).Name(); (number == 0) != (name == "") {
			t.Errorf("platform %d has name %q", number, name)
		}
	}
}
