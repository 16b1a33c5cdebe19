package signin

import (
	"errors"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/presence"
	"castellan/internal/access/session"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/notice"
	"castellan/internal/store"
)

// The refusals about a press of the button in place of a code.
var (
	ErrOutside = &fault.Error{Kind: fault.Forbidden, Code: "not_local", Message: "A press of the button counts for browsers of the NAS's own network only. Choose another way, or use a browser there."}
	// ErrMend says that the ways in come first after such a sign-in.
	ErrMend = &fault.Error{Kind: fault.Forbidden, Code: "enrollment_required", Message: "You came in with a press of the button. Set up an authenticator device first."}
)

// byPress is how the log calls such a sign-in.
const byPress = "password and a press of the button on the NAS"

// expired is what became of a wait for which nobody pressed the button in time. The sign-in goes on.
const expired presence.State = "expired"

// pressable reports whether a press of the button can stand for a code of an account: where a finger reaches the button
// and the press reaches us, the policy lets it, and the browser is one of the house. Somebody far away who has the
// password must not wait for a press that was meant for something else.
func (d *Door) pressable(tx *store.Tx, v Visitor, a account.Account) (bool, error) {
	if !v.Local || !d.Button() {
		return false, nil
	}
	return factor.PresenceAllowed(tx, a)
}

// AskPress lets a sign-in whose password was right wait for a press of the button in place of a code, and returns for how
// long. A browser that asks again does not count twice. The owner is told of the first time: whoever waits has the
// password, and the next press would let them in.
func (d *Door) AskPress(v Visitor, cookie string) (left time.Duration, err error) {
	t, _, ok := d.Tickets.Find(cookie)
	switch {
	case !ok || t.Stage != session.AwaitCode:
		return 0, ErrExpired
	case !v.Local:
		return 0, ErrOutside
	}
	look := d.DB.View
	if t.Wait == "" {
		look = d.DB.Update
	}
	if err := look(func(tx *store.Tx) error { return d.mayPress(tx, v, t) }); err != nil {
		return 0, err
	}
	d.Waits.Leave(t.Wait)
	id, err := d.Waits.Begin(presence.SignIn, "")
	if err != nil {
		return 0, err
	}
	replaced, ok := d.Tickets.Await(cookie, id)
	if !ok { // it was finished or ended meanwhile
		d.Waits.Leave(id)
		return 0, ErrExpired
	}
	d.Waits.Leave(replaced)
	return presence.Life, nil
}

// mayPress looks whether a ticket may wait for a press, and records the first time.
func (d *Door) mayPress(tx *store.Tx, v Visitor, t session.Ticket) error {
	a, err := account.Get(tx, t.Account)
	if err != nil {
		return ErrExpired.Because(err)
	}
	if err := d.standing(tx, a, t); err != nil {
		return ErrExpired.Because(err)
	}
	may, err := d.pressable(tx, v, a)
	switch {
	case err != nil:
		return err
	case !may:
		return factor.ErrWay
	case t.Wait != "":
		return nil
	}
	e := v.event(event.PressAsked, a.Name).With("account", a.Name)
	d.Post.Suspect(tx, a, notice.PressAsked, e)
	return d.Log.Record(tx, e)
}

// Pressed tells whether the press has come for a sign-in that waits for one, and for how long that goes on. Asking keeps
// it going, and finishes nothing: that is for Code.
func (d *Door) Pressed(cookie string) (state presence.State, left time.Duration, err error) {
	t, _, ok := d.Tickets.Find(cookie)
	switch {
	case !ok || t.Stage != session.AwaitCode:
		return "", 0, ErrExpired
	case t.Wait == "":
		return "", 0, presence.ErrGone
	}
	state, left, err = d.Waits.Look(presence.SignIn, t.Wait)
	if errors.Is(err, presence.ErrGone) {
		return expired, 0, nil
	}
	return state, left, err
}

// codeByPress finishes a sign-in with the press that confirmed it. It is no guess: nothing is counted, and neither is
// forgiven what was guessed before.
func (d *Door) codeByPress(v Visitor, cookie string) (Step, error) {
	t, err := d.take(cookie, session.AwaitCode)
	if err != nil {
		return Step{}, err
	}
	var step Step
	err = d.DB.Update(func(tx *store.Tx) (err error) { step, err = d.spendPress(tx, v, t); return err })
	if err != nil {
		d.Tickets.Return(cookie, false)
		return Step{}, err
	}
	d.forget(cookie)
	d.vouch(step)
	step.Clock = d.Clock.Reading()
	return step, nil
}

// spendPress is codeByPress in its one transaction. The account and every administrator are told.
func (d *Door) spendPress(tx *store.Tx, v Visitor, t session.Ticket) (Step, error) {
	a, err := account.Get(tx, t.Account)
	if err != nil {
		return Step{}, ErrExpired.Because(err)
	}
	if err := d.standing(tx, a, t); err != nil {
		return Step{}, ErrExpired.Because(err)
	}
	may, err := factor.PresenceAllowed(tx, a)
	switch {
	case err != nil:
		return Step{}, err
	case !may: // any longer
		return Step{}, factor.ErrWay
	}
	if err := d.Waits.Confirmed(presence.SignIn, t.Wait); err != nil {
		return Step{}, err
	}
	tx.OnCommit(func() { d.Waits.Leave(t.Wait) }) // the ticket is taken, so nobody else can spend it
	used := v.event(event.PressUsed, a.Name).With("account", a.Name)
	if err := d.note(tx, a, used); err != nil {
		return Step{}, err
	}
	err = account.Each(tx, func(other account.Account) error {
		if other.ID != a.ID && other.Administers() {
			d.Post.Tell(tx, other, used)
		}
		return nil
	})
	if err != nil {
		return Step{}, err
	}
	return d.finish(tx, v, a, byPress, session.Session{Repair: true, Enrol: true})
}
