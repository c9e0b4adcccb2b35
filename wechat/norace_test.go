//go:build !race

package wechat_test

const raced = false
