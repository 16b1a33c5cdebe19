// Package notice writes to people by mail: codes at once, and news about their ways in from a queue. A mail
// that fails is tried again and recorded; it never delays or fails what it tells of.
package notice

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/event"
	"castellan/internal/fault"
	"castellan/internal/mail"
	"castellan/internal/secret"
	"castellan/internal/settings"
	"castellan/internal/store"
)

// The rules of sending.
const (
	// CodePatience is how long somebody waits for the mail server before another way is offered.
	CodePatience = 5 * time.Second
	// NewsHour is how many pieces of news of a kind an account gets in an hour, and SuspicionsHour how many
	// about sign-ins that may not be the person's own.
	NewsHour       = 20
	SuspicionsHour = 3
	// maxWaiting bounds the queue.
	maxWaiting = 64
)

// pauses are how long a mail waits after each failure; after the last one it is given up.
var pauses = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}

// ErrMail says that a code could not be sent.
var ErrMail = &fault.Error{Kind: fault.Conflict, Code: "mail_unavailable", Message: "The mail could not be sent. Choose another way."}

// errMailOnly is ErrMail where there is no other way.
var errMailOnly = ErrMail.Saying("The mail could not be sent. Try again later; an administrator can look at the mail server in Settings › Notification.")

// Config says what a Post works with. All of it must be set.
type Config struct {
	DB      *store.DB
	Key     secret.Key // seals the mail server's password
	Log     *event.Log
	Elapsed func() time.Duration // a clock that never steps
	Now     func() time.Time     // trusted time
	Origin  func() string        // where the desktop is found, such as "https://nas.local:8001"
	Out     *slog.Logger
}

// Post sends mail. It is safe for concurrent use.
type Post struct {
	Config

	mu      sync.Mutex
	waiting []*letter
	sent    map[string][]time.Duration // by account and class of news
	lost    int                        // mails for which the queue had no room
	trouble string                     // why the last mail failed; empty: it did not
	wake    chan struct{}
}

// letter is a mail on its way.
type letter struct {
	account string // name, for the log
	to      string
	at      time.Time // when that happened of which it tells
	write   func(place) mail.Message
	tries   int
	due     time.Duration
}

// New returns a Post without mail. Run sends what is queued.
func New(c Config) *Post {
	return &Post{Config: c, sent: map[string][]time.Duration{}, wake: make(chan struct{}, 1)}
}

// server returns the mail server of the settings.
func (p *Post) server() (s mail.Server, set bool, err error) {
	err = p.DB.View(func(tx *store.Tx) error {
		m, found, err := settings.GetMail(tx, p.Key)
		if err != nil || !found {
			return err
		}
		general, err := settings.Get(tx)
		s, set = serverOf(m, general.NASName), true
		return err
	})
	return s, set, err
}

func serverOf(m settings.Mail, nas string) mail.Server {
	return mail.Server{
		Host: m.Host, Port: m.Port, Security: mail.Security(m.Security), User: m.User, Password: m.Password,
		From: m.Sender, FromName: nas, Hello: nas, Authority: m.Authority, Pin: m.Fingerprint,
	}
}

// Waiting returns how many mails are on their way.
func (p *Post) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.waiting)
}

// Trouble says why the last mail failed; it is empty when it did not, or when none was sent.
func (p *Post) Trouble() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.trouble
}

func (p *Post) troubled(why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trouble = why
}

// SendCode sends a code and returns when the mail server has taken it, within CodePatience, or ErrMail with
// the reason for the log.
func (p *Post) SendCode(ctx context.Context, to string, c Code) error {
	refused, next := ErrMail, "Another way can be chosen."
	if c.Purpose == ToEnrol || c.Purpose == ToConfirm {
		refused, next = errMailOnly, "It can be asked for again."
	}
	server, set, err := p.server()
	server.Patience = CodePatience
	if err != nil || !set {
		return refused.Because(err)
	}
	if err := server.Send(ctx, c.message(to, p.place(p.Now()))); err != nil {
		why := mail.Explain(err).Message
		p.troubled(why)
		p.record(event.Event{Kind: event.MailFailed, Actor: c.Account.Name, Address: c.Address, Agent: c.Agent}.
			With("to", account.Masked(to)).With("reason", why).With("next", next))
		return refused.Because(err)
	}
	p.troubled("")
	return nil
}

// Try sends a test mail by way of a server that need not be kept, and says in words what came of it.
func (p *Post) Try(ctx context.Context, by event.Event, m settings.Mail, to string) (taken bool, outcome string, err error) {
	if err := m.Check(); err != nil {
		return false, "", err
	}
	where := p.place(p.Now())
	err = serverOf(m, where.nas).Send(ctx, testMessage(to, where))
	outcome = "The mail server has taken the mail. Look for it in the mailbox of " + to + ", also in the spam folder."
	word := "taken"
	if err != nil {
		outcome = mail.Explain(err).Message
		word = outcome
	}
	p.record(by.With("server", m.Host).With("outcome", word))
	return err == nil, outcome, nil
}

// place is what mails tell about where they come from.
type place struct {
	nas  string
	at   time.Time // in the zone of the box
	zone string
}

func (p *Post) place(at time.Time) place {
	s := settings.Default()
	if err := p.DB.View(func(tx *store.Tx) (err error) { s, err = settings.Get(tx); return err }); err != nil {
		p.Out.Warn("read settings for a mail", "err", err)
	}
	zone, err := settings.Zone(s.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	return place{s.NASName, at.In(zone), s.TimeZone}
}

func (p *Post) record(e event.Event) {
	if err := p.DB.Update(func(tx *store.Tx) error { return p.Log.Record(tx, e) }); err != nil {
		p.Out.Warn("record mail", "event", string(e.Kind), "err", err)
	}
}
