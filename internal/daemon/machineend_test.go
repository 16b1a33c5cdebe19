package daemon_test

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/access/token"
)

// ending is a way in which somebody's rights end.
type ending struct {
	name string
	end  func(h *house, owner *browser, id string, m *script)
	code string // of the refusal that follows
	tell string // the kind of the event that says how many tokens ended; empty: none does
}

var endings = []ending{
	{"revoked", func(h *house, _ *browser, _ string, m *script) {
		h.in(h.browser(), "mara").must(204, "DELETE", "/me/tokens/"+m.id, nil)
	}, "token_refused", ""},
	{"expired", func(h *house, o *browser, _ string, _ *script) {
		o.must(200, "POST", "/time/hand", obj{"now": h.system().Add(token.Days*24*time.Hour + time.Minute).UTC().Format(time.RFC3339)})
	}, "token_refused", ""},
	{"disabled", func(_ *house, o *browser, id string, _ *script) {
		o.must(200, "PATCH", "/users/"+id, obj{"disabled": true})
	}, "token_refused", "account.changed"},
	{"disabled and enabled again", func(_ *house, o *browser, id string, _ *script) {
		o.must(200, "PATCH", "/users/"+id, obj{"disabled": true})
		o.must(200, "PATCH", "/users/"+id, obj{"disabled": false})
	}, "token_refused", "account.changed"},
	{"deleted", func(_ *house, o *browser, id string, _ *script) { o.must(204, "DELETE", "/users/"+id, nil) }, "token_refused", "account.deleted"},
	{"given a temporary password", func(_ *house, o *browser, id string, _ *script) {
		o.must(200, "POST", "/users/"+id+"/temporary-password", nil)
	}, "token_refused", "password.temporary_given"},
	{"recovered on the box", func(h *house, _ *browser, _ string, _ *script) {
		h.local().must(200, "POST", "/local/recover", obj{"name": "mara"})
	}, "token_refused", "account.recovered_locally"},
	{"demoted", func(_ *house, o *browser, id string, _ *script) {
		o.must(200, "PATCH", "/users/"+id, obj{"role": "user"})
	}, "not_allowed", ""},
	{"without the second factor that the policy wants", func(_ *house, o *browser, _ string, _ *script) {
		o.must(200, "PUT", "/policy", obj{"two_step": "administrators", "groups": []any{}, "email_codes": "everybody"})
	}, "enrollment_required", ""},
	{"with another factor of the machine", func(h *house, _ *browser, _ string, m *script) {
		_, public := newKey(h.t)
		h.in(h.browser(), "mara").must(200, "PUT", "/me/tokens/"+m.id+"/factor", obj{"kind": "key", "key": public})
	}, "", ""},
}

// R093: what ends somebody's rights ends their tokens, and the access that was bought with them, with the next request.
func TestWhatEndsRightsEndsTokensAtOnce(t *testing.T) {
	t.Parallel()
	for _, way := range endings {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t).start()
			owner := h.claim()
			mara, id := h.add(owner, "mara", "administrator")
			signs := h.script(mara, token.Key, "users:read")
			bought := signs.buys()
			others := h.script(owner, token.Key, "users:read")
			signs.gets(200, "", "GET", "/users", nil)
			bought.gets(200, "", "GET", "/users", nil)
			way.end(h, owner, id, signs)
			first, second := way.code, way.code
			if way.code == "" {
				first, second = "signature_refused", "token_refused"
			}
			status := map[bool]int{true: 401, false: 403}[strings.HasSuffix(first, "refused")]
			signs.gets(status, first, "GET", "/users", nil)
			bought.gets(status, second, "GET", "/users", nil)
			if way.code == "token_refused" {
				signs.gets(401, "token_refused", "POST", "/machine/session", obj{})
			}
			if way.name == "expired" || way.code == "enrollment_required" {
				return
			}
			others.gets(200, "", "GET", "/users", nil)
			if way.tell == "" {
				return
			}
			for _, e := range owner.events("limit=50") {
				if e := e.(obj); e["kind"] == way.tell && strings.Contains(fmt.Sprint(e), "name:tokens") {
					return
				}
			}
			t.Errorf("no %s tells how many tokens ended", way.tell)
		})
	}
}

