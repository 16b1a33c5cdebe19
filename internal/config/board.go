package config

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
)

// Board is a kind of box of which it is known where its reset button is.
type Board struct {
	Name       string   `toml:"name"`
	Compatible []string `toml:"compatible"` // of the device tree's root; one that ends in a comma is a prefix
	Model      []string `toml:"model"`      // of the device tree, where its root is compatible with another board
	Vendor     string   `toml:"vendor"`     // DMI
	Product    []string `toml:"product"`    // DMI names of the board or the product
	Device     string   `toml:"device"`     // name of the input device; empty: no button is known
	Key        uint16   `toml:"key"`
	Line       string   `toml:"line"`
	Active     string   `toml:"active"`
	Advice     string   `toml:"advice"` // where no button is known
}

//go:embed boards.toml
var boardFile string

var boards = sync.OnceValues(func() ([]Board, error) { return readBoards(boardFile) })

// Boards lists the boxes whose button is known.
func Boards() ([]Board, error) { return boards() }

// readBoards reads a list strictly: what it does not know or cannot use is an error.
func readBoards(text string) ([]Board, error) {
	var file struct {
		Board []Board `toml:"board"`
	}
	meta, err := toml.Decode(text, &file)
	if err != nil {
		return nil, fmt.Errorf("read boards: %w", err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("read boards: there is no setting %q", unknown[0].String())
	}
	for _, b := range file.Board {
		if err := b.check(); err != nil {
			return nil, fmt.Errorf("read boards: %q: %w", b.Name, err)
		}
	}
	return file.Board, nil
}

func (b Board) check() error {
	button := b.Device != ""
	switch {
	case b.Name == "":
		return errors.New("a board needs a name")
	case len(b.Compatible) == 0 && len(b.Model) == 0 && (b.Vendor == "" || len(b.Product) == 0):
		return errors.New("nothing says how it is known")
	case slices.Contains(b.Compatible, "") || slices.Contains(b.Model, "") || slices.Contains(b.Product, ""):
		return errors.New("an empty name would be that of every board")
	case button != (b.Key > 0 && b.Key <= maxKey) || button != (b.Line != "") || button != slices.Contains([]string{"low", "high"}, b.Active):
		return errors.New("a button needs a device, a key, a line and a level, and no button none of them")
	case button == (b.Advice != ""):
		return errors.New("advice is for a board without a button")
	}
	return nil
}

// Identity is what a box calls itself.
type Identity struct {
	Compatible []string
	Model      string
	Vendor     string
	Board      string
	Product    string
}

// Identify reads what the box calls itself, from the root of its file system. What cannot be read is empty.
func Identify(root fs.FS) Identity {
	read := func(name string) string {
		data, _ := fs.ReadFile(root, name) // a box has a device tree or DMI, and few have both
		return strings.TrimRight(string(data), "\x00\n ")
	}
	// /proc/device-tree leads there. The unit of the daemon may hide that, as systemd's ProcSubset= does.
	id := Identity{Model: read("sys/firmware/devicetree/base/model"), Vendor: read("sys/class/dmi/id/sys_vendor"), Board: read("sys/class/dmi/id/board_name"), Product: read("sys/class/dmi/id/product_name")}
	if tree := read("sys/firmware/devicetree/base/compatible"); tree != "" {
		id.Compatible = strings.Split(tree, "\x00")
	}
	return id
}

// Fits reports whether a box that calls itself so is of this kind. Names are compared whole: that of one box may begin with
// that of another.
func (b Board) Fits(id Identity) bool {
	for _, c := range b.Compatible {
		if slices.Contains(id.Compatible, c) || strings.HasSuffix(c, ",") && slices.ContainsFunc(id.Compatible, func(s string) bool { return strings.HasPrefix(s, c) }) {
			return true
		}
	}
	return slices.Contains(b.Model, id.Model) || b.Vendor != "" && b.Vendor == id.Vendor && (slices.Contains(b.Product, id.Board) || slices.Contains(b.Product, id.Product))
}

// BoardOf returns the kind of box that calls itself so, if it is known.
func BoardOf(id Identity) (Board, bool, error) {
	all, err := Boards()
	i := slices.IndexFunc(all, func(b Board) bool { return b.Fits(id) })
	if err != nil || i < 0 {
		return Board{}, false, err
	}
	return all[i], true, nil
}
