package rss

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadOPML(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		list    string
		feeds   string // Addresses and titles.
		skipped string // Lines and reasons.
	}{
		"as it should be":         {`<opml><body><outline text="News"><outline text="A" title="B" type="rss" xmlUrl="https://a.example/f" language="de"/></outline></body></opml>`, "https://a.example/f B de", ""},
		"text for a title":        {`<outline text='A &amp; B' xmlUrl='https://a.example/?a=1&amp;b=2'/>`, "https://a.example/?a=1&b=2 A & B ", ""},
		"unescaped ampersands":    {`<outline text="A & B" xmlUrl="https://a.example/?a=1&b=2"/>`, "https://a.example/?a=1&b=2 A & B ", ""},
		"unescaped quotes":        {`<outline text="The "real" news" xmlUrl="https://a.example/f"/>`, `https://a.example/f The "real" news `, ""},
		"HTML in a text":          {`<outline text="By <a href="https://x.example" target="_blank">us</a>. All." xmlUrl="https://a.example/f" />` + "\n<outline text='B' xmlUrl='https://b.example/f'/>", `https://a.example/f By |https://b.example/f B `, ""},
		"a quote that is missing": {"<outline text=\"A xmlUrl=\"https://a.example/f\"/>\n<outline text=\"B\n<outline text=\"C\" xmlUrl=\"https://c.example/f\"/>", "https://c.example/f C ", "1 it has no xmlUrl|"},
		"nesting":                 {`<outline text="x"><outline xmlUrl="https://a.example/f"></outline></outline></outline><outline xmlUrl="https://b.example/f">`, "https://a.example/f  |https://b.example/f  ", ""},
		"case and no quotes":      {`<OUTLINE Text=A XMLURL=https://a.example/f >`, "https://a.example/f A ", ""},
		"twice":                   {"<outline xmlUrl='https://a.example/f'/>\n\n<outline xmlUrl='https://a.example/f#x'/>", "https://a.example/f  ", "3 it has the address of line 1"},
		"no address":              {"<outline text='folder'>\n<outline text='A' type='rss'/>\n<outline text='B' xmlUrl=''/>\n<outline text='C'/></outline>", "", "2 it has no xmlUrl|3 it has no xmlUrl|4 it has no xmlUrl"},
		"addresses that are none": {"<outline xmlUrl='javascript:alert(1)'/>\n<outline xmlUrl='https://u:secret@a.example/'/>\n<outline xmlUrl='/feed'/>", "", "1 \"javascript:alert(1)\" is not like|2 leave out the user|3 \"/feed\" is not like"},
		"the scheme of readers":   {"<outline xmlUrl='feed://a.example/f'/><outline xmlUrl='feed:https://b.example/f'/>", "http://a.example/f  |https://b.example/f  ", ""},
		"commented out":           {"<!-- <outline xmlUrl='https://a.example/f'/> --><outline xmlUrl='https://b.example/f'/><!--<outline xmlUrl='https://c.example/f'/>", "https://b.example/f  |https://c.example/f  ", ""},
		"cut off":                 {"<outline xmlUrl='https://a.example/f'/>\n<outline text='B' xmlUrl='https://b.exam", "https://a.example/f  |https://b.exam B ", ""},
		"Latin-1":                 {"<?xml version='1.0' encoding='iso-8859-1'?><outline text='caf\xe9' xmlUrl='https://a.example/f'/>", "https://a.example/f café ", ""},
		"UTF-16":                  {utf16("\uFEFF<outline text='é' xmlUrl='https://a.example/f'/>"), "https://a.example/f é ", ""},
		"control characters":      {"<outline text='a\x00b' xmlUrl='https://a.example/f'/>", "https://a.example/f a b ", ""},
		"no OPML":                 {"<html></html>", "", "1 no outline of a feed"},
		"empty":                   {"", "", "1 no outline of a feed"},
	} {
		feeds, skipped := ReadOPML(strings.NewReader(c.list))
		var got, why []string
		for _, f := range feeds {
			got = append(got, f.URL+" "+f.Title+" "+f.Lang)
		}
		if strings.Join(got, "|") != c.feeds {
			t.Errorf("%s: feeds %q, want %q", name, strings.Join(got, "|"), c.feeds)
		}
		for n, want := range strings.Split(c.skipped, "|") {
			if n < len(skipped) {
				why = append(why, fmt.Sprint(skipped[n].Line, " ", skipped[n].Reason))
				if want == "" || !strings.HasPrefix(why[n], want) {
					t.Errorf("%s: skipped %q, want %q", name, why[n], want)
				}
			} else if want != "" {
				t.Errorf("%s: %q was not skipped", name, want)
			}
		}
		for _, s := range skipped {
			if strings.Contains(s.String(), "secret") && !strings.Contains(s.Text, "secret") {
				t.Errorf("%s: %v", name, s)
			}
		}
	}
}

func TestListsAreBounded(t *testing.T) {
	t.Parallel()
	feeds, skipped := ReadOPML(io.MultiReader(strings.NewReader("<outline xmlUrl='https://a.example/f'/>"), iotest.ErrReader(errors.New("the disk is gone"))))
	if len(feeds) != 1 || len(skipped) != 1 || !strings.Contains(skipped[0].Reason, "the disk is gone") {
		t.Errorf("%v, %v", feeds, skipped)
	}
	for name, list := range map[string]string{
		"without addresses": strings.Repeat("<outline/>", 100_000), "never closed": strings.Repeat("<outline a=\"", 50_000), "quotes": "<outline " + strings.Repeat("a=\" \"", 200_000),
		"tags": "<outline " + strings.Repeat(">", 1_000_000), "too long": strings.Repeat(" ", maxOPML+1), "blanks": "<outline a=\"" + strings.Repeat("\" ", 500_000),
	} {
		_, skipped := ReadOPML(strings.NewReader(list))
		if len(skipped) == 0 || len(skipped) > maxSkips+2 {
			t.Errorf("%s: %d skipped", name, len(skipped))
		}
	}
}
