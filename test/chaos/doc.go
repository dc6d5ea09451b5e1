// Package chaos kills and stops the observatory's processes at drawn moments,
// and compares what is left in every table with an undisturbed run.
//
//	go test ./test/chaos -v -schedules 100 -seed 1
package chaos
