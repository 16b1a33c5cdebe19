package throttle

import (
	"time"

	"castellan/internal/fault"
)

// The rules. SECURITY.md explains each of them. The figures are those of the level Normal.
const (
	// FreeTries wrong passwords for one account from one source, or one known browser, cost nothing; then a try
	// has to wait for FirstWait, doubling with each failure up to LongestWait.
	FreeTries   = 5
	FirstWait   = time.Second
	LongestWait = 300 * time.Second
	// Forget is how long after its last failure a lane of a source is kept, and ForgetRow one of a name or of a
	// known browser.
	Forget    = 24 * time.Hour
	ForgetRow = 30 * 24 * time.Hour
	// SprayTries wrong passwords of one source within SprayWindow, whatever the names, pause its sign-ins for
	// SprayPause.
	SprayTries  = 20
	SprayWindow = 10 * time.Minute
	SprayPause  = 15 * time.Minute
	// CrowdTries wrong passwords within SprayWindow from CrowdSources or more make the box one level stricter
	// with unknown browsers, until that has not been so for CrowdPause.
	CrowdTries   = 60
	CrowdSources = 12
	CrowdPause   = 15 * time.Minute
	// HourTries wrong passwords for one account from unknown browsers within an hour cost nothing; beyond them
	// each source has one try in Pace, and all of them together PaceTries.
	HourTries = 30
	Pace      = time.Minute
	PaceTries = 10
	// MaxRow wrong passwords in a row close an account for unknown browsers, and make a known one unknown.
	MaxRow = 100
	// FreeCodes wrong codes in a row cost nothing, over all ways, sessions and sources of an account
	// together; then a try has to wait for CodeWait after the last one.
	FreeCodes = 10
	CodeWait  = 15 * time.Minute
	// MaxCodes wrong codes in a row close the second factor of the account.
	MaxCodes = 100
	// MaxLanes bounds what strangers can make the box remember, for each rule. Beyond it there are only lanes that
	// wait for some minutes, and closed accounts.
	MaxLanes = 4096
	// purgeEvery is how often old lanes are looked for.
	purgeEvery = time.Hour
	// forgetStarts of the kernel later a lane is old, too: how long they took nobody knows.
	forgetStarts    = 3
	forgetRowStarts = 30
)

// Level is how strict the limits are: each step halves the free tries and doubles the pauses. Those that are
// counted in a row, and the codes, stay as they are.
type Level int

// The levels.
const (
	Relaxed Level = iota - 1
	Normal
	Strict
	strictest // Strict, while many sources guess at once
)

// LevelOf returns the level of a name: relaxed or strict, and normal for every other one.
func LevelOf(name string) Level {
	switch name {
	case "relaxed":
		return Relaxed
	case "strict":
		return Strict
	default:
		return Normal
	}
}

// free is how many tries a level leaves of those that are free.
func (l Level) free(n int) int {
	if l < Normal {
		return n << -l
	}
	return max(n>>l, 1)
}

// pause is how long a pause is with a level.
func (l Level) pause(d time.Duration) time.Duration {
	if l < Normal {
		return d >> -l
	}
	return d << l
}

// Figures are what a level comes to.
type Figures struct {
	FreeTries, SprayTries   int
	LongestWait, SprayPause time.Duration
}

// Figures returns what a level comes to.
func (l Level) Figures() Figures {
	return Figures{l.free(FreeTries), l.free(SprayTries), l.pause(LongestWait), l.pause(SprayPause)}
}

// Rule names what a lane counts.
type Rule string

// The rules.
const (
	Passwords Rule = "password"
	Browsers  Rule = "browser"
	Accounts  Rule = "account"
	Sources   Rule = "source"
	Codes     Rule = "code"
	Crowd     Rule = "crowd"
)

