package httpapi

import (
	"bytes"
	"log/slog"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"castellan/internal/box/announce"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// R115: a database that cannot be read does not make the owner's name for the box an unknown one.
func TestTheBoxIsKnownByItsNameWithoutTheDatabase(t *testing.T) {
	db, err := store.Create(filepath.Join(t.TempDir(), "castellan.db"))
	if err != nil {
		t.Fatal(err)
	}
	mine := settings.Default()
	mine.NASName = "attic-nas"
	if err := db.Update(func(tx *store.Tx) error { return settings.Put(tx, mine) }); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	a := &API{Config: Config{DB: db, Out: slog.New(slog.NewTextHandler(&log, nil)), Network: Network{Announced: func() announce.Status { return announce.Status{} }}}}
	for range 2 {
		if !a.known("attic-nas:8001", "8001", netip.Addr{}) || a.known("another-nas:8001", "8001", netip.Addr{}) {
			t.Errorf("the names are %v\n%s", a.ownNames(), &log)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(log.String(), "read settings") {
		t.Error("the log does not say it")
	}
}
