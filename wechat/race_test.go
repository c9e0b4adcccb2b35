//go:build race

package wechat_test

// raced tells that the race detector is on, under which tests do less of the same.
const raced = true
