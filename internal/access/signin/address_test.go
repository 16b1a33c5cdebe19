package signin_test

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/session"
	"castellan/internal/access/signin"
	"castellan/internal/event"
	"castellan/internal/realtest"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// mailed is a bench with a mail server on a loopback address of its own, whose mails are recorded and whose queue
// runs.
func mailed(t *testing.T, host string) (*bench, *realtest.Recorder) {
	t.Helper()
	b := claimed(t)
	authority := realtest.NewAuthority(t)
	r := &realtest.Recorder{}
	r.Serve(t, host+":2525", authority, host, true)
	b.update(func(tx *store.Tx) error {
		return settings.PutMail(tx, b.key, settings.Mail{Host: host, Port: 2525, Security: "starttls", User: "nas", Password: "x", Sender: "nas@example.org", Authority: authority.PEM})
	})
	go func() { _ = b.Post.Run(t.Context()) }()
	return b, r
}

// said waits for a mail to somebody that matches, and returns the first group of the newest one.
func said(t testing.TB, r *realtest.Recorder, to, pattern string) string {
	t.Helper()
	form := regexp.MustCompile(pattern)
	for range 1500 {
		r.Mu.Lock()
		mails := slices.Clone(r.Mails)
		r.Mu.Unlock()
		for _, m := range slices.Backward(mails) {
			if m.To != to {
				continue
			}
			if found := form.FindStringSubmatch(plainText(t, m.Data)); found != nil {
				return found[1]
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("no mail to %s matches %s", to, pattern)
	return ""
}

func plainText(t testing.TB, data []byte) string {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	return realtest.Text(t, m)
}

const codePattern = `(?m)^ {4}(\d{6})\r?$`

// moves changes one's own address and confirms it.
func (b *bench) moves(r *realtest.Recorder, cookie string, s session.Session, to string) string {
	b.t.Helper()
	b.pass(time.Minute)
	if _, err := b.ChangeEmail(b.t.Context(), b.home, cookie, s, to); err != nil {
		b.t.Fatal(err)
	}
	c, err := b.ConfirmEmail(b.home, cookie, s, said(b.t, r, to, codePattern))
	if err != nil {
		b.t.Fatal(err)
	}
	return c.Cookie
}

const linkPattern = `#undo=(\S+)`

// R062: the link to the old address works for 72 hours, once, and a later change does not void it.
func TestTheUndoLinkWorksForThreeDaysAndOnce(t *testing.T) {
	b, r := mailed(t, "127.0.3.1")
	cookie, s := b.in("admin", goodPassword)
	cookie = b.moves(r, cookie, s, "one@example.org")
	cookie = b.moves(r, cookie, s, "two@example.org")
	link := said(t, r, "one@example.org", linkPattern)
	cookie = b.moves(r, cookie, s, "three@example.org")
	later := said(t, r, "two@example.org", linkPattern)
	wantErr(t, "a wrong one", b.UndoEmailChange(b.home, link+"x"), signin.ErrLink)
	wantErr(t, "no account", b.UndoEmailChange(b.home, "x.y"), signin.ErrLink)
	if err := b.UndoEmailChange(b.home, link); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := b.Sessions.Find(cookie, false); ok {
		t.Error("the session that changed the address goes on")
	}
	b.update(func(tx *store.Tx) error {
		a, err := account.ByName(tx, "admin")
		if a.Email != "one@example.org" || !a.Confirmed || len(a.Changes) != 0 {
			t.Errorf("got %+v", a)
		}
		return err
	})
	wantErr(t, "once more", b.UndoEmailChange(b.home, link), signin.ErrLink)
	wantErr(t, "that of a later change", b.UndoEmailChange(b.home, later), signin.ErrLink)

	cookie, s = b.in("admin", goodPassword)
	b.moves(r, cookie, s, "four@example.org")
	link = said(t, r, "one@example.org", linkPattern)
	b.pass(signin.UndoFor)
	wantErr(t, "after 72 hours", b.UndoEmailChange(b.home, link), signin.ErrLink)
	b.last(event.EmailUndone)
}

// R062: a link that opens something goes to no address that was not confirmed.
func TestAnUnconfirmedAddressGetsNoLink(t *testing.T) {
	b, r := mailed(t, "127.0.3.2")
	b.update(func(tx *store.Tx) error {
		a, err := account.ByName(tx, "admin")
		if err != nil {
			return err
		}
		a.Email = "typo@example.org"
		return account.Put(tx, a)
	})
	cookie, s := b.in("admin", goodPassword)
	b.moves(r, cookie, s, "right@example.org")
	b.update(func(tx *store.Tx) error {
		a, err := account.ByName(tx, "admin")
		if len(a.Changes) != 0 {
			t.Errorf("got %+v", a.Changes)
		}
		return err
	})
}

// R059 R062: codes are tied to the session and to the address.
func TestACodeIsTiedToTheSessionAndToTheAddress(t *testing.T) {
	b, r := mailed(t, "127.0.3.3")
	cookie, s := b.in("admin", goodPassword)
	other, otherSession := b.in("admin", goodPassword)
	if _, err := b.ChangeEmail(t.Context(), b.home, cookie, s, "one@example.org"); err != nil {
		t.Fatal(err)
	}
	code := said(t, r, "one@example.org", codePattern)
	_, err := b.ConfirmEmail(b.home, other, otherSession, code)
	wantErr(t, "from another session", err, signin.ErrNoAddress)
	c, err := b.ConfirmEmail(b.home, cookie, s, code)
	if err != nil {
		t.Fatal(err)
	}
	_, e, err := b.StartEmailWay(t.Context(), b.home, s)
	if err != nil || len(e.Recovery) != factor.RecoveryCodes {
		t.Fatal(err)
	}
	if c, err = b.ConfirmEmailWay(b.home, c.Cookie, s, factor.Confirmation{Code: said(t, r, "one@example.org", `turns codes by e-mail on:(?s:.*?) {4}(\d{6})`), Saved: true}); err != nil {
		t.Fatal(err)
	}
	_, err = b.ChangeEmail(t.Context(), b.home, c.Cookie, s, "")
	wantErr(t, "removing an address that codes go to", err, signin.ErrInUse)

	ticket := b.half("admin", goodPassword)
	sent, err := b.SendCode(t.Context(), b.home, ticket)
	if err != nil || !sent.Now {
		t.Fatalf("got %+v, %v", sent, err)
	}
	old := said(t, r, "one@example.org", `signs you in:(?s:.*?) {4}(\d{6})`)
	b.moves(r, c.Cookie, s, "two@example.org")
	_, err = b.Code(t.Context(), b.home, ticket, factor.Given{Way: factor.Email, Text: old})
	wantErr(t, "the code that went to the old address", err, factor.ErrRefused)

	// R061: a session that asks for codes does not use up those of the sign-in.
	for range factor.CodesHour {
		b.pass(factor.CodePause)
		if _, err := b.SendProofCode(t.Context(), b.home, s); err != nil {
			t.Fatal(err)
		}
	}
	if sent, err = b.SendCode(t.Context(), b.home, b.half("admin", goodPassword)); err != nil || !sent.Now {
		t.Errorf("at the door: %+v, %v", sent, err)
	}
}

// A new address that nobody confirmed is forgotten with its code.
func TestANewAddressLapsesWithItsCode(t *testing.T) {
	b, _ := mailed(t, "127.0.3.4")
	cookie, s := b.in("admin", goodPassword)
	if _, err := b.ChangeEmail(t.Context(), b.home, cookie, s, "one@example.org"); err != nil {
		t.Fatal(err)
	}
	if got := b.WaitingAddress(s.Account); got != "one@example.org" {
		t.Errorf("got %q", got)
	}
	b.pass(factor.CodeLife)
	if got := b.WaitingAddress(s.Account); got != "" {
		t.Errorf("after ten minutes: %q", got)
	}
	if err := b.CancelEmailChange(s); err == nil {
		t.Error("it was there to be cancelled")
	}
}
