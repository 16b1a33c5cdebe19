package signin_test

import (
	"errors"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/claim"
	"castellan/internal/access/factor"
	"castellan/internal/access/otp"
	"castellan/internal/access/password"
	"castellan/internal/access/presence"
	"castellan/internal/access/session"
	"castellan/internal/access/signin"
	"castellan/internal/access/throttle"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/store"
)

// R103 R096
func TestAStepUpWantsThePasswordAndTheCodeAndRenewsTheCookie(t *testing.T) {
	b := claimed(t)
	cookie, s := b.in("admin", goodPassword)
	_, err := b.StepUp(t.Context(), b.home, cookie, s, signin.Proof{Password: "wrong"})
	wantErr(t, "wrong password", err, signin.ErrProof)
	renewed, err := b.StepUp(t.Context(), b.home, cookie, s, signin.Proof{Password: goodPassword})
	if err != nil || renewed == "" {
		t.Fatal(err)
	}
	if _, _, ok := b.Sessions.Find(cookie, false); ok {
		t.Error("the old cookie works")
	}
	seed, renewed := b.twoStep(renewed, s)
	_, err = b.StepUp(t.Context(), b.home, renewed, s, proof(goodPassword, ""))
	wantErr(t, "without a code", err, otp.ErrMalformed)
	if _, err := b.StepUp(t.Context(), b.home, renewed, s, proof(goodPassword, string(b.code(seed)))); err != nil {
		t.Errorf("with both: %v", err)
	}
	b.last(event.SteppedUp)
	b.last(event.StepUpRefused)
}

// R019 R051
func TestGuessingInASessionIsSlowedToo(t *testing.T) {
	b := claimed(t)
	cookie, s := b.in("admin", goodPassword)
	for range throttle.FreeTries {
		_, err := b.StepUp(t.Context(), b.home, cookie, s, signin.Proof{Password: "wrong"})
		wantErr(t, "free try", err, signin.ErrProof)
	}
	_, err := b.StepUp(t.Context(), b.home, cookie, s, signin.Proof{Password: goodPassword})
	wantErr(t, "the right one", err, throttle.ErrSlowDown)
	_, err = b.Password(t.Context(), b.home, "admin", goodPassword)
	wantErr(t, "at the door", err, throttle.ErrSlowDown)
}

// R018 R102
func TestAChangeOfPasswordWantsTheCurrentOneAndEndsOtherSessions(t *testing.T) {
	b := claimed(t)
	other, _ := b.in("admin", goodPassword)
	cookie, s := b.in("admin", goodPassword)
	_, err := b.ChangePassword(t.Context(), b.home, cookie, s, "wrong", newPassword)
	wantErr(t, "wrong current password", err, signin.ErrProof)
	if _, err := b.ChangePassword(t.Context(), b.home, cookie, s, goodPassword, "short"); err == nil {
		t.Error("a short password was accepted")
	}
	renewed, err := b.ChangePassword(t.Context(), b.home, cookie, s, goodPassword, newPassword)
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]string{"the other session": other, "the old cookie": cookie} {
		if _, _, ok := b.Sessions.Find(c, false); ok {
			t.Errorf("%s works", what)
		}
	}
	if _, _, ok := b.Sessions.Find(renewed.Cookie, false); !ok {
		t.Error("the acting session ended")
	}
	_, err = b.Password(t.Context(), b.home, "admin", goodPassword)
	wantErr(t, "the old password", err, signin.ErrRefused)
	b.in("admin", newPassword)
	if e := b.last(event.PasswordChanged); e.Get("sessions") != "2" { // that of the claim, too
		t.Errorf("the event says %q sessions", e.Get("sessions"))
	}
}

// R056
func TestTurningTwoStepOnEndsOtherSessions(t *testing.T) {
	b := claimed(t)
	other, _ := b.in("admin", goodPassword)
	cookie, s := b.in("admin", goodPassword)
	_, renewed := b.twoStep(cookie, s)
	for what, c := range map[string]string{"the other session": other, "the old cookie": cookie} {
		if _, _, ok := b.Sessions.Find(c, false); ok {
			t.Errorf("%s works", what)
		}
	}
	if e := b.last(event.TwoStepOn); e.Get("device") != "My phone" || e.Get("sessions") != "2" {
		t.Errorf("the event is %+v", e)
	}
	_ = renewed
}

