package lookalike

import (
	"fmt"
	"io"
	"strings"
)

// Set is a set of hosts of which none should be found.
type Set struct {
	Name  string
	Hosts []string
}

// Evaluate writes, as tables in Markdown, what is found of the look-alikes that
// Families makes of protected names, family by family, and what is found among
// ordinary hosts, of which nothing should be.
func Evaluate(w io.Writer, names []string, ordinary []Set) error {
	x, err := New(names)
	if err != nil {
		return err
	}
	var order []string
	rows := map[string]*recall{}
	for _, name := range names {
		for _, v := range Families(name) {
			if rows[v.Family] == nil {
				rows[v.Family] = &recall{rules: map[string]int{}}
				order = append(order, v.Family)
			}
			rows[v.Family].count(x, v.Domain, name)
		}
	}
	fmt.Fprintf(w, "| Family | Made | Found | Recall | Recall, six characters and more | Right target | By rule |\n|---|---:|---:|---:|---:|---:|---|\n")
	for _, family := range order {
		of := rows[family]
		fmt.Fprintf(w, "| %s | %d | %d | %.3f | %.3f | %d | %s |\n", family, of.made, of.found, share(of.found, of.made), share(of.foundLong, of.long), of.target, of.by())
	}
	fmt.Fprintf(w, "\n| Ordinary hosts | Hosts | Alarms | Which |\n|---|---:|---:|---|\n")
	for _, set := range ordinary {
		alarms := x.alarms(set.Hosts)
		shown := strings.Join(alarms[:min(len(alarms), mostShown)], ", ")
		if len(alarms) > mostShown {
			shown += " …"
		}
		if _, err := fmt.Fprintf(w, "| %s | %d | %d | %s |\n", set.Name, len(set.Hosts), len(alarms), shown); err != nil {
			return err
		}
	}
	return nil
}

const mostShown = 10

// recall is what is found of a family.
type recall struct {
	made, found, target int
	long, foundLong     int // Of labels of six characters and more.
	rules               map[string]int
}

func (r *recall) count(x *Index, domain, name string) {
	r.made++
	label, _, _ := strings.Cut(name, ".")
	long := len(label) >= shortestFree
	if long {
		r.long++
	}
	finding, ok := x.Check(domain)
	if !ok {
		return
	}
	r.found++
	if long {
		r.foundLong++
	}
	r.rules[finding.Rule]++
	if finding.Target == name {
		r.target++
	}
}

func share(n, of int) float64 { return float64(n) / float64(max(of, 1)) }

func (r *recall) by() string {
	var by []string
	for _, rule := range []string{"R1", "R2", "R3", "R4", "R5"} {
		if n := r.rules[rule]; n > 0 {
			by = append(by, fmt.Sprintf("%s %d", rule, n))
		}
	}
	return strings.Join(by, ", ")
}

func (x *Index) alarms(hosts []string) []string {
	var alarms []string
	for _, host := range hosts {
		if finding, ok := x.Check(host); ok {
			alarms = append(alarms, fmt.Sprintf("%s (%s %s)", host, finding.Rule, finding.Target))
		}
	}
	return alarms
}
