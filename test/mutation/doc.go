// Package mutation puts faults into the code, one at a time, and expects a named
// test to fail for each. A test that passes with the fault proves nothing about
// it.
//
// The tree is not changed: the compiler is given the faulty files in place of
// the real ones. A mutation whose text is no longer in the code fails, so that
// the list follows the code.
//
//	go test ./test/mutation -v
package mutation
