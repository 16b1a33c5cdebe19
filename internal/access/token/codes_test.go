package token_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/otp"
	"castellan/internal/access/throttle"
	"castellan/internal/access/token"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/store"
)

// R041 R042 R090
func TestACodeBuysAccessOnceAndNoEarlierOneAfterIt(t *testing.T) {
	s := newStand(t)
	m := s.coded()
	for i, c := range []struct {
		steps int
		want  error
	}{{-1, nil}, {-1, token.ErrCode}, {0, nil}, {0, token.ErrCode}, {-1, token.ErrCode}, {1, nil}, {0, token.ErrCode}, {1, token.ErrCode}} {
		_, err := s.code(m, s.codeAt(m, c.steps))
		wants(t, err, c.want, "try %d, step %d", i, c.steps)
	}
	s.start()
	_, err := s.code(m, s.codeAt(m, 1))
	wants(t, err, token.ErrCode, "after a start")
	s.pass(otp.Period)
	_, err = s.code(m, s.codeAt(m, 0))
	wants(t, err, token.ErrCode, "once its step has come")
	_, err = s.code(m, s.codeAt(m, 1))
	wants(t, err, nil, "the next one")
	if got := s.reasons(); len(got) != 7 || got[0] != "the code was used before" {
		t.Errorf("the log says %q", got)
	}
}

// reasons are those of the refusals in the log, the newest first.
func (s *stand) reasons() (list []string) {
	s.t.Helper()
	s.update(func(tx *store.Tx) error {
		found, _, err := event.Page(tx, "", 0, 200)
		for _, e := range found {
			if e.Kind == event.TokenSessionRefused {
				if _, err := account.ByName(tx, owner.Name); err == nil && e.Actor != owner.Name {
					s.t.Errorf("the log names %q", e.Actor)
				}
				if e.Address != house.String() || e.Get("token") == "" {
					s.t.Errorf("the log has %+v", e)
				}
				list = append(list, e.Get("reason"))
			}
		}
		return err
	})
	return list
}

// R043 R090
func TestACodeOfAMachineIsSixASCIIDigits(t *testing.T) {
	s := newStand(t)
	m := s.coded()
	right := s.codeAt(m, 0)
	bad := []string{
		" " + right, right + "\n", right + " ", "\u00a0" + right, right + "\u3000", right[:3] + " " + right[3:], "+" + right, right + "1", right[:5],
		"２８７０８２", "٢٨٧٠٨٢", "28708x", "0x1234", "-28708", strings.Repeat("1", 100_000),
	}
	for range 2 { // the second time directly after a successful use
		for _, code := range bad {
			_, err := s.code(m, code)
			wants(t, err, otp.ErrMalformed, "%.20q", code)
		}
		_, err := s.code(m, "")
		wants(t, err, token.ErrSecondFactor, "no code")
		_, err = s.code(m, right)
		if len(s.reasons()) == 0 {
			wants(t, err, nil, "the right one")
			right = s.codeAt(m, 1)
		}
	}
	if got := s.reasons(); len(got) != 0 {
		t.Errorf("what is no code was counted: %q", got)
	}
}

// R044 R090
func TestOfFiftyMachinesAtOnceOneBuysAccessWithACode(t *testing.T) {
	s := newStand(t)
	m := s.coded()
	for round := range 10 {
		code := s.codeAt(m, 0)
		var sold atomic.Int32
		var ready, done sync.WaitGroup
		start := make(chan struct{})
		for range 50 {
			ready.Add(1)
			done.Go(func() {
				b := s.bearer(m.Text, nil)
				b.Code = code
				ready.Done()
				<-start
				_, err := s.buy(b)
				switch {
				case err == nil:
					sold.Add(1)
				case !errors.Is(err, token.ErrCode) && !errors.Is(err, throttle.ErrSlowDown):
					t.Error(err)
				}
			})
		}
		ready.Wait()
		close(start)
		done.Wait()
		if sold.Load() != 1 {
			t.Fatalf("round %d: access was sold %d times", round, sold.Load())
		}
		s.pass(time.Hour)
	}
}

