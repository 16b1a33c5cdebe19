package people

import (
	"context"
	"encoding/hex"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/claim"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/notice"
	"castellan/internal/secret"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// The refusals of invitations.
var (
	ErrNoMail    = &fault.Error{Kind: fault.Conflict, Code: "mail_off", Message: "This NAS has no mail server. Give the person a temporary password, or set a mail server in Settings › Notification."}
	ErrNoAddress = &fault.Error{Kind: fault.Conflict, Code: "address_missing", Message: "This person has no e-mail address. Enter one, or give a temporary password."}
	ErrCrowded   = &fault.Error{Kind: fault.Unavailable, Code: "busy", Message: "Many mails are waiting to be sent. Wait a moment."}
)

// crowdedFor is after what time an invitation that found the queue full is worth another try.
const crowdedFor = 5 * time.Second

// NewPerson is somebody to add.
type NewPerson struct {
	Account account.Account
	Group   string // the name of a group to join; it is added where there is none
}

// Add adds a person. Where mail can be sent to them, they choose their password with a mailed link; elsewhere they
// get a temporary password.
func (o *Office) Add(ctx context.Context, by Actor, n NewPerson) (g Given, err error) {
	mail := false
	if err := o.DB.View(func(tx *store.Tx) error { mail, err = settings.HasMail(tx); return err }); err != nil {
		return g, err
	}
	invited := mail && n.Account.Email != ""
	kept := account.Password{Origin: account.Invited}
	switch {
	case !invited:
		if g.Password, kept, err = o.temporary(ctx); err != nil {
			return g, err
		}
	case o.Post.Crowded():
		return g, ErrCrowded.After(crowdedFor)
	}
	err = o.update(by, func(tx *store.Tx) error {
		n.Account.Password, n.Account.Created = kept, o.Now()
		var added account.Account
		if n.Account.Resets, _, err = claim.Resets(tx); err == nil { // those before are no news to somebody new
			added, err = account.Add(tx, n.Account)
		}
		if err != nil {
			return err
		}
		if err := o.Log.Record(tx, by.event(event.AccountAdded).With("account", added.Name).With("role", string(added.Role))); err != nil {
			return err
		}
		if err := o.join(tx, by, added, n.Group); err != nil {
			return err
		}
		g.Left = account.TemporaryFor
		if invited {
			g.Left = account.InvitationFor
			if added, err = o.invite(tx, by, added); err != nil {
				return err
			}
		}
		g.Person, err = o.person(tx, added)
		return err
	})
	if err != nil {
		return Given{}, err
	}
	return g, nil
}

// join makes a new person a member of the group of a name, which is added where there is none.
func (o *Office) join(tx *store.Tx, by Actor, a account.Account, name string) error {
	if name == "" {
		return nil
	}
	g, found, err := account.GroupByName(tx, name)
	switch {
	case err != nil:
		return err
	case found && g.BuiltIn:
		return fault.InvalidField("group", "built_in", "Membership of this group follows from the role. Leave the group empty.")
	}
	g.Name, g.Members = name, append(g.Members, a.ID)
	if g, err = account.PutGroup(tx, g); err != nil {
		return inField(err, "group")
	}
	e := by.event(event.GroupAdded)
	if found {
		e = by.event(event.GroupChanged).With("what", "added "+a.Name)
	}
	return o.Log.Record(tx, e.With("group", g.Name))
}

// inField says that what is wrong with a group is wrong in a field of another form.
func inField(err error, field string) error {
	if wrong := fault.FieldsOf(err); len(wrong) > 0 {
		return fault.InvalidField(field, wrong[0].Code, wrong[0].Message)
	}
	return err
}

// Invite mails another person a link with which they choose their password. The password they may have goes on
// working until then, and a second factor stays in force.
func (o *Office) Invite(by Actor, id string) (g Given, err error) {
	if id == by.ID {
		return g, ErrOwn
	}
	if o.Post.Crowded() {
		return g, ErrCrowded.After(crowdedFor)
	}
	err = o.update(by, func(tx *store.Tx) error {
		a, err := account.Get(tx, id)
		if err != nil {
			return err
		}
		mail, err := settings.HasMail(tx)
		switch {
		case err != nil:
			return err
		case !mail:
			return ErrNoMail
		case a.Email == "":
			return ErrNoAddress
		}
		if a, err = o.invite(tx, by, a); err != nil {
			return err
		}
		g.Left = account.InvitationFor
		g.Person, err = o.person(tx, a)
		return err
	})
	return g, err
}

func (o *Office) invite(tx *store.Tx, by Actor, a account.Account) (account.Account, error) {
	token := secret.Token()
	digest := secret.DigestOf(token)
	a.Invitation = account.Invitation{Token: hex.EncodeToString(digest[:]), Until: o.Now().Add(account.InvitationFor)}
	if err := account.Put(tx, a); err != nil {
		return a, err
	}
	o.Post.Invite(tx, by.Name, notice.PasswordLink{Account: a, Link: a.ID + "." + token})
	return a, o.Log.Record(tx, by.event(event.Invited).With("account", a.Name))
}
