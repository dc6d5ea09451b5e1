package rss

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/election-observatory/observatory/schema"
)

// What a hostile document may cost.
const (
	maxCostMemory = 64 << 20
	maxCostTime   = 2 * time.Second
)

// inRSS puts text into an item of a feed.
func inRSS(text string) string {
	return `<?xml version="1.0"?><rss version="2.0"><channel><title>t</title><item><guid>1</guid>` + text + `</item></channel></rss>`
}

// inAtom puts text into an entry of a feed.
func inAtom(text string) string {
	return `<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id>` + text + `</entry></feed>`
}

// fill repeats text up to almost as much as a document may have.
func fill(text string) string { return strings.Repeat(text, (4<<20/scale-4096)/len(text)) }

// upTo repeats text up to a text's own bound.
func upTo(text string) string { return strings.Repeat(text, (1<<20/scale-64)/len(text)) }

func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// hostileDocuments were made to cost much. %HERE% is a server on this machine.
func hostileDocuments() map[string]string {
	noise := make([]byte, 2<<20)
	rng := rand.NewChaCha8([32]byte{1})
	_, _ = rng.Read(noise)
	scopes := numbered(60, ` xmlns:n%d="u"`)
	return map[string]string{
		"deep":                     "<rss><channel>" + strings.Repeat("<a>", 1_000_000),
		"deep, named otherwise":    "<rss><channel>" + numbered(400_000, "<a%d>"),
		"deep in an extension":     `<rss xmlns:e="urn:e"><channel><item>` + strings.Repeat("<e:a>", 600_000),
		"deep but allowed":         inRSS(strings.Repeat("<e:a>", 120) + strings.Repeat("</e:a>", 120)),
		"deep in content":          inAtom(`<content type="xhtml">` + strings.Repeat("<div>", 700_000)),
		"deep after autoclosing":   "<rss><channel>" + strings.Repeat("<a><b></a>", 400_000),
		"deep RDF":                 "<rdf:RDF>" + fill("<x:y>"),
		"many items":               "<rss><channel>" + fill("<item/>"),
		"many items with guids":    "<rss><channel>" + numbered(100_000, "<item><guid>%d</guid></item>"),
		"many entries":             "<feed>" + fill("<entry><id>1</id></entry>"),
		"many elements":            inRSS(fill("<a/>")),
		"many elements, allowed":   inRSS(strings.Repeat("<e:a/>", 190_000)),
		"many categories":          inRSS(strings.Repeat("<category>c</category>", 150_000)),
		"many enclosures":          inRSS(strings.Repeat(`<enclosure url="http://%HERE%/a.jpg" type="image/jpeg"/>`, 60_000)),
		"many links":               inAtom(strings.Repeat(`<link href="/a"/>`, 190_000)),
		"many attributes":          inRSS("<a" + numbered(300_000, ` b%d="c"`) + "/>"),
		"many short attributes":    inRSS("<a" + fill(" b") + "/>"),
		"attributes of each":       inRSS(strings.Repeat("<e:a"+numbered(60, ` b%d=""`)+"/>", 8000)),
		"attributes, allowed":      inRSS(strings.Repeat("<e:a"+numbered(60, ` b%d=""`)+"/>", 3300)),
		"quotes never closed":      inRSS(`<a b="` + fill("<a c='>")),
		"namespaces of each":       `<rss` + scopes + `><channel><item>` + strings.Repeat("<n1:a/>", 190_000),
		"namespaces in depth":      "<rss><channel>" + strings.Repeat("<a"+scopes+">", 120),
		"namespaces redeclared":    "<rss><channel>" + strings.Repeat(`<a xmlns="u">`, 120) + fill(`<b xmlns="v"/>`),
		"a long title":             inRSS("<title>" + fill("x") + "</title>"),
		"a long title, allowed":    inRSS("<title>" + upTo("x ") + "</title>"),
		"a long name":              "<rss><channel><" + fill("x") + ">",
		"a long comment":           inRSS("<!--" + fill("- ") + "-->"),
		"a long instruction":       "<?xml " + fill("x") + "?><rss/>",
		"a long declaration":       "<!DOCTYPE rss [" + fill("<!ENTITY a 'b'>") + "]><rss/>",
		"entities of entities":     "<!DOCTYPE rss [<!ENTITY a 'aaaaaaaaaa'>" + numbered(20, "<!ENTITY b%d '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>") + "]>" + inRSS("<title>&b9;</title>")[21:],
		"an external entity":       `<!DOCTYPE rss [<!ENTITY x SYSTEM "http://%HERE%/x"><!ENTITY y SYSTEM "file:///etc/passwd">]>` + inRSS("<title>&x;&y;</title>")[21:],
		"an external subset":       `<!DOCTYPE rss SYSTEM "http://%HERE%/dtd">` + inRSS("<title>t</title>")[21:],
		"a stylesheet":             `<?xml-stylesheet href="http://%HERE%/s.xsl"?>` + inRSS("<title>t</title>")[21:],
		"an XInclude":              inRSS(`<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="http://%HERE%/x"/>`),
		"an xml:base":              `<feed xmlns="http://www.w3.org/2005/Atom" xml:base="http://%HERE%/"><entry><id>1</id><link href="x"/><content src="http://%HERE%/c"/></entry></feed>`,
		"links inside":             inRSS(`<link>http://%HERE%/</link><description>&lt;img src="http://%HERE%/i"&gt;&lt;iframe src="http://%HERE%/f"&gt;</description><enclosure url="http://%HERE%/e" type="image/png"/>`),
		"a feed that is elsewhere": `<rss><channel><atom:link rel="self" href="http://%HERE%/f"/><newLocation>http://%HERE%/</newLocation><cloud domain="%HERE%" path="/"/><item><guid>1</guid></item></channel></rss>`,
		"ampersands":               inRSS("<title>" + upTo("&") + "</title>"),
		"entities":                 inRSS("<title>" + upTo("&amp;") + "</title>"),
		"references":               inRSS("<title>" + upTo("&#0;&#x1F;&#99999999;") + "</title>"),
		"CDATA after CDATA":        inRSS("<title>" + upTo("<![CDATA[x]]>") + "</title>"),
		"CDATA never closed":       inRSS("<title>" + fill("<![CDATA[")),
		"comments never closed":    inRSS(fill("<!--")),
		"HTML, deep":               inRSS("<description><![CDATA[" + upTo("<div>") + "]]></description>"),
		"HTML, formatting":         inAtom(`<content type="html" xml:base="http://example.org/"><![CDATA[` + upTo("<b><i><a><nobr>") + "]]></content>"),
		"HTML, tables":             inAtom(`<content type="xhtml" xml:base="http://example.org/"><![CDATA[` + upTo("<table><tr><td><b>") + "]]></content>"),
		"HTML, misnested":          inAtom(`<content type="html" xml:base="http://example.org/"><![CDATA[` + upTo("<a><p></a>") + "]]></content>"),
		"HTML, selects":            inAtom(`<content type="xhtml">` + strings.Repeat("<select><b></select>", 9000) + "</content>"),
		"HTML, attributes":         inRSS("<description><![CDATA[<a " + upTo("a=b ") + "]]></description>"),
		"HTML, links":              inRSS("<description><![CDATA[" + upTo("<a href=/x>y</a>") + "]]></description>"),
		"HTML, different links":    inRSS("<description><![CDATA[" + numbered(40_000, "<a href=/%d>y</a>") + "]]></description>"),
		"HTML, plaintext":          inRSS("<description><![CDATA[<plaintext>" + upTo("<x>") + "]]></description>"),
		"HTML of each item":        "<feed>" + strings.Repeat(`<entry><content type="xhtml" xml:base="http://a/">`+strings.Repeat("<b><i>", 30)+strings.Repeat("</i></b>", 30)+"</content></entry>", 900),
		"noise":                    string(noise),
		"noise in a feed":          inRSS("<title>" + string(noise)),
		"zeros":                    strings.Repeat("\x00", 4<<20),
		"zeros in a feed":          inRSS("<title>" + upTo("\x00") + "</title>"),
		"UTF-16":                   "\xFF\xFE" + fill("<\x00a\x00>\x00"),
		"UTF-32":                   "\x00\x00\xFE\xFF" + fill("\x00\x00\x00<"),
		"windows-1252":             `<?xml version="1.0" encoding="windows-1252"?><rss><channel><item><title>` + upTo("\x80"),
		"ISO-2022-JP":              `<?xml version="1.0" encoding="iso-2022-jp"?><rss>` + fill("\x1b$B"),
		"GB18030":                  `<?xml version="1.0" encoding="gb18030"?><rss>` + fill("\x81\x30\x81"),
		"an unknown encoding":      `<?xml version="1.0" encoding="` + strings.Repeat("x", 200) + `"?>` + inRSS("")[21:],
		"JSON, deep":               `{"items":` + fill("["),
		"JSON, deep objects":       `{"items":[` + fill(`{"a":`),
		"JSON, many items":         `{"version":"https://jsonfeed.org/version/1","items":[` + fill(`{},`) + `{}]}`,
		"JSON, many values":        `{"items":[{"tags":[` + fill(`"",`) + `""]}]}`,
		"JSON, values, allowed":    `{"items":[{"id":"1","tags":[` + strings.Repeat(`"",`, 190_000) + `""]}]}`,
		"JSON, attachments":        `{"items":[{"id":"1","attachments":[` + strings.Repeat(`{},`, 190_000) + `{}]}]}`,
		"JSON, a long text":        `{"items":[{"id":"` + fill("x") + `"}]}`,
		"JSON, many keys":          `{` + numbered(190_000, `"k%d":1,`) + `"items":[]}`,
		"JSON, a long number":      `{"items":[{"id":` + fill("9") + `}]}`,
		"JSON, broken":             `{"items":[` + strings.Repeat(`{"id":"1"},`, 1200),
		"dates":                    "<rss><channel>" + strings.Repeat("<item><pubDate>"+strings.Repeat("Mon, 99 ", 500)+"</pubDate></item>", 900),
		"languages":                "<rss><channel><language>" + upTo("en-") + "</language><item><guid>1</guid></item></channel></rss>",
		"hints":                    "<rss><channel><ttl>99999999999999999999</ttl><skipHours>" + strings.Repeat("<hour>7</hour>", 90_000) + "</skipHours><item><guid>1</guid></item></channel></rss>",
		"one guid for all":         "<rss><channel>" + numbered(1000, "<item><guid>1</guid><title>%d</title></item>"),
		"nested items":             "<rss><channel>" + strings.Repeat("<item>", 120) + strings.Repeat("</item>", 120),
		"items everywhere":         "<rss>" + strings.Repeat("<item><guid>1</guid></item><channel><item/></channel>", 20_000),
	}
}

