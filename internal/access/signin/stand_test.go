package signin_test

import (
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/otp"
	"castellan/internal/access/password"
	"castellan/internal/access/session"
	"castellan/internal/access/signin"
	"castellan/internal/access/throttle"
	"castellan/internal/box/clock"
	"castellan/internal/store"
)

// wrongCode is a code that no device of the bench shows now.
func (b *bench) wrongCode(seed otp.Secret) string {
	if b.code(seed) == "000000" {
		return "000001"
	}
	return "000000"
}

// R051: codes that are guessed in a session count like those that are guessed at the door.
func TestWrongCodesOfAStepUpSlowTheAccount(t *testing.T) {
	b := claimed(t)
	seed, cookie := b.twoStep(b.in("admin", goodPassword))
	s, _, _ := b.Sessions.Find(cookie, false)
	for range throttle.FreeCodes {
		_, err := b.StepUp(t.Context(), b.home, cookie, s, proof(goodPassword, b.wrongCode(seed)))
		wantErr(t, "a wrong code", err, signin.ErrProof)
	}
	_, err := b.StepUp(t.Context(), b.home, cookie, s, proof(goodPassword, string(b.code(seed))))
	wantErr(t, "the right code in the session", err, throttle.ErrSlowDown)
	_, err = b.Code(t.Context(), b.home, b.half("admin", goodPassword), app(string(b.code(seed))))
	wantErr(t, "the right code at the door", err, throttle.ErrSlowDown)
}

// R052: a right code clears the count of the wrong ones.
func TestARightCodeClearsTheWrongOnes(t *testing.T) {
	b := claimed(t)
	seed, _ := b.twoStep(b.in("admin", goodPassword))
	for range 3 {
		for range throttle.FreeCodes - 1 {
			_, err := b.Code(t.Context(), b.home, b.half("admin", goodPassword), app(b.wrongCode(seed)))
			wantErr(t, "a wrong code", err, factor.ErrRefused)
		}
		if _, err := b.Code(t.Context(), b.home, b.half("admin", goodPassword), app(string(b.code(seed)))); err != nil {
			t.Fatalf("the right one: %v", err)
		}
		b.pass(otp.Period)
	}
}

// R093 R101: whoever is disabled while a step of theirs is being checked does not finish it.
func TestADisabledPersonFinishesNothing(t *testing.T) {
	b := claimed(t)
	disable := func(name string, yes bool) func() {
		return func() {
			a := b.account(name)
			a.Disabled = yes
			b.update(func(tx *store.Tx) error { return account.Put(tx, a) })
		}
	}
	b.add("ines", account.User, account.Own, goodPassword)
	cookie, s := b.in("ines", goodPassword)
	var step signin.Step
	var err error
	b.while(disable("ines", true), func() { step, err = b.Password(t.Context(), b.home, "ines", goodPassword) })
	wantErr(t, "a sign-in", err, signin.ErrRefused)
	if step.Cookie != "" {
		t.Error("a session began")
	}
	disable("ines", false)()
	renewed := ""
	b.while(disable("ines", true), func() { renewed, err = b.StepUp(t.Context(), b.home, cookie, s, signin.Proof{Password: goodPassword}) })
	wantErr(t, "a step-up", err, session.ErrEnded)
	if renewed != "" {
		t.Error("the proof counts")
	}
	b.add("jonas", account.User, account.Temporary, "k7qp-m2xd-9w3t")
	half, err := b.Password(t.Context(), b.home, "jonas", "k7qp-m2xd-9w3t")
	if err != nil {
		t.Fatal(err)
	}
	b.while(disable("jonas", true), func() { _, err = b.OwnPassword(t.Context(), b.home, half.Cookie, newPassword) })
	wantErr(t, "a password of one's own", err, signin.ErrExpired)
	if a := b.account("jonas"); a.Password.Origin != account.Temporary {
		t.Error("the password was taken")
	}
}

// R033: a temporary password is no password of one's own, however long it is.
func TestALongTemporaryPasswordIsNotKept(t *testing.T) {
	b := claimed(t)
	const given = "a temporary password of many words"
	b.add("ines", account.User, account.Temporary, given)
	step, err := b.Password(t.Context(), b.home, "ines", given)
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.OwnPassword(t.Context(), b.home, step.Cookie, given)
	wantErr(t, "the same again", err, password.ErrReused)
	if _, err := b.OwnPassword(t.Context(), b.home, step.Cookie, given+"!"); err != nil {
		t.Errorf("another one: %v", err)
	}
}

// R139: without a trusted time no device is taken in, even if it was begun before.
func TestNoDeviceIsConfirmedWithoutATrustedTime(t *testing.T) {
	b := claimed(t)
	cookie, s := b.in("admin", goodPassword)
	e, _, err := b.StartEnrolment(t.Context(), b.home, s, "My phone")
	if err != nil {
		t.Fatal(err)
	}
	right := factor.Confirmation{ID: e.ID, Code: string(b.code(e.Secret)), Saved: true}
	b.clock.state = clock.Suspect
	_, err = b.ConfirmEnrolment(t.Context(), b.home, cookie, s, right)
	wantErr(t, "suspect", err, signin.ErrTime)
	b.in("admin", goodPassword) // 2-step verification is not on
	b.clock.state = clock.Synced
	if _, err := b.ConfirmEnrolment(t.Context(), b.home, cookie, s, right); err != nil {
		t.Errorf("synced: %v", err)
	}
}

// R006: a code is taken only where a code is due, and elsewhere nothing is said about it.
func TestACodeIsTakenOnlyWhereOneIsDue(t *testing.T) {
	b := claimed(t)
	b.add("ines", account.User, account.Own, goodPassword)
	seed, _ := b.twoStep(b.in("ines", goodPassword))
	hash, err := b.Passwords.Hash(t.Context(), "k7qp-m2xd-9w3t")
	if err != nil {
		t.Fatal(err)
	}
	ines := b.account("ines")
	ines.Password = account.Password{Hash: hash, Origin: account.Temporary, Until: b.clock.now.Add(time.Hour)}
	b.update(func(tx *store.Tx) error { return account.Put(tx, ines) })
	step, err := b.Code(t.Context(), b.home, b.half("ines", "k7qp-m2xd-9w3t"), app(string(b.code(seed))))
	if err != nil || step.Next != signin.NextPassword {
		t.Fatalf("got %+v, %v", step, err)
	}
	b.pass(otp.Period)
	for _, state := range []clock.State{clock.Synced, clock.Unsynced} {
		b.clock.state = state
		_, err = b.Code(t.Context(), b.home, step.Cookie, app(string(b.code(seed))))
		wantErr(t, string(state), err, signin.ErrExpired)
	}
	if again, err := b.Resume(b.home, step.Cookie); err != nil || again.Next != signin.NextPassword {
		t.Errorf("the step is %+v, %v", again, err)
	}
}
