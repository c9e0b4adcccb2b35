// Package imports holds the test that keeps the shape of this module: nobody imports upward, siblings never
// import each other, and a third-party module is imported only where it has a reason to be.
//
// It reads every Go file itself, whatever its build constraints, so it works offline, on packages that do not
// compile yet, and without a linter. The table in its test is the map of the house; a package that has no
// place in it fails the test until it gets one.
package imports
