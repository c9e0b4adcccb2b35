package menu_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/seed-a9908ced/wechat-go/menu"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// exampleClient is a client for an account on the fake platform, whose administrator made a menu on the
// website.
func exampleClient() *wechat.Client {
	p := wechattest.New()
	acct := p.AddAccount(wechattest.Account{Type: wechattest.Service, Verified: true})
	acct.SetConsoleMenu(
		wechattest.ConsoleButton{Name: "官网", Type: "view", URL: "https://www.example.com/"},
		wechattest.ConsoleButton{Name: "营业时间", Type: "text", Text: "9:00–18:00"},
	)
	client, err := wechat.New(wechat.Credentials{
		AppID: wechat.AppID(acct.AppID()), AppSecret: wechat.NewSecret(acct.Secret()),
	}, wechat.WithTransport(p.Transport()))
	if err != nil {
		panic(err)
	}
	return client
}

func Example() {
	ctx := context.Background()
	client := exampleClient()
	defer client.Close()

	menus := menu.New(client)
	live, err := menus.Import(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(live)
	done, err := menus.Replace(ctx, live.Proposed())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(done)
	// Output:
	// menu
	// ├─ 官网      view  https://www.example.com/
	// └─ 营业时间  text  “9:00–18:00” (website only)
	// made on the website; through the API use instead:
	//   buttons[1] “营业时间”: text → click text-db1e44da39cc; answer the event CLICK text-db1e44da39cc with the text
	// menu replaced; clients refresh when the chat is opened and their last pull is over 5 minutes old
}

func ExampleMenu_Validate() {
	err := menu.Menu{Buttons: []menu.Button{
		menu.View{Name: "Shop", URL: "shop.example.com"},
		menu.Click{Name: "今日推荐歌曲", Key: "song"},
		menu.Sub{Name: "Help"},
	}}.Validate()
	fmt.Println(strings.ReplaceAll(err.Error(), "; ", "\n"))
	// Output:
	// menu: buttons[0].url: not an http or https address (begin it with "https://")
	// buttons[1].name: 18 bytes, at most 16 ("今日推荐歌" would fit)
	// buttons[2].buttons: 0 buttons, at least 1
}

func ExampleDecode() {
	const file = `{"button": [
		{"type": "click", "name": "Today", "key": "today"},
		{"type": "view", "name": "Shop", "ulr": "https://shop.example.com/"}
	]}`
	_, err := menu.Decode(strings.NewReader(file))
	fmt.Println(err)
	// Output:
	// menu: decode: buttons[1].ulr: no such field in a button (it has type, name, key, url, appid, pagepath, media_id, article_id, value, news_info, sub_button)
}

func ExampleEncode() {
	m := menu.Menu{Buttons: []menu.Button{menu.View{Name: "商店", URL: "https://shop.example.com/?from=menu&v=1"}}}
	if err := menu.Encode(os.Stdout, m); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {
	//   "button": [
	//     {
	//       "type": "view",
	//       "name": "商店",
	//       "url": "https://shop.example.com/?from=menu&v=1"
	//     }
	//   ]
	// }
}

func ExampleClient_Delete() {
	ctx := context.Background()
	client := exampleClient()
	defer client.Close()

	menus := menu.New(client)
	if _, err := menus.Replace(ctx, menu.Menu{Buttons: []menu.Button{menu.Click{Name: "Today", Key: "today"}}}); err != nil {
		fmt.Println(err)
		return
	}
	id, err := menus.AddConditional(ctx, menu.Conditional{
		Menu:  menu.Menu{Buttons: []menu.Button{menu.Click{Name: "VIP", Key: "vip"}}},
		Match: menu.Match{TagID: 2, Platform: menu.IOS},
	})
	if err != nil || id == "" {
		fmt.Println(err)
		return
	}
	_, err = menus.Delete(ctx, 0)
	fmt.Println(err)
	gone, err := menus.Delete(ctx, 1)
	fmt.Println(gone.Existed, err)
	// Output:
	// menu: delete: takes 1 conditional menus with it, confirmed are 0
	// true <nil>
}

func ExampleClient_Plan() {
	ctx := context.Background()
	client := exampleClient()
	defer client.Close()

	menus := menu.New(client)
	plan, err := menus.Plan(ctx, menu.Menu{Buttons: []menu.Button{
		menu.View{Name: "商城", URL: "https://www.example.com/"},
		menu.Click{Name: "联系", Key: "contact"},
	}}, menu.TakeOver())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(plan)
	done, err := menus.Apply(ctx, plan)
	fmt.Println(done, err)
	// Output:
	// menu
	// ~ ├─ 商城      view   https://www.example.com/  renamed, was “官网”
	// - ├─ 营业时间  text   “9:00–18:00” (website only)
	// + └─ 联系      click  contact
	// 1 added, 1 removed, 1 renamed
	// cannot be restored: buttons[1] “营业时间” (text), which only the website can make
	// menu applied as revision 2 (1 added, 1 removed, 1 renamed); clients refresh when the chat is opened and their last pull is over 5 minutes old <nil>
}

func ExampleClient_Sync() {
	ctx := context.Background()
	client := exampleClient()
	defer client.Close()

	menus := menu.New(client)
	wanted := menu.Menu{Buttons: []menu.Button{menu.Click{Name: "Today", Key: "today"}}}
	_, err := menus.Sync(ctx, wanted)
	fmt.Println(err)
	done, err := menus.Sync(ctx, wanted, menu.TakeOver())
	fmt.Println(done.Changed, err)
	done, err = menus.Sync(ctx, wanted)
	fmt.Println(done, err)
	// Output:
	// menu: apply: menu is governed on the website
	// true <nil>
	// menu is as wanted; nothing was sent <nil>
}