// R049
func TestAnAbandonedEnrolmentChangesNothing(t *testing.T) {
	b := claimed(t)
	cookie, s := b.in("admin", goodPassword)
	e, _, err := b.StartEnrolment(t.Context(), b.home, s, "My phone")
	if err != nil {
		t.Fatal(err)
	}
	b.in("admin", goodPassword) // the password alone still lets in
	if err := b.CancelEnrolment(b.home, s); err != nil {
		t.Fatal(err)
	}
	_, err = b.ConfirmEnrolment(t.Context(), b.home, cookie, s, factor.Confirmation{ID: e.ID, Code: string(b.code(e.Secret)), Saved: true})
	wantErr(t, "after it was cancelled", err, factor.ErrGone)
	e, _, _ = b.StartEnrolment(t.Context(), b.home, s, "My phone")
	for range factor.EnrolmentTries {
		_, err = b.ConfirmEnrolment(t.Context(), b.home, cookie, s, factor.Confirmation{ID: e.ID, Code: string(e.Secret.CodeAt(1)), Saved: true})
	}
	wantErr(t, "the fifth wrong code", err, factor.ErrGone)
	if ev := b.last(event.EnrolmentDiscarded); ev.Get("reason") != "five wrong codes" {
		t.Errorf("the event is %+v", ev)
	}
}

// R055 R011
func TestTurningTwoStepOffWantsPasswordAndCode(t *testing.T) {
	b := claimed(t)
	cookie, s := b.in("admin", goodPassword)
	_, err := b.TurnOff(t.Context(), b.home, cookie, s, signin.Proof{Password: goodPassword})
	wantErr(t, "when it is off", err, signin.ErrNotOn)
	seed, cookie := b.twoStep(cookie, s)
	other, err := b.Code(t.Context(), b.home, b.half("admin", goodPassword), app(string(b.code(seed))))
	if err != nil {
		t.Fatal(err)
	}
	b.pass(otp.Period)
	for what, p := range map[string]signin.Proof{
		"nothing": {}, "the password alone": proof(goodPassword, ""), "the code alone": proof("", string(b.code(seed))),
	} {
		if _, err := b.TurnOff(t.Context(), b.home, cookie, s, p); err == nil {
			t.Errorf("%s was enough", what)
		}
	}
	renewed, err := b.TurnOff(t.Context(), b.home, cookie, s, proof(goodPassword, string(b.code(seed))))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, ok := b.Sessions.Find(other.Cookie, false); ok {
		t.Error("the other session works")
	}
	if _, _, ok := b.Sessions.Find(renewed.Cookie, false); !ok {
		t.Error("the acting session ended")
	}
	b.in("admin", goodPassword)
	b.last(event.TwoStepOff)
}

// R011
func TestAShortPasswordCannotBecomeTheOnlyFactor(t *testing.T) {
	b := claimed(t)
	cookie, s := b.in("admin", goodPassword)
	seed, cookie := b.twoStep(cookie, s)
	c, err := b.ChangePassword(t.Context(), b.home, cookie, s, goodPassword, "eight ch")
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.TurnOff(t.Context(), b.home, c.Cookie, s, proof("eight ch", string(b.code(seed))))
	wantErr(t, "with a short password", err, signin.ErrUpgrade)
	b.pass(otp.Period) // the code was not spent by the refusal, and the next one works anyway
	c, err = b.ChangePassword(t.Context(), b.home, c.Cookie, s, "eight ch", newPassword)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.TurnOff(t.Context(), b.home, c.Cookie, s, proof(newPassword, string(b.code(seed)))); err != nil {
		t.Errorf("with a long one: %v", err)
	}
}

