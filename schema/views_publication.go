package schema

func annotations() View {
	columns := pick(annotationRows(), "at", "until", "title", "text", "citation")
	return View{
		Name: "annotations", Doc: "What happened when: election days, debates, results, as the study's configuration says. Charts are marked with it.", Columns: columns,
		Query: selectFrom(columns, nil, StoreDatabase+"."+TableAnnotations+" FINAL\nWHERE present"), From: []string{TableAnnotations},
	}
}

func releases() View {
	columns := pick(releaseRows(), "week", "tier", "release_version", "from", "to", "released_at", "folder", "files", "rows", "checksum", "coverage_share", "superseded_at", "note")
	return View{
		Name: "releases", Doc: "The datasets that were published. A release is never changed; a correction is a version of its own.", Columns: columns,
		Query: selectFrom(columns, map[string]string{"from": "`from`", "to": "`to`"}, StoreDatabase+"."+TableReleases+" FINAL"), From: []string{TableReleases},
	}
}
