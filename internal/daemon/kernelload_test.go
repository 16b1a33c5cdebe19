//go:build kernel && linux

package daemon_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"castellan/internal/access/otp"
	"castellan/internal/kerneltest"
	"castellan/internal/settings"
)

// app is an authenticator app that signs the owner in.
type app struct {
	name, id string
	seed     otp.Secret
	last     otp.Step // the newest that was sent
}

// fresh is a code that the box cannot have seen; ok is false when there is none now.
func (a *app) fresh(now time.Time) (code string, ok bool) {
	step := max(a.last+1, otp.StepAt(now)-1)
	if step > otp.StepAt(now)+1 {
		return "", false
	}
	a.last = step
	return string(a.seed.CodeAt(step)), true
}

// load is what an owner and a visitor do to a box until its power is cut.
type load struct {
	*diary
	*keys
	visit func() *browser
	label string
	cut   chan struct{} // closed when the power is to be cut
	once  sync.Once
	off   chan struct{} // closed when it was cut
	fail  func(format string, args ...any)
}

// keys are what the owner of a box has in hand. They go on from machine to machine.
type keys struct {
	mu       sync.Mutex
	dice     *rand.Rand
	round    int             // how often the box was claimed; each time the owner chose another password
	all      map[string]*app // by name, also those that open nothing
	apps     []*app
	recovery []string
	people   int
}

func (k *keys) roll(n int) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.dice.IntN(n)
}

// passwordOf is the password of a round of ownership.
func passwordOf(round int) string { return fmt.Sprintf("other words in every row, %d", round) }

// gone reports whether the power was cut.
func (l *load) gone() bool {
	select {
	case <-l.off:
		return true
	default:
		return false
	}
}

// send is browser.call for a box that may lose its power.
func (b *browser) send(method, path string, body any) (a answer, ok bool) {
	r, err := b.client.Do(b.request(method, path, body))
	if err != nil {
		return a, false
	}
	defer r.Body.Close()
	a = answer{Response: r}
	if a.raw, err = io.ReadAll(r.Body); err != nil {
		return a, false
	}
	_ = json.Unmarshal(a.raw, &a.body)
	b.keep(a)
	return a, true
}

// do asks for something and writes down what came of it.
func (l *load) do(b *browser, method, path string, body any, a act) (answer, bool) {
	a.what = cmp.Or(a.what, method+" "+path)
	written := l.begin(a)
	said, ok := b.send(method, path, body)
	switch {
	case !ok:
		if !l.gone() {
			l.fail("%s: the box does not answer", a.what)
		}
		return said, false
	case said.StatusCode >= 300:
		l.refused(written)
		return said, false
	}
	l.done(written)
	return said, true
}

// enter signs the owner in and returns whether that worked. Between the password and the code something else may be tried.
func (l *load) enter(b *browser, between func(*browser)) bool {
	l.keys.mu.Lock()
	round := l.round
	l.keys.mu.Unlock()
	step, ok := l.do(b, "POST", "/sign-in", obj{"name": "admin", "password": passwordOf(round)}, act{})
	if !ok || step.body["next"] != "code" {
		return ok && step.body["next"] == "done"
	}
	between(b)
	way, code, device := l.pick()
	if way == "" {
		return false
	}
	_, ok = l.do(b, "POST", "/sign-in/code", obj{"way": way, "code": code}, act{
		what: "a sign-in by " + way, kind: "sign_in.succeeded", spent: &spent{way, code, round, device}})
	return ok
}

// pick takes a code that was never sent.
func (l *load) pick() (way, code, device string) {
	l.keys.mu.Lock()
	defer l.keys.mu.Unlock()
	if l.dice.IntN(3) > 0 || len(l.recovery) == 0 {
		for _, i := range l.dice.Perm(len(l.apps)) {
			if code, ok := l.apps[i].fresh(l.now()); ok {
				return "app", code, l.apps[i].name
			}
		}
	}
	if len(l.recovery) == 0 {
		return "", "", ""
	}
	code, l.recovery = l.recovery[0], l.recovery[1:]
	return "recovery", code, ""
}

