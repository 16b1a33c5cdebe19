package signin_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/claim"
	"castellan/internal/access/factor"
	"castellan/internal/access/otp"
	"castellan/internal/access/password"
	"castellan/internal/access/session"
	"castellan/internal/access/signin"
	"castellan/internal/access/throttle"
	"castellan/internal/box/clock"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/store"
)

func TestAPasswordAloneLetsInWhereThereIsNoSecondFactor(t *testing.T) {
	b := claimed(t)
	cookie, s := b.in("Admin", goodPassword)
	if cookie == "" || !s.Administrator || s.Source != "192.0.2.7" {
		t.Errorf("got %+v", s)
	}
	if e := b.last(event.SignedIn); e.Actor != "admin" || e.Get("method") != "password" || e.Address != "192.0.2.7" {
		t.Errorf("the event is %+v", e)
	}
}

// R029
func TestAStrangerLearnsNothing(t *testing.T) {
	b := claimed(t)
	off := b.add("off", account.User, account.Own, goodPassword)
	off.Disabled = true
	b.update(func(tx *store.Tx) error { return account.Put(tx, off) })
	b.add("late", account.User, account.Temporary, "k7qp-m2xd-9w3t")
	b.pass(account.TemporaryFor)
	tests := map[string][2]string{
		"unknown name":       {"nobody", goodPassword},
		"wrong password":     {"admin", "wrong"},
		"disabled":           {"off", goodPassword},
		"lapsed":             {"late", "k7qp-m2xd-9w3t"},
		"no name":            {"", ""},
		"password as a name": {"admin@example.org", goodPassword},
	}
	want := signin.ErrRefused.Message
	for what, tc := range tests {
		_, err := b.Password(t.Context(), b.home, tc[0], tc[1])
		var f *fault.Error
		if !errors.As(err, &f) || !errors.Is(err, signin.ErrRefused) || f.Message != want || f.Fields != nil || f.RetryIn != 0 {
			t.Errorf("%s: got %+v", what, err)
		}
	}
	reasons := map[string]bool{}
	_ = b.DB.View(func(tx *store.Tx) error {
		page, _, err := event.Page(tx, event.SignIn, 0, 50)
		for _, e := range page {
			reasons[e.Get("reason")] = true
			if strings.Contains(e.Actor, "@") || e.Actor == "nobody" {
				t.Errorf("what a stranger typed as a name is in the log: %q", e.Actor)
			}
		}
		return err
	})
	for _, why := range []string{"no account has this name", "wrong password", "the account is disabled", "the temporary password has lapsed"} {
		if !reasons[why] {
			t.Errorf("the log does not say %q: %v", why, reasons)
		}
	}
}

// R019
func TestWrongPasswordsAreSlowedAndNotEvaluated(t *testing.T) {
	b := claimed(t)
	for range throttle.FreeTries {
		_, err := b.Password(t.Context(), b.home, "admin", "wrong")
		wantErr(t, "free try", err, signin.ErrRefused)
	}
	_, err := b.Password(t.Context(), b.home, "admin", goodPassword)
	wantErr(t, "the right password during the wait", err, throttle.ErrSlowDown)
	if retryIn(err) < time.Second {
		t.Errorf("retry in %v", retryIn(err))
	}
	elsewhere := b.home
	elsewhere.Source = "192.0.2.8"
	if _, err := b.Password(t.Context(), elsewhere, "admin", goodPassword); err != nil { // R021
		t.Errorf("from another source: %v", err)
	}
	b.pass(time.Second)
	b.in("admin", goodPassword)
}

// R025
func TestACheapHashIsReplacedAtSignIn(t *testing.T) {
	b := claimed(t)
	before := b.account("admin").Password.Hash
	b.Passwords = password.New(password.Config{Key: b.key, Memory: 64, Passes: 2})
	b.in("admin", goodPassword)
	if after := b.account("admin").Password.Hash; after == before || !strings.Contains(after, "t=2") {
		t.Errorf("the hash is still %.40s", after)
	}
	b.in("admin", goodPassword)
}

func (b *bench) account(name string) (a account.Account) {
	b.t.Helper()
	_ = b.DB.View(func(tx *store.Tx) (err error) { a, err = account.ByName(tx, name); return err })
	return a
}

