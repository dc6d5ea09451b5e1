// Package charts draws tables of text as SVG: lines over time, and bars with intervals.
package charts

import (
	"bytes"
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Table is what is drawn; what is not there is empty.
type Table struct {
	Columns []string
	Rows    [][]string
}

// Column is where a column stands, -1 where there is none.
func (t *Table) Column(name string) int { return slices.Index(t.Columns, name) }

// Kind is what a chart looks like.
type Kind int

// The kinds.
const (
	None  Kind = iota
	Lines      // Over time; X is a time as 2024-06-09 18:00:00.
	Bars
)

// Chart says how columns are drawn.
type Chart struct {
	Kind      Kind
	X, Y, By  string
	Low, High string // Of an interval.
	Coverage  string // Of a row; below 1 it is shaded.
	Step      int    // Seconds from one time to the next; an hour if 0.
}

const secondsPerHour = 3600

func (c Chart) step() int64 { return int64(cmp.Or(c.Step, secondsPerHour)) }

const (
	chartWidth  = 9 * vg.Inch
	chartHeight = 4 * vg.Inch
)

// palette tells lines apart for people who see colours differently (Okabe and Ito 2008).
func palette(i int) color.Color {
	all := []color.RGBA{{0x00, 0x72, 0xb2, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x9e, 0x73, 0xff}, {0xcc, 0x79, 0xa7, 0xff}, {0x56, 0xb4, 0xe9, 0xff}, {0xe6, 0x9f, 0x00, 0xff}, {0x00, 0x00, 0x00, 0xff}}
	return all[i%len(all)]
}

// Draw draws a table as SVG, with what stands beside the vertical axis.
func (c Chart) Draw(t *Table, yLabel string) ([]byte, error) {
	p := plot.New()
	p.Y.Label.Text, p.Y.Min = yLabel, 0
	p.Legend.Top, p.Legend.Left, p.Legend.Padding, p.Legend.XOffs = true, true, vg.Points(3), vg.Points(6)
	p.Legend.TextStyle.Font.Size = vg.Points(10)
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	grid.Horizontal.Color = color.Gray{0xdd}
	p.Add(grid)
	var err error
	if c.Kind == Lines {
		err = c.drawLines(p, t)
	} else {
		err = c.drawBars(p, t)
	}
	if err != nil {
		return nil, err
	}
	canvas := vgsvg.New(chartWidth, chartHeight)
	p.Draw(draw.Crop(draw.New(canvas), 0, -vg.Points(16), 0, -vg.Points(6))) // The last label is wider than its mark.
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (c Chart) drawLines(p *plot.Plot, t *Table) error {
	x, y, by := t.Column(c.X), t.Column(c.Y), t.Column(c.By)
	series := map[string]plotter.XYs{}
	for _, row := range t.Rows {
		at, err := time.Parse(time.DateTime, row[x])
		if err != nil {
			return fmt.Errorf("%q is no time: %w", row[x], err)
		}
		series[row[by]] = append(series[row[by]], plotter.XY{X: float64(at.Unix()), Y: number(row[y])})
	}
	if err := c.gaps(p, t); err != nil {
		return err
	}
	names := make([]string, 0, len(series))
	for name := range series {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		for n, part := range unbroken(series[name], float64(c.step())) {
			line, err := plotter.NewLine(part)
			if err != nil {
				return err
			}
			line.Color, line.Width, line.Dashes = palette(i), vg.Points(1.2), dashes(i)
			p.Add(line)
			if n == 0 {
				p.Legend.Add(name, line)
			}
		}
	}
	p.X.Tick.Marker = plot.TimeTicks{Format: "2 Jan", Ticker: days{}}
	return nil
}

// unbroken are the parts of a series between times of which nothing is known.
func unbroken(points plotter.XYs, step float64) (parts []plotter.XYs) {
	from := 0
	for i := range points {
		if i > from && points[i].X-points[i-1].X > step {
			parts = append(parts, points[from:i])
			from = i
		}
	}
	return append(parts, points[from:])
}

// gaps shades the times in which a source did not answer all the time.
func (c Chart) gaps(p *plot.Plot, t *Table) error {
	x, y, coverage := t.Column(c.X), t.Column(c.Y), t.Column(c.Coverage)
	most, short := 0.0, map[int64]bool{}
	for _, row := range t.Rows {
		most = max(most, number(row[y]))
		if at, err := time.Parse(time.DateTime, row[x]); err == nil && row[coverage] != "" && number(row[coverage]) < 1 {
			short[at.Unix()] = true
		}
	}
	hours := make([]int64, 0, len(short))
	for at := range short {
		hours = append(hours, at)
	}
	slices.Sort(hours)
	for i, at := range hours {
		from, to := float64(at), float64(at+c.step())
		band, err := plotter.NewPolygon(plotter.XYs{{X: from, Y: 0}, {X: to, Y: 0}, {X: to, Y: most}, {X: from, Y: most}})
		if err != nil {
			return err
		}
		band.Color, band.Width = color.Gray{0xd8}, 0
		p.Add(band)
		if i == 0 {
			p.Legend.Add("coverage below 1", band)
		}
	}
	return nil
}

// dashes tells lines apart without colours.
func dashes(i int) []vg.Length {
	all := [][]vg.Length{{}, {vg.Points(5), vg.Points(2)}, {vg.Points(1), vg.Points(2)}, {vg.Points(7), vg.Points(2), vg.Points(1), vg.Points(2)}, {vg.Points(3), vg.Points(3)}}
	return all[i%len(all)]
}

// days are the beginnings of days.
type days struct{}

func (days) Ticks(low, high float64) []plot.Tick {
	const day = 86_400
	var ticks []plot.Tick
	for at := math.Ceil(low/day) * day; at <= high; at += day {
		ticks = append(ticks, plot.Tick{Value: at, Label: "."})
	}
	return ticks
}

// mostBars are drawn; the table has all.
const mostBars = 20

func (c Chart) drawBars(p *plot.Plot, t *Table) error {
	x, y := t.Column(c.X), t.Column(c.Y)
	rows := t.Rows[:min(len(t.Rows), mostBars)]
	values, names := make(plotter.Values, len(rows)), make([]string, len(rows))
	for i, row := range rows {
		values[i], names[i] = number(row[y]), row[x]
	}
	if len(rows) == 0 {
		return nil
	}
	width := vg.Length(math.Min(40, 400/float64(len(rows))))
	drawn, err := plotter.NewBarChart(values, width)
	if err != nil {
		return err
	}
	drawn.Color, drawn.LineStyle.Width = palette(0), 0
	p.Add(drawn)
	if c.Low != "" {
		if err := c.intervals(p, t, rows); err != nil {
			return err
		}
	}
	p.NominalX(names...)
	p.X.Min, p.X.Max = -0.6, float64(len(rows))-0.4
	if len(rows) > 8 {
		p.X.Tick.Label.Rotation, p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = 0.5, draw.XRight, draw.YCenter
	}
	return nil
}

// ranges are bars with an interval each.
type ranges struct {
	plotter.XYs
	plotter.YErrors
}

func (c Chart) intervals(p *plot.Plot, t *Table, rows [][]string) error {
	y, low, high := t.Column(c.Y), t.Column(c.Low), t.Column(c.High)
	var of ranges
	for i, row := range rows {
		of.XYs = append(of.XYs, plotter.XY{X: float64(i), Y: number(row[y])})
		of.YErrors = append(of.YErrors, struct{ Low, High float64 }{number(row[y]) - number(row[low]), number(row[high]) - number(row[y])})
	}
	whiskers, err := plotter.NewYErrorBars(of)
	if err != nil {
		return err
	}
	p.Add(whiskers)
	return nil
}

func number(text string) float64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0
	}
	return v
}
