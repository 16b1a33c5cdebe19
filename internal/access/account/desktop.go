package account

import (
	"slices"

	"castellan/internal/fault"
	"castellan/internal/store"
)

// Desktop is how a person left their desktop.
type Desktop struct {
	Theme   string // auto, light or dark
	Windows []Window
}

// Window is the place of an application's window on screens of one size.
type Window struct {
	App, Page, Screen   string
	X, Y, Width, Height int
	State               string // normal, maximised or minimised
	Open                bool
}

// maxWindows bounds what a browser may store.
const maxWindows = 48

var (
	themes  = []string{"auto", "light", "dark"}
	screens = []string{"small", "medium", "large"}
	states  = []string{"normal", "maximised", "minimised"}
)

type desktopRecord struct {
	Theme   string         `json:"theme"`
	Windows []windowRecord `json:"windows"`
}

type windowRecord struct {
	App    string `json:"app"`
	Page   string `json:"page"`
	Screen string `json:"screen"`
	X      int    `json:"x"`
	Y      int    `json:"y"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	State  string `json:"state"`
	Open   bool   `json:"open"`
}

var desktops = store.NewTable[desktopRecord]("desktops")

// DesktopOf returns how a person left their desktop.
func DesktopOf(tx *store.Tx, id string) (Desktop, error) {
	r, found, err := desktops.Get(tx, id)
	if err != nil || !found {
		return Desktop{Theme: "auto"}, err
	}
	d := Desktop{Theme: r.Theme}
	for _, w := range r.Windows {
		d.Windows = append(d.Windows, Window(w))
	}
	return d, nil
}

// PutDesktop stores how a person left their desktop.
func PutDesktop(tx *store.Tx, id string, d Desktop) error {
	if len(d.Windows) > maxWindows {
		return fault.InvalidField("windows", "too_many", "At most 48 windows are remembered.")
	}
	if !slices.Contains(themes, d.Theme) {
		return fault.InvalidField("theme", "unknown", "Auto, light or dark.")
	}
	r := desktopRecord{Theme: d.Theme, Windows: []windowRecord{}}
	for _, w := range d.Windows {
		if !Shown(w.App, 32) || !Shown(w.Page, 32) || !slices.Contains(screens, w.Screen) || !slices.Contains(states, w.State) {
			return fault.InvalidField("windows", "malformed", "The place of a window has a value that is not known.")
		}
		r.Windows = append(r.Windows, windowRecord(w))
	}
	return desktops.Put(tx, id, r)
}
