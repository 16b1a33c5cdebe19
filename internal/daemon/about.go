package daemon

import (
	"runtime/debug"

	"golang.org/x/sys/unix"

	"castellan/internal/httpapi/api"
)

// libraries lists what the program was built from.
func libraries() []api.Library {
	list := []api.Library{}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return list
	}
	for _, m := range info.Deps {
		list = append(list, api.Library{Name: m.Path, Version: m.Version})
	}
	return list
}

// free returns how much room the disk with the data has left for an ordinary user, in bytes.
func (h *house) free() (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(h.File.Data, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}
