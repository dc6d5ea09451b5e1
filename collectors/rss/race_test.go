//go:build race

package rss

const (
	slowdown = 10 // How much longer the race detector lets things take.
	scale    = 8  // How much smaller hostile documents are under it.
)
