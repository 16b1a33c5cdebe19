package daemon_test

import (
	"net"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/access/factor"
	"castellan/internal/realtest"
)

const inbox = "owner@example.org"

// mailed is a house with a mail server and an owner whose address is confirmed.
func mailed(t *testing.T, address string) (*house, *browser, *realtest.MTA) {
	t.Helper()
	mta := realtest.NewMTA(t, address)
	h := newHouse(t).start()
	owner := h.claim()
	owner.must(200, "PUT", "/mail", mta.Settings())
	owner.must(200, "PUT", "/me/email", obj{"email": inbox})
	if me := owner.must(200, "GET", "/me", nil).body; me["new_email"] != inbox || me["email"] != "" {
		t.Fatalf("got %v", me)
	}
	owner.must(200, "POST", "/me/email/confirmation", obj{"code": codeIn(t, mta.Wait(inbox, 1))})
	owner.fresh()
	return h, owner, mta
}

var sixDigits = regexp.MustCompile(`(?m)^ {4}(\d{6})\r?$`)

func codeIn(t *testing.T, m *mail.Message) string {
	t.Helper()
	text := realtest.Text(t, m)
	found := sixDigits.FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("there is no code in %q", text)
	}
	return found[1]
}

// emailOn turns e-mail on as a way in and returns the recovery codes, if some came with it.
func (b *browser) emailOn(mta *realtest.MTA) (codes []string) {
	b.t.Helper()
	start := b.must(201, "POST", "/me/two-step/email", nil).body
	if sent := start["sent"].(obj); sent["sent"] != true || sent["to"] != "o•••@e•••.org" {
		b.t.Errorf("got %v", sent)
	}
	b.refused(422, "invalid", "POST", "/me/two-step/email/confirmation", obj{"code": "12345", "saved": true})
	b.must(200, "POST", "/me/two-step/email/confirmation", obj{"code": sixDigits.FindStringSubmatch(second(told(b.t, mta, "turns codes by e-mail on")))[1], "saved": true})
	for _, c := range listOf(start["recovery_codes"]) {
		codes = append(codes, c.(string))
	}
	return codes
}

func second[A, B any](_ A, b B) B { return b }

func listOf(v any) []any { list, _ := v.([]any); return list }

func other(digits string) string {
	return strings.Map(func(r rune) rune { return '0' + (r-'0'+5)%10 }, digits)
}

// R009 R059 R060 R062 R065: the whole way of a code by e-mail, through a real mail server.
func TestACodeByEmailSignsIn(t *testing.T) {
	t.Parallel()
	h, owner, mta := mailed(t, "127.0.0.21")
	if codes := owner.emailOn(mta); len(codes) != factor.RecoveryCodes {
		t.Errorf("%d recovery codes", len(codes))
	}
	mails := len(mta.Mails(inbox))

	b, thief := h.browser(), h.browser()
	step := b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword}).body
	if !slices.Equal(listOf(step["ways"]), []any{"email", "recovery", "presence"}) || step["email"] != "o•••@e•••.org" {
		t.Errorf("got %v", step)
	}
	thief.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	sent := b.must(200, "POST", "/sign-in/email", nil).body
	if sent["sent"] != true || sent["resend_in"].(float64) < 55 || sent["expires_in"].(float64) < 590 {
		t.Errorf("got %v", sent)
	}
	if again := b.must(200, "POST", "/sign-in/email", nil).body; again["sent"] != false || again["expires_in"].(float64) < 590 {
		t.Errorf("at once again: %v", again)
	}
	if theirs := thief.must(200, "POST", "/sign-in/email", nil).body; theirs["sent"] != false || theirs["expires_in"] != 0.0 {
		t.Errorf("from another browser: %v", theirs)
	}
	letter, text := told(t, mta, "Your Castellan authentication code", "signs you in")
	code := sixDigits.FindStringSubmatch(text)[1]
	if len(mta.Mails(inbox)) > mails+3 { // the code, and news of e-mail being on
		t.Errorf("%d mails came", len(mta.Mails(inbox))-mails)
	}
	for _, want := range []string{"127.0.0.1", "attic-nas", "Europe/Berlin", "signs you in"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in %q", want, text)
		}
	}
	if strings.Contains(text, "http") || len(letter.Header["To"]) != 1 || letter.Header.Get("Bcc") != "" {
		t.Errorf("the mail has a link or another recipient: %v %q", letter.Header, text)
	}
	thief.refused(401, "code_refused", "POST", "/sign-in/code", obj{"way": "email", "code": code})
	b.refused(401, "code_refused", "POST", "/sign-in/code", obj{"way": "email", "code": other(code)})
	b.refused(403, "way_closed", "POST", "/sign-in/code", obj{"way": "app", "code": code})
	b.must(200, "POST", "/sign-in/code", obj{"way": "email", "code": code})
	b.fresh()
	thief.refused(401, "code_refused", "POST", "/sign-in/code", obj{"way": "email", "code": code})

	// The policy switch closes the way at once, but not the last one of whoever asks for it.
	onlyApps := obj{"two_step": "nobody", "groups": []any{}, "email_codes": "not_administrators"}
	b.refused(409, "last_way", "PUT", "/policy", onlyApps)
	b.refused(409, "last_way", "DELETE", "/mail", nil)
	b.enrol()
	b.fresh()
	b.must(200, "PUT", "/policy", onlyApps)
	step = h.browser().must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword}).body
	if !slices.Equal(listOf(step["ways"]), []any{"app", "recovery", "presence"}) || step["email"] != nil {
		t.Errorf("got %v", step)
	}
	for _, kept := range []string{code, "a mail password"} { // R137
		if strings.Contains(h.log.String(), kept) {
			t.Errorf("the program's log holds %q", kept)
		}
	}
}

