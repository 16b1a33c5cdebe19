package signin

import (
	"errors"
	"net/netip"
	"strconv"

	"castellan/internal/access/account"
	"castellan/internal/access/claim"
	"castellan/internal/access/throttle"
	"castellan/internal/box/clock"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/notice"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// guess says by what a password is counted that somebody tries for a name: by a browser that the account of that
// name knows, or else by where it comes from. On a box that nobody owns each source has but its own tries: the default
// password is random, nobody is known yet, and whoever wants to claim the box must not be kept out.
func (d *Door) guess(v Visitor, name string) (g throttle.Guess, err error) {
	g = throttle.Guess{Name: name, Source: v.Source}
	err = d.DB.View(func(tx *store.Tx) error {
		rules, err := settings.GetDefender(tx)
		if err != nil {
			return err
		}
		owned, _, err := claim.Owned(tx)
		if err != nil {
			return err
		}
		g.Inside = !owned
		g.Level = throttle.LevelOf(string(rules.Limits))
		if address, err := netip.ParseAddr(v.Address); err == nil {
			g.Allowed = rules.Allows(address)
		}
		if v.Browser == "" {
			return nil
		}
		a, err := account.ByName(tx, name)
		switch {
		case errors.Is(err, account.ErrUnknown):
			return nil
		case err == nil:
			one, _ := d.Browsers.Find(tx, v.Browser, a.ID)
			g.Browser = one.ID
		}
		return err
	})
	return g, err
}

// refusePassword counts and records a wrong password in a transaction of its own, and returns the refusal. Where
// that cannot be written, nobody learns whether the try was right.
func (d *Door) refusePassword(a account.Account, v Visitor, attempt *throttle.Attempt, e event.Event, refused error) error {
	err := d.DB.Update(func(tx *store.Tx) error {
		attempt.Of(a.ID)
		if err := attempt.Fail(tx); err != nil {
			return err
		}
		if err := d.Log.Record(tx, e); err != nil {
			return err
		}
		for _, begun := range attempt.Begun() {
			if err := d.began(tx, a, v, begun); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return refused
}

// began records what begins with a wrong password. What a stranger typed as a name is nobody's account and is not
// told of.
func (d *Door) began(tx *store.Tx, a account.Account, v Visitor, begun throttle.Rule) error {
	switch begun {
	case throttle.Sources:
		e := v.event(event.SourcePaused, "").With("source", v.Source)
		return d.Log.Record(tx, e.With("within", clock.Words(throttle.SprayWindow)))
	case throttle.Crowd:
		return d.Log.Record(tx, event.Event{Kind: event.CrowdNoticed}.With("within", clock.Words(throttle.SprayWindow)))
	case throttle.Browsers:
		if err := d.Browsers.Forget(tx, v.Browser, a.ID); err != nil {
			return err
		}
		return d.note(tx, a, v.event(event.BrowserDoubted, a.Name).With("tries", strconv.Itoa(throttle.MaxRow)))
	default:
		if a.ID == "" {
			return nil
		}
		e := v.event(event.AccountClosed, a.Name).With("account", a.Name).With("tries", strconv.Itoa(throttle.MaxRow))
		d.Post.Suspect(tx, a, notice.Closed, e)
		return d.Log.Record(tx, e)
	}
}

// slowed records the first try that was refused without being checked, counts the others, and returns the
// refusal. whose finds the account that was tried.
func (d *Door) slowed(v Visitor, refused error, whose func(*store.Tx) (account.Account, error)) error {
	var f *fault.Error
	if !errors.As(refused, &f) {
		return refused
	}
	why := "too many wrong codes in a row"
	switch {
	case f.RetryIn > 0:
		why = "too many wrong tries, the next one in " + clock.Words(f.RetryIn)
	case errors.Is(refused, throttle.ErrKnownOnly):
		why = "too many wrong passwords in a row; only browsers that are known may try"
	}
	e := v.event(event.SignInSlowed, "").With("reason", why)
	if !throttle.First(refused) {
		d.Log.Count(e)
		return refused
	}
	err := d.DB.Update(func(tx *store.Tx) error {
		a, err := whose(tx)
		if err != nil && !errors.Is(err, account.ErrUnknown) {
			return err
		}
		e.Actor = a.Name
		return d.Log.Record(tx, e)
	})
	if err != nil {
		return err
	}
	return refused
}
