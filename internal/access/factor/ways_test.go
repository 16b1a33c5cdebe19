package factor_test

import (
	"errors"
	"regexp"
	"slices"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/otp"
	"castellan/internal/secret"
	"castellan/internal/settings"
	"castellan/internal/store"
)

func (b *bench) update(f func(*store.Tx) error) {
	b.t.Helper()
	if err := b.db.Update(f); err != nil {
		b.t.Fatal(err)
	}
}

// first takes the first device in and returns its secret and the recovery codes that came with it.
func (b *bench) first(id string) (otp.Secret, []string) {
	b.t.Helper()
	e, err := b.start(id, "My phone")
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.confirm(id, e.ID, "", e.Secret.CodeAt(otp.StepAt(noon)-1), noon); err != nil {
		b.t.Fatal(err)
	}
	return e.Secret, e.Recovery
}

func recovery(code string) factor.Given { return factor.Given{Way: factor.Recovery, Text: code} }

func (b *bench) left(id string) (s factor.RecoveryState) {
	b.update(func(tx *store.Tx) (err error) { s, err = factor.RecoveryOf(tx, id); return err })
	return s
}

// mailReady turns e-mail on as a way in for an account.
func (b *bench) mailReady(id string) {
	b.t.Helper()
	b.update(func(tx *store.Tx) error {
		return settings.PutMail(tx, b.key, settings.Mail{Host: "mail.example.org", Port: 465, Security: "tls", Sender: "nas@example.org"})
	})
	a := account.Account{ID: id, Email: id + "@example.org"}
	b.update(func(tx *store.Tx) error {
		b.StartEmail(tx, a, "enrol")
		c := b.NewCode(id, factor.AtTheDoor, "enrol")
		return b.ConfirmEmail(tx, a, factor.Confirmation{Code: c.Code, Holder: "enrol", Saved: true}, noon)
	})
}

func mailed(holder, code string) factor.Given {
	return factor.Given{Way: factor.Email, Text: code, Holder: holder}
}

// R057
func TestMailCodesAreUniformDigits(t *testing.T) {
	b := newBench(t)
	form := regexp.MustCompile(`^\d{6}$`)
	var counts [6][10]float64
	const n = 2000
	for range n {
		b.elapsed += factor.CodeLife * 6
		c := b.NewCode("ines", factor.AtTheDoor, "x").Code
		if !form.MatchString(c) {
			t.Fatalf("%q is not six digits", c)
		}
		for i, r := range c {
			counts[i][r-'0']++
		}
	}
	for i, digits := range counts {
		chi := 0.0
		for _, seen := range digits {
			chi += (seen - n/10) * (seen - n/10) / (n / 10)
		}
		if chi > 45.1 { // nine degrees of freedom, p = 0.000001
			t.Errorf("position %d: χ² is %.1f, %v", i, chi, digits)
		}
	}
	if counts[0][0] == 0 {
		t.Error("no code begins with 0")
	}
}

// R058
func TestAMailCodeLivesTenMinutes(t *testing.T) {
	b := newBench(t)
	b.mailReady("ines")
	for age, want := range map[time.Duration]bool{9*time.Minute + 59*time.Second: true, 10*time.Minute + time.Second: false} {
		b.elapsed += 2 * time.Hour
		c := b.NewCode("ines", factor.AtTheDoor, "t").Code
		b.elapsed += age
		if _, err := b.give("ines", mailed("t", c), noon); (err == nil) != want {
			t.Errorf("after %v: %v", age, err)
		}
	}
}

// R059
func TestAMailCodeIsTiedToWhoAskedForIt(t *testing.T) {
	b := newBench(t)
	b.mailReady("ines")
	b.elapsed += 2 * time.Hour
	one := b.NewCode("ines", factor.AtTheDoor, "A").Code
	b.elapsed += factor.CodePause
	two := b.NewCode("ines", factor.AtTheDoor, "B").Code
	for holder, code := range map[string]string{"A": two, "B": one, "": one, "C": one} {
		if code == one && one == two {
			continue
		}
		if _, err := b.give("ines", mailed(holder, code), noon); !errors.Is(err, factor.ErrRefused) {
			t.Errorf("%s: %v", holder, err)
		}
	}
	if err := b.TakeCode("jonas", "A", one); !errors.Is(err, factor.ErrRefused) {
		t.Errorf("somebody else: %v", err)
	}
	for holder, code := range map[string]string{"A": one, "B": two} {
		if _, err := b.give("ines", mailed(holder, code), noon); err != nil {
			t.Errorf("%s: %v", holder, err)
		}
	}
}