// claim makes somebody the owner of a box that nobody owns.
func (l *load) claim(b *browser) bool {
	step, ok := l.do(b, "POST", "/sign-in", obj{"name": "admin", "password": l.label}, act{})
	if !ok || step.body["next"] != "claim" {
		return false
	}
	l.keys.mu.Lock()
	l.round++
	l.apps, l.recovery = nil, nil
	round := l.round
	l.keys.mu.Unlock()
	_, ok = l.do(b, "POST", "/claim", obj{"name": "admin", "password": passwordOf(round)}, act{kind: "box.claimed", change: func(s state) { s[owner] = strconv.Itoa(round) }})
	if ok {
		_, ok = l.do(b, "POST", "/me/two-step/later", nil, act{what: "putting 2-step verification off", kind: "two_step.postponed", change: func(s state) { s["demand"] = "nobody" }})
	}
	return ok
}

// addDevice turns another authenticator app on.
func (l *load) addDevice(b *browser) {
	l.people++
	name := fmt.Sprintf("Phone %d", l.people)
	e, ok := l.do(b, "POST", "/me/two-step/devices", obj{"name": name}, act{})
	if !ok {
		return
	}
	seed, err := otp.ParseSecret(e.body["secret"].(string))
	if err != nil {
		l.fail("%v", err)
		return
	}
	a := &app{name: name, id: e.body["id"].(string), seed: seed}
	code, _ := a.fresh(l.now())
	first, kind := listOf(e.body["recovery_codes"]), "two_step.device_added"
	if len(first) > 0 {
		kind = "two_step.turned_on"
	}
	l.keys.mu.Lock()
	l.apps, l.all[name] = append(l.apps, a), a // it may be on from now
	l.keys.mu.Unlock()
	if _, ok = l.do(b, "POST", "/me/two-step/devices/"+a.id+"/confirmation", obj{"code": code, "saved": true}, act{
		what: "adding " + name, kind: kind, change: func(s state) { s[deviceOf(name)] = "on" }}); ok {
		l.take(first)
	}
}

// take keeps recovery codes.
func (l *load) take(codes []any) {
	l.keys.mu.Lock()
	defer l.keys.mu.Unlock()
	if len(codes) > 0 {
		l.recovery = nil
	}
	for _, c := range codes {
		l.recovery = append(l.recovery, c.(string))
	}
}

// removeDevice turns one of several apps off.
func (l *load) removeDevice(b *browser) {
	l.keys.mu.Lock()
	a := l.apps[0]
	l.apps = l.apps[1:]
	l.keys.mu.Unlock()
	l.do(b, "DELETE", "/me/two-step/devices/"+a.id, nil, act{
		what: "removing " + a.name, kind: "two_step.device_removed", change: func(s state) { delete(s, deviceOf(a.name)) }})
}

// renew makes new recovery codes. Whether the old ones still work is not known until it is answered.
func (l *load) renew(b *browser) {
	l.keys.mu.Lock()
	l.recovery = nil
	l.keys.mu.Unlock()
	if a, ok := l.do(b, "POST", "/me/two-step/recovery-codes", nil, act{kind: "two_step.recovery_codes_renewed"}); ok {
		l.take(listOf(a.body["codes"]))
	}
}

// turnOff ends 2-step verification, if the policy lets the owner. It is on again with the next device.
func (l *load) turnOff(b *browser) {
	way, code, device := l.pick()
	if way == "" {
		return
	}
	_, ok := l.do(b, "POST", "/me/two-step/off", obj{"password": passwordOf(l.round), "way": way, "code": code}, act{
		what: "turning 2-step verification off", kind: "two_step.turned_off", change: withoutDevices, spent: &spent{way, code, l.round, device}})
	if ok {
		l.keys.mu.Lock()
		l.apps, l.recovery = nil, nil
		l.keys.mu.Unlock()
	}
}

