package token_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/otp"
	"castellan/internal/access/throttle"
	"castellan/internal/access/token"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/secret"
	"castellan/internal/store"
)

var noon = time.Date(2026, 11, 21, 12, 0, 5, 0, time.UTC)

var (
	house = netip.MustParseAddr("192.0.2.7")
	owner = account.Account{ID: "ines", Name: "ines", Role: account.Administrator}
	paul  = account.Account{ID: "paul", Name: "paul", Role: account.User}
)

// The key of RFC 9421, appendix B.1.4.
var (
	machine = ed25519.NewKeyFromSeed(must(base64.StdEncoding.DecodeString("n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU=")))
	stray   = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func public(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }

func text(key ed25519.PrivateKey) string { return base64.StdEncoding.EncodeToString(public(key)) }

// stand is the room with a real database, and with clocks that stand still.
type stand struct {
	*token.Tokens
	t    testing.TB
	db   *store.DB
	path string
	key  secret.Key

	mu      sync.Mutex
	now     time.Time
	elapsed time.Duration
	unknown bool
	held    time.Duration
	between func() // what happens while a code is being looked at, once
	twoStep bool
}

func newStand(t testing.TB) *stand {
	t.Helper()
	s := &stand{t: t, path: filepath.Join(t.TempDir(), "castellan.db"), key: secret.NewKey(), now: noon, elapsed: time.Hour}
	db, err := store.Create(s.path)
	if err != nil {
		t.Fatal(err)
	}
	s.db = db
	t.Cleanup(func() { _ = s.db.Close() })
	s.start()
	s.pass(time.Minute) // signatures from before the start are another matter
	return s
}

// start starts the room, as the daemon does.
func (s *stand) start() {
	s.t.Helper()
	elapsed := func() time.Duration { s.mu.Lock(); defer s.mu.Unlock(); return s.elapsed }
	limits := throttle.New(throttle.Config{Elapsed: elapsed, Boot: "boot", Key: s.key.Derive("throttle")})
	s.update(func(tx *store.Tx) error { return limits.Load(tx) })
	log := event.New(func() event.Moment {
		return event.Moment{Now: s.now, State: "synced", Verified: true, Elapsed: elapsed()}
	}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	s.Tokens = token.New(token.Config{
		DB: s.db, Throttle: limits, Log: log, Key: s.key.Derive("tokens"), Elapsed: elapsed,
		Now: func() (time.Time, bool) { s.mu.Lock(); defer s.mu.Unlock(); return s.now, !s.unknown },
		Held: func() time.Duration {
			if happens := s.between; happens != nil {
				s.between = nil
				happens()
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.held
		},
	})
}

// pass lets time pass on both clocks.
func (s *stand) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now, s.elapsed = s.now.Add(d), s.elapsed+d
}

func (s *stand) update(change func(*store.Tx) error) {
	s.t.Helper()
	if err := s.db.Update(change); err != nil {
		s.t.Fatal(err)
	}
}

// make makes a token, or ends the test.
func (s *stand) make(a account.Account, w token.Wish) token.Made {
	s.t.Helper()
	m, err := s.try(a, w)
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

func (s *stand) try(a account.Account, w token.Wish) (m token.Made, err error) {
	if w.Name == "" {
		w.Name = secret.ID()
	}
	if w.Scopes == nil {
		w.Scopes = []string{"me:read"}
	}
	if w.Factor.Kind == "" {
		w.Factor.Kind = token.None
	}
	err = s.db.Update(func(tx *store.Tx) (err error) { m, err = s.Create(tx, a, w); return err })
	return m, err
}

// keyed makes a token with the key of the machine, or with one for codes.
func (s *stand) keyed() token.Made {
	s.t.Helper()
	return s.make(owner, token.Wish{Factor: token.Factor{Kind: token.Key, Key: text(machine)}})
}

func (s *stand) coded() token.Made {
	s.t.Helper()
	return s.make(owner, token.Wish{Factor: token.Factor{Kind: token.Codes}})
}

// request is one as it comes in.
func request(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, "https://nas.local:8001"+target, strings.NewReader(body))
	if body == "" {
		r.Body = http.NoBody
	}
	return r
}

// sign signs a request in time.
func (s *stand) sign(r *http.Request, key ed25519.PrivateKey, id, nonce string) *http.Request {
	s.t.Helper()
	if err := token.Sign(r, key, id, nonce, s.now); err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *stand) bearer(text string, r *http.Request) token.Bearer {
	if r == nil {
		r = request("GET", "/api/v1/me", "")
	}
	return token.Bearer{Text: text, Address: house, Request: r, Event: event.Event{Address: house.String(), Agent: "curl"}}
}

func (s *stand) admit(b token.Bearer) (a token.Admitted, err error) {
	err = s.db.View(func(tx *store.Tx) (err error) {
		a, err = s.Admit(tx, b, func(string) bool { return s.twoStep })
		return err
	})
	if err == nil {
		s.Used(a.Token, b.Address)
	}
	return a, err
}

func (s *stand) buy(b token.Bearer) (token.Session, error) {
	return s.Buy(b, func(*store.Tx, string) bool { return s.twoStep })
}

// code buys access with a code.
func (s *stand) code(m token.Made, code string) (token.Session, error) {
	b := s.bearer(m.Text, nil)
	b.Code = code
	return s.buy(b)
}

// codeAt is the code of a token some steps from now.
func (s *stand) codeAt(m token.Made, steps int) string {
	return string(m.Secret.CodeAt(otp.StepAt(s.now.Add(time.Duration(steps) * otp.Period))))
}

// bend changes a record of a token behind the back of the room.
func (s *stand) bend(key string, change func(r obj)) {
	s.t.Helper()
	table := store.NewTable[obj]("tokens")
	s.update(func(tx *store.Tx) error {
		r, _, err := table.Get(tx, key)
		if err != nil {
			return err
		}
		change(r)
		return table.Put(tx, key, r)
	})
}

// wants ends the test unless an error is what was wanted; nil: none.
func wants(t testing.TB, got error, want error, words string, args ...any) {
	t.Helper()
	if want == nil && got != nil || want != nil && !errors.Is(got, want) {
		t.Errorf(words+": got %v, want %v", append(args, got, want)...)
	}
}

// field is the code of what is wrong with a field.
func field(err error) string {
	for _, f := range fault.FieldsOf(err) {
		return f.Name + " " + f.Code
	}
	return ""
}