// R060 R061
func TestOnlyTheNewestMailCodeCountsOnceAndFiveWrongTriesVoidIt(t *testing.T) {
	b := newBench(t)
	b.mailReady("ines")
	b.elapsed += 2 * time.Hour
	old := b.NewCode("ines", factor.AtTheDoor, "t").Code
	b.elapsed += factor.CodePause
	code := b.NewCode("ines", factor.AtTheDoor, "t").Code
	if _, err := b.give("ines", mailed("t", old), noon); old != code && !errors.Is(err, factor.ErrRefused) {
		t.Errorf("the old one: %v", err)
	}
	if _, err := b.give("ines", mailed("t", code), noon); err != nil {
		t.Errorf("the newest: %v", err)
	}
	if _, err := b.give("ines", mailed("t", code), noon); !errors.Is(err, factor.ErrRefused) {
		t.Errorf("once more: %v", err)
	}
	b.elapsed += factor.CodePause
	code = b.NewCode("ines", factor.AtTheDoor, "t").Code
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	for range factor.CodeTries {
		_, _ = b.give("ines", mailed("t", wrong), noon)
	}
	if _, err := b.give("ines", mailed("t", code), noon); !errors.Is(err, factor.ErrRefused) {
		t.Errorf("the right one after five wrong ones: %v", err)
	}
}

// R061
func TestMailCodesAreSpacedAndCapped(t *testing.T) {
	b := newBench(t)
	b.elapsed = time.Hour
	sent := 0
	for range 60 { // every minute for an hour, each time from another sign-in
		if c := b.NewCode("ines", factor.AtTheDoor, secret.ID()); c.Code != "" {
			sent++
			if again := b.NewCode("ines", factor.AtTheDoor, "other"); again.Code != "" || again.Resend <= 0 {
				t.Fatalf("a second code at once: %+v", again)
			}
		}
		b.elapsed += time.Minute
	}
	if sent != factor.CodesHour {
		t.Errorf("%d codes in an hour, want %d", sent, factor.CodesHour)
	}
	if c := b.NewCode("ines", factor.AtTheDoor, "later"); c.Code == "" {
		t.Errorf("after an hour: %+v", c)
	}
	c := b.NewCode("marta", factor.AtTheDoor, "x")
	if err := b.TakeCode("marta", "x", c.Code); err != nil {
		t.Fatal(err)
	}
	if c := b.NewCode("marta", factor.AtTheDoor, "y"); c.Code == "" {
		t.Error("a code that came back slows the next one")
	}
	if c := b.NewCode("ines", factor.Inside, "session"); c.Code == "" {
		t.Error("codes at the door use up those inside")
	}
	if c := b.NewCode("jonas", factor.AtTheDoor, "x"); c.Code == "" {
		t.Error("one account's codes slow another's")
	}
}

// R009
func TestEmailIsAWayOnlyWhereItIsWantedAndAllowed(t *testing.T) {
	b := newBench(t)
	b.enrol("ines", "My phone")
	a := account.Account{ID: "ines", Email: "ines@example.org", Confirmed: true, Role: account.Administrator}
	open := func() (ways []factor.Way) {
		b.update(func(tx *store.Tx) (err error) { ways, err = factor.Open(tx, a); return err })
		return ways
	}
	want := func(what string, ways ...factor.Way) {
		t.Helper()
		if got := open(); !slices.Equal(got, ways) {
			t.Errorf("%s: got %v, want %v", what, got, ways)
		}
	}
	want("an app only", factor.App, factor.Recovery)
	if _, err := b.give("ines", mailed("t", "123456"), noon); !errors.Is(err, factor.ErrWay) {
		t.Errorf("forcing it: %v", err)
	}
	b.mailReady("ines")
	want("after a code came back", factor.App, factor.Email, factor.Recovery)
	a.LastWay = string(factor.Email)
	want("the last one first", factor.Email, factor.App, factor.Recovery)
	a.Confirmed = false
	want("a new address", factor.App, factor.Recovery)
	a.Confirmed = true
	for rule, allowed := range map[settings.Rule]bool{settings.NobodyAtAll: false, settings.NotAdministrators: false, settings.Everybody: true} {
		b.update(func(tx *store.Tx) error {
			return settings.PutPolicy(tx, settings.Policy{TwoStep: settings.Nobody, EmailCodes: rule})
		})
		if got := slices.Contains(open(), factor.Email); got != allowed {
			t.Errorf("%s: offered %v", rule, got)
		}
	}
	b.update(settings.RemoveMail)
	want("without a mail server", factor.App, factor.Recovery)
	b.update(func(tx *store.Tx) error { return factor.RemoveEmail(tx, a) })
	if err := b.db.Update(func(tx *store.Tx) error { return factor.RemoveEmail(tx, a) }); !errors.Is(err, factor.ErrWay) {
		t.Errorf("turned off twice: %v", err)
	}
}

// R062
func TestEmailIsConfirmedForTheAddressThatGotTheCode(t *testing.T) {
	b := newBench(t)
	b.update(func(tx *store.Tx) error {
		b.StartEmail(tx, account.Account{ID: "ines", Email: "old@example.org"}, "e")
		return nil
	})
	c := b.NewCode("ines", factor.AtTheDoor, "e")
	err := b.db.Update(func(tx *store.Tx) error {
		return b.ConfirmEmail(tx, account.Account{ID: "ines", Email: "new@example.org"}, factor.Confirmation{Code: c.Code, Holder: "e", Saved: true}, noon)
	})
	if !errors.Is(err, factor.ErrGone) || b.enabled("ines") {
		t.Errorf("got %v", err)
	}
}