// onDisk writes the documents to files, so that one at a time is in memory: the
// collector of garbage waits the longer the more is.
func onDisk(t *testing.T, here string) map[string]string {
	t.Helper()
	dir, names := t.TempDir(), map[string]string{}
	for name, text := range hostileDocuments() {
		text = strings.ReplaceAll(text, "%HERE%", here)
		names[name] = filepath.Join(dir, strconv.Itoa(len(names)))
		if err := os.WriteFile(names[name], []byte(text[:min(len(text), 4<<20/scale)]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// cost runs f and says how much memory it held at most beyond what was held
// before, and how much time of processors it took, which does not depend on what
// else they do. A sampler reads the heap while f runs.
func cost(f func()) (held uint64, took time.Duration) {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before, most := m.HeapAlloc, m.HeapAlloc
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		var m runtime.MemStats
		for {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}
	}()
	began := processorTime()
	f()
	took = processorTime() - began
	close(stop)
	<-stopped
	runtime.ReadMemStats(&m)
	return max(most, m.HeapAlloc) - before, took
}

func processorTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// TestHostileDocuments are served, plain and compressed, and read to their ends.
// It does not run beside others, so that what is measured is theirs.
func TestHostileDocuments(t *testing.T) {
	var connections atomic.Int64
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { connections.Add(1) }))
	defer inside.Close()
	names := onDisk(t, strings.TrimPrefix(inside.URL, "http://"))
	if len(names) < 40 {
		t.Fatalf("%d documents", len(names))
	}
	var worstMemory uint64
	var worstTime time.Duration
	var memoryOf, timeOf string
	reasons := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		body, err := os.ReadFile(names[name])
		if err != nil {
			t.Fatal(err)
		}
		var got reading
		held, took := cost(func() {
			got = readDocument(FeedConfig{URL: "https://example.org/feed"}, body, "", "https://example.org/feed", noon)
		})
		for _, r := range got.refused {
			reasons[string(r.reason)]++
			if r.detail == "" || strings.Contains(r.detail, "gave up") {
				t.Errorf("%s: %s %q", name, r.reason, r.detail)
			}
		}
		if held > worstMemory {
			worstMemory, memoryOf = held, name
		}
		if took > worstTime {
			worstTime, timeOf = took, name
		}
		if held > maxCostMemory {
			t.Errorf("%s: %d MB", name, held>>20)
		}
		if took > maxCostTime*slowdown {
			t.Errorf("%s: %v", name, took)
		}
		runtime.KeepAlive(got)
	}
	if connections.Load() != 0 {
		t.Errorf("%d connections to this machine", connections.Load())
	}
	t.Logf("%d documents: at most %d MB (%s) and %v (%s); rejects %v", len(names), worstMemory>>20, memoryOf, worstTime.Round(time.Millisecond), timeOf, reasons)
}

