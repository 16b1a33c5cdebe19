package signin_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"castellan/internal/access/account"
	"castellan/internal/access/claim"
	"castellan/internal/access/factor"
	"castellan/internal/access/otp"
	"castellan/internal/access/session"
	"castellan/internal/access/signin"
	"castellan/internal/access/throttle"
	"castellan/internal/box/clock"
	"castellan/internal/event"
	"castellan/internal/notice"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// R008
func TestWhoeverMustUseTwoStepCannotPutItOffButTheClaimantCan(t *testing.T) {
	b := newBench(t)
	step, err := b.Password(t.Context(), b.home, "admin", b.label)
	if err != nil {
		t.Fatal(err)
	}
	if step, err = b.Claim(t.Context(), b.home, step.Cookie, claim.Claim{Password: goodPassword}); err != nil {
		t.Fatal(err)
	}
	claimed, _, _ := b.Sessions.Find(step.Cookie, false)
	_, later := b.in("admin", goodPassword)
	must := func() (must bool) {
		b.update(func(tx *store.Tx) error {
			a, err := account.ByName(tx, "admin")
			if err != nil {
				return err
			}
			must, err = b.MustEnrol(tx, a, session.Session{})
			return err
		})
		return must
	}
	if !must() {
		t.Error("by default an administrator must")
	}
	wantErr(t, "in another session", b.Postpone(b.home, later), signin.ErrDemanded)
	if err := b.Postpone(b.home, claimed); err != nil || must() {
		t.Errorf("in the session of the claim: %v", err)
	}
	if e := b.last(event.TwoStepLater); e.Actor != "admin" {
		t.Errorf("got %+v", e)
	}
	if e := b.last(event.SettingsChanged); e.Get("from") != "administrators" || e.Get("to") != "nobody" {
		t.Errorf("got %+v", e)
	}
	if err := b.Postpone(b.home, later); err != nil {
		t.Errorf("when nobody must: %v", err)
	}
}

// R008: whoever has turned 2-step verification on does not put it off any more, and the policy stays what it was: a page of the
// claim that is still open in another tab changes nothing.
func TestWhatIsOnIsNotPutOff(t *testing.T) {
	b := newBench(t)
	step, err := b.Password(t.Context(), b.home, "admin", b.label)
	if err != nil {
		t.Fatal(err)
	}
	if step, err = b.Claim(t.Context(), b.home, step.Cookie, claim.Claim{Password: goodPassword}); err != nil {
		t.Fatal(err)
	}
	s, _, _ := b.Sessions.Find(step.Cookie, false)
	e, _, err := b.StartEnrolment(t.Context(), b.home, s, "Phone")
	if err != nil {
		t.Fatal(err)
	}
	on, err := b.ConfirmEnrolment(t.Context(), b.home, step.Cookie, s, factor.Confirmation{ID: e.ID, Code: string(b.code(e.Secret)), Saved: true})
	if err != nil {
		t.Fatal(err)
	}
	before := b.events()
	s, _, ok := b.Sessions.Find(on.Cookie, false)
	if !ok || !s.Claimed {
		t.Fatalf("the test proves nothing: %+v", s)
	}
	wantErr(t, "in the session of the claim", b.Postpone(b.home, s), signin.ErrOn)
	b.update(func(tx *store.Tx) error {
		p, err := settings.GetPolicy(tx)
		if p.TwoStep != settings.Administrators {
			t.Errorf("the policy is %q", p.TwoStep)
		}
		return err
	})
	if n := b.events() - before; n != 0 {
		t.Errorf("%d events", n)
	}
}

// R139: a clock that is not trusted keeps nobody out for want of a factor that cannot be enrolled then.
func TestNobodyMustEnrolWhatCannotBeEnrolled(t *testing.T) {
	b, r := mailed(t, "127.0.3.5")
	b.clock.state = clock.Unsynced
	must := func(want bool) {
		t.Helper()
		b.update(func(tx *store.Tx) error {
			a, err := account.ByName(tx, "admin")
			if err != nil {
				return err
			}
			a.Email = "owner@example.org"
			must, err := b.MustEnrol(tx, a, session.Session{})
			if must != want {
				t.Errorf("must enrol: %v", must)
			}
			return errors.Join(err, account.Put(tx, a))
		})
	}
	must(true) // codes can come by e-mail
	r.Mu.Lock()
	r.Refuse = map[string]*smtp.SMTPError{"rcpt": {Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "no"}}
	r.Mu.Unlock()
	_, s := b.in("admin", goodPassword)
	if _, _, err := b.StartEmailWay(t.Context(), b.home, s); !errors.Is(err, notice.ErrMail) {
		t.Errorf("got %v", err)
	}
	must(false)
	b.update(settings.RemoveMail)
	must(false)
	b.in("admin", goodPassword)
	b.last(event.EnrolmentSpared)
}