func TestAPasswordThenACode(t *testing.T) {
	b := claimed(t)
	seed, _ := b.twoStep(b.in("admin", goodPassword))
	ticket := b.half("admin", goodPassword)
	step, err := b.Code(t.Context(), b.home, ticket, app(string(b.code(seed))))
	if err != nil || step.Next != signin.NextDone {
		t.Fatalf("got %+v, %v", step, err)
	}
	if _, _, ok := b.Sessions.Find(step.Cookie, false); !ok {
		t.Error("the session is not there")
	}
	if e := b.last(event.SignedIn); e.Get("method") != "password and authenticator app “My phone”" {
		t.Errorf("the event is %+v", e)
	}
}

// R006
func TestStepsHappenInOrderOnceAndForOnePerson(t *testing.T) {
	b := claimed(t)
	seed, _ := b.twoStep(b.in("admin", goodPassword))
	b.add("ines", account.User, account.Own, goodPassword)
	inesSeed, _ := b.twoStep(b.in("ines", goodPassword))

	_, err := b.Code(t.Context(), b.home, "", app(string(b.code(seed))))
	wantErr(t, "no ticket", err, signin.ErrExpired)
	_, err = b.Code(t.Context(), b.home, b.half("ines", goodPassword), app(string(b.code(seed))))
	wantErr(t, "somebody else's code", err, factor.ErrRefused)
	ticket := b.half("admin", goodPassword)
	if _, err := b.Code(t.Context(), b.home, ticket, app(string(b.code(seed)))); err != nil {
		t.Fatal(err)
	}
	b.pass(otp.Period)
	_, err = b.Code(t.Context(), b.home, ticket, app(string(b.code(seed))))
	wantErr(t, "a ticket used again", err, signin.ErrExpired)
	ticket = b.half("ines", goodPassword)
	b.pass(session.TicketLife)
	_, err = b.Code(t.Context(), b.home, ticket, app(string(b.code(inesSeed))))
	wantErr(t, "after five minutes", err, signin.ErrExpired)
	_, err = b.OwnPassword(t.Context(), b.home, b.half("admin", goodPassword), newPassword)
	wantErr(t, "a new password before the code", err, signin.ErrExpired)
	_, err = b.Claim(t.Context(), b.home, b.half("admin", goodPassword), claim.Claim{Password: newPassword})
	wantErr(t, "a claim with a sign-in's ticket", err, signin.ErrExpired)
}

