package notice

import (
	"castellan/internal/access/account"
	"castellan/internal/event"
	"castellan/internal/mail"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// PasswordLink is a link with which the owner of an account sets its password.
type PasswordLink struct {
	Account account.Account
	Link    string // what follows "#password=" in its address
}

func (p *Post) passwordURL(l PasswordLink) string { return p.Origin() + "/#password=" + l.Link }

// SendLinks queues the one mail that answers whoever forgot a name or a password: with the names of the accounts of
// an address, and a link for each. There is at least one, and all have the same address.
func (p *Post) SendLinks(tx *store.Tx, links []PasswordLink, e event.Event) {
	to := links[0].Account.Email
	s := sheet{to: to, subject: "Reset your Castellan password", advice: linkAdvice}
	if len(links) == 1 {
		s.greeting = links[0].Account
		s.text = "Your user name is " + links[0].Account.Name + ". The link below leads to a page where you choose a new password."
	} else {
		s.text = "Several accounts have this address. Each link below leads to a page where you choose a new password for that account; the others stay as they are."
	}
	for _, l := range links {
		label := ""
		if len(links) > 1 {
			label = "User name " + l.Account.Name + ":"
		}
		s.links = append(s.links, link{label, p.passwordURL(l)})
	}
	tx.OnCommit(func() {
		p.post(links[0].Account, to, ways, func(where place) mail.Message {
			s.facts = facts(e, where)
			return s.message()
		})
	})
}

// SendNobody does what SendLinks does, but for the mail, so that the time does not tell whether there is one (R030).
func (p *Post) SendNobody(tx *store.Tx, e event.Event) {
	p.SendLinks(tx, []PasswordLink{{Link: secret.Token()}}, e)
}

const linkAdvice = "The link is good for 15 minutes and works once. If you did not ask for it, you need not do anything: without the link nothing changes."

// Invite queues the mail with which a person who was added chooses a password, or one who lost it. by names the
// administrator who sends it.
func (p *Post) Invite(tx *store.Tx, by string, l PasswordLink) {
	s := sheet{
		to: l.Account.Email, greeting: l.Account,
		text:   "The administrator " + by + " added you as a user of this NAS. Your user name is " + l.Account.Name + ". The link below leads to a page where you choose your password.",
		advice: "The link is good for 24 hours and works once, in the network of the NAS. Your browser may warn that it does not know the certificate of the NAS yet; an administrator can tell you its fingerprint, and send another link.",
		links:  []link{{"", p.passwordURL(l)}},
	}
	if l.Account.Password.Origin != account.Invited {
		s.text = "The administrator " + by + " sent you this link for your account " + l.Account.Name + ". It leads to a page where you choose a new password. Until then the old one goes on working."
	}
	tx.OnCommit(func() {
		p.post(l.Account, l.Account.Email, ways, func(where place) mail.Message {
			s.subject = where.nas + ": Choose your password"
			s.facts = facts(event.Event{}, where)
			return s.message()
		})
	})
}

// Crowded reports whether the queue has no room for many more mails, so that whoever sends some should wait.
func (p *Post) Crowded() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.waiting) >= maxWaiting/2
}