// wait says how long the next try has to wait.
func (r Rule) wait(l *lane, now time.Duration, g Guess) (time.Duration, *fault.Error) {
	switch r {
	case Passwords, Browsers:
		return l.passwordWait(now, r, g.Level), nil
	case Accounts:
		return l.accountWait(now, g)
	case Sources:
		return l.sourceWait(now, g.Level), nil
	case Codes:
		return l.codeWait(now)
	default:
		panic("no lane counts by " + string(r))
	}
}

// take notes that a try begins.
func (r Rule) take(l *lane, now time.Duration, g Guess) {
	if r == Accounts && l.within(now, time.Hour)+l.busy > g.Level.free(HourTries) {
		l.paced = append(l.paced, paced{g.Source, now})
	}
}

// miss counts a failure and says what begins with it, if anything does.
func (r Rule) miss(l *lane, now time.Duration, g Guess) (begun Rule) {
	switch r {
	case Accounts:
		l.times = append(l.times, now)
		l.keep(now, time.Hour, Relaxed.free(HourTries)+1)
		if l.failures == MaxRow {
			return Accounts
		}
	case Browsers:
		if l.failures == MaxRow {
			return Browsers
		}
	case Sources:
		l.times = append(l.times, now)
		l.keep(now, SprayWindow, Relaxed.free(SprayTries))
		if len(l.times) >= g.Level.free(SprayTries) && l.until <= now {
			l.until, l.times = now+g.Level.pause(SprayPause), nil
			return Sources
		}
	default: // only counted
	}
	return ""
}

// passwordWait says how long the next password has to wait.
func (l *lane) passwordWait(now time.Duration, r Rule, level Level) time.Duration {
	if r == Passwords && now-l.last > Forget {
		l.failures = 0
	}
	longest, free := level.pause(LongestWait), level.free(FreeTries)
	pause := longest
	if over := l.failures - free; over < 12 { // 2^12 s is beyond the longest wait
		pause = min(level.pause(FirstWait)<<max(over, 0), longest)
	}
	return l.wait(now, free, pause)
}

// codeWait says how long the next code has to wait.
func (l *lane) codeWait(now time.Duration) (time.Duration, *fault.Error) {
	if l.failures+l.busy >= MaxCodes {
		return 0, ErrClosed
	}
	return l.wait(now, FreeCodes, CodeWait), nil
}

// accountWait says how long the next password from an unknown browser has to wait, whatever its source.
func (l *lane) accountWait(now time.Duration, g Guess) (time.Duration, *fault.Error) {
	switch {
	case l.failures >= MaxRow:
		return 0, ErrKnownOnly
	case l.failures+l.busy >= MaxRow: // one of those under way may be the last
		return FirstWait, nil
	case l.within(now, time.Hour)+l.busy <= g.Level.free(HourTries):
		return 0, nil
	}
	pace := g.Level.pause(Pace)
	for len(l.paced) > 0 && now-l.paced[0].at >= pace {
		l.paced = l.paced[1:]
	}
	for _, p := range l.paced {
		if p.source == g.Source {
			return p.at + pace - now, nil
		}
	}
	if n := len(l.paced); n >= PaceTries {
		return l.paced[n-PaceTries].at + pace - now, nil
	}
	return 0, nil
}

// sourceWait says how long the next password of a source has to wait, whatever the name.
func (l *lane) sourceWait(now time.Duration, level Level) time.Duration {
	if l.until > now {
		return l.until - now
	}
	if l.busy > 0 && l.within(now, SprayWindow)+l.busy >= level.free(SprayTries) {
		return FirstWait // those under way may be the last ones
	}
	return 0
}

// wait lets the first tries through and every later one only when a pause has passed since the last
// failure and no other try is under way, whose outcome decides.
func (l *lane) wait(now time.Duration, free int, pause time.Duration) time.Duration {
	switch {
	case l.failures+l.busy < free:
		return 0
	case l.busy > 0:
		return FirstWait
	default:
		return max(l.last+pause-now, 0)
	}
}
