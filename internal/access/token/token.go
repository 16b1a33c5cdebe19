// Package token keeps the API tokens of people, with which programs call the API in their name, and the second factors of those
// machines: an Ed25519 key that signs requests (RFC 9421), or a secret for codes by time (RFC 6238). Token and second factor together
// buy access for a quarter of an hour.
package token

import (
	"context"
	"crypto/ed25519"
	"net/netip"
	"sync"
	"time"

	"castellan/internal/access/otp"
	"castellan/internal/access/throttle"
	"castellan/internal/event"
	"castellan/internal/secret"
	"castellan/internal/store"
)

const (
	// Prefix begins every API token, so that scanners for secrets know one.
	Prefix = "cst_"
	// AccessPrefix begins every access token.
	AccessPrefix = "csa_"
	// Most API tokens an account may have.
	Most = 20
	// Days is for how many days a token works unless its owner says otherwise.
	Days = 90
	// MostDays is the most they may say.
	MostDays = 365
	// AccessFor is how long an access token opens anything.
	AccessFor = 15 * time.Minute
	// FreshFor is how long it opens what people confirm their identity for.
	FreshFor = 5 * time.Minute
	// MostAccess tokens work at once for one API token; the oldest makes room.
	MostAccess = 8
	// Skew is how far the time of a signature may be from trusted time, to either side, and how long a nonce of the box is good.
	Skew = 60 * time.Second
	// CollectFor is how long a new token waits for its machine.
	CollectFor = 10 * time.Minute
	// MaxName is the length of the longest name.
	MaxName = 64
	// MaxAddresses is how many addresses and networks a token may be for.
	MaxAddresses = 16
	// NonceHeader names a nonce of the box in the answer to a request whose signature was not taken for its time. A signature with
	// it is good whatever its time.
	NonceHeader = "Castellan-Nonce"
	// writeEvery is how often it is written which tokens were used.
	writeEvery = time.Hour
)

// Kind says what second factor a token has.
type Kind string

// The kinds.
const (
	None  Kind = "none"
	Key   Kind = "key"
	Codes Kind = "codes"
)

// State says whether a token opens anything now.
type State string

// The states.
const (
	Active  State = "active"
	OnHold  State = "on_hold" // its owner has 2-step verification on, and it has no second factor
	Waiting State = "waiting" // for its machine, which has to collect it
	Lost    State = "lost"    // its machine did not collect it in time, so that nobody has its text
	Expired State = "expired"
	Locked  State = "locked" // too many wrong codes
)

// Token is an API token, without its text.
type Token struct {
	ID, Account string
	Name        string
	Hint        string // how its text begins; empty where its machine has not collected it yet
	Scopes      []string
	Addresses   []netip.Prefix // empty: everywhere
	Factor      Kind
	Key         ed25519.PublicKey // with Factor Key
	Created     time.Time
	Expires     time.Time
	Used        time.Time // to the hour; zero: never
	UsedFrom    string
	waits       bool // nobody has its text yet
}

// Config says what Tokens work with. All of it must be set.
type Config struct {
	DB       *store.DB
	Throttle *throttle.Throttle
	Log      *event.Log
	Key      secret.Key                         // seals the secrets for codes, and ties records together
	Now      func() (now time.Time, known bool) // trusted time, and whether it is known
	Elapsed  func() time.Duration               // a clock that never steps
	Held     func() time.Duration               // for how long codes are not looked at, see factor.HoldApps
}

// Tokens keeps tokens, and what was bought with them. It is safe for concurrent use.
type Tokens struct {
	config   Config
	bonds    secret.Key
	nonceKey secret.Key // of this start
	started  time.Duration

	mu         sync.Mutex
	bought     map[secret.Digest]purchase
	waiting    map[string][]*collection // by the bytes of the key, what was made first first
	recalled   bool                     // those that waited before this start are among them
	uses       map[string]use           // by key of the record, of those that are to be written
	signatures nonces                   // of requests with a token, by account
	collectors nonces                   // of those who want to collect one, by source: anybody can make a key
	outlook    outlook

	warning sync.Mutex // held while Warn looks
}

// New returns Tokens that nothing was bought with.
func New(c Config) *Tokens {
	return &Tokens{
		config: c, bonds: c.Key.Derive("token bonds"), nonceKey: secret.NewKey(), started: c.Elapsed(),
		bought: map[secret.Digest]purchase{}, waiting: map[string][]*collection{}, uses: map[string]use{},
		signatures: newNonces(room{each: MostNonces, all: MostNoncesAll, left: NoncesLeft}), collectors: newNonces(room{MostCollects, MostCollectsAll, CollectsLeft, MostCollectsEver}),
	}
}

// State says whether a token opens anything now. twoStep: its owner has 2-step verification on.
func (t *Tokens) State(one Token, twoStep bool) State {
	now, _ := t.config.Now()
	switch {
	case !now.Before(one.Expires):
		return Expired
	case one.waits && t.awaited(one):
		return Waiting
	case one.waits:
		return Lost
	case one.Factor == None && twoStep:
		return OnHold
	case one.Factor == Codes && t.config.Throttle.CodesClosed(throttle.OfToken(one.ID)):
		return Locked
	default:
		return Active
	}
}

// Wish is a token that somebody wants.
type Wish struct {
	Name      string
	Scopes    []string
	Days      int // 0: Days
	Addresses []string
	Factor    Factor
	Collect   bool // the machine collects it, with its key
}

// Factor is a second factor that a token is to have.
type Factor struct {
	Kind Kind
	Key  string // see ParseKey
}

// Made is a token with what is shown once.
type Made struct {
	Token  Token
	Owner  string     // the name of its account, for the machine that collects it
	Text   string     // what the machine sends; empty where it collects that itself, and where only the factor is new
	Secret otp.Secret // for codes
	// Cleared are tokens that made room for it: their machines did not fetch them in time. The caller records that.
	Cleared []Token
}

// Run writes now and then which tokens were used, until ctx ends. The requests themselves write nothing: that would wake sleeping disks.
func (t *Tokens) Run(ctx context.Context) error {
	tick := time.NewTicker(writeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			t.write()
			return nil
		case <-tick.C:
			t.write()
		}
	}
}
