package people_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/people"
	"castellan/internal/access/session"
	"castellan/internal/access/throttle"
	"castellan/internal/access/token"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/settings"
	"castellan/internal/store"
)

func blocking(rules ...string) settings.Defender {
	d := settings.DefaultDefender()
	for _, r := range rules {
		d.Block = append(d.Block, netip.MustParsePrefix(r))
	}
	return d
}

// R001 R021: nobody shuts themselves out without knowing it.
func TestARuleWithOnesOwnAddressWantsToBeConfirmed(t *testing.T) {
	b := newBench(t)
	own := b.root
	for rule, where := range map[string]string{"192.0.2.7/32": "192.0.2.7", "192.0.0.0/16": "192.0.2.7", "2001:db8::/32": "2001:db8::9", "fe80::/10": "fe80::1%eth0"} {
		own.Address = where
		err := b.SetDefender(own, blocking("203.0.113.0/24", rule), false)
		var f *fault.Error
		if !errors.Is(err, people.ErrOwnAddress) || !errors.As(err, &f) || !strings.Contains(f.Message, where) {
			t.Errorf("%s from %s: %v", rule, where, err)
		}
	}
	if d, _, _, err := b.Defender(); err != nil || len(d.Block) != 0 {
		t.Errorf("a refused rule is kept: %v, %v", d, err)
	}
	own.Address = "192.0.2.7"
	allowed := blocking("192.0.2.0/24")
	allowed.Allow = []netip.Prefix{netip.MustParsePrefix("192.0.2.7/32")}
	for what, err := range map[string]error{
		"another network":            b.SetDefender(own, blocking("203.0.113.0/24"), false),
		"with one's own one allowed": b.SetDefender(own, allowed, false),
		"confirmed":                  b.SetDefender(own, blocking("192.0.2.0/24"), true),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	own.Address = "local" // over the socket of the box
	if err := b.SetDefender(own, blocking("192.0.2.0/24"), false); err != nil {
		t.Errorf("on the box itself: %v", err)
	}
}

// R001 R021: nor out of where they also sign in, nor everybody in the house.
func TestARuleWithWhereOneSignsInWantsToBeConfirmed(t *testing.T) {
	b := newBench(t)
	if err := b.DB.Update(func(tx *store.Tx) error {
		b.Sessions.Create(tx, session.Session{Account: b.root.ID, Source: "203.0.113.9"})
		_, _, _, err := b.Browsers.Remember(tx, "", b.root.ID, "Firefox", "203.0.113.77")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for rule, words := range map[string]string{
		"203.0.113.9/32":  "You are signed in at 203.0.113.9, too. With 203.0.113.9 blocked you would be shut out there.",
		"203.0.113.64/26": "You have signed in at 203.0.113.77 before. With 203.0.113.64/26 blocked you would be shut out there.",
		"198.18.0.0/16":   "The NAS itself is in the network 198.18.4.0/24. With 198.18.0.0/16 blocked everybody there would be shut out.",
	} {
		var f *fault.Error
		if err := b.SetDefender(b.root, blocking(rule), false); !errors.Is(err, people.ErrOwnAddress) || !errors.As(err, &f) || f.Message != words {
			t.Errorf("%s: %v", rule, err)
		}
	}
	if err := b.SetDefender(b.root, blocking("198.18.4.0/25"), false); err != nil {
		t.Errorf("a part of the network: %v", err)
	}
	if err := b.SetDefender(b.root, blocking("203.0.113.0/24", "198.18.4.0/24"), true); err != nil {
		t.Errorf("confirmed: %v", err)
	}
	if err := b.SetDefender(b.root, blocking("203.0.113.0/24", "198.18.4.0/24", "192.0.3.0/24"), false); err != nil {
		t.Errorf("what was confirmed before: %v", err)
	}
}

// R136: what changed is in the log, and nothing else.
func TestChangesOfTheDefenderAreRecorded(t *testing.T) {
	b := newBench(t)
	if err := b.SetDefender(b.root, blocking("203.0.113.0/24"), false); err != nil {
		t.Fatal(err)
	}
	if e := b.last(); e.Kind != event.DefenderChanged || e.Message() != "Block list: 203.0.113.0/24 added" || e.Actor != "admin" {
		t.Errorf("got %+v", e)
	}
	before := b.last().Number
	if err := b.SetDefender(b.root, blocking("203.0.113.0/24"), false); err != nil {
		t.Fatal(err)
	}
	if b.last().Number != before {
		t.Error("nothing changed, and that is recorded")
	}
}

// R001 R020: castellan recover ends blocks and pauses, whatever address they are of.
func TestRecoveringEndsBlocksAndPauses(t *testing.T) {
	b := newBench(t)
	if err := b.SetDefender(b.root, blocking("203.0.113.0/24"), false); err != nil {
		t.Fatal(err)
	}
	for i := range throttle.SprayTries {
		a, err := b.Throttle.Password(throttle.Guess{Name: strings.Repeat("x", i+1), Source: "192.0.2.9"})
		if err != nil {
			t.Fatal(err)
		}
		if err := b.DB.Update(a.Fail); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Recover(t.Context(), "admin"); err != nil {
		t.Fatal(err)
	}
	d, slow, _, err := b.Defender()
	if err != nil || len(d.Block) != 0 {
		t.Errorf("got %v, %v", d, err)
	}
	for _, s := range slow {
		if s.Rule == throttle.Sources {
			t.Errorf("still paused: %+v", s)
		}
	}
}

// R137: a slow-down names the account that is guessed at, and no name that a stranger typed.
func TestSlowDownsNameAccounts(t *testing.T) {
	b := newBench(t)
	ines := b.own("ines", account.User)
	for name, id := range map[string]string{"ines": ines.ID, "secret phrase": ""} {
		for range throttle.FreeTries {
			a, err := b.Throttle.Password(throttle.Guess{Name: name, Source: "192.0.2.9"})
			if err != nil {
				t.Fatal(err)
			}
			a.Of(id)
			if err := b.DB.Update(a.Fail); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, slow, total, err := b.Defender()
	if err != nil || total != 2 {
		t.Fatalf("%d: %v", total, err)
	}
	for _, s := range slow {
		if want := map[bool]string{true: "ines", false: ""}[s.Account == ines.ID]; s.Name != want {
			t.Errorf("got %+v", s)
		}
		if err := b.Lift(b.root, s.ID); err != nil {
			t.Error(err)
		}
		if e := b.last(); e.Kind != event.SlowDownLifted || strings.Contains(e.Message(), "secret") {
			t.Errorf("got %s", e.Message())
		}
		if err := b.Lift(b.root, s.ID); !errors.Is(err, people.ErrLifted) {
			t.Errorf("again: %v", err)
		}
	}
	if err := b.DB.Update(func(tx *store.Tx) error { return settings.PutDefender(tx, blocking("203.0.113.0/24")) }); err != nil {
		t.Fatal(err)
	}
	ordinary := people.Actor{ID: ines.ID, Name: "ines"}
	if err := b.SetDefender(ordinary, settings.DefaultDefender(), true); !errors.Is(err, people.ErrRole) {
		t.Errorf("a plain user: %v", err)
	}
	if err := b.Lift(ordinary, "x"); !errors.Is(err, people.ErrRole) {
		t.Errorf("a plain user lifts: %v", err)
	}
}

// R051 R137: a machine that is slowed down is named, and its owner is not taken for it.
func TestASlowedMachineIsNotTakenForItsOwner(t *testing.T) {
	b := newBench(t)
	ines := b.own("ines", account.User)
	var m token.Made
	if err := b.DB.Update(func(tx *store.Tx) (err error) {
		m, err = b.Tokens.Create(tx, ines, token.Wish{Name: "cellar", Scopes: []string{"me:read"}, Factor: token.Factor{Kind: token.Codes}})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for range throttle.FreeCodes {
		a, err := b.Throttle.Code(throttle.OfToken(m.Token.ID))
		if err != nil {
			t.Fatal(err)
		}
		a.Of(ines.ID)
		if err := b.DB.Update(a.Fail); err != nil {
			t.Fatal(err)
		}
	}
	_, slow, _, err := b.Defender()
	if err != nil || len(slow) != 1 || slow[0].Machine != "cellar" || slow[0].Name != "ines" {
		t.Fatalf("got %+v, %v", slow, err)
	}
	if err := b.Lift(b.root, slow[0].ID); err != nil {
		t.Error(err)
	}
	if got := b.last().Message(); got != "Slow-down lifted: codes of the API token “cellar” of ines" {
		t.Errorf("the log says %q", got)
	}
}

// R020: a temporary password is of use also to somebody whose account was guessed at until it closed.
func TestATemporaryPasswordOpensAClosedAccount(t *testing.T) {
	b := newBench(t)
	ines, now := b.own("ines", account.User), time.Hour
	b.Throttle = throttle.New(throttle.Config{Elapsed: func() time.Duration { return now }, Boot: "one"})
	for i := range throttle.MaxRow {
		a, err := b.Throttle.Password(throttle.Guess{Name: "ines", Source: strings.Repeat("x", i+1)})
		if err != nil {
			t.Fatal(err)
		}
		if err := b.DB.Update(a.Fail); err != nil {
			t.Fatal(err)
		}
		now += 5 * time.Minute
	}
	if !b.Throttle.Closed("ines") {
		t.Fatal("the test proves nothing")
	}
	if _, err := b.Temporary(t.Context(), b.root, ines.ID); err != nil {
		t.Fatal(err)
	}
	if b.Throttle.Closed("ines") {
		t.Error("it is closed still")
	}
}
