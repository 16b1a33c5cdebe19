package realtest

import (
	"testing"
	"time"

	"castellan/internal/access/factor"
	"castellan/internal/access/otp"
	"castellan/internal/store"
)

// Enrol takes an authenticator device in for an account, with the code of a moment, and returns its secret.
func Enrol(t testing.TB, db *store.DB, f *factor.Factors, account, name string, at time.Time) otp.Secret {
	t.Helper()
	var e factor.Enrolment
	err := db.Update(func(tx *store.Tx) (err error) { e, err = f.Start(tx, account, name); return err })
	if err == nil {
		err = db.Update(func(tx *store.Tx) error {
			_, _, err := f.Confirm(tx, account, factor.Confirmation{ID: e.ID, Code: string(e.Secret.CodeAt(otp.StepAt(at))), Saved: true}, at)
			return err
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return e.Secret
}
