package settings_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"castellan/internal/fault"
	"castellan/internal/settings"
	"castellan/internal/store"
)

func open(t *testing.T) *store.DB {
	t.Helper()
	db, err := store.Create(filepath.Join(t.TempDir(), "castellan.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestSettingsComeBack(t *testing.T) {
	db := open(t)
	want := settings.Settings{NASName: "attic-nas", TimeZone: "Europe/Berlin"}
	if err := db.Update(func(tx *store.Tx) error {
		if got, err := settings.Get(tx); err != nil || got != settings.Default() {
			t.Errorf("before: %+v, %v", got, err)
		}
		return settings.Put(tx, want)
	}); err != nil {
		t.Fatal(err)
	}
	_ = db.View(func(tx *store.Tx) error {
		if got, err := settings.Get(tx); err != nil || got != want {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
		return nil
	})
}

// R122
func TestNamesFollowAGrammar(t *testing.T) {
	db := open(t)
	put := func(s settings.Settings) error {
		return db.Update(func(tx *store.Tx) error { return settings.Put(tx, s) })
	}
	for _, name := range []string{"a", "Attic-NAS", "nas2", strings.Repeat("a", 63)} {
		if err := put(settings.Settings{NASName: name, TimeZone: "UTC"}); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", "-nas", "nas-", "nas.local", "nas;id", "$(id)", "`id`", "na s", "nas\n", "näs", strings.Repeat("a", 64)} {
		field(t, put(settings.Settings{NASName: name, TimeZone: "UTC"}), "nas_name", name)
	}
	for _, zone := range []string{"", "Local", "Europe/Nowhere", "../../etc/passwd", ";id", "Europe/Berlin\n"} {
		field(t, put(settings.Settings{NASName: "nas", TimeZone: zone}), "time_zone", zone)
	}
}

func field(t *testing.T, err error, want, value string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Name != want {
		t.Errorf("%q: got %v, want a refusal of %s", value, err, want)
	}
}
