// Package readme holds the test that keeps the READMEs true: their Go code is code that compiles, both say the
// same, and their links lead somewhere.
//
// Above every fenced Go block stands a comment that names where the block comes from:
//
//	<!-- from: examples/quickstart/main.go#send -->
//	<!-- from: account/example_test.go -->
//
// With a fragment it is the region of that file between the lines "// README:send" and "// README:end", less
// its common indentation; without one it is the whole file. A block that differs from its source by a byte
// fails the test, which prints what the source says now.
package readme
