// Package password hashes passwords with argon2id, one at a time, and holds the rules for new ones.
package password

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// The cost of a hash (OWASP Password Storage Cheat Sheet: 19 MiB, two passes). Memory stays as it is on
// every box, because it is what small boxes lack; passes are raised until a hash takes Target.
const (
	Memory    = 19456 // KiB
	MinPasses = 2
	MaxPasses = 10
	Target    = 250 * time.Millisecond

	maxMemory = 65536 // KiB; a stored hash that asks for more is refused
	saltSize  = 16
	tagSize   = 32
)

// Config says how hashes are made.
type Config struct {
	Key    [32]byte // mixed into every hash, so that the database alone cannot be attacked
	Passes uint32   // 0: MinPasses
	Memory uint32   // KiB; 0: Memory. Tests lower it.
}

// Hasher makes and checks password hashes. It is safe for concurrent use; its gate lets one hash run at
// a time, because each needs 19 MiB.
type Hasher struct {
	key  [32]byte
	cost cost
	gate *gate
}

// New returns a Hasher.
func New(c Config) *Hasher {
	h := &Hasher{key: c.Key, cost: cost{memory: c.Memory, passes: c.Passes}, gate: newGate()}
	if h.cost.memory == 0 {
		h.cost.memory = Memory
	}
	if h.cost.passes == 0 {
		h.cost.passes = MinPasses
	}
	return h
}

// Load says whether a hash is computed right now, and how many wait for their turn.
func (h *Hasher) Load() (busy bool, waiting int) {
	h.gate.mu.Lock()
	defer h.gate.mu.Unlock()
	return h.gate.busy, len(h.gate.waiting)
}

// Calibrate measures one hash and returns the number of passes with which a hash takes about Target on
// this machine.
func Calibrate() uint32 {
	start := time.Now()
	argon2.IDKey([]byte("calibration"), make([]byte, saltSize), MinPasses, Memory, 1, tagSize)
	perPass := time.Since(start) / MinPasses
	return uint32(min(max(Target/max(perPass, 1), MinPasses), MaxPasses))
}

// Hash returns the PHC string of a password. It waits its turn at the gate; the error is ErrBusy when
// that takes too long.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt)
	tag, err := h.tag(ctx, password, salt, h.cost)
	if err != nil {
		return "", err
	}
	return phc{cost: h.cost, salt: salt, tag: tag}.String(), nil
}

// Verify reports whether password is the one that was hashed to stored, and whether stored was made
// with a lower cost than hashes are made now. An empty stored is a decoy: it takes as long as any other
// and is never right. A stored hash that cannot be read is an error.
func (h *Hasher) Verify(ctx context.Context, stored, password string) (ok, stale bool, err error) {
	if tooLong(password) {
		return false, false, nil
	}
	want := phc{cost: h.cost, salt: make([]byte, saltSize), tag: make([]byte, tagSize)}
	if stored != "" {
		if want, err = parsePHC(stored); err != nil {
			return false, false, err
		}
	}
	got, err := h.tag(ctx, password, want.salt, want.cost)
	if err != nil {
		return false, false, err
	}
	ok = subtle.ConstantTimeCompare(got, want.tag) == 1 && stored != ""
	return ok, ok && want.cost.less(h.cost), nil
}

// tag computes argon2id and keys the result, so that only this device can check it.
func (h *Hasher) tag(ctx context.Context, password string, salt []byte, c cost) ([]byte, error) {
	leave, err := h.gate.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	plain := []byte(norm.NFC.String(password))
	mac := hmac.New(sha256.New, h.key[:])
	mac.Write(argon2.IDKey(plain, salt, c.passes, c.memory, 1, tagSize))
	return mac.Sum(nil), nil
}

type cost struct{ memory, passes uint32 }

func (c cost) less(d cost) bool { return c.memory < d.memory || c.passes < d.passes }

// phc is a stored hash in the PHC string format
// (https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md).
type phc struct {
	cost cost
	salt []byte
	tag  []byte
}

const phcPrefix = "$argon2id$v=19$"

func (p phc) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("%sm=%d,t=%d,p=1$%s$%s", phcPrefix, p.cost.memory, p.cost.passes, b64.EncodeToString(p.salt), b64.EncodeToString(p.tag))
}

var errPHC = errors.New("read password hash: its form or its cost is not one of ours")

// parsePHC reads only what String writes. The limits keep a forged record from taking all memory.
func parsePHC(text string) (phc, error) {
	rest, ok := strings.CutPrefix(text, phcPrefix)
	parts := strings.Split(rest, "$")
	if !ok || len(parts) != 3 {
		return phc{}, errPHC
	}
	params := strings.Split(parts[0], ",")
	if len(params) != 3 || params[2] != "p=1" {
		return phc{}, errPHC
	}
	memory, okMemory := param(params[0], "m=", 8, maxMemory)
	passes, okPasses := param(params[1], "t=", 1, MaxPasses)
	salt, errSalt := base64.RawStdEncoding.DecodeString(parts[1])
	tag, errTag := base64.RawStdEncoding.DecodeString(parts[2])
	if !okMemory || !okPasses || errSalt != nil || errTag != nil || len(salt) != saltSize || len(tag) != tagSize {
		return phc{}, errPHC
	}
	return phc{cost: cost{memory, passes}, salt: salt, tag: tag}, nil
}

func param(text, prefix string, low, high uint64) (uint32, bool) {
	digits, ok := strings.CutPrefix(text, prefix)
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint32(n), ok && err == nil && n >= low && n <= high
}
