// Package webui holds the built web desktop. Its sources stand beside this file; `make webui` builds them.
package webui

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files returns the built desktop, with index.html at its root. Every text file is stored compressed,
// under its name with ".gz" behind it. The second result is false in a program that was built without
// the desktop.
func Files() (fs.FS, bool) {
	app, err := fs.Sub(dist, "dist/app")
	if err != nil {
		return nil, false
	}
	if _, err := fs.Stat(app, "index.html.gz"); err != nil {
		return nil, false
	}
	return app, true
}
