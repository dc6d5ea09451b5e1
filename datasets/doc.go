// Package datasets makes weekly releases of what the store holds: tables as Parquet and
// CSV, with all that a reader needs to use and to check them.
//
// A release is a folder. It is written aside, checked, and renamed when it is complete;
// from then on nothing changes it. What is in it follows from the store, the week and
// the program alone: the same again is the same to the byte, and no clock is read.
//
// The public tier holds counts. Each published cell is of at least ten accounts, none
// of which it is mostly of, and so is what follows by subtraction (grid.keep).
package datasets
