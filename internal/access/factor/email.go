package factor

import (
	"crypto/hmac"
	"crypto/rand"
	"fmt"
	"math/big"
	"slices"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// The rules of codes by e-mail.
const (
	CodeLife   = 10 * time.Minute
	CodeTries  = 5           // wrong ones void a code
	CodePause  = time.Minute // between two codes for an account and lane
	CodesHour  = 5           // for an account and lane, that did not come back
	codesHours = time.Hour
)

type emailRecord struct {
	Added    time.Time `json:"added"`
	LastUsed time.Time `json:"last_used,omitzero"`
}

// emails tells who turned e-mail on as a way in, by account.
var emails = store.NewTable[emailRecord]("email_ways")

// EmailOn reports whether an account has turned e-mail on as a way in.
func EmailOn(tx *store.Tx, account string) bool { return emails.Any(tx, account) }

// EmailObstacle says why an account cannot get codes by e-mail, then what to do; empty when it can.
func EmailObstacle(tx *store.Tx, a account.Account) (string, error) {
	p, err := settings.GetPolicy(tx)
	if err != nil {
		return "", err
	}
	set, err := settings.HasMail(tx)
	switch {
	case err != nil:
		return "", err
	case p.EmailCodes == settings.NobodyAtAll:
		return "The owner of this NAS does not allow codes by e-mail.", nil
	case p.EmailCodes == settings.NotAdministrators && a.Role == account.Administrator:
		return "The owner of this NAS does not allow codes by e-mail for administrators.", nil
	case !set:
		return "This NAS has no mail server yet. An administrator sets it in Settings › Notification.", nil
	case a.Email == "":
		return "Your account has no e-mail address yet. Add it under Account.", nil
	}
	return "", nil
}

// RemoveEmail turns e-mail off as a way in. The last way in can only be turned off as a whole.
func RemoveEmail(tx *store.Tx, a account.Account) error {
	if !EmailOn(tx, a.ID) {
		return ErrWay
	}
	if err := emails.Delete(tx, a.ID); err != nil {
		return err
	}
	return Stands(tx, a)
}

// mailCode is a code that was sent and is waited for.
type mailCode struct {
	account string
	lane    string
	mac     []byte
	tries   int
	made    time.Duration
}

// Sending says what became of the wish for a code.
type Sending struct {
	Code   string        // to be sent; empty: none may be sent yet
	Resend time.Duration // until the next one may be sent
	Left   time.Duration // for which the newest code of this holder is good; 0: it has none
}

// Lane says by which budget codes are sent: a stolen session must not use up those of the sign-in.
type Lane string

// The lanes.
const (
	AtTheDoor Lane = "door"
	Inside    Lane = "inside"
)

// NewCode makes a code of six digits for an account, tied to whoever asked for it: a sign-in or a session.
// It replaces the one before. Where the last one was sent a moment ago, or too many were, it makes none.
func (f *Factors) NewCode(account string, by Lane, holder string) Sending {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.config.Elapsed()
	lane := account + "/" + string(by)
	if wait := f.pause(lane, now); wait > 0 {
		s := Sending{Resend: wait}
		if c := f.codes[holder]; c != nil {
			s.Left = max(c.made+CodeLife-now, 0)
		}
		return s
	}
	for key, c := range f.codes {
		if now-c.made > CodeLife {
			delete(f.codes, key)
		}
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	code := fmt.Sprintf("%06d", n)
	f.codes[holder] = &mailCode{account: account, lane: lane, mac: f.codeMAC(holder, code), made: now}
	f.sends[lane] = append(f.sends[lane], now)
	return Sending{Code: code, Resend: f.pause(lane, now), Left: CodeLife}
}

// pause says how long a lane has to wait for its next code. It needs mu.
func (f *Factors) pause(lane string, now time.Duration) time.Duration {
	sends := slices.DeleteFunc(f.sends[lane], func(at time.Duration) bool { return now-at >= codesHours })
	if len(sends) == 0 {
		delete(f.sends, lane)
		return 0
	}
	f.sends[lane] = sends
	wait := sends[len(sends)-1] + CodePause - now
	if len(sends) >= CodesHour {
		wait = max(wait, sends[len(sends)-CodesHour]+codesHours-now)
	}
	return max(wait, 0)
}

// DropCode forgets a code whose mail could not be sent.
func (f *Factors) DropCode(holder string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.codes, holder)
}

// TakeCode accepts the code that was sent to a holder, once. A wrong one is counted, and the fifth voids the
// code. A mail whose code came back is no nuisance, so it does not count against the next one.
func (f *Factors) TakeCode(account, holder, code string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.takeCode(account, holder, code)
}

// takeCode is TakeCode for whoever holds mu.
func (f *Factors) takeCode(account, holder, code string) error {
	c := f.codes[holder]
	if c == nil || c.account != account || f.config.Elapsed()-c.made > CodeLife {
		return ErrRefused.Because(errNone)
	}
	if !hmac.Equal(c.mac, f.codeMAC(holder, code)) {
		if c.tries++; c.tries >= CodeTries {
			delete(f.codes, holder)
		}
		return ErrRefused.Because(errWrong)
	}
	delete(f.codes, holder)
	f.sends[c.lane] = slices.DeleteFunc(f.sends[c.lane], func(at time.Duration) bool { return at == c.made })
	return nil
}

func (f *Factors) codeMAC(holder, code string) []byte {
	return f.config.Key.MAC([]byte("mail code/" + holder + "/" + code))
}

func (f *Factors) spendEmail(tx *store.Tx, account string, g Given, now time.Time) (Spent, error) {
	if err := f.TakeCode(account, g.Holder, g.Text); err != nil {
		return Spent{}, err
	}
	r, _, err := emails.Get(tx, account)
	if err != nil {
		return Spent{}, err
	}
	r.LastUsed = now
	return Spent{Way: Email}, emails.Put(tx, account, r)
}
