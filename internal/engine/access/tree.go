package access

import "strings"

// node is a line of EXPLAIN AST: what it is, and what it names.
type node struct {
	kind, name, alias string

	parent   int // Index of the parent, -1 for the root.
	place    int // Which child of its parent it is.
	children int
}

// parseTree reads the answer of EXPLAIN AST. The depth of a node is the number
// of blanks before it. ok is false for what is no tree.
func parseTree(text string) (tree []node, ok bool) {
	var path []int
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		content := strings.TrimLeft(line, " ")
		depth := len(line) - len(content)
		if depth > len(path) || depth == 0 && len(tree) > 0 {
			return nil, false
		}
		kind, rest, _ := strings.Cut(content, " ")
		name, marks, _ := strings.Cut(" "+rest, " (")
		n := node{kind: kind, name: strings.TrimPrefix(name, " "), parent: -1}
		if alias, ok := strings.CutPrefix(marks, "alias "); ok {
			n.alias, _, _ = strings.Cut(alias, ")")
		}
		if depth > 0 {
			n.parent = path[depth-1]
			n.place = tree[n.parent].children
			tree[n.parent].children++
		}
		path = append(path[:depth], len(tree))
		tree = append(tree, n)
	}
	return tree, len(tree) > 0
}

// children are the names of the identifiers right below a node.
func childNames(tree []node, of int) []string {
	var names []string
	for _, n := range tree[of+1:] {
		if n.parent == of && n.kind == "Identifier" {
			names = append(names, n.name)
		}
	}
	return names
}
