package signin_test

import (
	"strings"
	"testing"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/session"
	"castellan/internal/access/signin"
	"castellan/internal/box/clock"
	"castellan/internal/store"
)

// mended turns 2-step verification on for somebody who is signed in, and returns the recovery codes.
func (b *bench) mended(cookie string, s session.Session) (codes []string) {
	b.t.Helper()
	b.twoStep(cookie, s)
	b.update(func(tx *store.Tx) (err error) {
		codes, err = b.Factors.RenewRecovery(tx, s.Account, b.clock.now)
		return err
	})
	return codes
}

func recovery(code string) factor.Given { return factor.Given{Way: factor.Recovery, Text: code} }

// R139: only an administrator who is in without an app's code vouches for the servers, and only once they are in.
func TestWhoVouchesForTheTimeServers(t *testing.T) {
	b := claimed(t)
	admin := b.mended(b.in("admin", goodPassword))
	b.add("ines", account.User, account.Own, goodPassword)
	ines := b.mended(b.in("ines", goodPassword))
	b.clock.state = clock.Suspect
	vouched := func(name string, g factor.Given, want int) {
		t.Helper()
		_, err := b.Code(t.Context(), b.home, b.half(name, goodPassword), g)
		if b.clock.vouch != want {
			t.Errorf("%s with %s: vouched %d times, want %d (%v)", name, g.Way, b.clock.vouch, want, err)
		}
	}
	vouched("admin", app("123456"), 0)
	vouched("admin", recovery(strings.Repeat("0", 24)), 0)
	vouched("ines", recovery(ines[0]), 0)
	vouched("admin", recovery(admin[0]), 1)

	b.update(func(tx *store.Tx) error { // a temporary password: nobody is in before it is replaced
		a, err := account.ByName(tx, "admin")
		if err != nil {
			return err
		}
		a.Password.Origin, a.Password.Until = account.Temporary, b.clock.now.Add(account.TemporaryFor)
		return account.Put(tx, a)
	})
	step, err := b.Code(t.Context(), b.home, b.half("admin", goodPassword), recovery(admin[1]))
	if err != nil || step.Next != signin.NextPassword || b.clock.vouch != 1 {
		t.Errorf("before the new password: %v, %v, vouched %d times", step.Next, err, b.clock.vouch)
	}
	if _, err := b.OwnPassword(t.Context(), b.home, step.Cookie, "five other words in a row"); err != nil || b.clock.vouch != 2 {
		t.Errorf("after it: %v, vouched %d times", err, b.clock.vouch)
	}
}

// R139: the refusal says why, and which way works all the same.
func TestAnUntrustedTimeNamesTheOtherWays(t *testing.T) {
	b := claimed(t)
	b.mended(b.in("admin", goodPassword))
	b.clock.state, b.noButton = clock.Suspect, true
	_, err := b.Code(t.Context(), b.home, b.half("admin", goodPassword), app("123456"))
	wantErr(t, "an app's code", err, signin.ErrTime)
	if err == nil || !strings.HasSuffix(err.Error(), " A recovery code works.") {
		t.Errorf("it says %v", err)
	}
	b.update(func(tx *store.Tx) error { // all recovery codes are gone
		a, err := account.ByName(tx, "admin")
		if err != nil {
			return err
		}
		codes, err := b.Factors.RenewRecovery(tx, a.ID, b.clock.now)
		for _, c := range codes {
			if err == nil {
				_, err = b.Factors.Spend(tx, a, recovery(c), b.clock.now)
			}
		}
		return err
	})
	_, err = b.Code(t.Context(), b.home, b.half("admin", goodPassword), app("123456"))
	wantErr(t, "without any other way", err, signin.ErrTime)
	if strings.Contains(err.Error(), "works.") {
		t.Errorf("it says %v", err)
	}
}
