package daemon_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/httpapi"
	"castellan/internal/httpapi/api"
	"castellan/internal/store"
)

// meant are bodies that would change something, where those of the other tests would not.
var meant = map[string]any{
	"ChangeMe": obj{"display_name": "thief"}, "ChangeEmail": obj{"email": "thief@example.org"}, "SaveDesktop": obj{"theme": "dark", "windows": []any{}},
	"ChangePassword": obj{"current": goodPassword, "password": newPassword}, "StepUp": obj{"password": goodPassword}, "TurnTwoStepOff": obj{"password": goodPassword},
	"AddUser": obj{"name": "thief", "role": "administrator"}, "ChangeUser": obj{"display_name": "thief"}, "AddGroup": obj{"name": "thieves", "members": []any{}},
	"ChangePolicy":   obj{"two_step": "nobody", "groups": []any{}, "email_codes": "nobody", "idle_minutes": 5},
	"ChangeDefender": obj{"limits": "relaxed", "allow": []any{"192.0.2.66"}, "block": []any{}},
	"ChangeMail":     obj{"host": "192.0.2.66", "port": 465, "security": "tls", "user": "", "sender": "x@example.org"},
	"ChangeSettings": obj{"nas_name": "thief"}, "ChangeAnnouncement": obj{"enabled": false}, "ChangeSyslog": obj{"host": "192.0.2.66", "port": 6514},
	"TestSyslog": obj{"host": "192.0.2.66", "port": 6514}, "PrepareExport": obj{"format": "csv"},
	"ChangeNetwork": obj{"interface": "eth0", "ipv4": obj{"method": "dhcp"}, "ipv6": obj{"method": "auto"}, "dns": []any{}, "search": []any{}, "mtu": 1500},
	"ChangeTime":    obj{"servers": []any{obj{"host": "192.0.2.66", "protocol": "ntp", "enabled": true}}, "verified_only": false, "set_system_clock": false},
	"EnableButton":  obj{"enabled": false, "nas_name": "attic-nas"}, "CreateToken": obj{"name": "thief", "scopes": []any{"me:read"}, "factor": obj{"kind": "none"}},
	"ConfirmEnrolment": obj{"code": "123456", "saved": true},
}

// atOnce are the operations that wait for no change of the database before they do what they do, in a house without mail, a network
// service and 2-step verification. Whoever adds one says here why.
var atOnce = map[string]string{
	"SignOut":      "ends its own session, whatever else ends it",
	"PreviewUsers": "reads", "TestSyslog": "changes nothing", "TestMail": "changes nothing",
	"ConfirmEmail": "no address waits", "CancelEmailChange": "no address waits", "StartEmailWay": "no mail", "SendStepUpCode": "no mail", "TurnTwoStepOff": "is off",
	"ChangeNetwork": "no service", "KeepNetworkChange": "no service", "UndoNetworkChange": "no service",
	"AcceptTime": "no proposal", "ChangeAutomaticTime": "no service", "SyncTime": "asks the time servers",
	"EndButtonLesson": "in memory", "EndButtonTest": "in memory",
}

// underWay is a request that was admitted and is not done yet.
type underWay struct {
	op     api.Operation
	rest   func() // sends what is missing of its body
	answer chan answer
}

// send sends a request, and holds the end of its body back where that is wanted.
func (b *browser) sends(op api.Operation, r *http.Request, held bool) underWay {
	u := underWay{op: op, rest: func() {}, answer: make(chan answer, 1)}
	if held {
		data, _ := io.ReadAll(r.Body)
		out, in := io.Pipe()
		r.Body, r.ContentLength, r.GetBody = out, int64(len(data)), nil
		defer func() { _, _ = in.Write(data[:1]) }()
		u.rest = func() { _, _ = io.Copy(in, bytes.NewReader(data[1:])); _ = in.Close() }
	}
	go func() {
		a := answer{}
		defer func() { u.answer <- a }()
		response, err := b.client.Do(r)
		if err != nil {
			a.raw = []byte(err.Error())
			return
		}
		defer response.Body.Close()
		a.Response = response
		a.raw, _ = io.ReadAll(response.Body)
		_ = json.Unmarshal(a.raw, &a.body)
	}()
	return u
}

// refused looks at what became of a request.
func (u underWay) refused(t *testing.T, status int, code string) {
	t.Helper()
	select {
	case a := <-u.answer:
		if a.Response == nil || a.StatusCode != status || a.code() != code {
			t.Errorf("%s: %s", u.op.ID, a.raw)
		}
	case <-time.After(20 * time.Second):
		t.Errorf("%s is not answered", u.op.ID)
	}
}

// writers are the operations that a signed-in caller changes something with.
func writers(machines bool) (list []api.Operation) {
	for _, op := range httpapi.Operations() {
		if (op.Access == api.ForUser || op.Access == api.ForAdministrator) && op.Method != http.MethodGet && (!machines || op.Scope != "") {
			list = append(list, op)
		}
	}
	return list
}

func meantBody(op api.Operation) any {
	if body, ok := meant[op.ID]; ok {
		return body
	}
	return bodies[op.ID]
}

const thief = "127.0.0.6" // the addresses of who has requests under way begin so

// thieves begins the requests of a caller, from some addresses: one may not have so many under way.
func (b *browser) thieves(ops []api.Operation, held bool, request func(op api.Operation) *http.Request) (all []underWay) {
	b.t.Helper()
	var doors []*browser
	for i := range 6 {
		door, client := b.clone(), *b.client
		door.client = &client
		doors = append(doors, door.from(thief+fmt.Sprint(i)))
	}
	for i, op := range ops {
		all = append(all, doors[i%len(doors)].sends(op, request(op), held))
	}
	return all
}

// seen is all that there is to see of a house for its owner, but for what changes by itself.
func (b *browser) seen() (all map[string]string) {
	b.t.Helper()
	all = map[string]string{}
	for _, path := range []string{"/settings", "/syslog", "/policy", "/mail", "/users", "/groups", "/me", "/me/tokens", "/me/two-step", "/me/desktop", "/button", "/defender"} {
		body := b.must(200, "GET", path, nil).body
		for _, moves := range []string{"clock", "rest_in", "last", "held_ms"} {
			delete(body, moves)
		}
		data, _ := json.Marshal(body)
		all[path] = string(data)
	}
	data, _ := json.Marshal(b.must(200, "GET", "/time", nil).body["settings"])
	all["/time"] = string(data)
	data, _ = json.Marshal(b.must(200, "GET", "/network", nil).body["announcement"])
	all["/network"] = string(data)
	return all
}

// nothingDone compares what there is to see with what was there before, and looks for entries of the log by those who had requests under way.
func (b *browser) nothingDone(before map[string]string, kinds ...string) {
	b.t.Helper()
	now := b.seen()
	for path, was := range before {
		if was != now[path] {
			b.t.Errorf("%s was %s and is %s", path, was, now[path])
		}
	}
	for _, one := range b.events("limit=200") {
		e := one.(obj)
		if address, _ := e["address"].(string); strings.HasPrefix(address, thief) && !slices.Contains(kinds, e["kind"].(string)) {
			b.t.Errorf("the log has %v", e)
		}
	}
}

// holdWrites keeps all changes of the database waiting, as a disk that wakes up does, until what it returns is called.
func (h *house) holdWrites() (release func()) {
	h.t.Helper()
	held, free, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- h.db.Update(func(*store.Tx) error { close(held); <-free; return nil })
	}()
	<-held
	return func() {
		close(free)
		if err := <-done; err != nil {
			h.t.Error(err)
		}
	}
}
