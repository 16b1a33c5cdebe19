package clock_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"castellan/internal/box/clock"
	"castellan/internal/fault"
)

// last returns what was told last.
func (b *bench) last() clock.Change {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.changes) == 0 {
		return clock.Change{}
	}
	return b.changes[len(b.changes)-1]
}

// R139: a jump waits for an administrator's word, forward and back, while the servers say it.
func TestAJumpWaitsToBeAccepted(t *testing.T) {
	for _, jump := range []time.Duration{2 * time.Hour, -10 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			k := b.start()
			k.Fresh(t.Context())
			if _, err := k.Proposed(0); !errors.Is(err, clock.ErrChanged) {
				t.Errorf("a proposal where all is well: %v", err)
			}
			b.all(jump)
			time.Sleep(time.Hour)
			k.Fresh(t.Context())
			r := k.Reading()
			wantState(t, r, clock.Suspect)
			if r.Reason != clock.Jumped || r.Proposal == nil || r.Proposal.Servers != 4 || (r.Proposal.By-jump).Abs() > 10*time.Millisecond {
				t.Fatalf("reason %s, proposal %+v, want by %v", r.Reason, r.Proposal, jump)
			}
			if _, err := k.Proposed(jump + 6*time.Second); !errors.Is(err, clock.ErrChanged) {
				t.Error("another proposal than the one that was shown was given")
			}
			time.Sleep(time.Minute)
			p, err := k.Proposed(jump + 4*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			k.Accept(p)
			r = k.Reading()
			wantState(t, r, clock.Synced)
			if d := time.Until(r.Now) - jump; d.Abs() > 10*time.Millisecond || r.Proposal != nil {
				t.Errorf("off by %v after a jump of %v was accepted, proposal %+v", d, jump, r.Proposal)
			}
			if c := b.last(); c.Why != clock.WhyAccepted || (c.Jump-jump).Abs() > 10*time.Millisecond || c.From != clock.Suspect || c.To != clock.Synced {
				t.Errorf("told %+v", c)
			}
			before := k.Now()
			time.Sleep(time.Second)
			if !k.Now().After(before) {
				t.Error("time stands still after it went back")
			}
		})
	}
}

func TestAProposalEndsWhenTheServersSaySomethingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		k := b.start()
		k.Fresh(t.Context())
		for _, end := range []func(){
			func() { b.all(0) }, // they were wrong for a while
			func() { b.servers[good1].off, b.servers[good2].off = 0, 0 }, // no majority any more
			func() { b.all(3 * time.Hour) },                              // they say yet another time
			func() { b.all(0); b.servers = map[string]*timeServer{} },    // silence
			func() { k.Use([]clock.Source{{Address: "another:123"}}) },   // the owner asks others
		} {
			b.servers = map[string]*timeServer{good1: {}, good2: {}, good3: {}, good4: {}}
			b.all(2 * time.Hour)
			time.Sleep(time.Minute)
			k.Sync(t.Context())
			if k.Reading().Proposal == nil {
				t.Fatal("no proposal")
			}
			end()
			time.Sleep(time.Minute)
			k.Sync(t.Context())
			if _, err := k.Proposed(2 * time.Hour); !errors.Is(err, clock.ErrChanged) {
				t.Errorf("it can still be accepted: %v, %+v", err, k.Reading())
			}
		}
	})
}

// R139: with the time set by hand, codes are checked, and servers that agree within two minutes are followed.
func TestTheTimeIsSetByHand(t *testing.T) {
	for off, want := range map[time.Duration]clock.State{
		0: clock.Synced, 110 * time.Second: clock.Synced, -20 * time.Second: clock.Synced, -110 * time.Second: clock.Suspect,
		3 * time.Minute: clock.Suspect, -time.Hour: clock.Suspect,
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			servers := b.servers
			b.servers = nil
			k := b.start()
			wantState(t, k.Fresh(t.Context()), clock.Unsynced)
			k.Set(time.Now().Add(-off)) // so the servers say that it is off later
			r := k.Reading()
			wantState(t, r, clock.Unverified)
			if r.Reason != clock.ByHand || !r.Trusted() || r.Verified() || r.Uncertainty != clock.HandDoubt || time.Until(r.Now) != -off {
				t.Errorf("after it was set: %+v", r)
			}
			if c := b.last(); c.Why != clock.WhyByHand || c.To != clock.Unverified || c.Jump == 0 {
				t.Errorf("told %+v", c)
			}
			k.Demand(true)
			strict := "No time server answers, and on this NAS only verified time counts. App codes are not checked."
			if r = k.Reading(); r.Trusted() || r.Level() != clock.Bad || r.Message() != strict {
				t.Errorf("a time that nobody verified, though the owner demands more: trusted %v, %q", r.Trusted(), r.Message())
			}
			k.Demand(false)
			b.servers = servers
			time.Sleep(time.Hour)
			r = k.Fresh(t.Context())
			wantState(t, r, want)
			if want == clock.Suspect && (r.Reason != clock.LongOff || r.Proposal == nil) {
				t.Errorf("servers that are %v off: %s, %+v", off, r.Reason, r.Proposal)
			}
			if off == -110*time.Second { // it ran ahead, so it stands still until that is true
				if !r.Now.After(time.Now()) {
					t.Error("time went back by itself")
				}
				time.Sleep(2 * time.Minute)
				wantState(t, k.Reading(), clock.Synced)
			}
		})
	}
}

func TestOnlyPossibleTimesAreSetByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		k := b.start()
		for off, code := range map[time.Duration]string{
			-time.Second: "too_early", -30 * year: "too_early", clock.LongestJump + time.Second: "too_late", 0: "", clock.LongestJump: "",
		} {
			err := k.CheckHand(b.floor.Add(off))
			fields := fault.FieldsOf(err)
			if code == "" && err != nil || code != "" && (len(fields) != 1 || fields[0].Name != "now" || fields[0].Code != code) {
				t.Errorf("%v after the floor: %v, want %q", off, err, code)
			}
		}
	})
}

// R139: an administrator who came in another way vouches for a first answer that is far ahead, and for no other.
func TestAnAdministratorVouchesForTheFirstAnswerOnly(t *testing.T) {
	const day = 24 * time.Hour
	tests := map[string]struct {
		trusted, jump time.Duration
		want          clock.State
	}{
		"off for 40 days":        {-40 * day, 0, clock.Synced},
		"off for 11 years":       {-11 * year, 0, clock.Suspect},
		"servers tell yesterday": {day, 0, clock.Suspect},
		"a jump after a sync":    {-day, 2 * time.Hour, clock.Suspect},
	}
	for name, tc := range tests {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			b.floor = time.Now().Add(min(tc.trusted, 0) - day)
			b.trusted = time.Now().Add(tc.trusted)
			k := b.start()
			k.Fresh(t.Context())
			if tc.jump != 0 {
				b.all(tc.jump)
				time.Sleep(time.Hour)
				k.Fresh(t.Context())
			}
			wantState(t, k.Reading(), clock.Suspect)
			k.Vouch()
			if r := k.Reading(); r.State != tc.want || r.State == clock.Synced && off(r) > 10*time.Millisecond {
				t.Errorf("%s: %+v", name, r)
			}
		})
	}
}

// R139: what lies outside everything possible is not even offered to an administrator.
func TestAnImpossibleTimeIsNotProposed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.all(60 * year)
		k := b.start()
		r := k.Fresh(t.Context())
		wantState(t, r, clock.Suspect)
		if r.Proposal != nil {
			t.Errorf("proposal %+v", r.Proposal)
		}
	})
}
