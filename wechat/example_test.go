package wechat_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/jarcoal/httpmock"

	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// platform is a fake platform with one account on it, and a client for that.
func platform(opts ...wechat.Option) (*wechattest.Console, *wechat.Client) {
	p := wechattest.New(wechattest.WithSeed(1))
	acct := p.AddAccount(wechattest.Account{Type: wechattest.Service, Verified: true})
	client, err := wechat.New(wechat.Credentials{
		AppID: wechat.AppID(acct.AppID()), AppSecret: wechat.NewSecret(acct.Secret()),
	}, append([]wechat.Option{wechat.WithTransport(p.Transport())}, opts...)...)
	if err != nil {
		panic(err)
	}
	return acct, client
}

// A client for an account. Here the fake platform stands in for the real one; a program leaves the transport
// out and takes the credentials from its configuration.
func ExampleNew() {
	p := wechattest.New()
	acct := p.AddAccount(wechattest.Account{Type: wechattest.Service, Verified: true})

	credentials, err := wechat.ParseCredentials(acct.AppID(), acct.Secret())
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := wechat.New(credentials, wechat.WithTransport(p.Transport()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	addresses, err := client.APIIPs(context.Background())
	fmt.Println(len(addresses) > 0, err)
	// Output: true <nil>
}

// All mistakes are reported at once, and nothing that was given is repeated.
func ExampleNew_mistakes() {
	_, err := wechat.New(wechat.Credentials{AppID: "gh_0123456789ab", AppSecret: wechat.NewSecret("hunter2")},
		wechat.WithBaseURL("http://gateway.internal"))
	fmt.Println(strings.ReplaceAll(err.Error(), "; ", ";\n  "))
	// Output:
	// wechat: base URL: plain http would show the AppSecret to whoever is on the way;
	//   use https, or WithPlainHTTP
	// credentials: app_id: "gh_0123456789ab" is the original id (原始ID), not the AppID (copy the AppID from the console's developer settings);
	//   app_secret: incomplete: got 7 of 32 characters (paste the complete AppSecret)
}

// What people paste is tidied where that is safe, and explained where it is not.
func ExampleParseAppID() {
	for _, pasted := range []string{" wx0123456789abcdef\n", "ｗｘ0123456789abcdef", "WX0123456789ABCDEF", "wx01234567", "0123456789abcdef0123456789abcdef"} {
		id, err := wechat.ParseAppID(pasted)
		fmt.Printf("%q %v\n", id, err)
	}
	// Output:
	// "wx0123456789abcdef" <nil>
	// "wx0123456789abcdef" <nil>
	// "" credentials: app_id: an AppID is in lower case (did you mean "wx0123456789abcdef"?)
	// "" credentials: app_id: an AppID is "wx" and 16 hexadecimal digits: this has 8 characters behind "wx" (copy the AppID from the console's developer settings)
	// "" credentials: app_id: this looks like an AppSecret (copy the AppID from the console's developer settings)
}

// A form has its two fields checked together, which tells when they were swapped.
func ExampleParseCredentials() {
	_, err := wechat.ParseCredentials("0123456789abcdef0123456789abcdef", "wx0123456789abcdef")
	fmt.Println(err)

	credentials, err := wechat.ParseCredentials("wx0123456789abcdef", "0123456789abcdef0123456789abcdef")
	fmt.Println(credentials, err)
	// Output:
	// credentials: app_id: the AppID and the AppSecret are in each other's place (swap the two fields)
	// {wx0123456789abcdef [redacted]} <nil>
}

// A secret prints as nothing, however it is printed.
func ExampleSecret() {
	secret := wechat.NewSecret("0123456789abcdef0123456789abcdef")
	fmt.Println(secret)
	fmt.Printf("%v %q %x %#v\n", secret, secret, secret, secret)
	fmt.Println(secret.Equal(wechat.NewSecret("guess")), len(secret.Reveal()))
	// Output:
	// [redacted]
	// [redacted] [redacted] [redacted] [redacted]
	// false 32
}

// A call that reads, with its answer as a type of the program's own.
func ExampleGet() {
	acct, client := platform()
	defer client.Close()
	acct.AddTag("VIP", acct.AddFollowers(3)...)

	type tags struct {
		Tags []struct {
			ID    wechat.TagID `json:"id"`
			Name  string       `json:"name"`
			Count int          `json:"count"`
		} `json:"tags"`
	}
	all, err := wechat.Get[tags](context.Background(), client, "/cgi-bin/tags/get", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range all.Tags {
		if t.Name == "VIP" {
			fmt.Println(t.Name, t.Count)
		}
	}
	// Output: VIP 3
}

// created is the answer of tags/create. Check refuses one that lacks what it is for.
type created struct {
	Tag struct {
		ID   wechat.TagID `json:"id"`
		Name string       `json:"name"`
	} `json:"tag"`
}

func (c *created) Check() error {
	if c.Tag.ID == 0 {
		return errors.New("no tag in the answer")
	}
	return nil
}

// A call that makes something: its class says that it must not be repeated blindly.
func ExamplePost() {
	_, client := platform()
	defer client.Close()

	body := map[string]any{"tag": map[string]string{"name": "老客户 & friends"}} // sent as it stands
	made, err := wechat.Post[created](context.Background(), client, "/cgi-bin/tags/create", wechat.ClassOnce, body)
	fmt.Println(made.Tag.Name, made.Tag.ID > 0, err)
	// Output: 老客户 & friends true <nil>
}

// Call takes any path of the platform. Without a place for the answer, errcode 0 is all that is asked for.
func ExampleClient_Call() {
	acct, client := platform()
	defer client.Close()
	id := acct.AddTag("VIP")

	err := client.Call(context.Background(), wechat.Request{
		Path: "/cgi-bin/tags/delete", Body: map[string]any{"tag": map[string]any{"id": id}}, Class: wechat.ClassReplace,
	}, nil)
	fmt.Println(err)
	// Output: <nil>
}

// An error tells its kind through any wrapping, and has the details: what the platform said, what it means,
// who can mend it, and when to try again.
func ExampleError() {
	acct, client := platform()
	defer client.Close()
	acct.SetWhitelist("198.51.100.0/24")

	_, err := client.APIIPs(context.Background())
	err = fmt.Errorf("connecting: %w", err)
	fmt.Println(errors.Is(err, wechat.ErrIPNotAllowed))
	if e, ok := errors.AsType[*wechat.Error](err); ok {
		fmt.Println(e.Code, e.IP().IsValid(), !e.RetryAt().IsZero(), e.RID != "")
		fmt.Println(strings.Join(strings.Split(e.Hint(), "; ")[:2], "\n"))
	}
	// Output:
	// true
	// 40164 true true true
	// caller IP is not on the account's IP allow-list
	// the account's administrator can mend it in the console
}

// A file is streamed, with its length announced.
func ExampleClient_Upload() {
	_, client := platform()
	defer client.Close()

	picture := append([]byte("\xff\xd8\xff\xe0"), make([]byte, 1000)...)
	var media struct {
		ID wechat.MediaID `json:"media_id"`
	}
	err := client.Upload(context.Background(), wechat.Upload{
		Path: "/cgi-bin/media/upload", Query: url.Values{"type": {"image"}}, FileName: "封面.jpg", ContentType: "image/jpeg",
		Size: int64(len(picture)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(picture)), nil },
	}, &media)
	if err != nil {
		fmt.Println(err)
		return
	}

	var file bytes.Buffer
	got, err := client.Download(context.Background(), wechat.Request{
		Path: "/cgi-bin/media/get", Query: url.Values{"media_id": {string(media.ID)}},
	}, &file)
	fmt.Println(got.Bytes, bytes.Equal(file.Bytes(), picture), err)
	// Output: 1004 true <nil>
}

// With a static token a test needs no token call, and httpmock stands in for the platform.
func ExampleStaticToken() {
	mock := httpmock.NewMockTransport()
	mock.RegisterResponder(http.MethodGet, "https://api.weixin.qq.com/cgi-bin/getcallbackip?access_token=t",
		httpmock.NewStringResponder(200, `{"ip_list":["101.226.62.77","101.226.63.0/24"]}`))

	client, err := wechat.New(wechat.Credentials{AppID: "wx0123456789abcdef"},
		wechat.WithTransport(mock), wechat.WithTokens(wechat.StaticToken("t")))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	fmt.Println(client.CallbackIPs(context.Background()))
	// Output: [101.226.62.77/32 101.226.63.0/24] <nil>
}
