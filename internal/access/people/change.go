package people

import (
	"strings"

	"castellan/internal/access/account"
	"castellan/internal/access/session"
	"castellan/internal/event"
	"castellan/internal/store"
)

// Change is what an administrator changes about a person; nil leaves a value as it is.
type Change struct {
	DisplayName, Email *string
	Role               *account.Role
	Disabled           *bool
}

// Change changes a person's account. Whoever loses rights is signed out everywhere, and whoever is disabled loses their API tokens.
func (o *Office) Change(by Actor, id string, c Change) (p Person, err error) {
	err = o.update(by, func(tx *store.Tx) error {
		before, err := account.Get(tx, id)
		if err != nil {
			return err
		}
		after := c.apply(before)
		rights := after.Role != before.Role || after.Disabled != before.Disabled
		if id == by.ID && (rights || after.Email != before.Email) {
			return ErrOwn // one's own address is changed with a code to the new one
		}
		if err := account.Put(tx, after); err != nil {
			return err
		}
		if after, err = account.Get(tx, id); err != nil { // as it was tidied
			return err
		}
		if p, err = o.person(tx, after); err != nil {
			return err
		}
		if rights || before.Email != after.Email {
			o.end(tx, id)
		}
		changed := by.event(event.AccountChanged)
		if after.Disabled && rights {
			if err := o.Browsers.EndAll(tx, id); err != nil {
				return err
			}
			if changed, err = o.Tokens.End(tx, id, changed); err != nil {
				return err
			}
		}
		if before.Email != after.Email {
			moved := by.event(event.EmailChanged)
			o.Post.TellAt(tx, after, before.Email, moved)
			o.Post.Tell(tx, after, moved)
		}
		if what := differences(before, after); what != "" {
			return o.Log.Record(tx, changed.With("account", after.Name).With("what", what))
		}
		return nil
	})
	return p, err
}

func (c Change) apply(a account.Account) account.Account {
	if c.DisplayName != nil {
		a.DisplayName = *c.DisplayName
	}
	if c.Email != nil && strings.TrimSpace(*c.Email) != a.Email {
		a.Email, a.Confirmed = strings.TrimSpace(*c.Email), false
	}
	if c.Role != nil {
		a.Role = *c.Role
	}
	if c.Disabled != nil {
		a.Disabled = *c.Disabled
	}
	return a
}

// differences says in words what changed, without the values that are nobody else's business.
func differences(before, after account.Account) string {
	var what []string
	if before.DisplayName != after.DisplayName {
		what = append(what, "display name changed")
	}
	if before.Email != after.Email {
		what = append(what, "e-mail address changed")
	}
	if before.Role != after.Role {
		what = append(what, "role changed from "+string(before.Role)+" to "+string(after.Role))
	}
	if before.Disabled != after.Disabled {
		what = append(what, map[bool]string{true: "may no longer sign in", false: "may sign in again"}[after.Disabled])
	}
	if before.Language != after.Language {
		what = append(what, "language changed")
	}
	return strings.Join(what, ", ")
}

// OwnChange is what people change about themselves; nil leaves a value as it is.
type OwnChange struct {
	DisplayName, Language *string
}

// ChangeOwn changes one's own account, where no rights are at stake.
func (o *Office) ChangeOwn(by Actor, c OwnChange) (p Person, err error) {
	err = o.DB.Update(func(tx *store.Tx) error {
		if err := by.stand(tx); err != nil {
			return err
		}
		before, err := account.Get(tx, by.ID)
		if err != nil {
			return err
		}
		if before.Disabled {
			return session.ErrEnded
		}
		after := Change{DisplayName: c.DisplayName}.apply(before)
		if c.Language != nil {
			after.Language = *c.Language
		}
		if err := account.Put(tx, after); err != nil {
			return err
		}
		if after, err = account.Get(tx, by.ID); err != nil {
			return err
		}
		if p, err = o.person(tx, after); err != nil {
			return err
		}
		if what := differences(before, after); what != "" {
			return o.Log.Record(tx, by.event(event.AccountChanged).With("account", after.Name).With("what", what))
		}
		return nil
	})
	return p, err
}
