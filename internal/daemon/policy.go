package daemon

import (
	"fmt"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/claim"
	"castellan/internal/access/factor"
	"castellan/internal/access/otp"
	"castellan/internal/access/password"
	"castellan/internal/access/recovery"
	"castellan/internal/access/session"
	"castellan/internal/access/signin"
	"castellan/internal/access/throttle"
	"castellan/internal/box/button"
	"castellan/internal/box/clock"
	"castellan/internal/event"
	"castellan/internal/httpapi"
	"castellan/internal/notice"
)

// Rule is one constant of the house: what it limits, for whom it counts, what ends it, and why it keeps
// strangers out without keeping the owner out.
type Rule struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	Scope   string `json:"scope"`
	Cleared string `json:"cleared"`
	Reason  string `json:"reason"`
}

// Policy lists the constants of the house. SECURITY.md holds the same table, and a test compares the two.
func Policy() []Rule {
	t := button.DefaultTimes()
	return []Rule{
		{"Password, only factor", atLeast(password.MinAlone), "account", "never", "Length is what makes guessing hopeless; there is no rule about kinds of characters."},
		{"Password, beside a second factor", atLeast(password.MinBeside), "account", "never", "The second factor carries the rest."},
		{"Password, longest", atMost(password.Max, "characters"), "account", "never", "A limit before hashing keeps huge texts from costing time."},
		{"Password hash", "argon2id, " + count(password.Memory, "KiB") + ", " + count(password.MinPasses, "passes or more, up to ") + count(password.MaxPasses, "for "+words(password.Target)), "box", "at sign-in, when it was cheaper", "Memory stays small for small boxes; passes are measured on the first start."},
		{"Hashes at once", "1, " + count(password.Queue, "waiting for up to ") + words(password.Patience), "box", "when one ends", "Each needs 19 MiB; more at once would end a small box. Sources take turns, so that one of them cannot keep the others waiting."},
		{"Wrong passwords", count(throttle.FreeTries, "free, then ") + words(throttle.FirstWait) + ", doubling to " + words(throttle.LongestWait), "account and source", "success, or " + words(throttle.Forget), "A stranger slows only their own source; the owner comes from another."},
		{"Wrong codes", count(throttle.FreeCodes, "free, then one in ") + words(throttle.CodeWait), "account, over all ways", "success", "Only somebody who has the password can use them up."},
		{"Wrong codes in a row", atMost(throttle.MaxCodes, "codes"), "account", "an administrator, the reset button, castellan recover", "Three right codes in a million: a hundred guesses are far from one."},
		{"Wrong codes for one sign-in", atMost(session.TicketTries, "codes"), "half-finished sign-in", "a new password step", "Guessing starts again with the password."},
		{"Code window", "the step of " + words(otp.Period) + " and " + count(otp.Window, "on each side"), "device", "each step is taken once", "Phones drift and typing takes time."},
		{"Half-finished sign-in", words(session.TicketLife), "browser", "time", "Long enough to find the phone."},
		{"Claim after the first proof", words(session.ClaimLife), "browser", "time", "Long enough to choose a name and a password."},
		{"Wait for the button", words(claim.WaitLife) + ", lost " + words(claim.WaitGrace) + " after the last question", "browser", "a press, or time", "Long enough to walk to the NAS."},
		{"Browsers that wait at once", atMost(claim.MaxWaits, "browsers"), "box", "each that no longer asks", "From two on a press confirms nobody, so more change nothing."},
		{"Half-finished sign-ins at once", atMost(session.MaxTickets, "sign-ins"), "box", "the oldest goes", "Each took a right password, or a box that nobody owns."},
		{"Slowed pairs remembered", atMost(throttle.MaxLanes, "pairs of account and source"), "box", "the one that is longest ago goes, but none that still has to wait", "A flood of names must not fill the memory."},
		{"Temporary password", words(account.TemporaryFor), "account", "a password of one's own", "It opens nothing but the page that replaces it."},
		{"Password, blocklist", count(password.Listed(), "commonest leaked ones, and words around the account and the box"), "account", "never", "What is guessed first is no password, however long it is; the list needs no network."},
		{"Suggested passphrase", count(password.PhraseWords, "of "+count(password.PhraseList(), "words")), "-", "-", "About 64 bits, and easy to remember."},
		{"Forgotten password, link", words(recovery.LinkFor) + ", works once, only the newest", "account", "its use, another password or address, a restart", "It sets a password and does nothing else: the second factor stays in force."},
		{"Forgotten password, mails", "one in " + words(recovery.LinkFor) + ", " + count(recovery.MailsDay, "a day"), "account", "time", "A mailbox cannot be flooded; signing in is not touched."},
		{"Forgotten password, questions", count(recovery.AsksSource, "an hour per source, ") + count(recovery.AsksBox, "in all"), "source, box", "time", "Addresses cannot be tried by the thousand; signing in is not touched."},
		{"Invitation", words(account.InvitationFor) + ", works once, only the newest", "account", "its use, another password or address", "Nobody but the person ever knows the password."},
		{"New authenticator device", words(factor.EnrolmentLife) + ", " + count(factor.EnrolmentTries, "wrong codes"), "account", "the first right code", "Until then it opens nothing."},
		{"Authenticator devices", atMost(factor.MaxDevices, "devices"), "account", "removing one", "Each has a secret of its own; more would be more guesses at a time."},
		{"Recovery codes", count(factor.RecoveryCodes, "codes of 120 bits, pressed to renew at ") + count(factor.RenewAt, "left"), "account", "each is used once; renewal voids the old ones", "They open the account when the phone is lost, with the password."},
		{"After a recovery code", words(session.RepairFor), "session", "a new way in, or time", "The code was the second factor: a proof of identity wants the password only, or the last code would lock its owner out."},
		{"Code by e-mail", words(factor.CodeLife) + ", " + count(factor.CodeTries, "wrong tries"), "half-finished sign-in or session", "its use, or a newer code", "It opens only what it was asked for, in the browser that asked."},
		{"Codes by e-mail, sent", "one in " + words(factor.CodePause) + ", " + count(factor.CodesHour, "an hour"), "account, at the door and inside apart", "time, or the code that comes back", "At the door only somebody who has the password can use them up, and other ways stay open."},
		{"Mail server's patience at sign-in", words(notice.CodePatience), "sign-in", "an answer", "Then another way is offered."},
		{"News by mail", count(notice.NewsHour, "an hour about ways in lost or changed, as many about others, ") + count(notice.SuspicionsHour, "about suspicious sign-ins"), "account", "time", "A flood of tries does not become a flood of mail."},
		{"Change of address, undone", words(signin.UndoFor), "account", "the link is used once", "Whoever reads the old mailbox can take a change back that was not theirs."},
		{"Session, idle", words(session.Idle), "session", "activity; polling is none", "An unattended browser closes itself."},
		{"Session, administrators", words(session.AdministratorLife), "session", "never", "A working day."},
		{"Session, others", words(session.UserLife), "session", "never", "A day."},
		{"Sessions at once", atMost(session.Most, "sessions"), "account", "the oldest ends", "More are hardly one person's."},
		{"Proof of identity", words(session.StepUpFor), "session", "time", "Sensitive changes want a fresh proof."},
		{"Connections", atMost(httpapi.MaxPerSource, "per source") + ", " + count(httpapi.MaxConnections, "in all"), "source, box", "when one closes", "One host cannot take the page away from another: where all are taken, whoever has fewer gets a place of the greediest."},
		{"Connection, idle", words(idleTime), "connection", "a request", "Forgotten connections take no places."},
		{"Requests at once", atMost(httpapi.MaxStreams, "per connection, ") + count(httpapi.MaxRequestsPerSource, "per source; ") + count(httpapi.FewRequests, "per source beyond ") + count(httpapi.MaxRequests, "in all"), "connection, source, box", "when one ends", "Open requests take memory; the refusal says when to come back."},
		{"Request, longest", words(requestTime) + ", its headers " + words(headerTime), "request", "never", "Slow requests take places from others."},
		{"Request, headers", atMost(headerSize>>10, "KiB with HTTP/2, ") + count((headerSize+headerSlack)>>10, "KiB with HTTP/1.1"), "request", "never", "Other programs on the NAS may set cookies, too, but not without end."},
		{"Request, body", atMost(httpapi.MaxBody>>10, "KiB, ") + count(httpapi.MaxSignInBody>>10, "KiB before sign-in"), "request", "never", "Nothing that is asked for is larger."},
		{"Time, fresh for", words(clock.FreshFor), "box", "an agreement of the servers", "The clock of a box drifts less than a code's window in that time."},
		{"Time, longest question", words(clock.Budget), "box", "an answer", "A sign-in does not hang on silent servers."},
		{"Time, questions", "every " + words(clock.MinPoll) + " to " + words(clock.MaxPoll) + ", after a failure from " + words(clock.FirstRetry) + " on", "box", "never", "Often enough for the drift, and gentle to the servers."},
		{"Time, server that refuses", "left alone for " + words(clock.RateRest) + ", or " + words(clock.DropRest) + " if it does not serve us", "server", "time", "Servers say so with a kiss of death; a forged one does not last."},
		{"Time, first answer", "up to " + words(clock.FirstJump) + " beyond the known time, never more than " + words(clock.LongestJump), "box", "a clock with a battery that agrees (" + words(clock.FirstJump) + " only), the reset button, castellan recover", "Servers that lie at the first question cannot move the box far."},
		{"Time, correction followed at once", "up to " + words(clock.FreeCorrection), "box", "never", "Ordinary drift."},
		{"Time, correction to be confirmed", "up to " + words(clock.SlowCorrection) + ", by " + count(clock.ConfirmingPolls, "polls within ") + words(clock.SamePoll) + " of each other", "box", "the last of them", "One wrong round of answers moves nothing."},
		{"Time, correction never followed", "more than " + words(clock.SlowCorrection), "box", "agreement with the known time, the reset button, castellan recover", "Nobody on the network may move the time by much."},
		{"Time, uncertainty for codes", atMost(int(clock.MaxUncertainty.Seconds()), "s"), "box", "an agreement of the servers", "Half a step."},
		{"Button, presence", words(t.ShortFrom) + " to " + words(t.ShortUntil), "box", "release", "A short press says that somebody is there."},
		{"Button, reset", words(t.ResetFrom) + " to " + words(t.ResetUntil), "box", "release", "It acts on release, and holding on cancels it."},
		{"Log", atMost(event.Kept, "events"), "box", "the oldest go", "A flood of refusals cannot fill the disk."},
		{"Log, refusals", count(event.RepeatsFree, "of a source, ") + count(event.RepeatsFreeAll, "of all, then their number once in ") + words(event.RepeatsEvery), "source, box", words(event.RepeatsQuiet) + " without one", "A flood of refusals cannot push everything else out of the log."},
	}
}

func atLeast(n int) string { return "at least " + count(n, "characters") }

func atMost(n int, of string) string { return "at most " + count(n, of) }

func count(n int, of string) string { return fmt.Sprintf("%d %s", n, of) }

func words(d time.Duration) string { return clock.Words(d) }
