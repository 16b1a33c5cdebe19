package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/httpapi/api"
)

// collected is the answer with a token of an account.
func collected(account string, scopes ...string) string {
	name, _ := json.Marshal(account)
	list, _ := json.Marshal(scopes)
	return fmt.Sprintf(`{"account":%s,"text":"cst_of","token":{"id":"of-%s","name":"ada@laptop","scopes":%s,"expires":"2027-02-01T00:00:00Z"}}`, name, strings.Fields(account)[0], list)
}

// collects has a NAS hand out tokens, and returns the entry that is kept and what is printed.
func collects(t *testing.T, before *nas, answers ...string) (kept *nas, said string) {
	t.Helper()
	var out bytes.Buffer
	var all []func(http.ResponseWriter)
	for _, a := range answers {
		all = append(all, problem(200, a))
	}
	r, _, _ := answering(t, all...)
	if err := (&call{out: &out, err: &out}).collect(context.Background(), r.nas, before); err != nil {
		t.Fatal(err)
	}
	kept, err := load("cellar")
	if err != nil {
		t.Fatal(err)
	}
	return kept, out.String()
}

// R089: a link is of use to whoever reads it first, so the terminal says in whose name the token acts that came.
func TestALoginSaysAndKeepsInWhoseNameItActs(t *testing.T) {
	kept, said := collects(t, nil, collected("mallory \x1b[2J", "metrics"))
	for _, want := range []string{"“ada@laptop” acts as mallory ?[2J and may use metrics until 2027-02-01.", "If you are not mallory", "castellan logout cellar", "castellan -c cellar access-token\n"} {
		if !strings.Contains(said, want) {
			t.Errorf("it says %q, want %q", said, want)
		}
	}
	if kept.Account != "mallory \x1b[2J" || kept.Token == "" {
		t.Errorf("kept is %+v", kept)
	}
}

// A login again takes no token of anybody else, and waits on for the right one.
func TestALoginAgainTakesNoTokenOfSomebodyElse(t *testing.T) {
	before := &nas{Account: "ines", TokenID: "old", TokenName: "ines@laptop"}
	kept, said := collects(t, before, collected("mallory", "metrics"), collected("ines", "system:read", "metrics"))
	if kept.Account != "ines" || kept.TokenID != "of-ines" {
		t.Errorf("kept is %+v", kept)
	}
	for _, want := range []string{"mallory allowed this key as well. That token is not taken", "acts as ines", "no more use for “ines@laptop” from before", "castellan -c cellar health\n"} {
		if !strings.Contains(said, want) {
			t.Errorf("it says %q, want %q", said, want)
		}
	}
}

func TestALoginSaysWhatItWasNotAllowed(t *testing.T) {
	n := entry(t, "cellar")
	n.Scopes = []string{"metrics", "time:read"}
	var out bytes.Buffer
	var made api.ApiTokenMade
	if err := json.Unmarshal([]byte(collected("ines", "metrics")), &made); err != nil {
		t.Fatal(err)
	}
	if err := (&call{out: &out}).keep(n, nil, made); err != nil || !strings.Contains(out.String(), "It was not allowed to use time:read.") {
		t.Errorf("%v, %q", err, &out)
	}
}

func TestTheScopesThatAreWishedStandInTheLink(t *testing.T) {
	n := entry(t, "cellar")
	for typed, want := range map[string][]string{"": nil, "metrics": {"metrics"}, " metrics, time:read,metrics,": {"metrics", "time:read"}} {
		list, err := wished(typed)
		n.Scopes = list
		_, encoded, _ := strings.Cut(n.link(), "#machine=")
		data, err2 := base64.RawURLEncoding.DecodeString(encoded)
		var w wish
		if err != nil || err2 != nil || json.Unmarshal(data, &w) != nil || !slices.Equal(w.Scopes, want) || strings.Contains(string(data), "scopes") != (want != nil) {
			t.Errorf("%q: %s, %v %v", typed, data, err, err2)
		}
	}
}

// A name that is taken here keeps its key: another NAS does not get it by being called alike.
func TestALoginLeavesTheEntryOfAnotherNAS(t *testing.T) {
	there := entry(t, "castellan")
	there.PublicKey, there.Scopes = "sha256//there", []string{"metrics"}
	if err := there.save(); err != nil {
		t.Fatal(err)
	}
	other := &nas{Name: "castellan", URL: "https://castellan.elsewhere.example:8001", PublicKey: "sha256//other"}
	if _, err := other.before(); err == nil || !strings.Contains(err.Error(), "https://127.0.0.1:9 is called castellan here") || !strings.Contains(err.Error(), "castellan logout castellan") {
		t.Errorf("another NAS: %v", err)
	}
	for name, n := range map[string]*nas{
		"with a new address": {Name: "castellan", URL: "https://192.0.2.7:8001", PublicKey: there.PublicKey},
		"set up anew":        {Name: "castellan", URL: there.URL, PublicKey: "sha256//new"},
	} {
		if before, err := n.before(); err != nil || before == nil || !slices.Equal(n.Scopes, there.Scopes) {
			t.Errorf("%s: %+v, %v, proposes %v", name, before, err, n.Scopes)
		}
	}
	chosen := &nas{Name: "castellan", URL: there.URL, Scopes: []string{"time:read"}}
	if _, err := chosen.before(); err != nil || !slices.Equal(chosen.Scopes, []string{"time:read"}) {
		t.Errorf("what was typed: %v, %v", chosen.Scopes, err)
	}
}

func TestATokenThatEndsSoonIsSpokenOf(t *testing.T) {
	for left, want := range map[time.Duration]bool{-time.Hour: false, time.Hour: true, endsSoon - time.Hour: true, endsSoon + time.Hour: false} {
		n := entry(t, "cellar")
		n.Expires = time.Now().Add(left)
		if err := n.save(); err != nil {
			t.Fatal(err)
		}
		var said bytes.Buffer
		if _, err := (&call{nas: &n.Name, err: &said}).far(); err != nil || strings.Contains(said.String(), "To renew it: castellan login -name cellar https://127.0.0.1:9\n") != want {
			t.Errorf("%s before its end: %v, %q", left, err, &said)
		}
	}
}

func TestAMachineHasAUserAlsoWhereTheEnvironmentNamesNone(t *testing.T) {
	t.Setenv("USER", "")
	t.Setenv("LOGNAME", "")
	if host, _ := os.Hostname(); !regexp.MustCompile(`^(user )?[a-z0-9_-]+@` + regexp.QuoteMeta(host) + `$`).MatchString(whoami()) {
		t.Errorf("it is %q", whoami())
	}
	if os.Getuid() == 0 && !strings.HasPrefix(whoami(), "root@") {
		t.Errorf("root is %q", whoami())
	}
}
