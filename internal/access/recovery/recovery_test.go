package recovery_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/password"
	"castellan/internal/access/recovery"
	"castellan/internal/access/session"
	"castellan/internal/access/throttle"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/realtest"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// R080 R078: whoever shares an address gets one mail with every name and a link for each account, and each link is
// for its own account only.
func TestOneMailNamesEveryAccountOfAnAddress(t *testing.T) {
	b := newBench(t, "127.0.4.1")
	ines, otto := b.add("ines", shared), b.add("otto", shared)
	b.add("hugo", shared, func(a *account.Account) { a.Disabled = true })
	b.add("typo", shared, func(a *account.Account) { a.Confirmed = false })
	b.add("else", "else@example.org")
	b.add("case", "Family@example.org")
	b.ask(" FAMILY@example.org ")
	b.last(event.PasswordForgotten)
	text := b.mails(shared, 1)[0]
	found := links(text)
	if !strings.HasPrefix(text, "Subject: Reset your Castellan password\n") || len(found) != 2 || !strings.Contains(text, "ines") || !strings.Contains(text, "otto") {
		t.Fatalf("got %s", text)
	}
	for _, other := range []string{"hugo", "typo", "else", "case"} {
		if strings.Contains(text, other) {
			t.Errorf("%s is named in %s", other, text)
		}
	}
	for i, want := range []account.Account{ines, otto} {
		o, err := b.Open(found[i])
		if err != nil || o.Account.ID != want.ID || o.Purpose != recovery.ForgottenPassword || o.PasswordMin != password.MinAlone {
			t.Errorf("got %+v, %v", o, err)
		}
	}
	if err := b.set(found[0]); err != nil {
		t.Fatal(err)
	}
	if a := b.get(otto.ID); a.Password.Hash != "h" {
		t.Error("the other account's password was changed")
	}
	if len(links(b.mails("Family@example.org", 1)[0])) != 1 {
		t.Error("an address in another case got more than its own link")
	}
}

// R073 R077: a link works for fifteen minutes and once, however often it is looked at.
func TestALinkWorksForAQuarterOfAnHourAndOnce(t *testing.T) {
	b := newBench(t, "127.0.4.2")
	a := b.add("ines", shared)
	link := b.link(shared, 1)
	b.pass(session.LinkFor - time.Second)
	for range 10 {
		if _, err := b.Open(link); err != nil {
			t.Fatal(err)
		}
	}
	_, err := b.Open(link + "x")
	wantErr(t, "another token", err, recovery.ErrLink)
	_, err = b.Open("x." + link)
	wantErr(t, "no account", err, recovery.ErrLink)
	if err := b.set(link); err != nil {
		t.Fatal(err)
	}
	if got := b.get(a.ID).Password; got.Hash == "h" || got.Origin != account.Own {
		t.Errorf("got %+v", got)
	}
	wantErr(t, "once more", b.set(link), recovery.ErrLink)

	b.pass(session.LinkFor)
	link = b.link(shared, 3) // the second mail told of the new password
	b.pass(session.LinkFor)
	_, err = b.Open(link)
	wantErr(t, "looked at too late", err, recovery.ErrLink)
	wantErr(t, "used too late", b.set(link), recovery.ErrLink)
}

// R073: what a link was made for is gone when the password or the address changes, or when the account may not sign in.
func TestALinkDiesWithWhatItWasMadeFor(t *testing.T) {
	b := newBench(t, "127.0.4.3")
	for name, change := range map[string]func(*account.Account){
		"password": func(a *account.Account) { a.Password.Hash = "other" },
		"address":  func(a *account.Account) { a.Email = "new@example.org" },
		"disabled": func(a *account.Account) { a.Disabled = true },
	} {
		address := name + "@example.org"
		a := b.add(name, address)
		link := b.link(address, 1)
		change(&a)
		b.update(func(tx *store.Tx) error { return account.Put(tx, a) })
		_, err := b.Open(link)
		wantErr(t, name, err, recovery.ErrLink)
		wantErr(t, name, b.set(link), recovery.ErrLink)
	}
}

