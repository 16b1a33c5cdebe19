package notice

import (
	"html"
	"strings"

	"castellan/internal/access/account"
	"castellan/internal/event"
	"castellan/internal/mail"
)

// class says by which rate news are bounded.
type class string

// Each class has an hourly budget of its own, so that a flood of one does not hide the others.
const (
	vital     class = "vital" // what a thief would want to hide
	change    class = "change"
	ending    class = "ending" // what ends by itself
	suspicion class = "suspicion"
	ways      class = "ways" // links that open an account, bounded where they are made
)

func (c class) hourly() int {
	if c == suspicion {
		return SuspicionsHour
	}
	return NewsHour
}

// item is the words of a piece of news. Its text names details of the event in braces.
type item struct {
	class   class
	subject string
	text    string
	advice  string
}

const (
	notYou        = "If that was not you, sign in and change your password now, and look at your devices under Personal Settings › Security. If you cannot sign in any more, “Forgot your account or password?” on the sign-in page helps, or an administrator, or the reset button on the NAS."
	notYours      = "If no administrator of yours did that, sign in and look at Settings › Date & Time and at the log: codes are checked against this time."
	notYourButton = "If no administrator of yours did that, sign in and look at Settings › Reset button and at the log."
	notWanted     = "If you did not ask for that, talk to an administrator of the NAS."
	notYourToken  = "If that was not you, sign in, revoke the token under Personal Settings › API access and change your password now."
	newToken      = "Make a new one under Personal Settings › API access and give it to the machine, then revoke this one. A machine with the castellan command line collects its new one by “castellan login”, as it did the first. If no program needs this one any more, there is nothing to do."
	notPressed    = "If that was nobody of yours, somebody knows that password and was at the NAS: change the password, look at the devices of the account, and look who has access to the NAS."
)

