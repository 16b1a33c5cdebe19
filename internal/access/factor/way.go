package factor

import (
	"slices"

	"castellan/internal/access/account"
	"castellan/internal/fault"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// Way is a kind of second factor.
type Way string

// The ways, the strongest first; the last two are for when the others are lost.
const (
	App      Way = "app"
	Email    Way = "email"
	Recovery Way = "recovery"
	// Presence is a short press of the button on the box. It is open at sign-in only, never enrolled and never the last
	// way that keeps 2-step verification on, so it is not among those of Open.
	Presence Way = "presence"
)

// ErrLastWay keeps 2-step verification from being turned off by the way.
var ErrLastWay = &fault.Error{Kind: fault.Conflict, Code: "last_way", Message: "This is your last way in. Add another one first, or turn 2-step verification off as a whole."}

// Enabled reports whether an account has a second factor. Recovery codes alone are none: they exist beside
// one. A device that has to be set up again is one: what the clock does turns nobody's 2-step verification off.
func Enabled(tx *store.Tx, account string) bool {
	return devices.Any(tx, account+"/") || EmailOn(tx, account)
}

// Open returns the ways that are open to an account now, in the order to offer them: the one used last
// first, recovery codes always last.
func Open(tx *store.Tx, a account.Account) (ways []Way, err error) {
	app, _, err := apps(tx, a.ID)
	if err != nil {
		return nil, err
	}
	if app {
		ways = append(ways, App)
	}
	if EmailOn(tx, a.ID) && a.Confirmed {
		why, err := EmailObstacle(tx, a)
		if err != nil {
			return nil, err
		}
		if why == "" {
			ways = append(ways, Email)
		}
	}
	if len(ways) == 2 && a.LastWay == string(Email) {
		slices.Reverse(ways)
	}
	left, err := RecoveryOf(tx, a.ID)
	if err == nil && left.Left > 0 && Enabled(tx, a.ID) {
		ways = append(ways, Recovery)
	}
	return ways, err
}

// Stands looks whether an account has a way open beside its recovery codes. It keeps people from removing
// the last one by the way.
func Stands(tx *store.Tx, a account.Account) error {
	ways, err := Open(tx, a)
	if err == nil && !slices.ContainsFunc(ways, func(w Way) bool { return w != Recovery }) {
		err = ErrLastWay
	}
	return err
}

// PresenceAllowed reports whether the policy lets an account sign in with the password and a press of the button.
func PresenceAllowed(tx *store.Tx, a account.Account) (bool, error) {
	p, err := settings.GetPolicy(tx)
	if err != nil {
		return false, err
	}
	return p.Presence == settings.Everyone || p.Presence == settings.Administrators && a.Role == account.Administrator, nil
}

// Demanded reports whether the policy wants an account to use 2-step verification.
func Demanded(tx *store.Tx, a account.Account) (bool, error) {
	p, err := settings.GetPolicy(tx)
	if err != nil {
		return false, err
	}
	switch p.TwoStep {
	case settings.Everyone:
		return true, nil
	case settings.Administrators:
		return a.Role == account.Administrator, nil
	case settings.ChosenGroups:
		return account.InAny(tx, a, p.Groups)
	default:
		return false, nil
	}
}
