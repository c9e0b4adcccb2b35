package wechattest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// send posts JSON and returns what came back.
func send(client *http.Client, url string, body any) string {
	b, err := json.Marshal(body)
	if err != nil {
		return err.Error()
	}
	resp, err := client.Post(url, "application/json", bytes.NewReader(b))
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	b, err = io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// The shortest test: a platform, an account, a client.
func Example() {
	p := wechattest.New()
	acct := p.AddAccount(wechattest.Account{Type: wechattest.Service, Verified: true})

	const create = "/cgi-bin/menu/create"
	url := "https://api.weixin.qq.com" + create + "?access_token=" + acct.Token()
	menu := map[string]any{"button": []any{map[string]any{"type": "click", "name": "Hello", "key": "hello"}}}
	fmt.Println(send(p.Client(), url, menu))
	fmt.Println(p.Requests(create), "request,", p.Executions(create), "carried out")
	// Output:
	// {"errcode":0,"errmsg":"ok"}
	// 1 request, 1 carried out
}

// A broadcast whose answer is lost has been sent all the same, and the platform knows its key.
func ExamplePlatform_Fault() {
	p := wechattest.New()
	acct := p.AddAccount(wechattest.Account{Type: wechattest.Service, Verified: true})
	acct.AddFollowers(3)
	const sendall = "/cgi-bin/message/mass/sendall"
	p.Fault(wechattest.Fault{Path: sendall, Kind: wechattest.Close, Execute: true, Times: 1})

	url := "https://api.weixin.qq.com" + sendall + "?access_token="
	message := map[string]any{
		"filter": map[string]any{"is_to_all": true}, "clientmsgid": "2026-11-25-news",
		"msgtype": "text", "text": map[string]string{"content": "News"},
	}
	client := p.Client()
	_, err := client.Post(url+acct.Token(), "application/json", toJSON(message)) //nolint:bodyclose // there is none
	fmt.Println("the caller sees:", err != nil)

	var again struct{ ErrCode int }
	_ = json.Unmarshal([]byte(send(client, url+acct.Token(), message)), &again)
	fmt.Println("the same again:", again.ErrCode)
	for _, b := range p.Broadcasts(acct.AppID()) {
		fmt.Println("sent:", b.Text, "to", b.Sent, "followers")
	}
	// Output:
	// the caller sees: true
	// the same again: 45066
	// sent: News to 3 followers
}

func toJSON(v any) io.Reader {
	b, _ := json.Marshal(v)
	return bytes.NewReader(b)
}

// The same platform on a port, for programs that want an address.
func ExamplePlatform_Listen() {
	p := wechattest.New()
	acct := p.AddAccount(wechattest.Account{})
	url, stop := p.Listen()
	defer stop()

	var got struct {
		ExpiresIn int `json:"expires_in"`
	}
	_ = json.Unmarshal([]byte(send(http.DefaultClient, url+"/cgi-bin/stable_token", map[string]any{
		"grant_type": "client_credential", "appid": acct.AppID(), "secret": acct.Secret(),
	})), &got)
	fmt.Println(got.ExpiresIn, "seconds;", acct.TokenFetches(), "fetch")
	// Output: 7200 seconds; 1 fetch
}