// news are the changes to ways in that their owner is told of (NIST SP 800-63B-4 section 4.6), and what of them ends soon.
var news = map[event.Kind]item{
	event.PasswordChanged:    {vital, "Your password was changed", "The password of your account was changed.", notYou},
	event.TemporaryGiven:     {vital, "You were given a temporary password", "An administrator gave your account a temporary password. You choose your own at the next sign-in. Its API tokens are revoked.", notWanted},
	event.PasswordReset:      {vital, "Your password was set with a link", "The password of your account was set with the link that was mailed to this address. You are signed out everywhere, and its API tokens are revoked; 2-step verification stays as it was.", notYou},
	event.RecoveredLocally:   {vital, "Your account was opened on the NAS itself", "Somebody who is root on the NAS gave your account a one-time password. 2-step verification is off, and its API tokens are revoked.", notWanted},
	event.ResetDone:          {vital, "Administrator defaults were restored", "The reset button of the NAS was held. The administrator’s account has the default password again, without 2-step verification and without API tokens; files, other accounts and the log are kept.", "If nobody of yours was at the NAS, look who has access to it."},
	event.SessionsEnded:      {change, "You were signed out everywhere else", "{sessions} sessions of your account were ended, and the browsers it was known by are forgotten.", notYou},
	event.TwoStepOn:          {change, "2-step verification was turned on", "2-step verification of your account was turned on with “{device}”.", notYou},
	event.TwoStepOff:         {vital, "2-step verification was turned off", "2-step verification of your account was turned off. Its recovery codes no longer work.", notYou},
	event.TwoStepOffForOther: {vital, "2-step verification was turned off", "An administrator turned 2-step verification of your account off. Its recovery codes no longer work. Turn it on again under Personal Settings › Security.", notWanted},
	event.DeviceAdded:        {change, "An authenticator device was added", "The authenticator device “{device}” was added to your account.", notYou},
	event.DeviceRemoved:      {change, "An authenticator device was removed", "The authenticator device “{device}” was removed from your account.", notYou},
	event.DevicesVoid:        {change, "Set your authenticator up again", "The time of the NAS went back behind the last code of {devices}, so its codes are no longer accepted. 2-step verification stays on: sign in with a recovery code or a code by e-mail, then set it up again under Personal Settings › Security.", "If you have no other way in, an administrator of the NAS can turn your 2-step verification off."},
	event.TimeAccepted:       {vital, "The time of the NAS was moved", "An administrator had the NAS believe its time servers: its time goes from {from} to {to}, {by}.", notYours},
	event.TimeVouched:        {vital, "The time of the NAS was moved", "An administrator signed in without a code of an app, so the NAS believed its time servers: its time goes from {from} to {to}, {by}.", notYours},
	event.TimeSet:            {vital, "The time of the NAS was set by hand", "An administrator set the time of the NAS from {from} to {to}, {by}.", notYours},
	event.ButtonChosen:       {vital, "Another reset button was chosen", "An administrator chose the reset button of the NAS: it is now {button}.", notYourButton},
	event.ButtonDisabled:     {vital, "The reset button was turned off", "An administrator turned the reset button of the NAS off: presses do nothing. Whoever loses every other way in gets back with castellan recover on the NAS itself only.", notYourButton},
	event.ButtonEnabled:      {change, "The reset button was turned on", "An administrator turned the reset button of the NAS on. Holding it restores the administrator defaults.", notYourButton},
	event.SteppedBack:        {vital, "The database of the NAS was damaged", "At its start the NAS found its database damaged, and went back to before the last change to it. What was done last may be forgotten, and nothing else.", "Look whether what you or others changed last is still so: a password, a device, a person who was removed. A recovery code that was used just before may work once more: make new ones. If this happens again, the disk with Castellan's data may be failing."},
	event.Restored:           {vital, "The database of the NAS came back from a copy", "At its start the NAS found its database {why}, and put back the copy of {taken}. What was changed since is forgotten: accounts, passwords, devices and recovery codes are as they were then. Nobody is signed in, and no browser is known any more.", "If nobody of yours did that, look who has access to the NAS and its disks. Look at Access Control › Users for people who were removed or turned off since and at Personal Settings › API access for tokens that were revoked, change passwords again that were changed since, and have new recovery codes made. The disk with Castellan's data may be failing."},
	event.EmailWayOn:         {change, "Codes by e-mail were turned on", "You can sign in with codes sent to this address now.", notYou},
	event.EmailWayOff:        {change, "Codes by e-mail were turned off", "Codes by e-mail were turned off for your account.", notYou},
	event.RecoveryUsed:       {change, "A recovery code was used", "Somebody signed in to your account with a recovery code. {left} codes are left.", notYou},
	event.RecoveryRenewed:    {change, "New recovery codes were made", "New recovery codes were made for your account. The old ones no longer work.", notYou},
	event.BrowserDoubted:     {change, "A browser is no longer known", "In a browser that your account knew, the wrong password was entered a hundred times in a row. It counts as a stranger's now.", notYou},
	event.BrowserUnlocked:    {change, "A browser was unlocked", "Somebody opened the link of an unlock mail. The browser below may try to sign in to your account although strangers may not; it still needs your password.", notYou},
	event.BrowserPressed:     {change, "A browser was unlocked", "Somebody pressed the button of the NAS for the browser below. It may try to sign in to your account although strangers may not; it still needs your password.", notYou},
	event.PressUsed:          {vital, "Signed in with the button of the NAS", "Somebody signed in to the account “{account}” with its password and a short press of the button on the NAS, in place of a code. A new way in is set up there now; the old ones stay until they are removed.", notPressed},
	event.EmailChanged:       {vital, "Your e-mail address was changed", "The e-mail address of your account was changed.", notYou},
	event.EmailConfirmed:     {change, "Your e-mail address was confirmed", "This e-mail address was confirmed for your account. Codes and links can be sent to it now.", notYou},
	event.EmailUndone:        {vital, "The change of your e-mail address was undone", "The change of the e-mail address of your account was undone with the link that the old address got. Its API tokens are revoked.", notYou},
	event.TokenCreated:       {vital, "An API token was made", "An API token “{token}” was made for your account, with {factor}, until {until}. With it a program can use the NAS in your name, for {scopes}.", notYourToken},
	event.TokenFactorChanged: {vital, "The second factor of an API token was changed", "The API token “{token}” of your account has another second factor: {factor}.", notYourToken},
	event.TokenEndsSoon:      {ending, "An API token ends soon", "The API token “{token}” of your account ends within {left}, on {until}. The program that has it is refused from then on.", newToken},
	event.TokenRevoked:       {change, "An API token was revoked", "The API token “{token}” of your account was revoked. No program gets in with it any more.", notYou},
}

