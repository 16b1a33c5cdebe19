package factor

import (
	"testing"

	"castellan/internal/store"
)

// SwapForTest exchanges the records of the only devices of two accounts.
func SwapForTest(t *testing.T, db *store.DB, a, b string) {
	t.Helper()
	err := db.Update(func(tx *store.Tx) error {
		found := map[string]record{}
		ids := map[string]string{}
		for _, account := range []string{a, b} {
			if err := each(tx, account, func(id string, r record) error {
				found[account], ids[account] = r, id
				return nil
			}); err != nil {
				return err
			}
		}
		if err := devices.Put(tx, a+"/"+ids[a], found[b]); err != nil {
			return err
		}
		return devices.Put(tx, b+"/"+ids[b], found[a])
	})
	if err != nil {
		t.Fatal(err)
	}
}