// R041 R044
func TestOneCodeManyTicketsOneSession(t *testing.T) {
	b := claimed(t)
	seed, _ := b.twoStep(b.in("admin", goodPassword))
	for round := range 20 {
		tickets := make([]string, throttle.FreeCodes)
		for i := range tickets {
			tickets[i] = b.half("admin", goodPassword)
		}
		code := string(b.code(seed))
		var won atomic.Int32
		var all sync.WaitGroup
		for _, ticket := range tickets {
			all.Go(func() {
				if _, err := b.Code(t.Context(), b.home, ticket, app(code)); err == nil {
					won.Add(1)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Fatalf("round %d: %d sessions", round, won.Load())
		}
		b.pass(throttle.CodeWait)
	}
}

// R041
func TestACodeIsSpentForEveryUse(t *testing.T) {
	b := claimed(t)
	seed, cookie := b.twoStep(b.in("admin", goodPassword))
	s, _, _ := b.Sessions.Find(cookie, false)
	code := string(b.code(seed))
	if _, err := b.Code(t.Context(), b.home, b.half("admin", goodPassword), app(code)); err != nil {
		t.Fatal(err)
	}
	_, err := b.Code(t.Context(), b.home, b.half("admin", goodPassword), app(code))
	wantErr(t, "at a second sign-in", err, factor.ErrRefused)
	_, err = b.StepUp(t.Context(), b.home, cookie, s, proof(goodPassword, code))
	wantErr(t, "at a step-up", err, signin.ErrProof)
	_, err = b.TurnOff(t.Context(), b.home, cookie, s, proof(goodPassword, code))
	wantErr(t, "for turning off", err, signin.ErrProof)
	if e := b.last(event.CodeRefused); e.Get("reason") != "it was used before" {
		t.Errorf("the log says %q", e.Get("reason"))
	}
}

// R043
func TestWhatIsNoCodeIsNoTry(t *testing.T) {
	b := claimed(t)
	seed, _ := b.twoStep(b.in("admin", goodPassword))
	ticket := b.half("admin", goodPassword)
	good := string(b.code(seed))
	for _, bad := range []string{" " + good, good + "\n", good[:3] + " " + good[3:], "+" + good, good + "0", "", "２８７０８２"} {
		_, err := b.Code(t.Context(), b.home, ticket, app(bad))
		wantErr(t, fmt.Sprintf("%q", bad), err, otp.ErrMalformed)
	}
	if _, err := b.Code(t.Context(), b.home, ticket, app(good)); err != nil {
		t.Errorf("the right code after that: %v", err)
	}
}

// R051 R052
func TestFiveWrongCodesEndTheTicketAndTenSlowTheAccount(t *testing.T) {
	b := claimed(t)
	seed, _ := b.twoStep(b.in("admin", goodPassword))
	wrong := func(ticket string) error {
		code := otp.Code("000000")
		if code == b.code(seed) {
			code = "000001"
		}
		_, err := b.Code(t.Context(), b.home, ticket, app(string(code)))
		return err
	}
	ticket := b.half("admin", goodPassword)
	for left := 4; left > 0; left-- {
		err := wrong(ticket)
		var f *fault.Error
		if !errors.As(err, &f) || !strings.Contains(f.Message, map[bool]string{true: fmt.Sprint(left, " tries"), false: "One try"}[left > 1]) {
			t.Errorf("with %d left: %v", left, err)
		}
	}
	wantErr(t, "the fifth", wrong(ticket), signin.ErrExpired)
	wantErr(t, "the sixth", wrong(ticket), signin.ErrExpired)
	ticket = b.half("admin", goodPassword) // a right password clears nothing
	for range 4 {
		wantErr(t, "a wrong code", wrong(ticket), factor.ErrRefused)
	}
	ticket = b.half("admin", goodPassword)
	wantErr(t, "the tenth", wrong(ticket), factor.ErrRefused)
	_, err := b.Code(t.Context(), b.home, b.half("admin", goodPassword), app(string(b.code(seed))))
	wantErr(t, "the right code during the wait", err, throttle.ErrSlowDown)
	b.pass(throttle.CodeWait)
	if _, err := b.Code(t.Context(), b.home, b.half("admin", goodPassword), app(string(b.code(seed)))); err != nil {
		t.Errorf("after the wait: %v", err)
	}
}

// R139 R138
func TestWithoutATrustedTimeCodesAreRefusedAndNeverSkipped(t *testing.T) {
	b := claimed(t)
	seed, cookie := b.twoStep(b.in("admin", goodPassword))
	s, _, _ := b.Sessions.Find(cookie, false)
	for _, state := range []clock.State{clock.Unsynced, clock.Suspect} {
		b.clock.state = state
		ticket := b.half("admin", goodPassword)
		_, err := b.Code(t.Context(), b.home, ticket, app(string(b.code(seed))))
		wantErr(t, string(state), err, signin.ErrTime)
		if step, err := b.Resume(b.home, ticket); err != nil || step.Next != signin.NextCode {
			t.Errorf("%s: the ticket is %+v, %v", state, step, err)
		}
		_, err = b.StepUp(t.Context(), b.home, cookie, s, proof(goodPassword, string(b.code(seed))))
		wantErr(t, string(state)+" step-up", err, signin.ErrTime)
	}
	b.add("ines", account.User, account.Own, goodPassword)
	_, ines := b.in("ines", goodPassword) // a password alone still works
	_, _, err := b.StartEnrolment(t.Context(), b.home, ines, "My phone")
	wantErr(t, "enrolment", err, signin.ErrTime)
	b.clock.state = clock.Unverified
	if _, err := b.Code(t.Context(), b.home, b.half("admin", goodPassword), app(string(b.code(seed)))); err != nil {
		t.Errorf("unverified: %v", err)
	}
}

// R054
func TestNothingIsAnsweredBeforeTheCommit(t *testing.T) {
	b := claimed(t)
	seed, _ := b.twoStep(b.in("admin", goodPassword))
	ticket := b.half("admin", goodPassword)
	code := string(b.code(seed))
	if err := b.DB.Close(); err != nil { // the disk is gone
		t.Fatal(err)
	}
	step, err := b.Code(t.Context(), b.home, ticket, app(code))
	if err == nil || step.Cookie != "" {
		t.Errorf("signed in without a disk: %+v", step)
	}
	if _, err := b.Password(t.Context(), b.home, "admin", goodPassword); err == nil {
		t.Error("a password was accepted without a disk")
	}
}

// R096 R102 R006: what was earned with an old password is worth nothing after a new one.
func TestATicketDiesWithItsPasswordAndItsAccount(t *testing.T) {
	b := claimed(t)
	b.add("ines", account.User, account.Own, goodPassword)
	seed, _ := b.twoStep(b.in("ines", goodPassword))
	for what, change := range map[string]func(*account.Account){
		"another password": func(a *account.Account) { a.Password.Hash += "x" },
		"disabled":         func(a *account.Account) { a.Disabled = true },
	} {
		ticket := b.half("ines", goodPassword)
		before := b.account("ines")
		after := before
		change(&after)
		b.update(func(tx *store.Tx) error { return account.Put(tx, after) })
		_, err := b.Code(t.Context(), b.home, ticket, app(string(b.code(seed))))
		wantErr(t, what, err, signin.ErrExpired)
		_, err = b.Resume(b.home, ticket)
		wantErr(t, what+" resumed", err, signin.ErrExpired)
		b.update(func(tx *store.Tx) error { return account.Put(tx, before) })
	}
}

// R033
func TestATemporaryPasswordOpensOnlyThePageThatReplacesIt(t *testing.T) {
	b := claimed(t)
	b.add("ines", account.User, account.Temporary, "k7qp-m2xd-9w3t")
	step, err := b.Password(t.Context(), b.home, "ines", "K7QP M2XD 9W3T")
	if err != nil || step.Next != signin.NextPassword || step.PasswordMin != password.MinAlone {
		t.Fatalf("got %+v, %v", step, err)
	}
	if _, _, ok := b.Sessions.Find(step.Cookie, false); ok {
		t.Error("the ticket is a session")
	}
	for _, bad := range []string{"short", "k7qp-m2xd-9w3t", "K7QPM2XD9W3T"} {
		if _, err := b.OwnPassword(t.Context(), b.home, step.Cookie, bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	done, err := b.OwnPassword(t.Context(), b.home, step.Cookie, goodPassword)
	if err != nil || done.Next != signin.NextDone {
		t.Fatalf("got %+v, %v", done, err)
	}
	_, err = b.Password(t.Context(), b.home, "ines", "k7qp-m2xd-9w3t")
	wantErr(t, "the temporary password again", err, signin.ErrRefused)
	b.in("ines", goodPassword)
}

// R034
func TestATemporaryPasswordLeavesTheSecondFactorInForce(t *testing.T) {
	b := claimed(t)
	b.add("ines", account.User, account.Own, goodPassword)
	seed, _ := b.twoStep(b.in("ines", goodPassword))
	hash, _ := b.Passwords.Hash(t.Context(), "k7qp-m2xd-9w3t")
	ines := b.account("ines")
	ines.Password = account.Password{Hash: hash, Origin: account.Temporary, Until: b.clock.now.Add(time.Hour)}
	b.update(func(tx *store.Tx) error { return account.Put(tx, ines) })
	ticket := b.half("ines", "k7qp-m2xd-9w3t")
	step, err := b.Code(t.Context(), b.home, ticket, app(string(b.code(seed))))
	if err != nil || step.Next != signin.NextPassword || step.PasswordMin != password.MinBeside {
		t.Fatalf("got %+v, %v", step, err)
	}
	if step, err = b.OwnPassword(t.Context(), b.home, step.Cookie, "eight ch"); err != nil || step.Next != signin.NextDone {
		t.Errorf("got %+v, %v", step, err)
	}
}

func TestResumeRepeatsTheStep(t *testing.T) {
	b := claimed(t)
	b.twoStep(b.in("admin", goodPassword))
	ticket := b.half("admin", goodPassword)
	step, err := b.Resume(b.home, ticket)
	if err != nil || step.Next != signin.NextCode || step.Account.Name != "admin" || step.Cookie != "" || step.Token == "" {
		t.Errorf("got %+v, %v", step, err)
	}
	b.Cancel(ticket)
	_, err = b.Resume(b.home, ticket)
	wantErr(t, "after it was cancelled", err, signin.ErrExpired)
}

// R100
func TestSigningOutEndsTheSession(t *testing.T) {
	b := claimed(t)
	cookie, s := b.in("admin", goodPassword)
	if err := b.SignOut(cookie, s, "admin"); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := b.Sessions.Find(cookie, false); ok {
		t.Error("the session lives on")
	}
	b.last(event.SignedOut)
}
