package settings_test

import (
	"testing"

	"castellan/internal/settings"
	"castellan/internal/store"
)

func TestTheButtonIsKept(t *testing.T) {
	db := open(t)
	want := settings.Button{Device: "gpio-keys", Key: 198, Disabled: true}
	err := db.Update(func(tx *store.Tx) error {
		if b, err := settings.GetButton(tx); b != (settings.Button{}) || err != nil {
			t.Errorf("before anybody chose: %+v, %v", b, err)
		}
		return settings.PutButton(tx, want)
	})
	var got settings.Button
	if err == nil {
		err = db.View(func(tx *store.Tx) (err error) { got, err = settings.GetButton(tx); return err })
	}
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}