// R073 R074: only the newest link works; there is one mail in fifteen minutes and five in a day, and the answer is
// always the same.
func TestMailsAreFew(t *testing.T) {
	b := newBench(t, "127.0.4.4")
	b.add("ines", shared)
	first := b.link(shared, 1)
	for range 4 {
		b.ask(shared)
	}
	if got := b.last(event.PasswordForgotten).Get("outcome"); got != "too many mails were sent lately" {
		t.Errorf("got %q", got)
	}
	b.pass(session.LinkFor + time.Second)
	second := b.link(shared, 2)
	_, err := b.Open(first)
	wantErr(t, "the older link", err, recovery.ErrLink)
	if _, err := b.Open(second); err != nil {
		t.Error(err)
	}
	for n := 3; n <= throttle.MailsDay; n++ {
		b.pass(session.LinkFor)
		b.link(shared, n)
	}
	b.pass(time.Hour)
	b.ask(shared)
	if got := b.last(event.PasswordForgotten).Get("outcome"); got != "too many mails were sent lately" {
		t.Errorf("the sixth of a day: got %q", got)
	}
	b.pass(24 * time.Hour)
	b.link(shared, throttle.MailsDay+1)
}

// R074 R029: a source that asks too often is told to wait, whomever it asks for; what the box has no room for is not
// sent, and nobody is told.
func TestAskingIsBounded(t *testing.T) {
	b := newBench(t, "127.0.4.5")
	for range throttle.AsksSource {
		b.ask("nobody@example.org")
	}
	for _, address := range []string{shared, "nobody@example.org"} {
		var f *fault.Error
		if err := b.Forgotten(home, address); !errors.As(err, &f) || f.Kind != fault.Throttled || f.RetryIn <= 0 || f.RetryIn > time.Hour {
			t.Errorf("%s: got %v", address, err)
		}
	}
	for i := range throttle.MailsBox + 1 {
		name := fmt.Sprint("p", i)
		b.add(name, name+"@example.org")
		if err := b.Forgotten(recovery.Visitor{Source: name}, name+"@example.org"); err != nil {
			t.Fatal(err)
		}
		want := "links for " + name
		if i == throttle.MailsBox {
			want = "too many mails were sent lately"
		}
		if got := b.last(event.PasswordForgotten).Get("outcome"); got != want {
			t.Errorf("%d: got %q, want %q", i, got, want)
		}
	}
	b.pass(time.Hour)
	b.ask("nobody@example.org")
}

// R078: what is no plain address is refused, and nothing is sent.
func TestOnlyPlainAddressesAreLookedUp(t *testing.T) {
	b := newBench(t, "127.0.4.6")
	b.add("ines", shared)
	for _, address := range []string{"", "ines", shared + ",b@example.org", shared + "\nBcc: b@example.org", "Ines <" + shared + ">", strings.Repeat("a", 300) + "@example.org"} {
		var f *fault.Error
		if err := b.Forgotten(home, address); !errors.As(err, &f) || f.Kind != fault.Invalid {
			t.Errorf("%q: got %v", address, err)
		}
	}
	b.ask("fam\u0456ly@example.org") // a Cyrillic letter that looks like an i
	if got := b.last(event.PasswordForgotten).Get("outcome"); got != "no account has this address" {
		t.Errorf("got %q", got)
	}
}