// R035 R055
func TestARecoveryCodeSignsInAndLetsTheWaysBeMended(t *testing.T) {
	b := claimed(t)
	cookie, s := b.in("admin", goodPassword)
	e, _, err := b.StartEnrolment(t.Context(), b.home, s, "Lost phone")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.ConfirmEnrolment(t.Context(), b.home, cookie, s, factor.Confirmation{ID: e.ID, Code: string(b.code(e.Secret)), Saved: true}); err != nil {
		t.Fatal(err)
	}
	recovery := func(code string) factor.Given { return factor.Given{Way: factor.Recovery, Text: code} }
	_, err = b.Code(t.Context(), b.home, b.half("admin", goodPassword), recovery(strings.Repeat("0", 24)))
	wantErr(t, "a wrong one", err, factor.ErrRefused)
	b.clock.state = clock.Unsynced // it works without a clock
	step, err := b.Code(t.Context(), b.home, b.half("admin", goodPassword), recovery(e.Recovery[0]))
	if err != nil || step.Next != signin.NextDone || !step.Repair {
		t.Fatalf("got %+v, %v", step, err)
	}
	b.clock.state = clock.Synced
	if ev := b.last(event.RecoveryUsed); ev.Get("left") != "9" {
		t.Errorf("the event is %+v", ev)
	}
	if ev := b.last(event.SignedIn); ev.Get("method") != "password and a recovery code" {
		t.Errorf("the event is %+v", ev)
	}
	s, left, _ := b.Sessions.Find(step.Cookie, true)
	if left.Repair <= 0 {
		t.Error("the session does not know that it is for repair")
	}
	_, err = b.TurnOff(t.Context(), b.home, step.Cookie, s, proof("wrong", ""))
	wantErr(t, "turned off without the password", err, signin.ErrProof)
	b.pass(session.RepairFor - time.Minute)
	if _, err := b.StepUp(t.Context(), b.home, step.Cookie, s, proof(goodPassword, "")); err != nil {
		t.Errorf("a step-up while mending: %v", err)
	}
	ticket := b.half("admin", goodPassword)
	late, err := b.Code(t.Context(), b.home, ticket, recovery(e.Recovery[1]))
	if err != nil {
		t.Fatal(err)
	}
	s, _, _ = b.Sessions.Find(late.Cookie, true)
	c, err := b.TurnOff(t.Context(), b.home, late.Cookie, s, proof(goodPassword, ""))
	if err != nil {
		t.Fatalf("turning it off while mending: %v", err)
	}
	if _, left, ok := b.Sessions.Find(c.Cookie, false); !ok || left.Repair != 0 {
		t.Error("the session goes on for repair")
	}
	b.in("admin", goodPassword)
}

// R055
func TestASessionIsForRepairOnlyForAWhileAndOnlyAfterARecoveryCode(t *testing.T) {
	b := claimed(t)
	cookie, s := b.in("admin", goodPassword)
	e, _, _ := b.StartEnrolment(t.Context(), b.home, s, "Phone")
	if _, err := b.ConfirmEnrolment(t.Context(), b.home, cookie, s, factor.Confirmation{ID: e.ID, Code: string(b.code(e.Secret)), Saved: true}); err != nil {
		t.Fatal(err)
	}
	step, err := b.Code(t.Context(), b.home, b.half("admin", goodPassword), factor.Given{Way: factor.Recovery, Text: e.Recovery[0]})
	if err != nil {
		t.Fatal(err)
	}
	s, _, _ = b.Sessions.Find(step.Cookie, true)
	b.pass(session.RepairFor / 2)
	_, _, _ = b.Sessions.Find(step.Cookie, true) // somebody is at work
	b.pass(session.RepairFor/2 + time.Second)
	_, err = b.TurnOff(t.Context(), b.home, step.Cookie, s, proof(goodPassword, ""))
	wantErr(t, "after half an hour", err, otp.ErrMalformed)
}

// R052
func TestAllWaysShareOneBudget(t *testing.T) {
	b := claimed(t)
	cookie, s := b.in("admin", goodPassword)
	e, _, _ := b.StartEnrolment(t.Context(), b.home, s, "Phone")
	if _, err := b.ConfirmEnrolment(t.Context(), b.home, cookie, s, factor.Confirmation{ID: e.ID, Code: string(b.code(e.Secret)), Saved: true}); err != nil {
		t.Fatal(err)
	}
	b.pass(otp.Period)
	wrong := []factor.Given{app("000000"), {Way: factor.Recovery, Text: strings.Repeat("0", 24)}}
	var ticket string
	for i := range throttle.FreeCodes {
		if i%4 == 0 {
			ticket = b.half("admin", goodPassword) // a right password clears nothing
		}
		_, err := b.Code(t.Context(), b.home, ticket, wrong[i%2])
		wantErr(t, "a wrong one", err, factor.ErrRefused)
	}
	for what, g := range map[string]factor.Given{"the app": app(string(b.code(e.Secret))), "a recovery code": {Way: factor.Recovery, Text: e.Recovery[0]}} {
		_, err := b.Code(t.Context(), b.home, b.half("admin", goodPassword), g)
		wantErr(t, what, err, throttle.ErrSlowDown)
	}
}
