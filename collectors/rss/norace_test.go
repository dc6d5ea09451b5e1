//go:build !race

package rss

const slowdown, scale = 1, 1
