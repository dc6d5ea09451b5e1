//go:build race

package rss

// slowdown is how much longer the race detector lets things take.
const slowdown = 10
