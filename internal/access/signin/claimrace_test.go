package signin_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"castellan/internal/access/claim"
	"castellan/internal/access/presence"
	"castellan/internal/access/session"
	"castellan/internal/access/signin"
	"castellan/internal/access/throttle"
	"castellan/internal/store"
)

// thief is somebody on the network who wants to own the box first: every 50 ms they wait for the button anew, ask whether
// the press has come, guess at the default password or claim with what they have.
type thief struct {
	*bench
	v   signin.Visitor
	won bool
}

const thiefEvery = 50 * time.Millisecond

func (x *thief) act(r int) {
	ctx := x.t.Context()
	switch r % 8 {
	case 0, 1:
		if step, err := x.AwaitPress(x.v); err == nil {
			x.v.Ticket = step.Cookie
		}
	case 2:
		guess := []string{"admin", "password", "castellan", "0000-0000-0000", x.label[1:]}[r/8%5]
		if step, err := x.Password(ctx, x.v, "admin", guess); err == nil {
			x.won, x.v.Ticket = true, step.Cookie
		}
	case 3:
		_, err := x.Claim(ctx, x.v, "made up", claim.Claim{Name: "thief", Password: newPassword})
		x.won = x.won || err == nil
	default:
		_, _, _, _ = x.Press(x.v.Ticket)
		_, err := x.Claim(ctx, x.v, x.v.Ticket, claim.Claim{Name: "thief", Password: newPassword})
		x.won = x.won || err == nil
	}
}

// owner follows the flow that the page shows: waits for the press, walks to the box, presses; where somebody else was
// waiting, too, takes the password on the label.
type owner struct {
	*bench
	ticket  string
	press   int // the tick of the press
	dropped bool
	in      bool
}

// act does what the page and its owner do at a tick of 50 ms; the page asks once a second.
func (o *owner) act(tick int) {
	switch {
	case tick == 0:
		step, err := o.AwaitPress(o.home)
		if err != nil {
			o.t.Errorf("the owner cannot wait: %v", err)
		}
		o.ticket = step.Cookie
	case tick == o.press:
		o.Waits.Press()
	case tick%20 != 0 || o.in:
	case o.dropped:
		step, err := o.Password(o.t.Context(), o.home, "admin", o.label)
		if err == nil {
			_, err = o.Claim(o.t.Context(), o.home, step.Cookie, claim.Claim{Password: goodPassword})
		}
		o.in = err == nil
	default:
		state, _, _, err := o.Press(o.ticket)
		o.dropped = state == presence.Dropped || err != nil
		if state == presence.Confirmed {
			_, err := o.Claim(o.t.Context(), o.home, o.ticket, claim.Claim{Password: goodPassword})
			o.in = err == nil
		}
	}
}

// T27: an owner who proved that the NAS is theirs has half an hour for a name and a password, however many waits strangers
// begin meanwhile.
func TestAnOwnerWhoTakesTheirTimeKeepsTheClaim(t *testing.T) {
	b := newBench(t)
	ticket, begun := b.proved(), 0
	stranger := signin.Visitor{Address: "192.0.2.66", Source: "192.0.2.66", Agent: "curl", Local: true}
	for range 3 * time.Minute / time.Second {
		for range 20 {
			if _, err := b.AwaitPress(stranger); err == nil {
				begun++
			}
		}
		b.pass(time.Second)
	}
	if begun < 2*session.MaxTickets {
		t.Fatalf("the test proves nothing: %d waits", begun)
	}
	if _, err := b.Claim(t.Context(), b.home, ticket, claim.Claim{Password: goodPassword}); err != nil {
		t.Error(err)
	}
}

// T27 R140: in a thousand races for a box that was just reset, somebody who tries every 50 ms never wins, and the owner
// who follows the flow always does.
func TestAThiefNeverClaimsBeforeTheOwner(t *testing.T) {
	runs, seed := 1000, rand.New(rand.NewPCG(27, 140))
	if testing.Short() {
		runs = 50
	}
	b := newBench(t)
	presses := 0
	for run := range runs {
		x := &thief{bench: b, v: signin.Visitor{Address: "192.0.2.66", Source: "192.0.2.66", Agent: "curl", Local: true}}
		o := &owner{bench: b, press: 1 + seed.IntN(60)}
		late := seed.IntN(o.press + 20) // the thief may come at any moment, or after the press
		last := o.press + 100
		for tick := 0; tick < last && !o.in; tick++ {
			var both sync.WaitGroup
			if tick >= late {
				r := seed.Int()
				both.Go(func() { x.act(r) })
			}
			both.Go(func() { o.act(tick) })
			both.Wait()
			b.pass(thiefEvery)
		}
		if x.won || !o.in || b.account("admin").Name != "admin" {
			t.Fatalf("run %d: the thief won %v, the owner is in %v (dropped %v, pressed at tick %d, thief from %d)", run, x.won, o.in, o.dropped, o.press, late)
		}
		if !o.dropped {
			presses++
		}
		if run%10 > 0 { // the transaction of a reset, without what it does to files
			b.update(func(tx *store.Tx) error {
				_, err := b.Box.Release(tx, b.clock.Reading().Now)
				b.Tickets.EndAll(tx)
				b.Waits.EndAll(tx)
				return err
			})
		} else if err := b.reset(); err != nil {
			t.Fatal(err)
		}
		b.pass(throttle.LongestWait)
	}
	if presses == 0 || presses == runs {
		t.Errorf("the press decided %d of %d runs: the races are not those that were meant", presses, runs)
	}
	t.Logf("%d runs: the owner won %d by the press and %d by the label", runs, presses, runs-presses)
}
