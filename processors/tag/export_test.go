package tag

// URLs are the URLs that masking finds in a text.
func URLs(text string) []string {
	var urls []string
	for at := find(text, 0, len(text)); at < len(text); at = find(text, at, len(text)) {
		if !startsURL(text, at) {
			at++
			continue
		}
		end := urlEnd(text, at)
		urls = append(urls, text[at:end])
		at = end
	}
	return urls
}
