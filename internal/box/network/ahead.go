package network

import (
	"os"
	"path/filepath"
	"strings"
)

// unitFolders are where systemd-networkd has its files from (systemd.network(5)).
var unitFolders = []string{keptFolder, triedFolder, "usr/local/lib/systemd/network", "usr/lib/systemd/network", "lib/systemd/network"}

// ahead refuses an interface for which a file of somebody else comes before the one of ours that lasts: a change would be lost at the
// next start of the box. Files that say nothing of names are taken to fit.
func (s *networkd) ahead(card string) error {
	for _, folder := range unitFolders {
		entries, err := os.ReadDir(filepath.Join(s.root, folder))
		if err != nil {
			continue // it is not there
		}
		for _, e := range entries {
			name := e.Name()
			ours := strings.HasPrefix(name, triedPrefix) || strings.HasPrefix(name, keptPrefix)
			if ours || name[0] == '.' || !strings.HasSuffix(name, unitSuffix) || name > keptPrefix+card+unitSuffix {
				continue
			}
			file := filepath.Join(s.root, folder, name)
			text, err := os.ReadFile(file)
			u := unit{}
			if u.read(string(text)); err == nil && !u.fits(card) {
				continue
			}
			return ErrUnmanaged.Saying("The file %s of this NAS comes before those of Castellan and decides about %s. The integrator has to give it a name that sorts later.", file, card)
		}
	}
	return nil
}
