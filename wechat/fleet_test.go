package wechat_test

const roleVariable = "WECHAT_TEST_ROLE"

func beProcess(string) int { return 0 }