// R093 for the reset button: the tokens of the built-in administrator end, and those of others stay.
func TestTheResetButtonEndsTheAdministratorsTokens(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	mara, _ := h.add(owner, "mara", "administrator")
	own, hers := h.script(owner, token.Key, "me:read"), h.script(mara, token.Key, "me:read")
	bought := own.buys()
	if got := h.hold(5200); got != "reset" {
		t.Fatalf("got %s", got)
	}
	own.gets(409, "unclaimed", "GET", "/me", nil)
	h.claim()
	own.gets(401, "token_refused", "GET", "/me", nil)
	bought.gets(401, "token_refused", "GET", "/me", nil)
	hers.gets(200, "", "GET", "/me", nil)
}

var undoLink = regexp.MustCompile(`#undo=(\S+)`)

// R093 R032 for what comes by mail: a forgotten password that is replaced, and a change of address that is taken back. Making a token, another
// second factor and revoking are told to the owner.
func TestTokensAndMails(t *testing.T) {
	t.Parallel()
	h, owner, mta := mailed(t, "127.0.0.83")
	m := h.script(owner, token.Key, "me:read")
	_, text := told(t, mta, "An API token was made", m.name)
	for _, want := range []string{"SHA256:", "me:read", "API access"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in %s", want, text)
		}
	}
	if strings.Contains(text, m.text[8:]) || strings.Contains(text, "http") {
		t.Errorf("the mail holds a token or a link: %s", text)
	}
	owner.must(200, "PUT", "/me/tokens/"+m.id+"/factor", obj{"kind": "codes"})
	told(t, mta, "The second factor of an API token was changed", m.name, "codes by time")
	owner.must(204, "DELETE", "/me/tokens/"+m.id, nil)
	told(t, mta, "An API token was revoked", m.name)

	m = h.script(owner, token.Key, "me:read")
	owner.must(202, "POST", "/forgotten", obj{"email": inbox})
	links, _ := passwordLinks(t, letter(t, mta, inbox, "Reset your Castellan password"))
	m.gets(200, "", "GET", "/me", nil)
	h.browser().must(204, "POST", "/password-link/password", obj{"link": links[0], "password": newPassword})
	m.gets(401, "token_refused", "GET", "/me", nil)

	owner = h.browser()
	owner.must(200, "POST", "/sign-in", obj{"name": "admin", "password": newPassword})
	m = h.script(owner, token.Key, "me:read")
	owner.must(204, "PUT", "/me/password", obj{"current": newPassword, "password": goodPassword})
	m.gets(200, "", "GET", "/me", nil) // one's own change keeps them
	owner.fresh()
	owner.must(200, "PUT", "/me/email", obj{"email": "thief@example.org"})
	owner.must(200, "POST", "/me/email/confirmation", obj{"code": codeIn(t, mta.Wait("thief@example.org", 1))})
	m.gets(200, "", "GET", "/me", nil)
	_, text = told(t, mta, "Your e-mail address was changed", "undo")
	found := undoLink.FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("no link in %s", text)
	}
	h.browser().must(204, "POST", "/email/undo", obj{"token": found[1]})
	m.gets(401, "token_refused", "GET", "/me", nil)
}

