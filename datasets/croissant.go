package datasets

// croissantContext is the context of Croissant 1.0, as its specification gives it.
func croissantContext() map[string]any {
	context := map[string]any{
		"@language": "en", "@vocab": "https://schema.org/", "cr": "http://mlcommons.org/croissant/", "dct": "http://purl.org/dc/terms/", "rai": "http://mlcommons.org/croissant/RAI/", "sc": "https://schema.org/",
		"conformsTo": "dct:conformsTo", "data": map[string]string{"@id": "cr:data", "@type": "@json"}, "dataType": map[string]string{"@id": "cr:dataType", "@type": "@vocab"}, "examples": map[string]string{"@id": "cr:examples", "@type": "@json"},
	}
	for _, term := range []string{
		"citeAs", "column", "dataBiases", "dataCollection", "equivalentProperty", "extract", "field", "fileProperty", "fileObject", "fileSet", "format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path",
		"personalSensitiveInformation", "recordSet", "references", "regex", "repeated", "replace", "samplingRate", "separator", "source", "subField", "transform",
	} {
		context[term] = "cr:" + term
	}
	return context
}

// croissant is the description for machine learning (http://mlcommons.org/croissant/1.0):
// a record set for each table, over its Parquet file.
func (r *release) croissant(data []file) ([]byte, error) {
	kinds := map[Type]string{String: "sc:Text", Integer: "sc:Integer", Number: "sc:Float", Boolean: "sc:Boolean", Date: "sc:Date", DateTime: "sc:DateTime"}
	var distribution, sets []map[string]any
	r.each(data, func(f file, t *Table, parquet bool) {
		of := map[string]any{"@type": "cr:FileObject", "@id": f.path, "name": f.path, "contentUrl": f.path, "contentSize": sizeOf(f), "sha256": f.sum(), "encodingFormat": "text/csv"}
		if parquet {
			of["encodingFormat"] = []string{"application/vnd.apache.parquet", "application/x-parquet"}
			var fields []map[string]any
			for _, c := range t.Columns {
				fields = append(fields, map[string]any{
					"@type": "cr:Field", "@id": t.Name + "/" + c.Name, "name": c.Name, "description": c.Doc, "dataType": kinds[c.Type],
					"source": map[string]any{"fileObject": map[string]string{"@id": f.path}, "extract": map[string]string{"column": c.Name}},
				})
			}
			sets = append(sets, map[string]any{"@type": "cr:RecordSet", "@id": t.Name, "name": t.Name, "description": t.Doc, "field": fields})
		}
		distribution = append(distribution, of)
	})
	var creators []map[string]string
	for _, name := range r.creators() {
		creators = append(creators, map[string]string{"@type": "Organization", "name": name})
	}
	return asJSON(map[string]any{
		"@context": croissantContext(), "@type": "sc:Dataset", "conformsTo": "http://mlcommons.org/croissant/1.0", "name": "week-" + FolderName(r.cfg.Week, r.cfg.Tier, r.number), "description": r.description(),
		"license": "https://spdx.org/licenses/" + r.cfg.Licence + ".html", "url": "https://github.com/election-observatory/observatory", "version": r.version(), "datePublished": r.released(), "creator": creators,
		"citeAs": r.title(), "distribution": distribution, "recordSet": sets, "rai:personalSensitiveInformation": r.personal(),
	})
}
