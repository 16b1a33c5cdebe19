package main

import (
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/event"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// crowded measures a box with many accounts and a full log against the same box with few.
func crowded(program string, accounts, events int) error {
	b, err := newBox(program)
	if err != nil {
		return err
	}
	defer b.remove()
	if err := b.start(); err != nil {
		return err
	}
	if err := b.claim(); err != nil {
		return err
	}
	people, err := b.populate(10)
	if err != nil {
		return err
	}
	few, err := signInTimes(b, people)
	if err != nil {
		return err
	}
	b.stop()
	begin := time.Now()
	if err := b.fill(accounts, events); err != nil {
		return err
	}
	row(fmt.Sprintf("%d accounts and %d events imported in", accounts, events), time.Since(begin).Round(time.Second).String())
	info, err := os.Stat(filepath.Join(b.folder, "data", "castellan.db"))
	if err != nil {
		return err
	}
	row("size of the database then", fmt.Sprintf("%.0f MiB", float64(info.Size())/(1<<20)))
	var starts []time.Duration
	for range 5 {
		begin := time.Now()
		if err := b.start(); err != nil {
			return err
		}
		starts = append(starts, time.Since(begin))
		b.stop()
	}
	row("start to first 200, p50 / worst of 5", fmt.Sprintf("%s / %s", quantile(starts, 0.5), slices.Max(starts).Round(100*time.Microsecond)))
	if err := b.start(); err != nil {
		return err
	}
	defer b.stop()
	many, err := signInTimes(b, people)
	if err != nil {
		return err
	}
	row("sign-in (password, recovery code), p50 with 10 accounts / now", fmt.Sprintf("%s / %s (%.2f times)", quantile(few, 0.5), quantile(many, 0.5), float64(quantile(many, 0.5))/float64(quantile(few, 0.5))))
	if err := lookups(b); err != nil {
		return err
	}
	row("RSS then", b.rss())
	return nil
}

// signInTimes measures whole sign-ins, one after the other. The codes are recovery codes: those of an app come
// only every 30 seconds.
func signInTimes(b *box, people []*person) (took []time.Duration, err error) {
	client := b.client(true)
	for range 5 {
		for _, p := range people {
			v := b.visitor(client)
			_, first, err := v.must("POST", "/sign-in", obj{"name": p.name, "password": password})
			if err != nil {
				return nil, err
			}
			_, second, err := v.must("POST", "/sign-in/code", obj{"way": "recovery", "code": p.recovery[0]})
			if err != nil {
				return nil, err
			}
			p.recovery = p.recovery[1:]
			took = append(took, first+second)
		}
	}
	return took, nil
}

// fill writes accounts and events through the store, as the daemon does, while the daemon does not run.
func (b *box) fill(accounts, events int) error {
	folder := filepath.Join(b.folder, "data")
	key, err := secret.LoadKey(filepath.Join(folder, "device.key"))
	if err != nil {
		return err
	}
	db, err := store.Open(filepath.Join(folder, "castellan.db"))
	if err != nil {
		return err
	}
	const batch = 2000
	for done := 0; done < accounts && err == nil; done += batch {
		err = db.Update(func(tx *store.Tx) error {
			for i := done; i < min(done+batch, accounts); i++ {
				_, err := account.Add(tx, account.Account{
					Name: fmt.Sprintf("member-%06d", i), DisplayName: fmt.Sprintf("Member Number %d", i), Email: fmt.Sprintf("member.%d@example.org", i),
					Role: account.User, Password: account.Password{Hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g", Origin: account.Own}, Created: time.Now(),
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	at := time.Now().Add(-time.Duration(events) * 20 * time.Second)
	log := event.New(func() event.Moment { return event.Moment{Now: at, State: "synced"} }, slog.New(slog.DiscardHandler)).Keyed(key.Derive("log"))
	for done := 0; done < events && err == nil; done += batch {
		err = db.Update(func(tx *store.Tx) error {
			for i := done; i < min(done+batch, events); i++ {
				at = at.Add(20 * time.Second)
				if err := log.Record(tx, happening(i)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err == nil {
		err = db.Close()
	}
	return err
}

// happening is what an ordinary day brings.
func happening(i int) event.Event {
	e := event.Event{
		Kind: event.SignedIn, Actor: fmt.Sprintf("member-%06d", i*7919%100_000), Address: fmt.Sprintf("192.168.%d.%d", i/250%250, i%250+1),
		Agent:   "Mozilla/5.0 (X11; Linux x86_64; rv:" + strconv.Itoa(120+i%20) + ".0) Gecko/20100101 Firefox/" + strconv.Itoa(120+i%20) + ".0",
		Request: secret.ID()[:10],
	}
	switch i % 8 {
	case 0, 1, 2:
		return e.With("method", "an authenticator app")
	case 3:
		e.Kind = event.SignedOut
	case 4:
		e.Kind = event.PasswordChanged
		return e.With("sessions", "1")
	case 5:
		e.Kind = event.SettingsChanged
		return e.With("what", "Time zone").With("from", "UTC").With("to", "Europe/Berlin")
	case 6:
		e.Kind = event.DeviceAdded
		return e.With("device", fmt.Sprint("Phone ", i)).With("sessions", "2")
	case 7:
		return event.Event{Kind: event.MailFailed, Actor: e.Actor}.With("to", "m…@example.org").With("reason", "The mail server does not answer in time.").With("next", "It is tried again.")
	}
	return e
}

// lookups measures the pages of people and of the log, each question by itself.
func lookups(b *box) error {
	owner := b.visitor(b.client(true))
	if _, _, err := owner.must("POST", "/sign-in", obj{"name": "admin", "password": password}); err != nil {
		return err
	}
	for _, l := range []struct {
		name  string
		paths []string
	}{
		{"people: a page, first and later ones", []string{"/users", "/users?after=member-050000", "/users?after=member-099900"}},
		{"people: a search", []string{"/users?search=Number+4242", "/users?search=member.99999%40", "/users?search=nobody", "/users?search=e"}},
		{"log: a page, first and later ones", []string{"/events", "/events?before=500000", "/events?before=1000", "/events?after=400000"}},
		{"log: filtered", []string{"/events?area=mail", "/events?outcome=refused", "/events?who=member-004242", "/events?kind=log.cleared", "/events?to=2020-01-01T00:00:00Z"}},
		{"log: words", []string{"/events?text=firefox", "/events?text=zebra", "/events?text=phone+4242", "/events?text=" + url.QueryEscape("“nobody”")}},
	} {
		var took []time.Duration
		for range 60 {
			for _, path := range l.paths {
				_, one, err := owner.must("GET", path, nil)
				if err != nil {
					return err
				}
				took = append(took, one)
			}
		}
		row(l.name+", p50 / p99", spread(took))
	}
	for _, text := range []string{"zebra", url.QueryEscape("“nobody”")} {
		begin, questions := time.Now(), 0
		for before := ""; ; questions++ {
			page, _, err := owner.must("GET", "/events?text="+text+"&before="+before, nil)
			if err != nil {
				return err
			}
			next, ok := page["next"].(string)
			if !ok {
				break
			}
			before = next
		}
		row(fmt.Sprintf("log: the whole of it searched for a word of none, %d questions", questions+1), time.Since(begin).Round(10*time.Millisecond).String())
	}
	return nil
}
