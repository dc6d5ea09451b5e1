//go:build !race

package rss

const slowdown = 1