// Suspicion is a reason to think that a sign-in is not the person's own.
type Suspicion string

// The suspicions.
const (
	WrongCodes Suspicion = "wrong codes after the right password"
	Found      Suspicion = "the right password after wrong ones"
	Guessed    Suspicion = "signed in after wrong codes"
	Closed     Suspicion = "guessed at too often"
	PressAsked Suspicion = "waits for a press of the button"
	NewBrowser Suspicion = "signed in with a browser that was not known"
)

var suspicions = map[Suspicion]item{
	WrongCodes: {suspicion, "Somebody may know your password", "The right password of your account was followed by several wrong codes. Nobody was let in.",
		"If that was not you, somebody knows your password: sign in and change it."},
	Found:   {suspicion, "Your password was entered after several wrong tries", "The right password of your account was entered after several wrong ones.", notYou},
	Guessed: {suspicion, "Signed in after several wrong codes", "Somebody signed in to your account after several wrong codes.", notYou},
	Closed: {suspicion, "Somebody tries to guess your password", "Your account was tried with a hundred wrong passwords in a row. Nobody was let in. Until an administrator lifts that, it lets you in only with browsers in which you have signed in before.",
		"You need not change your password if it is long and used nowhere else. In a browser that you have never used, the sign-in page offers to send you an unlock mail."},
	PressAsked: {suspicion, "Somebody waits for a press of the button", "The right password of your account was entered, and instead of a code the next short press of the button on the NAS is waited for, for a minute at a time.",
		"If that was not you, somebody knows your password: do not press the button, sign in and change it."},
	NewBrowser: {suspicion, "You signed in from a new browser", "Somebody signed in to your account with a browser in which nobody did so before.", notYou},
}

func (n item) message(a account.Account, to string, e event.Event, where place) mail.Message {
	pairs := make([]string, 0, 2*len(e.Details))
	for _, d := range e.Details {
		pairs = append(pairs, "{"+d.Name+"}", d.Value)
	}
	return sheet{
		to: to, subject: where.nas + ": " + n.subject, greeting: a,
		text: strings.NewReplacer(pairs...).Replace(n.text), facts: facts(e, where), advice: n.advice,
	}.message()
}

// facts are what a person needs to judge whether something was their own doing.
func facts(e event.Event, where place) [][2]string {
	list := [][2]string{{"When", where.at.Format("2 January 2006, 15:04") + " (" + where.zone + ")"}, {"NAS", where.nas}}
	if e.Address != "" {
		list = append(list, [2]string{"From", e.Address})
	}
	if e.Agent != "" {
		list = append(list, [2]string{"Browser", Browser(e.Agent)})
	}
	return list
}

// Purpose is what a code is for.
type Purpose string

// The purposes of codes.
const (
	ToSignIn   Purpose = "signs you in"
	ToProve    Purpose = "confirms that it is you"
	ToEnrol    Purpose = "turns codes by e-mail on"
	ToConfirm  Purpose = "confirms this e-mail address"
	codeAdvice         = "The code is good for ten minutes and works once. Nobody from the NAS will ever ask you for it."
)

// unasked says what to do about a code that somebody else asked for.
var unasked = map[Purpose]string{
	ToSignIn:  "If you did not ask for it, somebody knows your password: change it.",
	ToProve:   "If you did not ask for it, somebody uses a browser in which you are signed in: sign in elsewhere and change your password.",
	ToEnrol:   "If you did not ask for it, somebody uses a browser in which you are signed in: sign in elsewhere and change your password.",
	ToConfirm: "If you did not ask for it, you need not do anything: without the code this address is not used.",
}

// Code is a code and who asked for it.
type Code struct {
	Account        account.Account
	Digits         string
	Purpose        Purpose
	Address, Agent string
}

func (c Code) message(to string, where place) mail.Message {
	advice := codeAdvice + " " + unasked[c.Purpose]
	return sheet{
		to: to, subject: "Your Castellan authentication code", greeting: c.Account,
		text: "This code " + string(c.Purpose) + ":", code: c.Digits,
		facts: facts(event.Event{Address: c.Address, Agent: c.Agent}, where), advice: advice,
	}.message()
}

