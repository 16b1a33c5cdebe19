package token_test

import (
	"context"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"castellan/internal/access/token"
	"castellan/internal/secret"
	"castellan/internal/store"
)

// R088
func TestWhenATokenWasUsedIsShownAtOnceAndWrittenByTheHour(t *testing.T) {
	s := newStand(t)
	m := s.make(owner, token.Wish{})
	if one := s.list(owner.ID)[0]; !one.Used.IsZero() || one.UsedFrom != "" {
		t.Errorf("it was never used: %+v", one)
	}
	size := s.written()
	for range 10 {
		s.pass(time.Minute)
		_, err := s.admit(s.bearer(m.Text, nil))
		wants(t, err, nil, "admit")
	}
	hour := s.now.Truncate(time.Hour)
	if one := s.list(owner.ID)[0]; !one.Used.Equal(hour) || one.UsedFrom != "192.0.2.7" {
		t.Errorf("got %v from %s", one.Used, one.UsedFrom)
	}
	if s.written() != size {
		t.Error("a request wrote to the database")
	}
	s.WriteForTest()
	size = s.written()
	s.WriteForTest()
	_, err := s.admit(s.bearer(m.Text, nil))
	wants(t, err, nil, "admit")
	s.WriteForTest()
	if s.written() != size {
		t.Error("what is written was written again")
	}
	s.start()
	if one := s.list(owner.ID)[0]; !one.Used.Equal(hour) || one.UsedFrom != "192.0.2.7" {
		t.Errorf("after a start: %v from %s", one.Used, one.UsedFrom)
	}
	_, err = s.admit(s.bearer(m.Text, nil))
	wants(t, err, nil, "admit after a note was written")
}

// R088: also where the note of the last use is not written yet.
func TestWhereATokenWasUsedLastIsWhereItWasUsedLast(t *testing.T) {
	s := newStand(t)
	m := s.make(owner, token.Wish{})
	from := func(address string) {
		t.Helper()
		b := s.bearer(m.Text, nil)
		b.Address = netip.MustParseAddr(address)
		_, err := s.admit(b)
		wants(t, err, nil, "from %s", address)
		if got := s.list(owner.ID)[0].UsedFrom; got != address {
			t.Errorf("it was used from %s, and the list says %s", address, got)
		}
	}
	from("192.0.2.7")
	s.WriteForTest()
	from("192.0.2.8")
	from("192.0.2.7")
	s.WriteForTest()
	s.start()
	from("192.0.2.7")
}

// What the caller does not let in, for the account or for the scope, was no use.
func TestWhatIsNotLetInIsNoUse(t *testing.T) {
	s := newStand(t)
	m := s.make(owner, token.Wish{})
	err := s.db.View(func(tx *store.Tx) error {
		_, err := s.Admit(tx, s.bearer(m.Text, nil), func(string) bool { return false })
		return err
	})
	wants(t, err, nil, "admit")
	if one := s.list(owner.ID)[0]; !one.Used.IsZero() || one.UsedFrom != "" {
		t.Errorf("it was used: %+v", one)
	}
}

// written is the file as it is.
func (s *stand) written() string {
	s.t.Helper()
	data, err := os.ReadFile(s.path)
	if err != nil {
		s.t.Fatal(err)
	}
	d := secret.DigestOf(string(data))
	return string(d[:])
}

func TestNotesAreWrittenHourlyAndAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		m := s.make(owner, token.Wish{})
		use := func() string {
			t.Helper()
			if _, err := s.admit(s.bearer(m.Text, nil)); err != nil {
				t.Fatal(err)
			}
			return s.written()
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		before := use()
		time.Sleep(59 * time.Minute)
		synctest.Wait()
		if s.written() != before {
			t.Error("it was written early")
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if s.written() == before {
			t.Error("it was not written")
		}
		s.pass(time.Hour)
		before = use()
		cancel()
		if err := <-done; err != nil || s.written() == before {
			t.Errorf("it was not written at the end: %v", err)
		}
	})
}
