package throttle

import (
	"time"

	"castellan/internal/fault"
)

// The rules of mails with links that anybody may ask for.
const (
	// MailPause is how long an account waits for its next one; it gets MailsDay a day. The box sends MailsBox an hour.
	MailPause = 15 * time.Minute
	MailsDay  = 5
	// UnlocksDay is a mail in every pause: strangers who ask for the mails of an account that they closed must not use
	// up its owner's.
	UnlocksDay = int(24 * time.Hour / MailPause)
	MailsBox   = 50
	// AsksSource is how often one source may ask in an hour, and AsksBox all of them together: each question is kept
	// in the log.
	AsksSource = 10
	AsksBox    = 300
	// maxMailKeys bounds what strangers can make the box remember.
	maxMailKeys = 4096
)

// ErrAsked refuses a source that asked too often, whomever it asked for.
var ErrAsked = &fault.Error{Kind: fault.Throttled, Code: "slow_down", Message: "Mails were asked for too often. Signing in goes on working."}

// Mails bounds one sort of such mails. It lives in memory and is safe for concurrent use.
type Mails struct{ often, daily, box, sources, asks *Quota }

// NewMails returns a Mails that counted nothing yet, with so many mails a day for an account. elapsed is a clock that
// never steps.
func NewMails(elapsed func() time.Duration, day int) *Mails {
	return &Mails{
		often:   NewQuota(elapsed, 1, MailPause, maxMailKeys),
		daily:   NewQuota(elapsed, day, 24*time.Hour, maxMailKeys),
		box:     NewQuota(elapsed, MailsBox, time.Hour, 1),
		sources: NewQuota(elapsed, AsksSource, time.Hour, maxMailKeys),
		asks:    NewQuota(elapsed, AsksBox, time.Hour, 1),
	}
}

// Ask counts that a source asked. The refusal is the same whether there is somebody to send a mail to.
func (m *Mails) Ask(source string) error {
	if !m.sources.Take(source) {
		return ErrAsked.After(m.sources.Wait(source))
	}
	if !m.asks.Take("") {
		return ErrAsked.After(m.asks.Wait(""))
	}
	return nil
}

// Take counts a mail to an account, if there is room for it. Nobody is told where there is none.
func (m *Mails) Take(account string) bool {
	return m.often.Free(account) && m.daily.Free(account) && m.box.Take("") && m.daily.Take(account) && m.often.Take(account)
}