// R088: a token is shown once; then the list has how it begins, what it may, and when and where from it was used.
func TestTheListOfTokensShowsNone(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	m := h.script(owner, token.Key, "settings:read")
	free := h.script(owner, token.None, "me:read")
	m.gets(200, "", "GET", "/settings", nil)
	m.gets(403, "scope_missing", "PATCH", "/settings", obj{})
	bought := m.buys()
	a := owner.must(200, "GET", "/me/tokens", nil)
	for _, text := range []string{m.text, free.text, bought.access} {
		if strings.Contains(string(a.raw), text) || strings.Contains(string(a.raw), text[len(text)-20:]) {
			t.Errorf("the list holds a token: %s", a.raw)
		}
	}
	states := func() string {
		var all []string
		for _, one := range listOf(owner.must(200, "GET", "/me/tokens", nil).body["tokens"]) {
			one := one.(obj)
			all = append(all, fmt.Sprint(one["name"], " ", one["state"], " ", one["used_from"], " ", one["used"] != nil))
			if prefix := one["prefix"].(string); len(prefix) > 12 || !strings.HasPrefix(m.text, prefix) && !strings.HasPrefix(free.text, prefix) {
				t.Errorf("it begins with %s", prefix)
			}
		}
		slices.Sort(all)
		return strings.Join(all, ", ")
	}
	if got := states(); !strings.Contains(got, free.name+" active <nil> false") || !strings.Contains(got, m.name+" active 127.0.0.1 true") {
		t.Errorf("got %s", got)
	}
	if got := len(listOf(a.body["scopes"])); got != len(scopes()) || a.body["two_step"] != false {
		t.Errorf("an administrator may give %d scopes of %d", got, len(scopes()))
	}
	owner.enrol()
	owner.fresh()
	if !strings.Contains(states(), free.name+" on_hold") || !strings.Contains(states(), m.name+" active") {
		t.Errorf("got %s", states())
	}
	made := owner.must(200, "PUT", "/me/tokens/"+free.id+"/factor", obj{"kind": "codes"}).body
	if made["text"] != nil || made["qr"].(obj)["path"] == "" || !strings.Contains(made["uri"].(string), made["secret"].(string)) {
		t.Errorf("got %v", made)
	}
	free.phone = phone{secretOf(t, made["secret"].(string))}
	free.buys().gets(200, "", "GET", "/me", nil)

	ines := second(h.add(owner, "ines", "user"))
	own := h.in(h.browser(), "ines")
	if got := listOf(own.must(200, "GET", "/me/tokens", nil).body["scopes"]); len(got) != 2 || ines == "" {
		t.Errorf("a plain user may give %v", got)
	}
	own.refused(422, "invalid", "POST", "/me/tokens", obj{"name": "x", "scopes": []any{"users:read"}, "factor": obj{"kind": "none"}})
	own.refused(404, "unknown_token", "DELETE", "/me/tokens/"+m.id, nil) // of somebody else
	own.refused(404, "unknown_token", "PUT", "/me/tokens/"+m.id+"/factor", obj{"kind": "none"})
	m.gets(200, "", "GET", "/settings", nil)
}

// R093: a token works at the addresses it is for.
func TestATokenWorksAtItsAddresses(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	made := owner.must(201, "POST", "/me/tokens", obj{"name": "cellar", "scopes": []any{"me:read"}, "factor": obj{"kind": "none"}, "addresses": []any{"127.0.77.0/24", "2001:db8::1"}}).body
	if got := fmt.Sprint(made["token"].(obj)["addresses"]); got != "[127.0.77.0/24 2001:db8::1]" {
		t.Errorf("got %s", got)
	}
	m := &script{browser: h.browser(), text: made["text"].(string), name: "cellar"}
	m.gets(401, "token_refused", "GET", "/me", nil)
	m.browser = h.browser().from("127.0.77.9")
	m.gets(200, "", "GET", "/me", nil)
	bought := m.buys()
	bought.browser = h.browser()
	bought.gets(401, "token_refused", "GET", "/me", nil) // what was bought is no more than its token
	r := m.plain("GET", "/me", nil)
	r.Header.Set("X-Forwarded-For", "127.0.77.9")
	if a := h.browser().raw(r); a.StatusCode != 401 {
		t.Errorf("a header that claims an address: %d", a.StatusCode)
	}
}

// R088 R131: who reads the disk finds no token, and a machine that only reads, or that is refused, writes nothing to it.
func TestMachinesThatReadWakeNoDisk(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	signs, codes := h.script(owner, token.Key, "settings:read"), h.script(owner, token.Codes, "settings:read")
	bought := codes.buys()
	bought.gets(403, "scope_missing", "GET", "/users", nil)
	signs.buys()
	h.settle()
	before := h.databaseFile()
	for range 40 {
		signs.gets(200, "", "GET", "/settings", nil)
		bought.gets(200, "", "GET", "/settings", nil)
		bought.gets(403, "scope_missing", "GET", "/users", nil)
		signs.buys()
	}
	if after := h.databaseFile(); !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("the database was written at %v", after.ModTime())
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{signs.text, codes.text, bought.access} {
		_, random, _ := strings.Cut(text, "_")
		raw, err := base64.RawURLEncoding.DecodeString(random)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range [][]byte{[]byte(text), []byte(random), raw, codes.phone.seed, []byte(codes.phone.seed.Base32())} {
			if in := h.found(secret); in != nil {
				t.Errorf("%q is in %v", secret, in)
			}
		}
	}
}
