package notice

import (
	"context"
	"slices"
	"strconv"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/event"
	"castellan/internal/mail"
	"castellan/internal/store"
)

// Tell queues the news of an event about an account, for when the transaction commits. Events that nobody
// needs to be told of, accounts without an address and boxes without a mail server are passed over.
func (p *Post) Tell(tx *store.Tx, a account.Account, e event.Event) {
	p.TellAt(tx, a, a.Email, e)
}

// TellAt is Tell for another address than the account has now.
func (p *Post) TellAt(tx *store.Tx, a account.Account, to string, e event.Event) {
	n, ok := news[e.Kind]
	if !ok || to == "" {
		return
	}
	tx.OnCommit(func() { p.post(a, to, n.class, func(where place) mail.Message { return n.message(a, to, e, where) }) })
}

// TellOld queues the news of a changed address for the old one, with the link that undoes the change.
func (p *Post) TellOld(tx *store.Tx, a account.Account, to, token string, e event.Event) {
	if to == "" {
		return
	}
	link := p.Origin() + "/#undo=" + token
	tx.OnCommit(func() {
		p.post(a, to, vital, func(where place) mail.Message { return undoMessage(a, to, link, e, where) })
	})
}

// SendUnlock queues the mail whose link makes a browser known to an account, for its own address. How many there may
// be is for the caller to bound.
func (p *Post) SendUnlock(a account.Account, token string, e event.Event) {
	link := p.Origin() + "/#unlock=" + token
	p.post(a, a.Email, ways, func(where place) mail.Message { return unlockMessage(a, link, e, where) })
}

// Suspect queues the warning that a sign-in may not be the person's own.
func (p *Post) Suspect(tx *store.Tx, a account.Account, s Suspicion, e event.Event) {
	if a.Email == "" {
		return
	}
	n := suspicions[s]
	tx.OnCommit(func() {
		p.post(a, a.Email, n.class, func(where place) mail.Message { return n.message(a, a.Email, e, where) })
	})
}

// post puts a mail into the queue, within the bounds of its class. It runs while a transaction ends, so it
// leaves everything else to Run.
func (p *Post) post(a account.Account, to string, c class, write func(place) mail.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case to == "": // it is for nobody
	case !p.allowed(a.ID+"/"+string(c), c.hourly()), len(p.waiting) >= maxWaiting:
		p.lost++
	default:
		p.waiting = append(p.waiting, &letter{account: a.Name, to: to, at: p.Now(), write: write})
	}
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// allowed counts a mail of a lane if the hour has room for it. It needs mu.
func (p *Post) allowed(lane string, most int) bool {
	now := p.Elapsed()
	for key, times := range p.sent {
		if times = slices.DeleteFunc(times, func(at time.Duration) bool { return now-at >= time.Hour }); len(times) == 0 {
			delete(p.sent, key)
		} else {
			p.sent[key] = times
		}
	}
	if len(p.sent[lane]) >= most {
		return false
	}
	p.sent[lane] = append(p.sent[lane], now)
	return true
}

// answerFirst is how long a mail waits for the answer to the request that caused it: where both share a slow CPU, the time of
// the answer would tell that there is a mail (R030).
const answerFirst = 50 * time.Millisecond

// Run sends what is queued until the context ends. What is still queued then is lost: news live in memory.
func (p *Post) Run(ctx context.Context) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.wake:
			time.Sleep(answerFirst)
		case <-timer.C:
		}
		p.confess()
		for l := p.next(); l != nil && ctx.Err() == nil; l = p.next() {
			p.deliver(ctx, l)
		}
		timer.Reset(p.idle())
	}
}

// next returns a mail that is due, or nil.
func (p *Post) next() *letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.Elapsed()
	for _, l := range p.waiting {
		if l.due <= now {
			return l
		}
	}
	return nil
}

// idle says how long nothing is due.
func (p *Post) idle() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	idle := time.Hour
	for _, l := range p.waiting {
		idle = min(idle, max(l.due-p.Elapsed(), 0))
	}
	return idle
}

// deliver tries a mail once, and says when it is tried again.
func (p *Post) deliver(ctx context.Context, l *letter) {
	server, set, unreadable := p.server()
	if unreadable == nil && !set {
		p.drop(l)
		return
	}
	err := unreadable
	if err == nil {
		err = server.Send(ctx, l.write(p.place(l.at)))
	}
	if err == nil {
		p.troubled("")
		p.drop(l)
		return
	}
	failure := mail.Explain(err)
	if unreadable != nil {
		failure = mail.Failure{Message: "The settings of the mail server cannot be read.", Temporary: true}
	}
	p.troubled(failure.Message)
	next := "It is tried again."
	if l.tries++; l.tries > len(pauses) || !failure.Temporary && failure.Reply != "" {
		next = "It is given up."
		p.drop(l)
	} else {
		p.mu.Lock()
		l.due = p.Elapsed() + pauses[l.tries-1]
		p.mu.Unlock()
	}
	if l.tries == 1 || next == "It is given up." {
		p.record(event.Event{Kind: event.MailFailed, Actor: l.account}.
			With("to", account.Masked(l.to)).With("reason", failure.Message).With("next", next))
	}
}

// confess records that mails were left out because there were too many. Without a mail server none would have
// gone.
func (p *Post) confess() {
	p.mu.Lock()
	lost := p.lost
	p.lost = 0
	p.mu.Unlock()
	if lost == 0 {
		return
	}
	if _, set, err := p.server(); set || err != nil {
		p.record(event.Event{Kind: event.MailDropped}.With("count", strconv.Itoa(lost)))
	}
}

func (p *Post) drop(l *letter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = slices.DeleteFunc(p.waiting, func(one *letter) bool { return one == l })
}
