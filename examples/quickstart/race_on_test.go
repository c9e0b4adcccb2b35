//go:build race

package main

// race says that the race detector makes every child slow.
const race = true
