package datasets

import "testing"

func TestPseudonymsOfAReleaseAreItsOwn(t *testing.T) {
	t.Parallel()
	ids := map[string]string{}
	for _, week := range []string{"2024-W23", "2024-W24"} {
		w, err := ParseWeek(week)
		if err != nil {
			t.Fatal(err)
		}
		key, err := ReleaseKey([]byte("master"), w)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ReleaseKey([]byte("master"), w)
		if err != nil || string(again) != string(key) {
			t.Errorf("%s has another key the second time", week)
		}
		v := &vetted{key: key}
		for _, of := range []string{ofAccount, ofPost} {
			for _, platform := range []string{"x", "bluesky"} {
				id := v.id(of, platform, "00000000-0000-8000-8000-000000000001")
				if before, ok := ids[id]; ok {
					t.Errorf("%s %s %s is %s", week, of, platform, before)
				}
				ids[id] = week + " " + of + " " + platform
			}
		}
	}
}

func TestHarmless(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-2": "'-2", "@SUM(1)": "'@SUM(1)", "\t=1": "'\t=1", "＝1": "'＝1", "  =1": "'  =1", "|cmd": "'|cmd",
		"a=1": "a=1", "": "", "de": "de", "'=1": "'=1", "5": "5",
	} {
		if got := harmless(text); got != want {
			t.Errorf("%q becomes %q, not %q", text, got, want)
		}
	}
}