// told waits for a mail to the owner that has all of some texts in its subject or its plain text, and returns
// that with what it says.
func told(t *testing.T, mta *realtest.MTA, texts ...string) (*mail.Message, string) {
	t.Helper()
	for range 200 {
		mails := mta.Mails(inbox)
		for i := len(mails) - 1; i >= 0; i-- {
			said := realtest.Text(t, mails[i])
			whole := mails[i].Header.Get("Subject") + "\n" + said
			if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(whole, text) }) {
				return mails[i], said
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("no mail with %q came", texts)
	return nil, ""
}

// R032 R039 R072: every change to ways in is told to their owner.
func TestChangesToWaysInAreTold(t *testing.T) {
	t.Parallel()
	h, owner, mta := mailed(t, "127.0.0.22")
	e := owner.must(201, "POST", "/me/two-step/devices", obj{"name": "My phone"}).body
	first := phone{secretOf(t, e["secret"].(string))}
	owner.must(200, "POST", "/me/two-step/devices/"+e["id"].(string)+"/confirmation", obj{"code": first.early(), "saved": true})
	if _, text := told(t, mta, "2-step verification was turned on"); !strings.Contains(text, "“My phone”") || strings.Contains(text, "http") {
		t.Errorf("got %q", text)
	}
	d := owner.must(201, "POST", "/me/two-step/devices", obj{"name": "Tablet"}).body
	if d["recovery_codes"] != nil {
		t.Error("recovery codes come with the first way only")
	}
	tablet := phone{secretOf(t, d["secret"].(string))}
	owner.must(200, "POST", "/me/two-step/devices/"+d["id"].(string)+"/confirmation", obj{"code": tablet.early()})
	told(t, mta, "An authenticator device was added")
	owner.must(200, "PATCH", "/me/two-step/devices/"+d["id"].(string), obj{"name": "Old tablet"})
	owner.must(200, "DELETE", "/me/two-step/devices/"+d["id"].(string), nil)
	if _, text := told(t, mta, "An authenticator device was removed"); !strings.Contains(text, "“Old tablet”") {
		t.Errorf("got %q", text)
	}
	owner.refused(409, "last_way", "DELETE", "/me/two-step/devices/"+e["id"].(string), nil) // R055
	owner.must(201, "POST", "/me/two-step/recovery-codes", nil)
	told(t, mta, "New recovery codes were made")
	codes := listOf(owner.must(201, "POST", "/me/two-step/recovery-codes", nil).body["codes"])

	b := h.browser()
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	step := b.must(200, "POST", "/sign-in/code", obj{"way": "recovery", "code": strings.ToLower(codes[0].(string))}).body
	if step["repair"] != true || b.must(200, "GET", "/session", nil).body["repair"] != true {
		t.Errorf("got %v", step)
	}
	told(t, mta, "A recovery code was used")
	b.refused(403, "proof_refused", "POST", "/me/two-step/off", obj{"password": "wrong"})
	b.must(204, "POST", "/me/two-step/off", obj{"password": goodPassword})
	told(t, mta, "2-step verification was turned off")
	b.fresh()
	b.must(204, "PUT", "/me/password", obj{"current": goodPassword, "password": newPassword})
	told(t, mta, "Your password was changed")

	// What an administrator does to somebody else is told to that person.
	b.fresh()
	own := b.must(200, "GET", "/me", nil).body["id"].(string)
	b.refused(409, "own_account", "PATCH", "/users/"+own, obj{"email": "thief@example.org"}) // R062: one's own wants a code
	added := b.must(201, "POST", "/users", obj{"name": "ines", "role": "user", "email": inbox}).body
	id := added["user"].(obj)["id"].(string)
	b.must(200, "POST", "/users/"+id+"/temporary-password", nil)
	told(t, mta, "You were given a temporary password")
	ines := h.browser()
	temporary := b.must(200, "POST", "/users/"+id+"/temporary-password", nil).body["password"]
	ines.must(200, "POST", "/sign-in", obj{"name": "ines", "password": temporary})
	ines.must(200, "POST", "/sign-in/password", obj{"password": goodPassword})
	ines.enrol()
	b.must(200, "POST", "/users/"+id+"/two-step/off", nil)
	told(t, mta, "2-step verification was turned off", "An administrator")
}

// R062: the old address can take a change back, once.
func TestAChangeOfAddressCanBeUndone(t *testing.T) {
	t.Parallel()
	h, owner, mta := mailed(t, "127.0.0.23")
	const fresh = "new@example.org"
	owner.must(200, "PUT", "/me/email", obj{"email": fresh})
	owner.refused(422, "code_wrong", "POST", "/me/email/confirmation", obj{"code": other(codeIn(t, mta.Wait(fresh, 1)))})
	if me := owner.must(200, "GET", "/me", nil).body; me["email"] != inbox {
		t.Errorf("the old address is not in force: %v", me)
	}
	owner.must(200, "POST", "/me/email/confirmation", obj{"code": codeIn(t, mta.Wait(fresh, 1))})
	owner.fresh()
	if me := owner.must(200, "GET", "/me", nil).body; me["email"] != fresh || me["email_confirmed"] != true || me["new_email"] != nil {
		t.Errorf("got %v", me)
	}
	_, text := told(t, mta, "Your e-mail address was changed", "undo")
	link := regexp.MustCompile(`https://\S+/#undo=(\S+)`).FindStringSubmatch(text)
	if link == nil {
		t.Fatalf("there is no link in %q", text)
	}
	_, port, _ := net.SplitHostPort(h.greeting.HTTPS)
	if !strings.Contains(link[0], ":"+port+"/") { // R075
		t.Errorf("the link leads to %s", link[0])
	}
	// Changing it once more does not void the first address's link.
	owner.must(200, "POST", "/session/step-up", obj{"password": goodPassword})
	owner.must(200, "PUT", "/me/email", obj{"email": "third@example.org"})
	owner.must(200, "POST", "/me/email/confirmation", obj{"code": codeIn(t, mta.Wait("third@example.org", 1))})
	owner.fresh()

	stranger := h.browser()
	stranger.refused(410, "link_gone", "POST", "/email/undo", obj{"token": link[1] + "x"})
	stranger.must(204, "POST", "/email/undo", obj{"token": link[1]})
	stranger.refused(410, "link_gone", "POST", "/email/undo", obj{"token": link[1]})
	owner.refused(401, "signed_out", "GET", "/me", nil)
	b := h.browser()
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	if me := b.must(200, "GET", "/me", nil).body; me["email"] != inbox || me["email_confirmed"] != true {
		t.Errorf("got %v", me)
	}
	mta.Wait("third@example.org", 2)
}

// R031: somebody who has the password and no second factor is noticed.
func TestSuspiciousSignInsAreToldAtABoundedRate(t *testing.T) {
	t.Parallel()
	h, owner, mta := mailed(t, "127.0.0.24")
	p := owner.enrol()
	told(t, mta, "2-step verification was turned on")
	before := len(mta.Mails(inbox))
	thief := h.browser()
	for i := range 9 {
		if i%4 == 0 {
			thief.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
		}
		thief.refused(401, "code_refused", "POST", "/sign-in/code", obj{"code": p.code(-20)})
	}
	if _, text := told(t, mta, "Somebody may know your password"); strings.Contains(text, "http") || sixDigits.MatchString(text) {
		t.Errorf("got %q", text)
	}
	thief.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	thief.must(200, "POST", "/sign-in/code", obj{"code": p.code(0)})
	mta.Wait(inbox, before+3)
	time.Sleep(500 * time.Millisecond) // for a fourth, about the sign-in after wrong codes, that must not come
	if n := len(mta.Mails(inbox)) - before; n != 3 {
		t.Errorf("%d mails came, want 3", n)
	}
}

// R138: a mail server that says nothing keeps nobody at the door: within 5 s another way is offered.
func TestASilentMailServerOffersAnotherWay(t *testing.T) {
	t.Parallel()
	h, owner, mta := mailed(t, "127.0.0.25")
	p := owner.enrol()
	start := owner.must(201, "POST", "/me/two-step/email", nil).body
	if start["recovery_codes"] != nil {
		t.Error("recovery codes came again")
	}
	owner.must(200, "POST", "/me/two-step/email/confirmation", obj{"code": sixDigits.FindStringSubmatch(second(told(t, mta, "turns codes by e-mail on")))[1]})
	owner.fresh()
	silent, err := net.Listen("tcp", "127.0.0.26:2525")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	values := mta.Settings()
	values["host"] = "127.0.0.26"
	owner.must(200, "PUT", "/mail", values)

	b := h.browser()
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword})
	begun := time.Now()
	b.refused(409, "mail_unavailable", "POST", "/sign-in/email", nil)
	if took := time.Since(begun); took > 6*time.Second {
		t.Errorf("it took %v", took)
	}
	b.must(200, "POST", "/sign-in/code", obj{"way": "app", "code": p.code(0)})
	b.fresh()
	for _, c := range listOf(b.must(200, "GET", "/health", nil).body["checks"]) {
		if c.(obj)["code"] == "mail" && c.(obj)["level"] != "warn" {
			t.Errorf("got %v", c)
		}
	}
	outcome := b.must(200, "POST", "/mail/test", obj{"to": inbox, "server": mta.Settings()}).body
	if outcome["taken"] != true {
		t.Errorf("got %v", outcome)
	}
	wrong := mta.Settings()
	wrong["password"] = "wrong"
	outcome = b.must(200, "POST", "/mail/test", obj{"to": inbox, "server": wrong}).body
	if detail := outcome["detail"].(string); outcome["taken"] != false || !strings.Contains(detail, "535") {
		t.Errorf("got %v", outcome)
	}
	for field, bad := range map[string]any{"port": 22, "host": "a b", "sender": "x\r\nBcc: y@example.org", "user": "a\nb", "security": "none", "fingerprint": "x", "authority": "x"} { // R063 R123
		values := mta.Settings()
		values[field] = bad
		b.refused(422, "invalid", "PUT", "/mail", values)
	}
	for field, value := range map[string]any{"host": "127.0.0.25", "port": 587, "security": "tls", "user": "other", "fingerprint": strings.Repeat("00", 32)} {
		values := mta.Settings() // the password that is kept goes to no other server than the one it was given for
		values["host"] = "127.0.0.26"
		delete(values, "password")
		values[field] = value
		b.refused(422, "invalid", "PUT", "/mail", values)
		b.refused(422, "invalid", "POST", "/mail/test", obj{"to": inbox, "server": values})
	}
	if m := b.must(200, "GET", "/mail", nil); strings.Contains(string(m.raw), "a mail password") || m.body["has_password"] != true {
		t.Errorf("got %s", m.raw)
	}
	b.must(204, "DELETE", "/mail", nil)
	step := h.browser().must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword}).body
	if slices.Contains(listOf(step["ways"]), any("email")) {
		t.Errorf("got %v", step)
	}
}

// R049: a restart forgets what was not confirmed, and nothing else.
func TestARestartDuringEnrolmentChangesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	e := owner.must(201, "POST", "/me/two-step/devices", obj{"name": "My phone"}).body
	p := phone{secretOf(t, e["secret"].(string))}
	h.restart()
	b := h.browser()
	if step := b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": goodPassword}).body; step["next"] != "done" {
		t.Errorf("got %v", step)
	}
	b.refused(410, "enrolment_gone", "POST", "/me/two-step/devices/"+e["id"].(string)+"/confirmation", obj{"code": p.code(0), "saved": true})
}

// R032: whoever administered the box is told of a reset.
func TestAResetIsTold(t *testing.T) {
	t.Parallel()
	h, _, mta := mailed(t, "127.0.0.27")
	h.local().must(200, "POST", "/local/button", obj{"hold_ms": 5200})
	told(t, mta, "Administrator defaults were restored")
}