// R074 R030: all sources together cannot make the box write without end. What is done for an unknown address as for a known one
// sends nothing, and takes no place of a mail.
func TestAllQuestionsTogetherAreBounded(t *testing.T) {
	b := newBench(t, "127.0.4.10")
	for i := range throttle.AsksBox {
		if err := b.Forgotten(recovery.Visitor{Source: fmt.Sprint(i)}, "nobody@example.org"); err != nil {
			t.Fatal(err)
		}
	}
	wantErr(t, "one more", b.Forgotten(home, "nobody@example.org"), throttle.ErrAsked)
	b.pass(time.Hour)
	b.ask("nobody@example.org")
	b.add("ines", shared)
	b.link(shared, 1)
	b.mail.Mu.Lock()
	defer b.mail.Mu.Unlock()
	if len(b.mail.Mails) != 1 {
		t.Errorf("%d mails were sent", len(b.mail.Mails))
	}
	b.update(func(tx *store.Tx) error {
		page, _, err := event.Page(tx, "", 0, 500)
		for _, e := range page {
			if e.Kind != event.PasswordForgotten {
				t.Errorf("the log has %s", e.Kind)
			}
		}
		return err
	})
}

// R030 R138: the account that is read for its time only may be unreadable: an unknown address is answered as ever, and so is a known one.
func TestAnUnreadableAccountDisturbsNoOther(t *testing.T) {
	b := newBench(t, "127.0.4.12")
	b.add("ines", shared)
	b.update(func(tx *store.Tx) error { return store.NewTable[string]("accounts").Put(tx, "0", "no account") })
	b.ask("nobody@example.org")
	b.link(shared, 1)
}

func TestWithoutAMailServerNobodyIsLetToWait(t *testing.T) {
	b := newBench(t, "")
	b.add("ines", shared)
	wantErr(t, "known", b.Forgotten(home, shared), recovery.ErrNoMail)
	wantErr(t, "unknown", b.Forgotten(home, "nobody@example.org"), recovery.ErrNoMail)
	if set, _, err := b.Mail(); set || err != nil {
		t.Errorf("got %v, %v", set, err)
	}
}

// R034 R079 R032: a new password ends every session and leaves the second factor in force, and its owner is told.
func TestANewPasswordEndsSessionsAndKeepsTheSecondFactor(t *testing.T) {
	b := newBench(t, "127.0.4.7")
	a := b.add("ines", shared)
	factors := factor.New(factor.Config{Key: b.key, Elapsed: b.Elapsed})
	realtest.Enrol(t, b.DB, factors, a.ID, "My phone", b.Now())
	var browser string
	b.update(func(tx *store.Tx) (err error) {
		_, browser, _, err = b.Browsers.Remember(tx, "", a.ID, "Firefox", "192.0.2.7")
		return err
	})
	var cookies []string
	for range 3 {
		b.update(func(tx *store.Tx) error {
			cookie, _, _ := b.Sessions.Create(tx, session.Session{Account: a.ID})
			cookies = append(cookies, cookie)
			return nil
		})
	}
	link := b.link(shared, 1)
	if o, err := b.Open(link); err != nil || o.PasswordMin != password.MinBeside {
		t.Errorf("got %+v, %v", o, err)
	}
	for _, bad := range []string{"short", "password1", "inesines", strings.Repeat("x y", 100)} {
		var f *fault.Error
		if err := b.SetPassword(t.Context(), home, link, bad); !errors.As(err, &f) || f.Kind != fault.Invalid {
			t.Errorf("%q: got %v", bad, err)
		}
	}
	if err := b.set(link); err != nil {
		t.Fatal(err)
	}
	for _, c := range cookies {
		if _, _, ok := b.Sessions.Find(c, false); ok {
			t.Error("a session goes on")
		}
	}
	b.update(func(tx *store.Tx) error {
		if b.Browsers.Known(tx, browser, a.ID) { // R079
			t.Error("a browser is still known")
		}
		return nil
	})
	if !factorOn(b, a.ID) {
		t.Error("the second factor is gone")
	}
	if e := b.last(event.PasswordReset); e.Get("sessions") != "3" || e.Actor != "ines" {
		t.Errorf("got %+v", e)
	}
	if told := b.mails(shared, 2)[1]; !strings.Contains(told, "set with a link") || links(told) != nil {
		t.Errorf("got %s", told)
	}
}

