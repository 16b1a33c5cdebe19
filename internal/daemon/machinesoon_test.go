package daemon_test

import (
	"net/mail"
	"strings"
	"testing"
	"time"

	"castellan/internal/realtest"
)

// away is a NAS that is off for so long.
func (h *house) away(servers []*timeServer, d time.Duration) {
	h.t.Helper()
	if err := h.stop(); err != nil {
		h.t.Fatal(err)
	}
	h.step(d)
	tell(servers, time.Duration(h.stepped.Load()))
	h.start()
	h.awaitClock("synced")
}

// spoken are the entries of the log about tokens that end soon, the newest first, as the owner reads them.
func (h *house) spoken() (messages []string) {
	h.t.Helper()
	for _, e := range h.in(h.browser(), "admin").events("area=accounts&limit=100") {
		if e := e.(obj); e["kind"] == "token.ends_soon" {
			messages = append(messages, e["message"].(string))
		}
	}
	return messages
}

// endMails are those about tokens that end soon.
func endMails(mta *realtest.MTA) (all []*mail.Message) {
	for _, m := range mta.Mails(inbox) {
		if strings.Contains(m.Header.Get("Subject"), "An API token ends soon") {
			all = append(all, m)
		}
	}
	return all
}

// R037: 14, 7 and 1 days before an API token ends its owner gets one mail, and the log has one entry, however often the NAS starts. Where it was
// off over two of these, there is one for the last.
func TestTheEndOfATokenIsToldByMailOnceEach(t *testing.T) {
	t.Parallel()
	mta := realtest.NewMTA(t, "127.0.0.36")
	h, servers := timed(t, 3)
	owner := h.claim()
	h.awaitClock("synced")
	owner.must(200, "PUT", "/mail", mta.Settings())
	owner.must(200, "PUT", "/me/email", obj{"email": inbox})
	owner.must(200, "POST", "/me/email/confirmation", obj{"code": codeIn(t, mta.Wait(inbox, 1))})
	owner.fresh()
	for name, days := range map[string]int{"backup": 20, "off over two": 30, "short": 5} {
		owner.must(201, "POST", "/me/tokens", obj{"name": name, "days": days, "scopes": []string{"me:read"}, "factor": obj{"kind": "none"}})
	}
	const day = 24 * time.Hour
	passed, count := time.Duration(0), 0
	on := func(at time.Duration, token, left string) {
		t.Helper()
		h.away(servers, at-passed)
		passed = at
		if token != "" {
			count++
			_, text := told(t, mta, "An API token ends soon", "The API token “"+token+"” of your account ends within "+left+", on ")
			for _, want := range []string{"Personal Settings › API access", "castellan login", "attic-nas"} {
				if !strings.Contains(text, want) {
					t.Errorf("%q is missing in %q", want, text)
				}
			}
			if strings.Contains(text, "cst_") {
				t.Errorf("the mail has a token: %q", text)
			}
		}
		h.restart()
		h.awaitClock("synced")
		said := h.spoken()
		if len(said) != count || token != "" && !strings.HasPrefix(said[0], "API token “"+token+"” ends within "+left+", on ") {
			t.Errorf("after %v: the log has %q, want %d", at, said, count)
		}
		if got := len(endMails(mta)); got != count {
			t.Errorf("after %v: %d mails, want %d", at, got, count)
		}
	}
	on(3*day, "", "")
	on(4*day+time.Hour, "short", "1 day")
	on(7*day, "backup", "14 days")
	on(12*day, "", "")
	on(13*day+time.Hour, "backup", "7 days")
	on(26*day, "off over two", "7 days") // and “backup” has ended meanwhile, about which nothing is left to be said
	on(29*day+time.Hour, "off over two", "1 day")
}

// R037: where no mail is set up the log says it all the same, also to a NAS that is not started anew.
func TestTheEndOfATokenIsLoggedWithoutMail(t *testing.T) {
	t.Parallel()
	h := newHouse(t).start()
	owner := h.claim()
	owner.must(201, "POST", "/me/tokens", obj{"name": "backup", "scopes": []string{"me:read"}, "factor": obj{"kind": "none"}})
	for _, days := range []int{77, 78} {
		owner.must(200, "POST", "/time/hand", obj{"now": time.Now().AddDate(0, 0, days).UTC().Format(time.RFC3339)})
	}
	if said := owner.kinds("accounts"); strings.Count(strings.Join(said, " "), "token.ends_soon") != 1 {
		t.Errorf("got %q", said)
	}
}