// undoMessage tells the old address of a changed address, with the link that undoes the change.
func undoMessage(a account.Account, to, url string, e event.Event, where place) mail.Message {
	return sheet{
		to: to, subject: where.nas + ": Your e-mail address was changed", greeting: a,
		text: "The e-mail address of your account was changed, so that this one is no longer used.", facts: facts(e, where),
		advice: "If that was not you, undo it within 72 hours on this page of the NAS, then change your password:", links: []link{{"", url}},
	}.message()
}

// unlockMessage brings the link that makes a browser known while strangers may not sign in.
func unlockMessage(a account.Account, url string, e event.Event, where place) mail.Message {
	return sheet{
		to: a.Email, subject: "Unlock your Castellan sign-in", greeting: a,
		text: "Somebody tried too many wrong passwords for the account “" + a.Name + "”, so it lets you in only with browsers it knows.", facts: facts(e, where),
		advice: "If you asked for this, open this link within 15 minutes in the browser you want to sign in with, and press Unlock. It works once, and your password is still needed. If you did not ask, leave it be:", links: []link{{"", url}},
	}.message()
}

func testMessage(to string, where place) mail.Message {
	return sheet{
		to: to, subject: where.nas + ": Test mail", text: "The mail server of the NAS works: this mail came through it.",
		facts: facts(event.Event{}, where), advice: "Codes and news about accounts will come this way.",
	}.message()
}

// sheet is a mail before it is laid out.
type sheet struct {
	to, subject string
	greeting    account.Account
	text        string
	code        string
	facts       [][2]string
	advice      string
	links       []link
}

// link is an address that a mail leads to. Its label stands before it, where there are several.
type link struct{ label, url string }

const footer = "Castellan, the administration of your NAS, sent this mail by itself."

// message lays a sheet out, as plain text and as HTML without anything that is loaded from elsewhere.
func (s sheet) message() mail.Message {
	var plain, rich strings.Builder
	line := func(text string) { plain.WriteString(text + "\r\n") }
	para := func(style, text string) {
		rich.WriteString(`<p style="margin:0 0 16px;` + style + `">` + html.EscapeString(text) + "</p>\r\n")
	}
	rich.WriteString(`<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>` + html.EscapeString(s.subject) + `</title></head>` +
		`<body style="margin:0;padding:24px;background:#f2f5f9;color:#1b2733;font:15px/1.5 system-ui,sans-serif">` +
		`<div style="max-width:520px;margin:0 auto;padding:28px;background:#ffffff;border-radius:12px">` + "\r\n")
	if name := s.greeting.DisplayName; name != "" {
		line("Hello " + name + ",")
		line("")
		para("", "Hello "+name+",")
	}
	line(s.text)
	line("")
	para("", s.text)
	if s.code != "" {
		line("    " + s.code)
		line("")
		para("font:600 30px/1.3 ui-monospace,monospace;letter-spacing:6px", s.code)
	}
	rich.WriteString(`<table role="presentation" style="margin:0 0 16px;border-collapse:collapse;font-size:14px">` + "\r\n")
	for _, f := range s.facts {
		line(f[0] + ": " + f[1])
		rich.WriteString(`<tr><td style="padding:2px 16px 2px 0;color:#5b6b7c">` + html.EscapeString(f[0]) + "</td><td>" + html.EscapeString(f[1]) + "</td></tr>\r\n")
	}
	rich.WriteString("</table>\r\n")
	line("")
	line(s.advice)
	para("", s.advice)
	for _, l := range s.links {
		rich.WriteString(`<p style="margin:0 0 16px">`)
		if l.label != "" {
			line("")
			line(l.label)
			rich.WriteString(html.EscapeString(l.label) + "<br>")
		}
		line(l.url)
		rich.WriteString(`<a href="` + html.EscapeString(l.url) + `">` + html.EscapeString(l.url) + "</a></p>\r\n")
	}
	line("")
	line(footer)
	para("color:#5b6b7c;font-size:13px;margin:0", footer)
	rich.WriteString("</div></body></html>\r\n")
	return mail.Message{To: s.to, Subject: s.subject, Text: plain.String(), HTML: rich.String()}
}