// change is one of the things that an owner does.
func (l *load) change(b *browser) {
	switch l.roll(8) {
	case 0:
		l.people++
		name := fmt.Sprintf("person%d", l.people)
		l.do(b, "POST", "/users", obj{"name": name, "role": "user"}, act{what: "adding " + name, kind: "account.added", change: func(s state) { s[personOf(name)] = "user" }})
	case 1:
		idle := settings.IdleLeast + l.roll(settings.IdleMost-settings.IdleLeast)
		l.do(b, "PUT", "/policy", obj{"two_step": "administrators", "groups": []any{}, "email_codes": "everybody", "idle_minutes": idle},
			act{change: func(s state) { s["idle"], s["demand"] = strconv.Itoa(idle), "administrators" }})
	case 2:
		name := fmt.Sprintf("nas-%d", l.roll(1000))
		l.do(b, "PATCH", "/settings", obj{"nas_name": name}, act{change: func(s state) { s["name"] = name }})
	case 3:
		l.renew(b)
	case 4:
		l.turnOff(b)
	default:
		if len(l.apps) > 2 {
			l.removeDevice(b)
		} else {
			l.addDevice(b)
		}
	}
}

const theReset = "the reset"

// reset holds the button and claims the box again.
func (l *load) reset(finger kerneltest.Line) (claimed *browser) {
	b := l.visit()
	finger.Press()
	time.Sleep(7 * time.Second) // the box may hear of it late
	written := l.begin(act{what: theReset, kind: "box.reset", change: func(s state) {
		withoutDevices(s)
		s[owner], s["idle"], s["demand"] = nobody, strconv.Itoa(settings.IdleDefault), "administrators"
	}})
	finger.Release()
	l.soon()
	for end := time.Now().Add(10 * time.Second); !l.gone(); time.Sleep(20 * time.Millisecond) {
		if s, ok := b.send("GET", "/status", nil); ok && s.body["state"] == "unclaimed" {
			l.done(written)
			break
		}
		if time.Now().After(end) {
			l.fail("the button was held, and nothing was restored")
			return nil
		}
	}
	if b = l.visit(); !l.claim(b) {
		return nil
	}
	return b
}

// soon has the power cut within the next moments.
func (l *load) soon() { l.once.Do(func() { close(l.cut) }) }

// own is what the owner does until the power is cut.
func (l *load) own(b *browser, finger kerneltest.Line, resets bool) {
	if len(l.apps) == 0 {
		l.addDevice(b)
	}
	if len(l.recovery) < 3 && len(l.apps) > 0 {
		l.renew(b)
	}
	if resets {
		if b = l.reset(finger); b == nil {
			return
		}
		l.addDevice(b)
	} else {
		l.soon()
	}
	for !l.gone() {
		l.change(b)
	}
}

// roam is what somebody does beside the owner: signing in from other browsers, and guessing.
func (l *load) roam() {
	for !l.gone() {
		b := l.visit()
		if l.roll(4) == 0 {
			l.do(b, "POST", "/sign-in", obj{"name": fmt.Sprintf("guessed%d", l.roll(100)), "password": "wrong"}, act{what: "a guess"})
			continue
		}
		l.enter(b, func(*browser) {})
		time.Sleep(50 * time.Millisecond)
	}
}

// resume brings what the owner has in hand in line with what a cut has left.
func (k *keys) resume(s state) {
	k.apps = nil
	if s[owner] != nobody {
		k.round, _ = strconv.Atoi(s[owner])
	}
	for _, name := range slices.Sorted(maps.Keys(k.all)) {
		if a := k.all[name]; s[deviceOf(name)] != "" {
			k.apps = append(k.apps, a)
		}
	}
	if len(k.apps) == 0 {
		k.recovery = nil
	}
}