// R090: a signature, too.
func TestOfFiftyMachinesAtOnceOneBuysAccessWithASignature(t *testing.T) {
	s := newStand(t)
	m := s.keyed()
	for _, nonce := range []string{"", s.Nonce()} {
		r := s.sign(request("POST", "/api/v1/machine/session", ""), machine, m.Token.ID, nonce)
		var sold atomic.Int32
		var done sync.WaitGroup
		for range 50 {
			done.Go(func() {
				_, err := s.buy(s.bearer(m.Text, r.Clone(t.Context())))
				if err == nil {
					sold.Add(1)
				} else if !errors.Is(err, token.ErrUsed) {
					t.Error(err)
				}
			})
		}
		done.Wait()
		if sold.Load() != 1 {
			t.Errorf("access was sold %d times", sold.Load())
		}
	}
}

// R045 R090
func TestTheWindowOfAMachineIsOneStepToEachSide(t *testing.T) {
	for _, at := range []time.Duration{0, 29900 * time.Millisecond} {
		for steps := -3; steps <= 3; steps++ {
			s := newStand(t)
			s.now = time.Unix(1_800_000_000, 0).Add(at)
			m := s.coded()
			_, err := s.code(m, s.codeAt(m, steps))
			wants(t, err, map[bool]error{true: token.ErrCode}[steps < -1 || steps > 1], "step %d at %v", steps, at)
		}
	}
}

// R046 R090
func TestCodesOfMachinesAreLookedAtOnlyInTrustedTime(t *testing.T) {
	s := newStand(t)
	m := s.coded()
	s.unknown = true
	for range 3 * throttle.FreeCodes {
		_, err := s.code(m, "000000")
		wants(t, err, token.ErrNoTime, "while the time is not known")
	}
	s.held = time.Minute
	_, err := s.code(m, "000000")
	wants(t, err, token.ErrNoTime, "while the time is not known and codes are held")
	s.unknown = false
	for range 3 * throttle.FreeCodes {
		_, err := s.code(m, "000000")
		wants(t, err, token.ErrHeld, "while codes are held")
	}
	s.held = 0
	_, err = s.code(m, s.codeAt(m, 20))
	wants(t, err, token.ErrCode, "the code of ten minutes later")
	_, err = s.code(m, s.codeAt(m, 0))
	wants(t, err, nil, "and nothing was counted before")
}

// R051 R090
func TestWrongCodesOfAMachineAreCountedAcrossAddressesAndStarts(t *testing.T) {
	s := newStand(t)
	ines := owner
	s.update(func(tx *store.Tx) (err error) { ines, err = account.Add(tx, owner); return err })
	m, other := s.make(ines, token.Wish{Factor: token.Factor{Kind: token.Codes}}), s.coded()
	wrong := func() error {
		b := s.bearer(m.Text, nil)
		b.Code = wrongCode(s, m)
		_, err := s.buy(b)
		return err
	}
	for range throttle.FreeCodes {
		wants(t, wrong(), token.ErrCode, "a wrong one")
	}
	for _, restart := range []bool{false, true} {
		if restart {
			s.start()
		}
		_, err := s.code(m, s.codeAt(m, 0))
		wants(t, err, throttle.ErrSlowDown, "the right code during the wait, restart %v", restart)
	}
	_, err := s.code(other, s.codeAt(other, 0))
	wants(t, err, nil, "another token")
	for i := throttle.FreeCodes + 1; i <= throttle.MaxCodes; i++ {
		s.pass(throttle.CodeWait)
		wants(t, wrong(), token.ErrCode, "number %d", i)
		if i < throttle.MaxCodes {
			wants(t, wrong(), throttle.ErrSlowDown, "directly after number %d", i)
		}
	}
	s.pass(24 * time.Hour)
	_, err = s.code(m, s.codeAt(m, 0))
	wants(t, err, token.ErrLocked, "after a hundred")
	if f := (*fault.Error)(nil); !errors.As(err, &f) || f.Message != token.ErrLocked.Message {
		t.Errorf("it says %v", err)
	}
	if s.State(m.Token, true) != token.Locked || s.State(other.Token, true) != token.Active {
		t.Errorf("it is %s, the other %s", s.State(m.Token, true), s.State(other.Token, true))
	}
	if got := s.reasons()[0]; got != "too many wrong codes in a row" {
		t.Errorf("the log says %q", got)
	}
	var again token.Made
	s.update(func(tx *store.Tx) (err error) {
		again, err = s.SetFactor(tx, ines.ID, m.Token.ID, token.Factor{Kind: token.Codes})
		return err
	})
	if again.Text != "" || again.Secret.Base32() == m.Secret.Base32() || s.State(again.Token, true) != token.Active {
		t.Errorf("another second factor gives %+v", again)
	}
	_, err = s.code(m, s.codeAt(m, 0))
	wants(t, err, token.ErrCode, "a code of the secret before")
	m.Secret = again.Secret
	_, err = s.code(m, s.codeAt(m, 0))
	wants(t, err, nil, "one of the new secret")
}

