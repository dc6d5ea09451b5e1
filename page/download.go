package page

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

func (p *Page) csv(w http.ResponseWriter, r *http.Request, v *view) {
	q, err := p.request(r)
	if err != nil {
		p.fail(w, err)
		return
	}
	t, err := p.ask(r.Context(), v.statement(q.span))
	if err != nil {
		p.fail(w, err)
		return
	}
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	_ = out.Write(t.Columns) // A buffer takes everything.
	for _, row := range t.Rows {
		for i := range row {
			row[i] = harmless(row[i])
		}
		_ = out.Write(row)
	}
	out.Flush()
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", v.name+"-"+q.span.to.Format("20060102T150405Z")+".csv"))
	_, _ = w.Write(b.Bytes())
}

// harmless keeps spreadsheets from taking a text of a stranger for a formula.
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return "'" + text
		}
	}
	return text
}

func (p *Page) svg(w http.ResponseWriter, r *http.Request, v *view) {
	q, err := p.request(r)
	if err != nil {
		p.fail(w, err)
		return
	}
	t, err := p.ask(r.Context(), v.statement(q.span))
	if err == nil {
		var drawn []byte
		if drawn, err = v.chart.Draw(t, q.Words["axis."+v.chart.Y]); err == nil {
			w.Header().Set("Content-Type", "image/svg+xml")
			_, _ = w.Write(drawn)
			return
		}
	}
	p.fail(w, err)
}