// R007
func TestTheDefaultPasswordOpensOnlyTheClaim(t *testing.T) {
	b := newBench(t)
	for _, pair := range [][2]string{{"admin", "admin"}, {"admin", ""}, {"root", "root"}, {"", ""}, {"root", b.label}, {"admin", b.label + "x"}} {
		_, err := b.Password(t.Context(), b.home, pair[0], pair[1])
		wantErr(t, pair[0]+"/"+pair[1], err, signin.ErrRefused)
	}
	outside := b.home
	outside.Local, outside.Source = false, "2001:db8::/64"
	_, err := b.Password(t.Context(), outside, "admin", b.label)
	wantErr(t, "from outside", err, signin.ErrRefused)
	step, err := b.Password(t.Context(), b.home, "admin", b.label)
	if err != nil || step.Next != signin.NextClaim {
		t.Fatalf("got %+v, %v", step, err)
	}
	if _, _, ok := b.Sessions.Find(step.Cookie, false); ok {
		t.Error("the ticket is a session")
	}
	_, err = b.Claim(t.Context(), b.home, step.Cookie, claim.Claim{Password: b.label})
	if err == nil {
		t.Error("the default password became a password of one's own")
	}
	done, err := b.Claim(t.Context(), b.home, step.Cookie, claim.Claim{Name: "marta", Password: goodPassword})
	if err != nil || done.Next != signin.NextDone || done.Account.Name != "marta" {
		t.Fatalf("got %+v, %v", done, err)
	}
	_, err = b.Password(t.Context(), b.home, "admin", b.label)
	wantErr(t, "the default password afterwards", err, signin.ErrRefused)
	if e := b.last(event.Claimed); e.Get("proof") != "the default password" || e.Get("account") != "marta" {
		t.Errorf("the event is %+v", e)
	}
}

// R140 (g)
func TestWrongDefaultPasswordsAreSlowed(t *testing.T) {
	b := newBench(t)
	for range throttle.FreeTries {
		_, _ = b.Password(t.Context(), b.home, "admin", "wrong")
	}
	_, err := b.Password(t.Context(), b.home, "admin", b.label)
	wantErr(t, "the right one", err, throttle.ErrSlowDown)
}

func TestAPressClaims(t *testing.T) {
	b := newBench(t)
	step, err := b.AwaitPress(b.home)
	if err != nil {
		t.Fatal(err)
	}
	if state, _, _, err := b.Press(step.Cookie); err != nil || state != presence.Waiting {
		t.Fatalf("got %s, %v", state, err)
	}
	_, err = b.Claim(t.Context(), b.home, step.Cookie, claim.Claim{Password: goodPassword})
	wantErr(t, "before the press", err, signin.ErrExpired)
	again := b.home
	again.Ticket = step.Cookie
	if step, err = b.AwaitPress(again); err != nil { // the page is loaded again
		t.Fatal(err)
	}
	if n := b.Waits.Press().Waiting; n != 1 {
		t.Fatalf("%d were waiting", n)
	}
	for range 2 { // however often the page asks
		if state, _, left, err := b.Press(step.Cookie); err != nil || state != presence.Confirmed || left < time.Minute {
			t.Fatalf("got %s, %v, %v", state, left, err)
		}
	}
	if again, err := b.Resume(b.home, step.Cookie); err != nil || again.Next != signin.NextClaim {
		t.Errorf("got %+v, %v", again, err)
	}
	b.pass(10 * time.Minute) // choosing a name takes a while
	if _, err := b.Claim(t.Context(), b.home, step.Cookie, claim.Claim{Password: goodPassword, Email: "x"}); err == nil {
		t.Error("a bad address was accepted")
	}
	if done, err := b.Claim(t.Context(), b.home, step.Cookie, claim.Claim{Password: goodPassword}); err != nil || done.Next != signin.NextDone {
		t.Fatalf("got %+v, %v", done, err)
	}
	if e := b.last(event.Claimed); e.Get("proof") != "a press of the button" {
		t.Errorf("the event is %+v", e)
	}
	_, err = b.AwaitPress(b.home)
	wantErr(t, "on a box that has an owner", err, claim.ErrClaimed)
	_, _, _, err = b.Press("unknown")
	wantErr(t, "without a wait", err, presence.ErrGone)
}

func TestUntilItIsClaimedNobodyElseGetsIn(t *testing.T) {
	b := claimed(t)
	b.add("ines", account.User, account.Own, goodPassword)
	b.update(func(tx *store.Tx) error { _, err := b.Box.Release(tx, b.clock.now); return err })
	_, err := b.Password(t.Context(), b.home, "ines", goodPassword)
	wantErr(t, "another account", err, signin.ErrRefused)
	if e := b.last(event.SignInRefused); e.Get("reason") != "nobody has claimed this NAS yet" {
		t.Errorf("the log says %q", e.Get("reason"))
	}
}