// TestBombs are served as a server would: they cost what may be read of them.
func TestBombs(t *testing.T) {
	squeeze := func(text func(io.Writer)) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		text(w)
		_ = w.Close()
		return b.Bytes()
	}
	for name, packed := range map[string][]byte{
		"2,000,000 levels": squeeze(func(w io.Writer) {
			_, _ = io.WriteString(w, "<rss><channel>"+strings.Repeat("<a>", 2_000_000))
		}),
		"a bomb of spaces": squeeze(func(w io.Writer) {
			_, _ = w.Write(bytes.Repeat([]byte(" "), 200<<20/scale))
		}),
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/f" {
				http.NotFound(w, r)
				return
			}
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(packed)
		}))
		b := newBench(t)
		var j *journal
		held, took := cost(func() { j = b.runFeed(t, FeedConfig{URL: server.URL + "/f"}, polls(1)) })
		server.Close()
		if c := j.coverage()[0]; !c.GetConnected() || c.GetRejected()[string(schema.ReasonTooLarge)] != 1 || c.GetGapReason() != "" {
			t.Errorf("%s: %v", name, c)
		}
		t.Logf("%s in %d bytes: %d MB, %v", name, len(packed), held>>20, took.Round(time.Millisecond))
		if held > maxCostMemory || took > maxCostTime*slowdown {
			t.Errorf("%s: %d MB, %v", name, held>>20, took)
		}
	}
}

