// Package app is what the commands share: the study's configuration, the data
// directory with its lock, keys and endpoints, the supervised child processes,
// the log of the program and the page with its health and metrics.
//
// It knows neither collectors nor processors; cmd/observatory puts the parts
// together.
package app