func TestAnEndedSessionCanChangeNothing(t *testing.T) {
	b := claimed(t)
	cookie, s := b.in("admin", goodPassword)
	b.Sessions.End(cookie)
	_, err := b.StepUp(t.Context(), b.home, cookie, s, signin.Proof{Password: goodPassword})
	wantErr(t, "step-up", err, session.ErrEnded)
	_, err = b.ChangePassword(t.Context(), b.home, cookie, s, goodPassword, newPassword)
	wantErr(t, "change of password", err, session.ErrEnded)
	b.in("admin", goodPassword)
	if errors.Is(err, signin.ErrProof) {
		t.Error("it looks like a wrong proof")
	}
}

// R011: an administrator who turns somebody's 2-step verification off does not leave eight characters as the only
// factor.
func TestAShortPasswordWithoutASecondFactorOpensOnlyThePageThatReplacesIt(t *testing.T) {
	b := claimed(t)
	b.add("ines", account.User, account.Own, goodPassword)
	cookie, s := b.in("ines", goodPassword)
	_, cookie = b.twoStep(cookie, s)
	if _, err := b.ChangePassword(t.Context(), b.home, cookie, s, goodPassword, "eight ch"); err != nil {
		t.Fatal(err)
	}
	b.update(func(tx *store.Tx) error { return b.Factors.Remove(tx, s.Account) })
	step, err := b.Password(t.Context(), b.home, "ines", "eight ch")
	if err != nil || step.Next != signin.NextPassword || step.PasswordMin != password.MinAlone {
		t.Fatalf("got %+v, %v", step, err)
	}
	for _, bad := range []string{"eight ch", "fourteen chars"} {
		if _, err := b.OwnPassword(t.Context(), b.home, step.Cookie, bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	if step, err = b.OwnPassword(t.Context(), b.home, step.Cookie, newPassword); err != nil || step.Next != signin.NextDone {
		t.Errorf("got %+v, %v", step, err)
	}
	b.in("ines", newPassword)
}

// R011: a second factor that goes while a short password is being chosen takes that with it.
func TestAShortPasswordIsNotChosenWhileTheSecondFactorGoes(t *testing.T) {
	b := claimed(t)
	b.add("ines", account.User, account.Own, goodPassword)
	cookie, s := b.in("ines", goodPassword)
	_, cookie = b.twoStep(cookie, s)
	tooShort := func(what string, err error) {
		t.Helper()
		var f *fault.Error
		if !errors.As(err, &f) || f.Fields == nil || f.Fields[0].Code != "too_short" {
			t.Errorf("%s: got %v", what, err)
		}
	}
	remove := func() { b.update(func(tx *store.Tx) error { return b.Factors.Remove(tx, s.Account) }) }
	var changed error
	b.while(remove, func() { _, changed = b.ChangePassword(t.Context(), b.home, cookie, s, goodPassword, "eight ch") })
	tooShort("a change of password", changed)

	seed, _ := b.twoStep(cookie, s)
	ines := b.account("ines")
	hash, _ := b.Passwords.Hash(t.Context(), "k7qp-m2xd-9w3t")
	ines.Password = account.Password{Hash: hash, Origin: account.Temporary, Until: b.clock.now.Add(time.Hour)}
	b.update(func(tx *store.Tx) error { return account.Put(tx, ines) })
	step, err := b.Code(t.Context(), b.home, b.half("ines", "k7qp-m2xd-9w3t"), app(string(b.code(seed))))
	if err != nil {
		t.Fatal(err)
	}
	var chosen error
	b.while(remove, func() { _, chosen = b.OwnPassword(t.Context(), b.home, step.Cookie, "eight ch") })
	tooShort("a password of one's own", chosen)
	if step, err := b.OwnPassword(t.Context(), b.home, step.Cookie, newPassword); err != nil || step.Next != signin.NextDone {
		t.Errorf("a longer one: %+v, %v", step, err)
	}
}

// R019: a change of password asks the throttle before it spends a hash.
func TestAChangeOfPasswordThatIsSlowedCostsNothing(t *testing.T) {
	b := claimed(t)
	cookie, s := b.in("admin", goodPassword)
	for range throttle.FreeTries {
		_, err := b.ChangePassword(t.Context(), b.home, cookie, s, "wrong", newPassword)
		wantErr(t, "free try", err, signin.ErrProof)
	}
	hash := b.costly()
	start := time.Now()
	_, err := b.ChangePassword(t.Context(), b.home, cookie, s, goodPassword, newPassword)
	wantErr(t, "a slowed try", err, throttle.ErrSlowDown)
	if took := time.Since(start); took > hash/2 {
		t.Errorf("it took %v, a hash takes %v", took, hash)
	}
}
