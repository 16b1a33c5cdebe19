package daemon_test

import (
	"bytes"
	"io"
	"net"
	"net/mail"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/realtest"
)

var passwordLink = regexp.MustCompile(`https://\S+/#password=(\S+)`)

// passwordLinks returns the links of a mail and where they lead.
func passwordLinks(t *testing.T, m *mail.Message) (links []string, text string) {
	t.Helper()
	text = realtest.Text(t, m)
	for _, found := range passwordLink.FindAllStringSubmatch(text, -1) {
		links = append(links, found[1])
	}
	return links, text
}

// letter waits for a mail to an address with a subject.
func letter(t *testing.T, mta *realtest.MTA, address, subject string) *mail.Message {
	t.Helper()
	for range 200 {
		for _, m := range slices.Backward(mta.Mails(address)) {
			if m.Header.Get("Subject") == subject {
				return m
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("no mail “%s” came to %s", subject, address)
	return nil
}

// invited adds a person, who chooses a password with the mailed link: their address is confirmed then.
func (h *house) invited(owner *browser, mta *realtest.MTA, name, address string, mails int) (id string) {
	h.t.Helper()
	added := owner.must(201, "POST", "/users", obj{"name": name, "role": "user", "email": address}).body
	if _, shown := added["password"]; shown {
		h.t.Fatalf("got %v", added)
	}
	links, _ := passwordLinks(h.t, mta.Wait(address, mails))
	h.browser().must(204, "POST", "/password-link/password", obj{"link": links[0], "password": goodPassword})
	return added["user"].(obj)["id"].(string)
}

// ownLinks looks whether every link of a mail leads to this box.
func (h *house) ownLinks(text string) {
	h.t.Helper()
	_, port, _ := net.SplitHostPort(h.greeting.HTTPS)
	found := passwordLink.FindAllString(text, -1)
	for _, link := range found {
		if u, err := url.Parse(link); err != nil || u.Port() != port || strings.Contains(u.Hostname(), "evil") || u.Path != "/" || u.RawQuery != "" {
			h.t.Errorf("the link leads to %s", link)
		}
	}
	if len(found) == 0 {
		h.t.Errorf("there is no link in %s", text)
	}
}

// R034 R073 R075 R076 R077 R079 R080 R105: the whole way of a forgotten password, through a real mail server.
func TestAForgottenPasswordIsReplacedByMail(t *testing.T) {
	t.Parallel()
	h, owner, mta := mailed(t, "127.0.0.31")
	const address = "family@example.org"
	h.invited(owner, mta, "ines", address, 1)
	h.invited(owner, mta, "otto", address, 2)
	ines, second := h.browser(), h.browser()
	ines.must(200, "POST", "/sign-in", obj{"name": "ines", "password": goodPassword})
	phone, codes := ines.enrolled()
	second.must(200, "POST", "/sign-in", obj{"name": "ines", "password": goodPassword})
	second.must(200, "POST", "/sign-in/code", obj{"code": phone.code(1)})

	b := h.browser()
	if got := b.must(200, "GET", "/status", nil).body["mail"]; got != "works" {
		t.Errorf("mail %v", got)
	}
	known := b.must(202, "POST", "/forgotten", obj{"email": address})
	unknown := b.must(202, "POST", "/forgotten", obj{"email": "nobody@example.org"})
	if !bytes.Equal(unnumbered(known), unnumbered(unknown)) { // R029
		t.Errorf("%s is not %s", known.raw, unknown.raw)
	}
	_, disabled := h.add(owner, "hugo", "user")
	owner.must(200, "PATCH", "/users/"+disabled, obj{"email": "hugo@example.org", "disabled": true})
	for _, class := range []string{"hugo@example.org", address} { // disabled and never confirmed; asked for a moment ago
		if again := b.must(202, "POST", "/forgotten", obj{"email": class}); !bytes.Equal(unnumbered(again), unnumbered(unknown)) {
			t.Errorf("%s: %s", class, again.raw)
		}
	}
	links, text := passwordLinks(t, letter(t, mta, address, "Reset your Castellan password"))
	if len(links) != 2 || !strings.Contains(text, "ines") || !strings.Contains(text, "otto") {
		t.Fatalf("got %s", text)
	}
	h.ownLinks(text)
	for range 10 {
		if got := b.must(200, "POST", "/password-link", obj{"link": links[0]}).body; got["purpose"] != "forgotten" || got["password_min"] != 8.0 {
			t.Errorf("got %v", got)
		}
	}
	b.refused(422, "invalid", "POST", "/password-link/password", obj{"link": links[0], "password": "short"})
	set := b.must(204, "POST", "/password-link/password", obj{"link": links[0], "password": "quaint gears of Tuesday"})
	if set.Header.Get("Set-Cookie") != "" || len(b.cookies) != 0 {
		t.Errorf("a link gave a cookie: %v", set.Header)
	}
	b.refused(410, "link_gone", "POST", "/password-link/password", obj{"link": links[0], "password": "quaint gears of Tuesday"})
	b.refused(410, "link_gone", "POST", "/password-link", obj{"link": links[0]})
	ines.refused(401, "signed_out", "GET", "/me", nil)
	second.refused(401, "signed_out", "GET", "/me", nil)
	b.refused(401, "sign_in_refused", "POST", "/sign-in", obj{"name": "ines", "password": goodPassword})
	if step := b.must(200, "POST", "/sign-in", obj{"name": "ines", "password": "quaint gears of Tuesday"}).body; step["next"] != "code" {
		t.Errorf("the second factor is not asked for: %v", step)
	}
	b.refused(410, "link_gone", "POST", "/password-link", obj{"link": codes[0]}) // R036: a recovery code is no link, and stands for one proof once
	b.must(200, "POST", "/sign-in/code", obj{"way": "recovery", "code": codes[0]})
	other := h.browser()
	other.must(200, "POST", "/sign-in", obj{"name": "ines", "password": "quaint gears of Tuesday"})
	other.refused(401, "code_refused", "POST", "/sign-in/code", obj{"way": "recovery", "code": codes[0]})
	h.browser().must(200, "POST", "/sign-in", obj{"name": "otto", "password": goodPassword})
	data, err := os.ReadFile(h.database())
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if _, token, _ := strings.Cut(link, "."); strings.Contains(h.log.String(), token) || bytes.Contains(data, []byte(token)) {
			t.Error("a token is in the log or in the database")
		}
	}
}

// R075: whatever a request says about where it was sent to, a mail leads to the box's own address.
func TestALinkLeadsToTheBoxOnly(t *testing.T) {
	t.Parallel()
	h, _, mta := mailed(t, "127.0.0.32")
	b := h.browser()
	b.header.Set("X-Forwarded-Host", "evil.example")
	b.header.Set("Forwarded", "host=evil.example")
	b.must(202, "POST", "/forgotten", obj{"email": inbox})
	_, text := told(t, mta, "Reset your Castellan password", "The link below")
	h.ownLinks(text)
	r := b.request("POST", "/forgotten", obj{"email": inbox})
	r.Host = "evil.example"
	if a := b.raw(r); a.StatusCode != 421 {
		t.Errorf("another host: %d", a.StatusCode)
	}
}

// R078: one address in, as one text.
func TestOneAddressIsAskedForAtATime(t *testing.T) {
	t.Parallel()
	h, _, mta := mailed(t, "127.0.0.33")
	b := h.browser()
	for _, body := range []any{
		obj{"email": []string{inbox, "thief@example.org"}}, obj{"email": inbox + ",thief@example.org"}, obj{"email": inbox + "\nthief@example.org"},
		obj{"email": inbox, "name": "admin"}, obj{}, obj{"email": nil},
	} {
		if a := b.call("POST", "/forgotten", body); a.StatusCode != 422 && a.StatusCode != 400 {
			t.Errorf("%v: %d %s", body, a.StatusCode, a.raw)
		}
	}
	r := b.request("POST", "/forgotten", nil)
	r.Header.Set("Content-Type", "application/json")
	r.Body = io.NopCloser(strings.NewReader(`{"email":"` + inbox + `","email":"thief@example.org"}`))
	if a := b.raw(r); a.StatusCode != 400 && a.StatusCode != 422 {
		t.Errorf("twice: %d %s", a.StatusCode, a.raw)
	}
	for _, m := range append(mta.Mails(inbox), mta.Mails("thief@example.org")...) {
		if m.Header.Get("Subject") == "Reset your Castellan password" {
			t.Errorf("a mail went to %s", m.Header.Get("To"))
		}
	}
}

// R038: where there is no mail server, the page says so beforehand, and nobody is sent anything.
func TestWithoutMailThePageSaysSoBeforehand(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	b := h.browser()
	if got := b.must(200, "GET", "/status", nil).body["mail"]; got != "off" {
		t.Errorf("mail %v", got)
	}
	b.refused(409, "mail_off", "POST", "/forgotten", obj{"email": inbox})
	added := owner.must(201, "POST", "/users", obj{"name": "ines", "role": "user", "email": inbox, "group": "family"}).body
	if added["password"] == nil || added["user"].(obj)["waiting"] != true || added["user"].(obj)["new"] != false {
		t.Errorf("got %v", added)
	}
	owner.refused(409, "mail_off", "POST", "/users/"+added["user"].(obj)["id"].(string)+"/invitation", nil)
	owner.refused(422, "invalid", "POST", "/users", obj{"name": "otto", "role": "user", "password": "chosen for them"})
}

// R012 R017: a password that is tried first is refused with a reason, wherever one is chosen.
func TestCommonPasswordsAreRefusedEverywhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	b := h.browser()
	b.must(200, "POST", "/sign-in", obj{"name": "admin", "password": h.greeting.DefaultPassword})
	common := []string{"castellancastellan", "attic-nas-attic-nas", "passwordpassword", "administrator2026"}
	for _, pw := range common {
		a := b.refused(422, "invalid", "POST", "/claim", obj{"name": "admin", "password": pw, "nas_name": "attic-nas"})
		if fields := listOf(a.body["fields"]); len(fields) != 1 || fields[0].(obj)["code"] != "blocklisted" {
			t.Errorf("%s: got %s", pw, a.raw)
		}
	}
	phrase := b.must(200, "GET", "/passphrase", nil).body
	if phrase["words"] != 5.0 || phrase["bits"].(float64) < 60 || len(strings.Fields(phrase["phrase"].(string))) != 5 {
		t.Errorf("got %v", phrase)
	}
	b.must(201, "POST", "/claim", obj{"name": "admin", "password": phrase["phrase"], "nas_name": "attic-nas", "time_zone": "Europe/Berlin"})
	b.must(204, "POST", "/me/two-step/later", nil)
	b.fresh()
	for _, pw := range common {
		b.refused(422, "invalid", "PUT", "/me/password", obj{"current": phrase["phrase"], "password": pw})
	}
}
