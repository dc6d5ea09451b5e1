package rows

import (
	"github.com/ClickHouse/ch-go/proto"

	"github.com/election-observatory/observatory/processors/tag"
	"github.com/election-observatory/observatory/schema"
)

// Expansions builds expansion_rows.
type Expansions struct {
	Table
	url, target       proto.ColStr
	version           proto.ColUInt128
	expanded          times
	status, domain    words
	account           proto.ColUUID
	chain             textList
	collector, source words
	origin            origin
}

// NewExpansions returns an empty builder.
func NewExpansions() *Expansions {
	x := &Expansions{}
	x.Table = newTable(schema.TableExpansions, append([]named{
		{"url", &x.url},
		{"version", &x.version},
		{"expanded_at", &x.expanded},
		{"status", &x.status},
		{"target", &x.target},
		{"domain", &x.domain},
		{"account", &x.account},
		{"chain", x.chain.column()},
		{"collector", &x.collector},
		{"source", &x.source},
	}, x.origin.columns()...))
	return x
}

// Add adds an expansion.
func (x *Expansions) Add(e *tag.Expansion, from Origin) error {
	x.url.Append(e.URL)
	x.version.Append(number(e.Version))
	x.expanded.Append(e.ExpandedMS)
	x.status.Append(e.Status)
	x.target.Append(e.Target.URL)
	x.domain.Append(e.Target.Domain)
	x.account.Append(e.Target.Account)
	x.chain.append(e.Chain)
	x.collector.Append(e.Collector)
	x.source.Append(e.Source)
	x.origin.append(from)
	_, err := x.added()
	return err
}
