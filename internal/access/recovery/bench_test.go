package recovery_test

import (
	"encoding/hex"
	"errors"
	"log/slog"
	"net/mail"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/password"
	"castellan/internal/access/recovery"
	"castellan/internal/access/session"
	"castellan/internal/access/throttle"
	"castellan/internal/access/token"
	"castellan/internal/event"
	"castellan/internal/notice"
	"castellan/internal/realtest"
	"castellan/internal/secret"
	"castellan/internal/settings"
	"castellan/internal/store"
)

const (
	chosen = "five other words in a row"
	shared = "family@example.org"
)

// bench is a Desk with a mail server on a loopback address of its own.
type bench struct {
	*recovery.Desk
	t    *testing.T
	mail *realtest.Recorder
	key  secret.Key

	mu      sync.Mutex
	now     time.Time
	elapsed time.Duration
}

var home = recovery.Visitor{Address: "192.0.2.7", Source: "192.0.2.7", Agent: "Firefox"}

func newBench(t *testing.T, host string) *bench {
	t.Helper()
	db, err := store.Create(filepath.Join(t.TempDir(), "castellan.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	b := &bench{t: t, key: secret.NewKey(), now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), elapsed: time.Hour, mail: &realtest.Recorder{}}
	elapsed := func() time.Duration { b.mu.Lock(); defer b.mu.Unlock(); return b.elapsed }
	now := func() time.Time { b.mu.Lock(); defer b.mu.Unlock(); return b.now }
	log := event.New(func() event.Moment { return event.Moment{Now: now(), State: "synced"} }, slog.New(slog.DiscardHandler))
	post := notice.New(notice.Config{
		DB: db, Key: b.key, Log: log, Elapsed: elapsed, Now: now, Origin: func() string { return "https://nas.example:8001" }, Out: slog.New(slog.DiscardHandler),
	})
	tries := throttle.New(throttle.Config{Elapsed: elapsed, Boot: "one"})
	b.Desk = recovery.New(recovery.Config{
		DB: db, Passwords: password.New(password.Config{Key: b.key, Memory: 64, Passes: 1}), Sessions: session.New(elapsed), Log: log,
		Throttle: tries, Tokens: token.New(token.Config{
			DB: db, Throttle: tries, Log: log, Key: b.key, Now: func() (time.Time, bool) { return now(), true }, Elapsed: elapsed, Held: func() time.Duration { return 0 },
		}),
		Browsers: session.NewBrowsers(b.key, now),
		Post:     post, Now: now, Elapsed: elapsed,
	})
	if host == "" {
		return b
	}
	authority := realtest.NewAuthority(t)
	b.mail.Serve(t, host+":2525", authority, host, true)
	b.update(func(tx *store.Tx) error {
		return settings.PutMail(tx, b.key, settings.Mail{Host: host, Port: 2525, Security: "starttls", User: "nas", Password: "x", Sender: "nas@example.org", Authority: authority.PEM})
	})
	go func() { _ = post.Run(t.Context()) }()
	return b
}

func (b *bench) update(f func(*store.Tx) error) {
	b.t.Helper()
	if err := b.DB.Update(f); err != nil {
		b.t.Fatal(err)
	}
}

// pass moves both clocks.
func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now, b.elapsed = b.now.Add(d), b.elapsed+d
}

// add adds an account with a confirmed address; change may make it another.
func (b *bench) add(name, address string, change ...func(*account.Account)) (a account.Account) {
	b.t.Helper()
	a = account.Account{Name: name, Email: address, Confirmed: true, Role: account.User, Password: account.Password{Hash: "h", Origin: account.Own}}
	for _, c := range change {
		c(&a)
	}
	b.update(func(tx *store.Tx) (err error) { a, err = account.Add(tx, a); return err })
	return a
}

func (b *bench) get(id string) (a account.Account) {
	b.t.Helper()
	b.update(func(tx *store.Tx) (err error) { a, err = account.Get(tx, id); return err })
	return a
}

func (b *bench) ask(address string) {
	b.t.Helper()
	if err := b.Forgotten(home, address); err != nil {
		b.t.Fatal(err)
	}
}

// mails returns the texts of the mails to an address once there are n of them.
func (b *bench) mails(to string, n int) (texts []string) {
	b.t.Helper()
	for range 1500 {
		texts = nil
		b.mail.Mu.Lock()
		all := slices.Clone(b.mail.Mails)
		b.mail.Mu.Unlock()
		for _, m := range all {
			if m.To == to {
				message, err := mail.ReadMessage(strings.NewReader(string(m.Data)))
				if err != nil {
					b.t.Fatal(err)
				}
				texts = append(texts, "Subject: "+message.Header.Get("Subject")+"\n"+realtest.Text(b.t, message))
			}
		}
		if len(texts) >= n {
			return texts
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.t.Fatalf("%d mails came to %s, not %d", len(texts), to, n)
	return nil
}

var linkForm = regexp.MustCompile(`https://nas\.example:8001/#password=(\S+)`)

func links(text string) (found []string) {
	for _, m := range linkForm.FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

// link asks for an account's link and returns it.
func (b *bench) link(address string, n int) string {
	b.t.Helper()
	b.ask(address)
	texts := b.mails(address, n)
	return links(texts[len(texts)-1])[0]
}

func (b *bench) set(link string) error { return b.SetPassword(b.t.Context(), home, link, chosen) }

func (b *bench) last(kind event.Kind) (e event.Event) {
	b.t.Helper()
	b.update(func(tx *store.Tx) error {
		page, _, err := event.Page(tx, "", 0, 1)
		if len(page) > 0 {
			e = page[0]
		}
		return err
	})
	if e.Kind != kind {
		b.t.Errorf("the newest event is %s, not %s", e.Kind, kind)
	}
	return e
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func hexOf(d secret.Digest) string { return hex.EncodeToString(d[:]) }
