package menu

import (
	"fmt"
	"iter"
)

// Menu is a custom menu: one to three buttons, from left to right. The zero Menu has none; it stands for
// an account without a menu and does not validate.
//
// A Menu is a value. It is safe for concurrent use as long as nobody changes Buttons.
type Menu struct {
	// Buttons are the buttons of the top level.
	Buttons []Button
}

// IsZero reports whether the menu has no buttons.
func (m Menu) IsZero() bool { return len(m.Buttons) == 0 }

// All yields every button with its path, parents before their children: "buttons[0]",
// "buttons[0].buttons[1]". Paths are those of [Menu.Validate] and [Lossy].
func (m Menu) All() iter.Seq2[string, Button] {
	return func(yield func(string, Button) bool) { walk("", m.Buttons, yield) }
}

// walk yields buttons depth first and reports whether the loop goes on.
func walk(parent string, buttons []Button, yield func(string, Button) bool) bool {
	for i, b := range buttons {
		path := childPath(parent, i)
		if !yield(path, b) {
			return false
		}
		if sub, ok := b.(Sub); ok && !walk(path, sub.Buttons, yield) {
			return false
		}
	}
	return true
}

// childPath names the i-th button below parent, or of the top level when parent is empty.
func childPath(parent string, i int) string {
	return fmt.Sprintf("%s[%d]", join(parent, "buttons"), i)
}

// transform rebuilds the menu from what f makes of each button that is not a [Sub], and each Sub after
// its children. The receiver is left as it was.
func (m Menu) transform(f func(path string, b Button) Button) Menu {
	return Menu{Buttons: transform("", m.Buttons, f)}
}

func transform(parent string, buttons []Button, f func(string, Button) Button) []Button {
	if len(buttons) == 0 {
		return nil
	}
	out := make([]Button, len(buttons))
	for i, b := range buttons {
		path := childPath(parent, i)
		if sub, ok := b.(Sub); ok {
			b = Sub{Name: sub.Name, Buttons: transform(path, sub.Buttons, f)}
		}
		out[i] = f(path, b)
	}
	return out
}
