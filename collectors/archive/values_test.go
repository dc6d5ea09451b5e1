package archive

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// elements are all of a text, as values gives them with buffers of a size.
func elements(text, name string, buffer, limit int) (list []string, sizes []uint64, err error) {
	s := &splitter{limit: limit, values: &values{in: bufio.NewReaderSize(strings.NewReader(text), buffer), name: name}}
	for {
		arena, rec, err := s.next(nil, limit)
		if err != nil {
			return list, sizes, err
		}
		list, sizes = append(list, string(arena)), append(sizes, rec.size)
	}
}

func TestElementsOfArrays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, of, text string
		want           []string
		err            error
	}{
		{"an array", "", ` [{"a":1}, 2 ,"b]","c\\\"" ,[3,[4]], null,true ] `, []string{`{"a":1}`, "2", `"b]"`, `"c\\\""`, "[3,[4]]", "null", "true"}, io.EOF},
		{"a mark of UTF-8", "", "\xef\xbb\xbf[1]", []string{"1"}, io.EOF},
		{"nothing", "", " ", nil, io.EOF},
		{"an empty array", "", "[]", nil, io.EOF},
		{"two arrays", "", "[1]\n[2]", []string{"1", "2"}, io.EOF},
		{"cut in an element", "", `[1,{"a":`, []string{"1"}, io.ErrUnexpectedEOF},
		{"cut after an element", "", `[1,`, []string{"1"}, io.ErrUnexpectedEOF},
		{"never closed", "", `[1`, nil, io.ErrUnexpectedEOF},
		{"no comma", "", `["a" "b"]`, []string{`"a"`}, errNoJSON},
		{"words", "", `hello`, nil, errNoJSON},
		{
			"named", "messages", `{"name":"N","type":"t","about":{"messages":7},"x":["messages",{"id":1}],"id":5,"messages":[1,{"messages":[2]}]}`,
			[]string{`{"chat":{"id":5,"name":"N","type":"t"},"message":1}`, `{"chat":{"id":5,"name":"N","type":"t"},"message":{"messages":[2]}}`},
			io.EOF,
		},
		{"named, of two", "messages", `{"list":[{"id":1,"messages":["a"]},{"name":"B","messages":["b"],"id":2}]}`, []string{`{"chat":{"id":1},"message":"a"}`, `{"chat":{"name":"B"},"message":"b"}`}, io.EOF},
		{"none of the name", "messages", `{"a":[1]}`, nil, io.EOF},
		{"cut outside", "messages", `{"a":[1]`, nil, io.ErrUnexpectedEOF},
		{"closed wrongly", "messages", `{"a":1]`, nil, errNoJSON},
		{"no object", "messages", `1`, nil, errNoJSON},
		{"too deep", "messages", strings.Repeat("[", 100), nil, errNoJSON},
	} {
		for _, buffer := range []int{16, 4096} {
			got, _, err := elements(c.text, c.of, buffer, 1<<20)
			if diff := cmp.Diff(c.want, got); diff != "" || !errors.Is(err, c.err) {
				t.Errorf("%s: %v, want %v (-want +got):\n%s", c.name, err, c.err, diff)
			}
		}
	}
}

// What is too long says its size, is not kept, and what comes after it is read.
func TestElementsThatAreTooLong(t *testing.T) {
	t.Parallel()
	long := `"` + strings.Repeat("x", 1000) + `"`
	list, sizes, err := elements("["+long+",7]", "", 4096, 100)
	if !errors.Is(err, io.EOF) || len(list) != 2 || sizes[0] != uint64(len(long)) || len(list[0]) > 100 || list[1] != "7" || sizes[1] != 0 {
		t.Errorf("%d elements, sizes %v: %v", len(list), sizes, err)
	}
}

// FuzzValues holds that whatever encoding/json takes for an array is split as it does.
func FuzzValues(f *testing.F) {
	f.Add([]byte(`[{"a":"b\"]"},[1,2],"\\",-1.5e3,null]`))
	f.Add([]byte(`[1 ,2]`))
	f.Add([]byte(`{"messages":[1]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, name := range []string{"", "messages"} { // Nothing hangs, and nothing is given twice.
			if list, _, err := elements(string(text), name, 16, 1<<10); err == nil || len(list) > len(text) {
				t.Fatalf("%d elements of %d bytes: %v", len(list), len(text), err)
			}
		}
		var want []json.RawMessage
		if json.Unmarshal(text, &want) != nil || bytes.Equal(bytes.TrimSpace(text), []byte("null")) {
			return
		}
		got, _, err := elements(string(text), "", 64, 1<<20)
		if !errors.Is(err, io.EOF) || len(got) != len(want) {
			t.Fatalf("%d elements, not %d: %v", len(got), len(want), err)
		}
		for i := range want {
			if got[i] != string(want[i]) {
				t.Fatalf("element %d is %q, not %q", i, got[i], want[i])
			}
		}
	})
}
