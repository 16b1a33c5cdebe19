package token

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"castellan/internal/fault"
	"castellan/internal/secret"
)

// Nonces are remembered in memory for as long as their signatures could be taken again.
const (
	// MostNonces is how many are remembered for the tokens of one account together: 68 signatures a second, all the time.
	MostNonces = 8192
	// MostNoncesAll is how many are remembered for all accounts together, in some 5 MiB by each of the two clocks.
	MostNoncesAll = 8 * MostNonces
	// NoncesLeft is how many are remembered for an account when those of all others leave no room: two signatures a second.
	NoncesLeft = 256
	// MostCollects is how many are remembered of those from one source who want to collect a token: four of them ask every two seconds.
	MostCollects = 256
	// MostCollectsAll is how many are remembered of all of those.
	MostCollectsAll = 64 * MostCollects
	// CollectsLeft is how many are remembered of a source when those of all others leave no room: one machine asks sixty times in two minutes.
	CollectsLeft = 64
	// MostCollectsEver is how many are remembered at the very most, in some 20 MiB by each of the two clocks: sources are not counted, and
	// memory ends. To fill it takes thousands of them.
	MostCollectsEver = 16 * MostCollectsAll

	minNonce, maxNonce = 16, 64
)

// ErrBusy says that no more signatures can be remembered, so none is taken.
var ErrBusy = &fault.Error{Kind: fault.Unavailable, Code: "too_many_signatures", Message: "More requests were signed for this account within two minutes than can be remembered. Wait, or buy an access token and send that.", RetryIn: 10 * time.Second}

// errBefore says that a signature is older than what is still remembered.
var errBefore = errors.New("it may have been used before what is remembered")

// nonces are those of signatures by trusted time, and those of the box by the clock that never steps.
type nonces struct{ stamped, answers once }

func newNonces(r room) nonces { return nonces{newOnce(r), newOnce(r)} }

// room is for how many there is room.
type room struct {
	each int // of one owner
	all  int // of all owners
	left int // of an owner where all have filled that: who has more is refused, who has few goes on
	ever int // of all owners, also of those who have few; 0: as many as there are owners for
}

// once takes every nonce once. Each belongs to a second, on a clock of the caller's, and is forgotten when that has passed by; from
// then on nothing of that second or before it is taken any more, so a clock that goes back makes none good again.
type once struct {
	room
	seconds map[int64][]noted
	seen    map[mark]struct{}
	owners  map[string]int
	passed  int64 // the last second that was forgotten
}

// mark is the beginning of the digest of a nonce and its key: who finds two alike has spent one of their own.
type mark [16]byte

type noted struct {
	mark  mark
	owner string
}

// signer is with what a request was signed, and for whom it counts: an owner may have many keys.
type signer struct{ owner, key string }

func newOnce(r room) once {
	return once{room: r, seconds: map[int64][]noted{}, seen: map[mark]struct{}{}, owners: map[string]int{}}
}

// full reports whether no more is remembered of an owner.
func (o *once) full(owner string) bool {
	n := o.owners[owner]
	return n >= o.each || len(o.seen) >= o.all && n >= o.left || o.ever > 0 && len(o.seen) >= o.ever
}

// take notes a nonce that belongs to a second, and forgets those before oldest.
func (o *once) take(by signer, nonce string, second, oldest int64) error {
	o.forget(oldest)
	if second <= o.passed && o.passed != 0 {
		return errBefore
	}
	digest := secret.DigestOf(by.key + "\n" + nonce)
	m := mark(digest[:len(mark{})])
	if _, used := o.seen[m]; used {
		return ErrUsed
	}
	if o.full(by.owner) {
		return ErrBusy
	}
	o.seen[m] = struct{}{}
	o.owners[by.owner]++
	o.seconds[second] = append(o.seconds[second], noted{m, by.owner})
	return nil
}

func (o *once) forget(oldest int64) {
	for second, list := range o.seconds {
		if second >= oldest {
			continue
		}
		for _, n := range list {
			delete(o.seen, n.mark)
			if o.owners[n.owner]--; o.owners[n.owner] == 0 {
				delete(o.owners, n.owner)
			}
		}
		delete(o.seconds, second)
		o.passed = max(o.passed, second)
	}
}

// nonceSize is the length of a nonce of the box: when it was made, some randomness, and what shows that it was made here.
const nonceSize, markSize = 32, 16

// Nonce returns a nonce that a signature may have instead of the right time, for a minute. Nothing is kept of it until it is used.
func (t *Tokens) Nonce() string {
	b := binary.BigEndian.AppendUint64(nil, uint64(t.config.Elapsed()))
	b = append(b, make([]byte, nonceSize-markSize-len(b))...)
	_, _ = rand.Read(b[8:])
	return base64.RawURLEncoding.EncodeToString(append(b, t.mark(b)...))
}

func (t *Tokens) mark(b []byte) []byte { return t.nonceKey.MAC(b)[:markSize] }

// made tells when a nonce was made here, on the clock that never steps.
func (t *Tokens) made(nonce string) (at time.Duration, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(nonce)
	if err != nil || len(b) != nonceSize {
		return 0, false
	}
	if subtle.ConstantTimeCompare(b[nonceSize-markSize:], t.mark(b[:nonceSize-markSize])) != 1 {
		return 0, false
	}
	return time.Duration(binary.BigEndian.Uint64(b)), true
}

// fresh takes the time and the nonce of a right signature: once. What was signed before this start is not taken, for its nonces
// are forgotten. A machine whose clock is ahead signs with a time that is still to come: such a signature of the last minute before a
// start could be taken once more, until its time is a minute past.
func (t *Tokens) fresh(n *nonces, s signed, by signer) error {
	if at, ok := t.made(s.nonce); ok {
		return t.answered(&n.answers, s, by, at)
	}
	now, known := t.config.Now()
	created := time.Unix(s.created, 0)
	elapsed := t.config.Elapsed()
	switch {
	case !known:
		return ErrTime.Because(errors.New("the time is not known"))
	case created.Sub(now).Abs() > Skew:
		return ErrTime.Because(errors.New("its time is more than a minute off"))
	case created.Before(now.Add(t.started - elapsed)):
		return ErrTime.Because(errors.New("it is older than this start"))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	err := n.stamped.take(by, s.nonce, s.created, now.Add(-Skew).Unix())
	if errors.Is(err, errBefore) {
		return ErrTime.Because(err)
	}
	return err
}

// answered takes a signature with a nonce of the box, whatever its time.
func (t *Tokens) answered(o *once, s signed, by signer, at time.Duration) error {
	now := t.config.Elapsed()
	if now-at > Skew {
		return ErrTime.Because(errors.New("the nonce has lapsed"))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	err := o.take(by, s.nonce, int64(at/time.Second), int64((now-Skew)/time.Second))
	if errors.Is(err, errBefore) {
		return ErrTime.Because(err)
	}
	return err
}