// wrongCode is one that no step of the window gives.
func wrongCode(s *stand, m token.Made) string {
	for _, code := range []string{"000000", "111111", "222222", "333333"} {
		if code != s.codeAt(m, -1) && code != s.codeAt(m, 0) && code != s.codeAt(m, 1) {
			return code
		}
	}
	panic("unreachable: there are three steps")
}

// R051
func TestARightCodeEndsTheRowOfWrongOnes(t *testing.T) {
	s := newStand(t)
	m := s.coded()
	for range 3 {
		for range throttle.FreeCodes - 1 {
			_, err := s.code(m, wrongCode(s, m))
			wants(t, err, token.ErrCode, "a wrong one")
		}
		_, err := s.code(m, s.codeAt(m, 0))
		wants(t, err, nil, "a right one")
		s.pass(otp.Period)
	}
}

func TestRevokingForgetsTheWrongCodes(t *testing.T) {
	s := newStand(t)
	m := s.coded()
	_, err := s.code(m, wrongCode(s, m))
	wants(t, err, token.ErrCode, "a wrong one")
	if n := s.count(); n != 3 {
		t.Errorf("%d records", n)
	}
	s.update(func(tx *store.Tx) error { _, err := s.Revoke(tx, owner.ID, m.Token.ID); return err })
	if n := s.count(); n != 0 {
		t.Errorf("%d records are left", n)
	}
}

// R046 R093: what counts is what is so when the code is taken, not what was so when it came.
func TestWhatHappensWhileACodeIsLookedAtCounts(t *testing.T) {
	for name, c := range map[string]struct {
		happens func(s *stand, m token.Made)
		ahead   int // for the code of so many steps from now
		want    error
		why     string
	}{
		"the time is not known any more": {happens: func(s *stand, _ token.Made) { s.unknown = true }, want: token.ErrNoTime},
		"another second factor": {happens: func(s *stand, m token.Made) {
			s.update(func(tx *store.Tx) error {
				_, err := s.SetFactor(tx, owner.ID, m.Token.ID, token.Factor{Kind: token.None})
				return err
			})
		}, want: token.ErrRefused, why: "it was revoked or given another second factor"},
		"its end": {
			happens: func(s *stand, m token.Made) { s.pass(m.Token.Expires.Sub(s.now)) }, ahead: int(token.Days * 24 * time.Hour / otp.Period),
			want: token.ErrRefused, why: "it has expired",
		},
	} {
		s := newStand(t)
		m := s.coded()
		s.between = func() { c.happens(s, m) }
		_, err := s.code(m, s.codeAt(m, c.ahead))
		wants(t, err, c.want, "%s", name)
		if err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: it says %v", name, err)
		}
	}
}

// R089: what signs is a key. A token for codes has none.
func TestASignatureIsNoSecondFactorOfATokenForCodes(t *testing.T) {
	s := newStand(t)
	m := s.coded()
	_, err := s.admit(s.bearer(m.Text, s.signedAt(m, "", 0)))
	wants(t, err, token.ErrSecondFactor, "a signature")
}
