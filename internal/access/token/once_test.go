package token_test

import (
	"fmt"
	"testing"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/token"
)

// notes remembers nonces of a token until no more is taken, and returns how many those were.
func (s *stand) notes(one token.Token) (n int) {
	for ; s.NoteForTest(one, fmt.Sprintf("%032d", n)) == nil; n++ {
	}
	return n
}

// R090 R091: the signatures of one account are remembered within bounds, over all of its tokens, and leave room for all others.
func TestSignaturesAreRememberedWithinBounds(t *testing.T) {
	s := newStand(t)
	keyed := token.Wish{Factor: token.Factor{Kind: token.Key, Key: text(machine)}}
	m, other := s.keyed(), s.make(paul, keyed)
	if n := s.notes(m.Token); n != token.MostNonces {
		t.Errorf("%d are remembered", n)
	}
	for _, one := range []token.Made{m, s.make(owner, keyed)} {
		_, err := s.admit(s.bearer(one.Text, s.signedAt(one, "", 0)))
		wants(t, err, token.ErrBusy, "one too many of the account")
	}
	_, err := s.admit(s.bearer(other.Text, s.signedAt(other, "", 0)))
	wants(t, err, nil, "another account")
	s.pass(2 * time.Minute)
	_, err = s.admit(s.bearer(m.Text, s.signedAt(m, "", 0)))
	wants(t, err, nil, "two minutes later")
	if n := s.NoncesForTest(); n != 1 {
		t.Errorf("%d nonces are remembered", n)
	}
}

// R120: however many accounts sign as much as they can, one that signs little goes on.
func TestAccountsThatSignWithoutEndLeaveRoomForOthers(t *testing.T) {
	s := newStand(t)
	keyed := token.Wish{Factor: token.Factor{Kind: token.Key, Key: text(machine)}}
	modest := s.keyed()
	const greedy = 50
	for i := range greedy {
		one := account.Account{ID: fmt.Sprintf("greedy%d", i)}
		n, more := s.notes(s.make(one, keyed).Token), s.notes(s.make(one, keyed).Token)
		if want := max(min(token.MostNonces, token.MostNoncesAll-i*token.MostNonces), token.NoncesLeft); n != want || more != 0 {
			t.Errorf("account %d: %d are remembered, and %d of another token of it", i, n, more)
		}
	}
	if n := s.NoncesForTest(); n != token.MostNoncesAll+(greedy-token.MostNoncesAll/token.MostNonces)*token.NoncesLeft {
		t.Errorf("%d are remembered", n)
	}
	for i := range token.NoncesLeft {
		if _, err := s.admit(s.bearer(modest.Text, s.signedAt(modest, "", 0))); err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
	}
}

// R120: whoever makes keys of their own without end keeps nobody elsewhere from collecting a token.
func TestThoseWhoCollectAreCountedByTheirSource(t *testing.T) {
	s := newStand(t)
	s.collectable(machine)
	from := func(source string) error {
		e := collector
		e.Source = source
		r := s.sign(request("POST", "/api/v1/machine/collection", `{"key":"x"}`), stray, token.Fingerprint(public(stray)), "")
		_, _, err := s.Collect(text(stray), r, e)
		return err
	}
	wants(t, from("198.51.100.7"), nil, "the first request")
	fill := func(source string) (n int) {
		for ; s.NoteCollectorForTest(source, fmt.Sprintf("%032d", n)) == nil; n++ {
		}
		return n
	}
	if n := fill("198.51.100.7"); n != token.MostCollects-1 {
		t.Errorf("%d more are remembered", n)
	}
	err := from("198.51.100.7")
	wants(t, err, token.ErrBusy, "one too many")
	if words := err.Error(); words == token.ErrBusy.Error() {
		t.Errorf("it speaks of access: %s", words)
	}
	for i := range token.MostCollectsAll / token.MostCollects {
		fill(fmt.Sprintf("203.0.113.%d", i))
	}
	for i := range token.CollectsLeft {
		wants(t, from("192.0.2.9"), nil, "question %d from somewhere else", i)
	}
	wants(t, from("192.0.2.9"), token.ErrBusy, "one too many from there")
	if _, _, err := s.collect(machine); err != nil {
		t.Errorf("somewhere else: %v", err)
	}
	for i := range token.MostCollectsEver / token.CollectsLeft {
		fill(fmt.Sprintf("2001:db8:0:%x::", i))
	}
	wants(t, from("2001:db8:1::"), token.ErrBusy, "when memory is at its end")
	if n := s.CollectorNoncesForTest(); n != token.MostCollectsEver {
		t.Errorf("%d are remembered", n)
	}
	m := s.keyed()
	_, err = s.admit(s.bearer(m.Text, s.signedAt(m, "", 0)))
	wants(t, err, nil, "requests with a token")
}
