package access

import (
	_ "embed" // The lists are part of the program.
	"strings"
)

// What readers may call and set, by name, for the version of the engine that
// the project pins. Neither reads a file, reaches a host, waits, writes, or
// looks into the process. A name that is missing is refused.
var (
	//go:embed functions.txt
	functions string
	//go:embed settings.txt
	settings string
)

// The rest of what readers may name.
const (
	tableFunctions = "numbers numbers_mt zeros zeros_mt generate_series generateseries values null primes"
	systemTables   = `one numbers numbers_mt zeros zeros_mt tables columns databases functions settings formats data_type_families time_zones
		keywords aggregate_function_combinators table_functions contributors licenses collations`
	schemaTables = "tables columns schemata views"
	explains     = "EXPLAIN|EXPLAIN AST|EXPLAIN SYNTAX|EXPLAIN QUERY TREE|EXPLAIN PIPELINE|EXPLAIN ESTIMATE"
	nodes        = `SelectWithUnionQuery SelectIntersectExceptQuery SelectQuery ExpressionList Subquery TablesInSelectQuery TablesInSelectQueryElement
		TableExpression TableJoin ArrayJoin Literal Asterisk QualifiedAsterisk ColumnsRegexpMatcher ColumnsListMatcher QualifiedColumnsRegexpMatcher
		QualifiedColumnsListMatcher ColumnsTransformerList ColumnsExceptTransformer ColumnsReplaceTransformer ColumnsReplaceTransformer::Replacement
		OrderByElement WithElement WindowDefinition WindowListElement InterpolateElement SampleRatio Collation NameTypePair DataType
		DescribeQuery ShowColumns ShowFunctions ShowSetting`
	comparisons = `in notin globalin globalnotin nullin notnullin globalnullin globalnotnullin inignoreset notinignoreset globalinignoreset
		globalnotinignoreset nullinignoreset notnullinignoreset globalnullinignoreset globalnotnullinignoreset`
)

func set(words string) map[string]bool {
	s := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		s[word] = true
	}
	return s
}

// Settings are the settings that readers may give. Limits are not among them.
func Settings() map[string]bool { return set(settings) }
