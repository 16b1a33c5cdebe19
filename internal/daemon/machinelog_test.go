package daemon_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"castellan/internal/access/token"
	"castellan/internal/httpapi"
)

// said are the entries of a kind in the log, the newest first, as one text each.
func (b *browser) said(kind string) (list []string) {
	b.t.Helper()
	for _, e := range b.events("kind=" + kind) {
		e := e.(obj)
		list = append(list, fmt.Sprint(e["actor"], " ", e["details"]))
	}
	return list
}

// R136: whoever buys access with a token is in the log, once an hour for a source, and so is each sort of refusal.
func TestWhatIsSoldAndWhatIsNotIsInTheLog(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	m, codes := h.script(owner, token.Key, "me:read"), h.script(owner, token.Codes, "me:read")
	for range 3 {
		m.buys()
	}
	if got := owner.said("token.session_sold"); len(got) != 1 || !strings.HasPrefix(got[0], "admin ") || !strings.Contains(got[0], "API token “"+m.name+"”") || !strings.Contains(got[0], m.id) {
		t.Errorf("the log says %q", got)
	}
	away := *m
	away.browser = h.browser().from(many(0))
	away.buys()
	if got := owner.said("token.session_sold"); len(got) != 2 {
		t.Errorf("from another source: %q", got)
	}
	h.pass(httpapi.ToldAgain)
	owner = h.in(h.browser(), "admin")
	m.buys()
	if got := owner.said("token.session_sold"); len(got) != 3 {
		t.Errorf("an hour later: %q", got)
	}
	for range 3 {
		wrong := *m
		wrong.key, _ = newKey(t)
		wrong.gets(401, "signature_refused", "POST", "/machine/session", obj{})
		(&script{browser: m.browser, name: m.name, text: m.text}).gets(401, "second_factor_required", "POST", "/machine/session", obj{})
		stranger := *m
		stranger.text = token.Prefix + strings.Repeat("y", 43)
		stranger.gets(401, "token_refused", "POST", "/machine/session", obj{})
		codes.offers("000000")
	}
	all := owner.said("token.refused")
	if got := strings.Join(all, "\n"); len(all) != 3 || strings.Count(got, "API token “"+m.name+"”") != 2 || strings.Count(got, "(unknown)") != 1 ||
		strings.Count(got, "StartMachineSession") != 3 {
		t.Errorf("the log says %s", got)
	}
	for _, why := range []string{"its signature is not right", "it came without its second factor", "nobody has such a token"} {
		if !strings.Contains(strings.Join(all, "\n"), why) {
			t.Errorf("that %s is not said: %q", why, all)
		}
	}
	if got := owner.said("token.session_refused"); len(got) != 3 {
		t.Errorf("of three wrong codes the log says %q", got)
	}
}

// R136: who wants a token that is for another's key is in the log.
func TestACollectionThatIsRefusedIsInTheLog(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	_, public := newKey(t)
	m := &script{browser: h.browser(), now: h.soon, name: "thief"}
	m.key, _ = newKey(t)
	m.id = "SHA256:x"
	for range 3 {
		r := m.plain("POST", "/machine/collection", obj{"key": public})
		r.Header.Del("Authorization")
		m.sign(r, "")
		if a := m.raw(r); a.StatusCode != 401 || a.code() != "signature_refused" {
			t.Errorf("got %d %s", a.StatusCode, a.raw)
		}
	}
	if got := owner.said("token.refused"); len(got) != 1 || !strings.Contains(got[0], "CollectToken") {
		t.Errorf("the log says %q", got)
	}
}

// R136: a token that was made and never fetched does not go without an entry.
func TestATokenThatIsClearedAwayIsInTheLog(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	_, public := newKey(t)
	id := owner.must(201, "POST", "/me/tokens", obj{"name": "laptop", "scopes": []string{"me:read"}, "factor": obj{"kind": "key", "key": public}, "collect": true}).body["token"].(obj)["id"].(string)
	h.script(owner, token.None, "me:read")
	if got := owner.said("token.cleared"); len(got) != 0 {
		t.Errorf("while it waits the log says %q", got)
	}
	h.pass(token.CollectFor)
	owner = h.in(h.browser(), "admin")
	h.script(owner, token.None, "me:read")
	if got := owner.said("token.cleared"); len(got) != 1 || !strings.HasPrefix(got[0], "admin ") || !strings.Contains(got[0], "laptop") || !strings.Contains(got[0], id) {
		t.Errorf("the log says %q", got)
	}
}

// What was refused was no use of a token.
func TestARefusalIsNoUseOfAToken(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	m := h.script(owner, token.Key, "me:read")
	m.gets(403, "scope_missing", "GET", "/users", nil)
	used := func() any {
		return listOf(owner.must(200, "GET", "/me/tokens", nil).body["tokens"])[0].(obj)["used"]
	}
	if got := used(); got != nil {
		t.Errorf("it was used at %v", got)
	}
	m.gets(200, "", "GET", "/me", nil)
	if used() == nil {
		t.Error("it was never used")
	}
}

// R092: of a request whose token is none of ours nothing more is read than its head.
func TestABodyIsReadOnceTheTokenIsKnown(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	m, codes := h.script(owner, token.Key, "settings:write"), h.script(owner, token.Codes, "settings:write")
	for name, text := range map[string]string{"unknown": token.Prefix + strings.Repeat("y", 43), "without a key": codes.text} {
		r := m.plain("PATCH", "/settings", obj{})
		r.Header.Set("Authorization", "Bearer "+text)
		r.Header.Set("Signature", "sig1=:AAAA:")
		body, end := io.Pipe() // never a byte of it
		r.Body, r.ContentLength, r.GetBody = body, 2, nil
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		a, err := m.client.Do(r.WithContext(ctx))
		if err != nil {
			t.Errorf("%s: its body is waited for: %v", name, err)
		} else if _ = a.Body.Close(); a.StatusCode != 401 {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
		cancel()
		_ = end.Close()
	}
}

// R090 R139: while the time is not known no code is looked at, and neither a token that is none nor a signature is refused for that.
func TestTheTimeIsAskedForWhereACodeDecides(t *testing.T) {
	t.Parallel()
	h, _ := timed(t, 3, func(h *house, servers []*timeServer) {
		hush(servers, true)
		h.step(-26 * 365 * 24 * time.Hour)
	})
	owner := h.claim()
	m, codes := h.script(owner, token.Key, "me:read"), h.script(owner, token.Codes, "me:read")
	if a := codes.offers("123456"); a.StatusCode != 409 || a.code() != "time_untrusted" {
		t.Errorf("a code: %d %s", a.StatusCode, a.raw)
	}
	codes.text = token.Prefix + strings.Repeat("y", 43)
	if a := codes.offers("123456"); a.StatusCode != 401 || a.code() != "token_refused" {
		t.Errorf("a code with no token: %d %s", a.StatusCode, a.raw)
	}
	nonce := m.gets(401, "signature_time", "POST", "/machine/session", obj{"code": "123456"}).Header.Get(token.NonceHeader)
	r := m.plain("POST", "/machine/session", obj{"code": "123456"})
	m.sign(r, nonce)
	if a := m.raw(r); a.StatusCode != 200 {
		t.Errorf("a signature beside a code: %d %s", a.StatusCode, a.raw)
	}
}
