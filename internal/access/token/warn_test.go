package token_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/token"
	"castellan/internal/event"
	"castellan/internal/store"
)

const day = 24 * time.Hour

// looks has the room look, and returns of what somebody is told.
func (s *stand) looks() (told []string) {
	s.t.Helper()
	err := s.Warn(func(tx *store.Tx, one token.Token, days int) error {
		tx.OnCommit(func() { told = append(told, fmt.Sprintf("%s %d", one.Name, days)) })
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return told
}

// after has time pass, up to so much after the start, and wants that somebody is told just this; nothing: nobody is.
func (s *stand) after(d time.Duration, want ...string) {
	s.t.Helper()
	s.mu.Lock()
	s.elapsed += max(noon.Add(d).Sub(s.now), time.Minute)
	s.now = noon.Add(d)
	s.mu.Unlock()
	for range 2 {
		if got := s.looks(); !slices.Equal(got, want) {
			s.t.Errorf("after %v: told of %q, want %q", d, got, want)
		}
		want = nil
	}
}

// begin has the clock stand at noon, when a token is made.
func (s *stand) begin(wishes ...token.Wish) {
	s.t.Helper()
	s.mu.Lock()
	s.now = noon
	s.mu.Unlock()
	for _, w := range wishes {
		s.make(owner, w)
	}
}

// R037: each notice is given once, and the tokens of one that is far from its end not at all.
func TestAnOwnerIsToldFourteenSevenAndOneDayBefore(t *testing.T) {
	s := newStand(t)
	s.begin(token.Wish{Name: "backup"}, token.Wish{Name: "figures", Days: 365})
	s.after(0)
	s.after(76*day - time.Second)
	s.after(76*day, "backup 14")
	s.after(77 * day)
	s.after(83*day - time.Second)
	s.after(83*day, "backup 7")
	s.after(89*day - time.Second)
	s.after(89*day, "backup 1")
	s.after(90*day - time.Second)
	s.after(90 * day)
	s.after(200 * day)
	s.after(351*day, "figures 14")
}

// R037: a notice whose time was over before the token was made is none.
func TestAShortTokenIsNotSpokenOfAtOnce(t *testing.T) {
	for days, want := range map[int][]string{
		1: nil, 2: {"1"}, 7: {"1"}, 8: {"7", "1"}, 10: {"7", "1"}, 14: {"7", "1"}, 15: {"14", "7", "1"},
	} {
		s := newStand(t)
		s.begin(token.Wish{Name: "short", Days: days})
		if got := s.looks(); got != nil {
			t.Errorf("of %d days: told of %q when it was made", days, got)
		}
		var got []string
		for hour := range days*24 + 48 {
			s.mu.Lock()
			s.now = noon.Add(time.Duration(hour) * time.Hour)
			s.mu.Unlock()
			for _, one := range s.looks() {
				got = append(got, one[len("short "):])
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("of %d days: told at %q, want %q", days, got, want)
		}
	}
}

// R037: starts and clocks that step change nothing about what was said. A box that was off over two notices gives the last of them.
func TestANoticeIsGivenOnceWhateverTheClockDoes(t *testing.T) {
	s := newStand(t)
	s.begin(token.Wish{Name: "backup"})
	s.start()
	s.after(77*day, "backup 14")
	s.start()
	s.after(77 * day)
	s.after(70 * day) // back before the notice
	s.after(78 * day)
	s.start()
	s.after(84*day, "backup 7")
	s.after(80 * day)
	s.start()
	s.after(85 * day)
	s.after(95 * day) // over, for a while
	s.after(85 * day)
	s.after(89*day, "backup 1")
	s.start()
	s.after(89*day + time.Hour)

	off := newStand(t)
	off.begin(token.Wish{Name: "backup"})
	off.after(0)
	off.after(86*day, "backup 7")
	off.start()
	off.after(87 * day)
	off.after(89*day, "backup 1")

	ended := newStand(t)
	ended.begin(token.Wish{Name: "backup"})
	ended.start()
	ended.after(90 * day)
}

// R037: time that went back behind what was looked at has the room look again.
func TestATimeThatWentBackHidesNoNotice(t *testing.T) {
	s := newStand(t)
	s.begin(token.Wish{Name: "backup"})
	s.after(100 * day) // somebody set a wrong year
	s.after(10 * day)
	s.after(76*day, "backup 14")
}

// R037
func TestWhileTheTimeIsNotKnownNobodyIsTold(t *testing.T) {
	s := newStand(t)
	s.begin(token.Wish{Name: "backup"})
	s.unknown = true
	s.after(77 * day)
	s.unknown = false
	s.after(77*day, "backup 14")
}

// R037: told of is what is in use: neither what waits for its machine, nor what that did not collect, nor what is revoked. Tokens that are on hold,
// or locked for a while, are.
func TestOnlyTokensInUseAreSpokenOf(t *testing.T) {
	s := newStand(t)
	s.begin()
	var ines account.Account
	s.update(func(tx *store.Tx) (err error) { ines, err = account.Add(tx, owner); return err })
	s.make(ines, token.Wish{Name: "on hold"})
	m := s.make(ines, token.Wish{Name: "revoked"})
	s.make(ines, token.Wish{Name: "lost", Collect: true, Factor: token.Factor{Kind: token.Key, Key: text(stray)}})
	s.make(ines, token.Wish{Name: "collected", Collect: true, Factor: token.Factor{Kind: token.Key, Key: text(machine)}})
	s.looks()
	r := s.sign(request("POST", "/api/v1/machine/collection", `{"key":"`+text(machine)+`"}`), machine, token.Fingerprint(public(machine)), "0123456789abcdef")
	if _, waits, err := s.Collect(text(machine), r, event.Event{Source: "192.0.2.7"}); waits || err != nil {
		t.Fatalf("it waits: %v, %v", waits, err)
	}
	s.update(func(tx *store.Tx) error { _, err := s.Revoke(tx, ines.ID, m.Token.ID); return err })
	s.twoStep = true
	s.mu.Lock()
	s.now = noon.Add(77 * day)
	s.mu.Unlock()
	got := s.looks()
	if slices.Sort(got); !slices.Equal(got, []string{"collected 14", "on hold 14"}) {
		t.Errorf("told of %q", got)
	}
}

// R037 R087: what somebody planted in the database is not spoken of.
func TestAPlantedTokenIsNotSpokenOf(t *testing.T) {
	s := newStand(t)
	s.begin(token.Wish{Name: "backup"})
	key := s.key
	s.key = [len(key)]byte{}
	s.start()
	before := s.written()
	s.after(77 * day)
	if s.written() != before {
		t.Error("something was noted about it")
	}
	s.key = key
	s.start()
	s.after(77*day, "backup 14")
}

// R037: another second factor does not have it said again, and neither does use.
func TestWhatIsDoneWithATokenKeepsWhatWasSaid(t *testing.T) {
	s := newStand(t)
	s.begin()
	m := s.make(owner, token.Wish{Name: "backup"})
	s.after(77*day, "backup 14")
	_, err := s.admit(s.bearer(m.Text, nil))
	wants(t, err, nil, "admit")
	s.WriteForTest()
	s.update(func(tx *store.Tx) error {
		_, err := s.SetFactor(tx, owner.ID, m.Token.ID, token.Factor{Kind: token.Codes})
		return err
	})
	s.start()
	s.after(78 * day)
	s.after(83*day, "backup 7")
}

// R037: what cannot be recorded was not said, and is tried again after a while.
func TestWhatCannotBeRecordedIsSaidLater(t *testing.T) {
	s := newStand(t)
	s.begin(token.Wish{Name: "backup"})
	s.pass(77 * day)
	full, tries := errors.New("the disk is full"), 0
	fails := func(*store.Tx, token.Token, int) error { tries++; return full }
	wants(t, s.Warn(fails), full, "warn")
	s.pass(59 * time.Minute)
	wants(t, s.Warn(fails), nil, "warn while it rests")
	if tries != 1 {
		t.Errorf("it was tried %d times", tries)
	}
	s.pass(time.Minute)
	if got := s.looks(); !slices.Equal(got, []string{"backup 14"}) {
		t.Errorf("told of %q", got)
	}
}

// R037: where many tokens end at a time, a look tells of a few, and each is told of once.
func TestManyTokensAreToldOfBitByBit(t *testing.T) {
	s := newStand(t)
	s.begin()
	for i := range 40 {
		s.make(account.Account{ID: fmt.Sprintf("somebody%d", i%4), Role: account.User}, token.Wish{Name: fmt.Sprint(i)})
	}
	s.pass(77 * day)
	seen := map[string]bool{}
	for _, want := range []int{16, 16, 8, 0, 0} {
		got := s.looks()
		if len(got) != want {
			t.Errorf("told of %d, want %d", len(got), want)
		}
		for _, one := range got {
			if seen[one] {
				t.Errorf("told twice of %s", one)
			}
			seen[one] = true
		}
		s.pass(time.Minute)
	}
}

// R037: where nothing is due the database is not written, and after the first look not read.
func TestALookThatFindsNothingLeavesTheDisksAlone(t *testing.T) {
	s := newStand(t)
	s.begin(token.Wish{Name: "backup"})
	s.start()
	before := s.written()
	s.after(time.Minute)
	s.after(75 * day)
	if s.written() != before {
		t.Error("it was written")
	}
	s.mu.Lock()
	s.now = noon
	s.mu.Unlock()
	s.make(owner, token.Wish{Name: "another", Days: 75})
	s.after(61*day, "another 14")
	s.after(68*day, "another 7")
	s.after(74*day, "another 1")
	s.after(76*day, "backup 14")
	if err := s.db.Close(); err != nil { // whoever reads it now fails
		t.Fatal(err)
	}
	for at := 76 * day; at < 83*day; at += time.Hour {
		s.after(at)
	}
	s.mu.Lock()
	s.now = noon.Add(83 * day)
	s.mu.Unlock()
	if err := s.Warn(nil); err == nil {
		t.Error("nothing was read when it was due")
	}
}

// R037: a token that is made after a look, or during one, has its notices, too.
func TestATokenThatIsMadeDuringALookIsSpokenOf(t *testing.T) {
	s := newStand(t)
	s.begin()
	s.after(0)
	s.make(owner, token.Wish{Name: "first", Days: 15})
	s.pass(day)
	told := 0
	err := s.Warn(func(tx *store.Tx, _ token.Token, _ int) error {
		told++
		_, err := s.Create(tx, paul, token.Wish{Name: "second", Days: 8, Scopes: []string{"me:read"}, Factor: token.Factor{Kind: token.None}})
		return err
	})
	if wants(t, err, nil, "warn"); told != 1 {
		t.Errorf("told %d times", told)
	}
	s.after(2*day, "second 7")
	s.after(8*day, "first 7", "second 1")
}
