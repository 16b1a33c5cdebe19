package throttle_test

import (
	"fmt"
	"testing"

	"castellan/internal/access/throttle"
	"castellan/internal/store"
)

// lift lifts a slow-down and reports whether there was one.
func (b *bench) lift(id string) (found bool) {
	b.t.Helper()
	if err := b.db.Update(func(tx *store.Tx) (err error) { _, found, err = b.Lift(tx, id, throttle.Normal); return err }); err != nil {
		b.t.Fatal(err)
	}
	return found
}

// R001: whatever slows somebody down is listed and can be lifted, and what was lifted stays lifted.
func TestEverySlowDownIsListedAndCanBeLifted(t *testing.T) {
	b := newBench(t)
	for range throttle.FreeTries {
		_ = fail(b, b.guess(throttle.Guess{Name: "ines", Source: "a", Inside: true}))
		_ = fail(b, b.guess(throttle.Guess{Name: "ines", Source: "a", Browser: "cookie"}))
	}
	for range throttle.FreeCodes {
		_ = fail(b, b.code("ines-id"))
		_ = fail(b, b.code(throttle.OfToken("token-id")))
	}
	b.close("owner")
	for i := range throttle.SprayTries {
		_ = fail(b, b.guess(throttle.Guess{Name: fmt.Sprint("name", i), Source: "spray"}))
	}
	for i := range throttle.CrowdTries {
		_ = fail(b, b.guess(throttle.Guess{Name: fmt.Sprint("name", i), Source: fmt.Sprint("c", i%throttle.CrowdSources)}))
	}
	list, total := b.SlowDowns(throttle.Normal)
	if total != len(list) || !list[0].Closed {
		t.Errorf("%d of %d, the first is %+v", len(list), total, list[0])
	}
	seen := map[throttle.Rule]throttle.SlowDown{}
	var machine throttle.SlowDown
	for _, s := range list {
		if s.Token != "" {
			machine = s
			continue
		}
		seen[s.Rule] = s
	}
	if machine.Token != "token-id" || machine.Rule != throttle.Codes || machine.Account != "ines-id" && machine.Account != "" {
		t.Errorf("a machine is listed as %+v", machine)
	}
	for _, r := range []throttle.Rule{throttle.Passwords, throttle.Browsers, throttle.Accounts, throttle.Sources, throttle.Codes, throttle.Crowd} {
		if _, ok := seen[r]; !ok {
			t.Errorf("%s is not listed", r)
		}
	}
	if s := seen[throttle.Sources]; s.Source != "spray" || s.Left != throttle.SprayPause {
		t.Errorf("got %+v", s)
	}
	if s := seen[throttle.Codes]; s.Account != "ines-id" || s.Tries != throttle.FreeCodes {
		t.Errorf("got %+v", s)
	}
	for _, s := range list {
		if !b.lift(s.ID) || b.lift(s.ID) {
			t.Errorf("%+v is not lifted once", s)
		}
	}
	for range 2 {
		if list, total := b.SlowDowns(throttle.Normal); total != 0 {
			t.Errorf("left over: %+v", list)
		}
		b.restart()
	}
	if err := succeed(b, b.guess(throttle.Guess{Name: "owner", Source: "spray"})); err != nil {
		t.Errorf("then: %v", err)
	}
}

// R137: the list names an account only where it is known to be one.
func TestTheListKnowsAccountsAndNoNames(t *testing.T) {
	b := newBench(t)
	for name, id := range map[string]string{"ines": "ines-id", "secret phrase": ""} {
		for range throttle.FreeTries {
			a, err := b.Password(throttle.Guess{Name: name, Source: "a"})
			if err != nil {
				t.Fatal(err)
			}
			a.Of(id)
			if err := b.db.Update(a.Fail); err != nil {
				t.Fatal(err)
			}
		}
	}
	b.restart()
	list, _ := b.SlowDowns(throttle.Normal)
	accounts := map[string]bool{}
	for _, s := range list {
		accounts[s.Account] = true
	}
	if len(list) != 2 || !accounts["ines-id"] || !accounts[""] {
		t.Errorf("got %+v", list)
	}
}

func TestTheListIsBounded(t *testing.T) {
	b := newBench(t)
	for i := range throttle.MaxListed + 5 {
		for range throttle.FreeTries {
			_ = fail(b, b.guess(throttle.Guess{Name: "x", Source: fmt.Sprint(i), Inside: true}))
		}
	}
	if list, total := b.SlowDowns(throttle.Normal); len(list) != throttle.MaxListed || total != throttle.MaxListed+5 {
		t.Errorf("%d of %d", len(list), total)
	}
}