func factorOn(b *bench, id string) (on bool) {
	b.update(func(tx *store.Tx) error { on = factor.Enabled(tx, id); return nil })
	return on
}

// R033: a password that an administrator was shown cannot be chosen with a link.
func TestATemporaryPasswordIsNotChosenAgain(t *testing.T) {
	b := newBench(t, "127.0.4.9")
	given := secret.Readable()
	hash, err := b.Passwords.Hash(t.Context(), given)
	if err != nil {
		t.Fatal(err)
	}
	a := b.add("ines", shared, func(a *account.Account) {
		a.Password = account.Password{Hash: hash, Origin: account.Temporary, Until: b.Now().Add(time.Hour)}
	})
	realtest.Enrol(t, b.DB, factor.New(factor.Config{Key: b.key, Elapsed: b.Elapsed}), a.ID, "My phone", b.Now())
	link := b.link(shared, 1)
	for _, same := range []string{given, strings.ToUpper(given), strings.ReplaceAll(given, "-", "")} {
		wantErr(t, same, b.SetPassword(t.Context(), home, link, same), password.ErrReused)
	}
	if err := b.set(link); err != nil {
		t.Error(err)
	}
}

// R038 R033: an invitation works for a day and once, survives a restart, and proves the address.
func TestAnInvitationWorksForADayAndOnce(t *testing.T) {
	b := newBench(t, "127.0.4.8")
	token := secret.Token()
	digest := secret.DigestOf(token)
	invite := func(a *account.Account) {
		a.Confirmed, a.Password = false, account.Password{Origin: account.Invited}
		a.Invitation = account.Invitation{Token: hexOf(digest), Until: b.Now().Add(account.InvitationFor)}
	}
	a, late := b.add("ines", shared, invite), b.add("late", "late@example.org", invite)
	b.ask(shared)
	if got := b.last(event.PasswordForgotten).Get("outcome"); got != "the address was never confirmed" {
		t.Errorf("got %q", got)
	}
	b.pass(account.InvitationFor - time.Second)
	again := recovery.New(b.Config)
	if o, err := again.Open(a.ID + "." + token); err != nil || o.Purpose != recovery.Invitation || o.Left != time.Second {
		t.Fatalf("got %+v, %v", o, err)
	}
	wantErr(t, "with a password that is none", again.SetPassword(t.Context(), home, a.ID+".", chosen), recovery.ErrLink)
	if err := again.SetPassword(t.Context(), home, a.ID+"."+token, chosen); err != nil {
		t.Fatal(err)
	}
	if got := b.get(a.ID); !got.Confirmed || got.Password.Origin != account.Own || got.Invitation.Token != "" {
		t.Errorf("got %+v", got)
	}
	b.last(event.InvitationUsed)
	wantErr(t, "once more", again.SetPassword(t.Context(), home, a.ID+"."+token, chosen), recovery.ErrLink)
	b.pass(time.Second)
	wantErr(t, "after a day", b.SetPassword(t.Context(), home, late.ID+"."+token, chosen), recovery.ErrLink)
}

// An invitation lapses when the address it was sent to, or the password, becomes another.
func TestAnInvitationDiesWithItsAddress(t *testing.T) {
	b := newBench(t, "")
	digest := secret.DigestOf("t")
	for name, change := range map[string]func(*account.Account){
		"address":  func(a *account.Account) { a.Email = "other@example.org" },
		"password": func(a *account.Account) { a.Password.Hash = "other" },
	} {
		a := b.add(name, shared, func(a *account.Account) {
			a.Invitation = account.Invitation{Token: hexOf(digest), Until: b.Now().Add(time.Hour)}
		})
		if _, err := b.Open(a.ID + ".t"); err != nil {
			t.Fatal(err)
		}
		change(&a)
		b.update(func(tx *store.Tx) error { return account.Put(tx, a) })
		_, err := b.Open(a.ID + ".t")
		wantErr(t, name, err, recovery.ErrLink)
	}
}