// TestIdleFeedsAreCheap runs many feeds that were asked once, and measures what
// each of them holds.
func TestIdleFeedsAreCheap(t *testing.T) {
	const many = 200
	b := newBench(t)
	b.cfg.MinInterval, b.cfg.MaxInterval = time.Hour, time.Hour
	items := articles(1, 30)
	for n := range many {
		b.Set(fmt.Sprintf("/%d.xml", n), items)
	}
	reader := NewReader(b.cfg, b.cursors, zap.NewNop(), b.now)
	var answered atomic.Int64
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	done := make(chan error, many)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for n := range many {
		feed := reader.Feed(FeedConfig{URL: fmt.Sprintf("%s/%d.xml", b.server.URL, n)})
		go func() {
			done <- feed.Run(ctx, func(_ context.Context, _ []*schema.Event) error { answered.Add(1); return nil })
		}()
	}
	for answered.Load() < many {
		time.Sleep(time.Millisecond)
	}
	for range 8 {
		runtime.GC() // Stacks shrink by half each time.
	}
	runtime.ReadMemStats(&after)
	heap, stack := (int64(after.HeapAlloc)-int64(before.HeapAlloc))/many, (int64(after.StackInuse)-int64(before.StackInuse))/many
	t.Logf("an idle feed of 30 items holds %d bytes of heap and %d of stack", heap, stack)
	if heap+stack > 64<<10 {
		t.Errorf("an idle feed holds %d bytes", heap+stack)
	}
	stop()
	for range many {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