// R008
func TestThePolicySaysWhoMustUseTwoStep(t *testing.T) {
	b := newBench(t)
	admin, user := account.Account{ID: "a", Role: account.Administrator}, account.Account{ID: "u", Role: account.User}
	ask := func(a account.Account) (demanded bool) {
		b.update(func(tx *store.Tx) (err error) { demanded, err = factor.Demanded(tx, a); return err })
		return demanded
	}
	if !ask(admin) || ask(user) {
		t.Error("by default administrators must, and others need not")
	}
	var family account.Group
	b.update(func(tx *store.Tx) (err error) {
		if user, err = account.Add(tx, account.Account{Name: "member", Role: account.User}); err != nil {
			return err
		}
		family, err = account.PutGroup(tx, account.Group{Name: "family", Members: []string{user.ID}})
		return err
	})
	for demand, want := range map[settings.Demand][2]bool{settings.Nobody: {}, settings.Everyone: {true, true}, settings.ChosenGroups: {false, true}} {
		b.update(func(tx *store.Tx) error {
			return settings.PutPolicy(tx, settings.Policy{TwoStep: demand, EmailCodes: settings.Everybody, Groups: []string{family.ID}})
		})
		if got := [2]bool{ask(admin), ask(user)}; got != want {
			t.Errorf("%s: administrator and user: %v, want %v", demand, got, want)
		}
	}
}

// R055: a way that the policy closed is none that could be the last.
func TestAClosedWayIsNotTheLastOneThatIsLeft(t *testing.T) {
	b := newBench(t)
	b.enrol("ines", "My phone")
	b.mailReady("ines")
	a := account.Account{ID: "ines", Email: "ines@example.org", Confirmed: true}
	remove := func() error {
		return b.db.Update(func(tx *store.Tx) error {
			list, err := factor.List(tx, "ines")
			if err != nil {
				return err
			}
			_, err = factor.RemoveDevice(tx, a, list[0].ID)
			return err
		})
	}
	b.update(func(tx *store.Tx) error {
		return settings.PutPolicy(tx, settings.Policy{TwoStep: settings.Nobody, EmailCodes: settings.NobodyAtAll})
	})
	if err := remove(); !errors.Is(err, factor.ErrLastWay) {
		t.Errorf("with e-mail closed: %v", err)
	}
	b.update(func(tx *store.Tx) error {
		return settings.PutPolicy(tx, settings.Policy{TwoStep: settings.Nobody, EmailCodes: settings.Everybody})
	})
	if err := remove(); err != nil {
		t.Errorf("with e-mail open: %v", err)
	}
	if err := b.db.Update(func(tx *store.Tx) error { return factor.RemoveEmail(tx, a) }); !errors.Is(err, factor.ErrLastWay) {
		t.Errorf("the last one: %v", err)
	}
}

// R070: turning 2-step verification off leaves no way, no recovery code and no code on its way.
func TestNothingIsLeftOfWhatIsTurnedOff(t *testing.T) {
	b := newBench(t)
	b.mailReady("ines")
	code := b.NewCode("ines", factor.AtTheDoor, "t").Code
	b.update(func(tx *store.Tx) error { return b.Remove(tx, "ines") })
	if b.enabled("ines") || b.left("ines").Left != 0 {
		t.Errorf("enabled %v, %d recovery codes", b.enabled("ines"), b.left("ines").Left)
	}
	if err := b.TakeCode("ines", "t", code); !errors.Is(err, factor.ErrRefused) {
		t.Errorf("a code of before: %v", err)
	}
}

// R071: asking for the code again does not change the recovery codes that may be saved already.
func TestAskingAgainKeepsTheRecoveryCodes(t *testing.T) {
	b := newBench(t)
	a := account.Account{ID: "ines", Email: "ines@example.org"}
	var first, again factor.Enrolment
	b.update(func(tx *store.Tx) error {
		first, again = b.StartEmail(tx, a, "e"), b.StartEmail(tx, a, "e")
		return nil
	})
	if len(first.Recovery) != factor.RecoveryCodes || again.Recovery != nil {
		t.Fatalf("%d and %d codes", len(first.Recovery), len(again.Recovery))
	}
	confirm := func(holder, code string) error {
		return b.db.Update(func(tx *store.Tx) error {
			return b.ConfirmEmail(tx, a, factor.Confirmation{Code: code, Holder: holder, Saved: true}, noon)
		})
	}
	code := b.NewCode("ines", factor.Inside, "e").Code
	if err := confirm("another session", code); !errors.Is(err, factor.ErrGone) {
		t.Errorf("from another session: %v", err)
	}
	if err := confirm("e", code); err != nil {
		t.Fatal(err)
	}
	if _, err := b.give("ines", recovery(first.Recovery[0]), noon); err != nil {
		t.Errorf("a code of the first answer: %v", err)
	}
}
