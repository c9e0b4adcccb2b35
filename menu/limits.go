package menu

// Limit is one bound of the platform's, in the unit that the platform counts.
type Limit struct {
	// Min and Max are inclusive; a Min of 0 is none.
	Min, Max int
	// Unit is what is counted: "buttons", "bytes", "domains", "Chinese characters".
	Unit string
	// Source is the platform's page, or how else the number is known.
	Source string
	// Was says what older documents had, where they differ.
	Was string
}

// Limits are all bounds on a menu. They are the same in both rule sets of package wechat: the documented
// edition has no numbers of its own for menus. A copy can be changed and given to [WithLimits], for the
// day on which the platform moves one.
type Limits struct {
	// Buttons bounds the top level, Children the buttons below one parent.
	Buttons, Children Limit
	// Name and ChildName bound the text on a button, at the top and below it.
	Name, ChildName Limit
	// Key bounds the key of buttons that push an event, URL an address.
	Key, URL Limit
	// Shown and ChildShown are what clients show of a name before they cut it off with "...". Longer
	// names are warned about, not refused.
	Shown, ChildShown Limit
	// Domains bounds the outside domains that menus lead to (65316). The platform counts over all
	// conditional menus together, so for one menu it is a warning.
	Domains Limit
}

const (
	pageCreate      = "/doc/service/api/custommenu/api_createcustommenu"
	pageConditional = "/doc/service/api/custommenu/api_addconditionalmenu"
)

// PlatformLimits gives the platform's limits as of November 2026.
func PlatformLimits() Limits {
	return Limits{
		Buttons:    Limit{Min: 1, Max: 3, Unit: "buttons", Source: pageCreate},
		Children:   Limit{Min: 1, Max: 5, Unit: "buttons", Source: pageCreate},
		Name:       Limit{Min: 1, Max: 16, Unit: "bytes", Source: pageCreate},
		ChildName:  Limit{Min: 1, Max: 60, Unit: "bytes", Source: pageCreate, Was: "40 bytes in copies of 2014 to 2017; 60 was measured"},
		Key:        Limit{Min: 1, Max: 128, Unit: "bytes", Source: pageCreate},
		URL:        Limit{Min: 1, Max: 1024, Unit: "bytes", Source: pageCreate, Was: "256 bytes in copies of 2014 to 2017"},
		Shown:      Limit{Max: 4, Unit: "Chinese characters", Source: pageCreate},
		ChildShown: Limit{Max: 8, Unit: "Chinese characters", Source: pageCreate, Was: "7 in older pages"},
		Domains:    Limit{Max: 3, Unit: "domains", Source: pageConditional},
	}
}
