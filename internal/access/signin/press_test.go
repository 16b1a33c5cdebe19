package signin_test

import (
	"strings"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/presence"
	"castellan/internal/access/session"
	"castellan/internal/access/signin"
	"castellan/internal/access/throttle"
	"castellan/internal/box/clock"
	"castellan/internal/event"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// press is what stands for a press of the button as a second factor.
var press = factor.Given{Way: factor.Presence}

// asked passes the password step of admin, who has 2-step verification on, and asks for a press.
func (b *bench) asked() (cookie string) {
	b.t.Helper()
	cookie = b.half("admin", goodPassword)
	if left, err := b.AskPress(b.home, cookie); err != nil || left != presence.Life {
		b.t.Fatalf("ask for a press: %v, %v", left, err)
	}
	return cookie
}

func (b *bench) policy(p settings.Policy) {
	b.t.Helper()
	b.update(func(tx *store.Tx) error { return settings.PutPolicy(tx, p) })
}

// R035: the password and a press of the button get over a lost phone, together, and lead to a new way in.
func TestAPressStandsForTheCodeOfALostPhone(t *testing.T) {
	b := claimed(t)
	b.twoStep(b.in("admin", goodPassword))
	cookie := b.half("admin", goodPassword)
	if step, err := b.Resume(b.home, cookie); err != nil || step.Ways[len(step.Ways)-1] != factor.Presence || step.Ways[0] != factor.App {
		t.Fatalf("the ways are %v, %v", step.Ways, err)
	}
	_, _, err := b.Pressed(cookie)
	wantErr(t, "nothing asked for", err, presence.ErrGone)
	_, err = b.Code(t.Context(), b.home, cookie, press)
	wantErr(t, "a press nobody waits for", err, presence.ErrGone)
	b.Waits.Press() // nobody waits: it is no use later
	for range 2 {   // the page is loaded again
		if _, err := b.AskPress(b.home, cookie); err != nil {
			t.Fatal(err)
		}
	}
	if state, left, err := b.Pressed(cookie); err != nil || state != presence.Waiting || left != presence.Life {
		t.Fatalf("got %s, %v, %v", state, left, err)
	}
	_, err = b.Code(t.Context(), b.home, cookie, press)
	wantErr(t, "before the press", err, presence.ErrNone)
	if a := b.Waits.Press(); a != (presence.Answer{For: presence.SignIn, Waiting: 1}) {
		t.Fatalf("got %+v", a)
	}
	if state, _, err := b.Pressed(cookie); err != nil || state != presence.Confirmed {
		t.Fatalf("got %s, %v", state, err)
	}
	step, err := b.Code(t.Context(), b.home, cookie, press)
	if err != nil || step.Next != signin.NextDone || !step.Repair {
		t.Fatalf("got %+v, %v", step, err)
	}
	_, err = b.Code(t.Context(), b.home, cookie, press)
	wantErr(t, "the press once more", err, signin.ErrExpired)
	for kind, want := range map[event.Kind]string{event.PressAsked: "admin", event.PressUsed: "admin", event.SignedIn: "admin"} {
		if e := b.last(kind); e.Actor != want || e.Address == "" {
			t.Errorf("%s: %+v", kind, e)
		}
	}
	if e := b.last(event.SignedIn); e.Get("method") != "password and a press of the button on the NAS" {
		t.Errorf("the log says %q", e.Get("method"))
	}
	if b.clock.vouch != 1 {
		t.Errorf("vouched %d times", b.clock.vouch)
	}

	s, left, _ := b.Sessions.Find(step.Cookie, false)
	if !s.Enrol || left.Repair <= 0 || !b.must(s) {
		t.Errorf("nothing has to be mended: %+v, %+v", s, left)
	}
	wantErr(t, "putting it off", b.Postpone(b.home, s), signin.ErrMend)
	renewed, err := b.StepUp(t.Context(), b.home, step.Cookie, s, signin.Proof{Password: goodPassword})
	if err != nil {
		t.Fatalf("the password alone is no proof, and the phone is lost: %v", err)
	}
	if s, _, _ = b.Sessions.Find(renewed, false); !b.must(s) {
		t.Error("a proof of identity opens everything")
	}
	e, _, err := b.StartEnrolment(t.Context(), b.home, s, "My new phone")
	if err != nil {
		t.Fatal(err)
	}
	c, err := b.ConfirmEnrolment(t.Context(), b.home, renewed, s, factor.Confirmation{ID: e.ID, Code: string(b.code(e.Secret)), Saved: true})
	if err != nil {
		t.Fatal(err)
	}
	s, left, _ = b.Sessions.Find(c.Cookie, false)
	if s.Enrol || left.Repair > 0 {
		t.Errorf("the way in was mended, and still: %+v, %+v", s, left)
	}
	if list, _ := factorsOf(b, s.Account); len(list) != 2 {
		t.Errorf("%d devices; the lost one stays until it is removed", len(list))
	}
}

func factorsOf(b *bench, id string) (list []factor.Device, err error) {
	err = b.DB.View(func(tx *store.Tx) (err error) { list, err = factor.List(tx, id); return err })
	return list, err
}

// must reports whether a session is good for nothing but enrolling.
func (b *bench) must(s session.Session) (must bool) {
	b.t.Helper()
	b.update(func(tx *store.Tx) error {
		a, err := account.Get(tx, s.Account)
		if err == nil {
			must, err = b.MustEnrol(tx, a, s)
		}
		return err
	})
	return must
}

// R139: where nothing can be enrolled for want of a trusted time, a press lets its owner in all the same.
func TestAPressLetsInWhenNobodyKnowsTheTime(t *testing.T) {
	b := claimed(t)
	seed, _ := b.twoStep(b.in("admin", goodPassword))
	b.clock.state = clock.Unsynced
	cookie := b.asked()
	_, err := b.Code(t.Context(), b.home, cookie, app(string(b.code(seed))))
	wantErr(t, "an app's code", err, signin.ErrTime)
	if want := b.clock.Reading().Message() + " A recovery code or a press of the button on the NAS works."; !strings.HasSuffix(err.Error(), want) {
		t.Errorf("it says %q, want %q", err, want)
	}
	b.Waits.Press()
	step, err := b.Code(t.Context(), b.home, cookie, press)
	if err != nil {
		t.Fatal(err)
	}
	s, _, _ := b.Sessions.Find(step.Cookie, false)
	if b.must(s) {
		t.Error("the owner is in and can do nothing")
	}
	b.clock.state = clock.Synced
	if !b.must(s) {
		t.Error("the time is known, and nothing has to be mended")
	}
}

func TestThePolicySaysForWhomAPressCounts(t *testing.T) {
	b := claimed(t)
	b.add("ines", account.User, account.Own, goodPassword)
	b.twoStep(b.in("admin", goodPassword))
	b.twoStep(b.in("ines", goodPassword))
	open := func(name string) bool {
		t.Helper()
		cookie := b.half(name, goodPassword)
		step, err := b.Resume(b.home, cookie)
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.AskPress(b.home, cookie)
		offered := step.Ways[len(step.Ways)-1] == factor.Presence
		if offered != (err == nil) {
			t.Errorf("%s: offered %v, and asking says %v", name, offered, err)
		}
		if err != nil {
			wantErr(t, name, err, factor.ErrWay)
		}
		b.Cancel(cookie)
		return offered
	}
	for who, want := range map[settings.Demand][2]bool{"": {true, false}, settings.Nobody: {false, false}, settings.Administrators: {true, false}, settings.Everyone: {true, true}} {
		b.policy(settings.Policy{TwoStep: settings.Nobody, EmailCodes: settings.Everybody, Presence: who})
		if got := [2]bool{open("admin"), open("ines")}; got != want {
			t.Errorf("%q: admin and ines %v, want %v", who, got, want)
		}
	}
	b.policy(settings.Policy{TwoStep: settings.Nobody, EmailCodes: settings.Everybody})
	cookie := b.asked()
	b.Waits.Press()
	b.policy(settings.Policy{TwoStep: settings.Nobody, EmailCodes: settings.Everybody, Presence: settings.Nobody})
	_, err := b.Code(t.Context(), b.home, cookie, press)
	wantErr(t, "closed meanwhile", err, factor.ErrWay)

	b.policy(settings.DefaultPolicy())
	b.noButton = true
	if open("admin") {
		t.Error("offered without a button")
	}
	b.noButton = false
	outside := b.home
	outside.Local = false
	cookie = b.half("admin", goodPassword)
	step, err := b.Resume(outside, cookie)
	if err != nil || step.Ways[len(step.Ways)-1] == factor.Presence {
		t.Errorf("offered to a browser from elsewhere: %v, %v", step.Ways, err)
	}
	_, err = b.AskPress(outside, cookie)
	wantErr(t, "from elsewhere", err, signin.ErrOutside)
}

// A press is a way at sign-in and nowhere else.
func TestAPressIsNoProofInASession(t *testing.T) {
	b := claimed(t)
	_, cookie := b.twoStep(b.in("admin", goodPassword))
	s, _, _ := b.Sessions.Find(cookie, false)
	waiting := b.asked()
	b.Waits.Press()
	_, err := b.StepUp(t.Context(), b.home, cookie, s, signin.Proof{Password: goodPassword, Factor: press})
	wantErr(t, "a step-up", err, factor.ErrWay)
	_, err = b.TurnOff(t.Context(), b.home, cookie, s, signin.Proof{Password: goodPassword, Factor: press})
	wantErr(t, "turning it off", err, factor.ErrWay)
	if _, err := b.Code(t.Context(), b.home, waiting, press); err != nil {
		t.Errorf("where it belongs: %v", err)
	}
}

// R140 (f): two who wait are both dropped, whoever they are, and neither ticket is lost.
func TestTwoWhoWaitForAPressAreBothDropped(t *testing.T) {
	b := claimed(t)
	seed, _ := b.twoStep(b.in("admin", goodPassword))
	one, two := b.asked(), b.asked()
	if a := b.Waits.Press(); a != (presence.Answer{For: presence.SignIn, Waiting: 2}) {
		t.Errorf("got %+v", a)
	}
	for _, cookie := range []string{one, two} {
		if state, _, err := b.Pressed(cookie); err != nil || state != presence.Dropped {
			t.Errorf("got %s, %v", state, err)
		}
		_, err := b.Code(t.Context(), b.home, cookie, press)
		wantErr(t, "a dropped one", err, presence.ErrDropped)
	}
	if _, err := b.AskPress(b.home, one); err != nil {
		t.Fatal(err)
	}
	b.Waits.Press()
	if _, err := b.Code(t.Context(), b.home, one, press); err != nil {
		t.Errorf("alone: %v", err)
	}
	if _, err := b.Code(t.Context(), b.home, two, app(string(b.code(seed)))); err != nil {
		t.Errorf("the other goes on by another way: %v", err)
	}
}

// R021: a wait that runs out is no wrong try, and neither is a press before its time.
func TestAWaitThatRunsOutCountsNothing(t *testing.T) {
	b := claimed(t)
	seed, _ := b.twoStep(b.in("admin", goodPassword))
	for range 2 * throttle.FreeCodes {
		cookie := b.asked()
		_, err := b.Code(t.Context(), b.home, cookie, press)
		wantErr(t, "too early", err, presence.ErrNone)
		b.pass(presence.Life + time.Second)
		if state, left, err := b.Pressed(cookie); err != nil || state != "expired" || left != 0 {
			t.Fatalf("got %s, %v, %v", state, left, err)
		}
		_, err = b.Code(t.Context(), b.home, cookie, press)
		wantErr(t, "too late", err, presence.ErrGone)
		b.Cancel(cookie)
	}
	if _, err := b.Code(t.Context(), b.home, b.half("admin", goodPassword), app(string(b.code(seed)))); err != nil {
		t.Errorf("a right code: %v", err)
	}
}

// R021 R051 R052: wrong codes that close the account to codes do not close it to a finger on the box, which does not
// forgive them either.
func TestWrongCodesDoNotKeepAPressOut(t *testing.T) {
	b := claimed(t)
	seed, _ := b.twoStep(b.in("admin", goodPassword))
	for range throttle.FreeCodes {
		_, err := b.Code(t.Context(), b.home, b.half("admin", goodPassword), app(b.wrongCode(seed)))
		wantErr(t, "a wrong code", err, factor.ErrRefused)
	}
	cookie := b.asked()
	b.Waits.Press()
	if _, err := b.Code(t.Context(), b.home, cookie, press); err != nil {
		t.Fatal(err)
	}
	_, err := b.Code(t.Context(), b.home, b.half("admin", goodPassword), app(string(b.code(seed))))
	wantErr(t, "a code after the press", err, throttle.ErrSlowDown)
}
