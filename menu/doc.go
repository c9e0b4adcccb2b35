// Package menu keeps the custom menu of an account: the up to three buttons under the chat, each of them
// an action or a parent of up to five.
//
// The shortest program imports what followers see now, whoever made it, and puts another menu in its
// place:
//
//	menus := menu.New(client)
//	live, err := menus.Import(ctx)
//	fmt.Println(live)
//	done, err := menus.Replace(ctx, menu.Menu{Buttons: []menu.Button{
//		menu.View{Name: "Shop", URL: "https://shop.example.com/"},
//		menu.Sub{Name: "Help", Buttons: []menu.Button{
//			menu.Click{Name: "Call me back", Key: "callback"},
//			menu.MiniProgram{Name: "Track", AppID: "wx…", PagePath: "pages/track", URL: "https://…"},
//		}},
//	}})
//
// # The model
//
// A [Menu] holds buttons of a closed set of types ([Click], [View], [MiniProgram], [Sub], …). The Go type
// decides what the platform is told, so a button cannot have the fields of another. A menu is a JSON
// document as well, in the platform's own shape: [Decode] and [Encode] keep one in a file, and so in
// version control.
//
// # The rules
//
// [Menu.Validate] knows the platform's limits and names every problem with its path before anything is
// sent; [Menu.Warnings] tells what passes but looks wrong on a telephone. The limits are data:
// [PlatformLimits].
//
// # Both sides
//
// The platform's website can make a menu too, with buttons that the API can read and not make. They are
// imported as [Console] buttons and listed in [Imported.Lossy], each with a button to take its place.
// Nothing is lost: [Imported.Raw] is the answer as it came.
//
// Two menus are the same when their [Menu.Digest] is, whatever the order of JSON fields and the temporary
// media ids, which are new at every look. [Compare] tells what turns one into another.
//
// # Governing
//
// [Client.Sync] keeps an account's menus as they are wanted, and sends nothing when they are. It is
// [Client.Plan], which shows what would happen, and [Client.Apply], which does it if the live menu is still
// the one that the plan saw. The client's Store has a local copy, a [Revision] of every menu that was
// imported, replaced or applied, and who governs:
//
//   - a menu that was made on the website is replaced only with [TakeOver];
//   - after a change made elsewhere nothing is applied before [Client.Reactivate]; [Client.Drift] shows it;
//   - of two processes that apply at once one wins, and the other is told with [ErrConflict] or [ErrStale].
//
// The plain calls ([Client.Import], [Client.Get], [Client.Replace], [Client.Delete],
// [Client.AddConditional], [Client.DeleteConditional], [Client.TryMatch]) do what the platform's do and
// leave the Store alone.
package menu
