package daemon

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"castellan/internal/access/account"
	"castellan/internal/access/factor"
	"castellan/internal/access/otp"
	"castellan/internal/access/password"
	"castellan/internal/access/presence"
	"castellan/internal/access/session"
	"castellan/internal/access/signin"
	"castellan/internal/access/throttle"
	"castellan/internal/access/token"
	"castellan/internal/box/announce"
	"castellan/internal/box/button"
	"castellan/internal/box/certificate"
	"castellan/internal/box/clock"
	"castellan/internal/box/keeper"
	"castellan/internal/box/network"
	"castellan/internal/drift"
	"castellan/internal/event"
	"castellan/internal/health"
	"castellan/internal/httpapi"
	"castellan/internal/notice"
	"castellan/internal/reset"
	"castellan/internal/settings"
	"castellan/internal/store"
	"castellan/internal/syslog"
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
	return append([]Rule{
		{"Password, only factor", atLeast(password.MinAlone), "account", "never", "Length is what makes guessing hopeless; there is no rule about kinds of characters."},
		{"Password, beside a second factor", atLeast(password.MinBeside), "account", "never", "The second factor carries the rest."},
		{"Password, longest", atMost(password.Max, "characters"), "account", "never", "A limit before hashing keeps huge texts from costing time."},
		{"Password hash", "argon2id, " + count(password.Memory, "KiB") + ", " + count(password.MinPasses, "passes or more, up to ") + count(password.MaxPasses, "for "+words(password.Target)), "box", "at sign-in, when it was cheaper", "Memory stays small for small boxes; passes are measured on the first start."},
		{"Hashes at once", "1, " + count(password.Queue, "waiting for up to ") + words(password.Patience) + ", and one more of a known browser", "box", "when one ends", "Each needs 19 MiB; more at once would end a small box. Sources take turns, so that one of them cannot keep the others waiting."},
		{"Wrong passwords", count(throttle.FreeTries, "free, then ") + words(throttle.FirstWait) + ", doubling to " + words(throttle.LongestWait), "account and source", "success, or " + words(throttle.Forget), "A stranger slows only their own source; the owner comes from another."},
		{"Wrong passwords in a known browser", "the same, and after " + count(throttle.MaxRow, "in a row it is known no more"), "account and browser", "success, an administrator, or " + words(throttle.ForgetRow), "What strangers do never slows it: none of the next four limits counts for it."},
		{"Wrong passwords of a source", count(throttle.SprayTries, "in ") + words(throttle.SprayWindow) + ", then a pause of " + words(throttle.SprayPause), "source, over all names", "time, an administrator, the reset button, castellan recover", "One password tried on many names. Addresses on the allow list are not paused."},
		{"Wrong passwords of many sources", count(throttle.CrowdTries, "in ") + words(throttle.SprayWindow) + " from " + count(throttle.CrowdSources, "sources or more make the limits one level stricter for ") + words(throttle.CrowdPause), "box", "time, an administrator, the reset button, castellan recover", "Many machines that guess together; each try still counts by itself, so a newcomer gets in."},
		{"Wrong passwords for an account", count(throttle.HourTries, "an hour, then one in ") + words(throttle.Pace) + " from each source and " + count(throttle.PaceTries, "in all"), "account, unknown browsers", "time, an administrator, the reset button, castellan recover", "Many sources that guess at one account."},
		{"Wrong passwords for an account in a row", atMost(throttle.MaxRow, "passwords, then only known browsers may try"), "account, unknown browsers", "an administrator, the reset button, castellan recover, or " + words(throttle.ForgetRow) + " without one", "The owner has a known browser, or an unlock mail makes one known. Names that nobody has answer the same."},
		{"Unlock mail", words(session.LinkFor) + ", works once, only the newest", "account", "its use, or another address", "It makes one browser known and lets nobody in; it goes to a confirmed address only."},
		{"Limits, relaxed or strict", "twice the free tries and half the pauses, or half and twice", "box", "an administrator, the reset button", "For the passwords above; what is counted in a row, and codes, stay as they are."},
		{"Addresses allowed, addresses blocked", atMost(settings.MaxRules, "each"), "box", "an administrator, the reset button; castellan recover ends the blocks", "A blocked address is refused first of all. An allowed one is never blocked: only wrong passwords from there slow it, one account at a time. The NAS itself cannot be blocked."},
		{"Wrong codes", count(throttle.FreeCodes, "free, then one in ") + words(throttle.CodeWait), "account, over all ways", "success", "Only somebody who has the password can use them up."},
		{"Wrong codes in a row", atMost(throttle.MaxCodes, "codes"), "account", "an administrator, the reset button, castellan recover", "Three right codes in a million: a hundred guesses are far from one."},
		{"Wrong codes for one sign-in", atMost(session.TicketTries, "codes"), "half-finished sign-in", "a new password step", "Guessing starts again with the password."},
		{"Code window", "the step of " + words(otp.Period) + " and " + count(otp.Window, "on each side"), "device", "each step is taken once", "Phones drift and typing takes time."},
		{"Half-finished sign-in", words(session.TicketLife), "browser", "time", "Long enough to find the phone."},
		{"Claim after the first proof", words(session.ClaimLife), "browser", "time", "Long enough to choose a name and a password."},
		{"Wait for the button, to claim", words(presence.ClaimLife) + ", lost " + words(presence.Grace) + " after the last question", "browser", "a press, or time", "Long enough to walk to the NAS."},
		{"Wait for the button, to sign in or to become known", words(presence.Life) + ", lost " + words(presence.Grace) + " after the last question", "browser", "a press, or time", "Short enough that a press means the one who asked. It is no guess, so running out of it counts nothing."},
		{"Press of the button, used", words(presence.Life) + ", works once", "browser that it confirmed", "its use, or time", "One press is one sign-in."},
		{"Browsers that wait at once", atMost(presence.Most, "browsers for each purpose"), "box", "each that no longer asks", "From two on a press confirms nobody, so more change nothing. Whoever waits for an unlock gives way to a claim and, where there is nothing to unlock, to a sign-in."},
		{"Half-finished sign-ins at once", atMost(session.MaxTickets, "sign-ins"), "box", "the oldest goes, first of those that only wait to claim", "Each took a right password, or a box that nobody owns. Who only waits pushes out nobody who proved something."},
		{"Slow-downs remembered", atMost(throttle.MaxLanes, "for each rule: pairs of account and source or browser, accounts, sources"), "box", "the one that is longest ago goes, names without an account first, but neither a closed account nor one that still has to wait for minutes", "A flood of names must not fill the memory."},
		{"Temporary password", words(account.TemporaryFor), "account", "a password of one's own", "It opens nothing but the page that replaces it."},
		{"Password, blocklist", count(password.Listed(), "leaked ones, and words around the account and the box"), "account", "never", "What is guessed first is no password, however long it is; the list needs no network."},
		{"Suggested passphrase", count(password.PhraseWords, "of "+count(password.PhraseList(), "words")), "-", "-", "About 64 bits, and easy to remember."},
		{"Forgotten password, link", words(session.LinkFor) + ", works once, only the newest", "account", "its use, another password or address, a restart", "It sets a password and does nothing else: the second factor stays in force."},
		{"Mails with such a link", "one in " + words(throttle.MailPause) + ", " + count(throttle.MailsDay, "a day for a new password; ") + count(throttle.MailsBox, "an hour in all, for each of both sorts"), "account, box", "time, a restart", "A mailbox cannot be flooded, and the mail server does not stop serving the box. Strangers can use up the five of a day for a new password, and no others: an administrator gives another way, and signing in is not touched."},
		{"Mails with such a link, asked for", count(throttle.AsksSource, "an hour per source, ") + count(throttle.AsksBox, "in all"), "source, box", "time, a restart", "Each question is an entry of the log. Addresses and names cannot be tried by the thousand; signing in is not touched."},
		{"Invitation", words(account.InvitationFor) + ", works once, only the newest", "account", "its use, another password or address", "Nobody but the person ever knows the password."},
		{"New authenticator device", words(factor.EnrolmentLife) + ", " + count(factor.EnrolmentTries, "wrong codes"), "account", "the first right code", "Until then it opens nothing."},
		{"Authenticator devices", atMost(factor.MaxDevices, "devices"), "account", "removing one", "Each has a secret of its own; more would be more guesses at a time."},
		{"Recovery codes", count(factor.RecoveryCodes, "codes of 120 bits, pressed to renew at ") + count(factor.RenewAt, "left"), "account", "each is used once; renewal voids the old ones", "They open the account when the phone is lost, with the password."},
		{"After a recovery code or a press of the button", words(session.RepairFor), "session", "a new way in, or time", "That was the second factor: a proof of identity wants the password only, or the last code would lock its owner out."},
		{"Code by e-mail", words(factor.CodeLife) + ", " + count(factor.CodeTries, "wrong tries"), "half-finished sign-in or session", "its use, or a newer code", "It opens only what it was asked for, in the browser that asked."},
		{"Codes by e-mail, sent", "one in " + words(factor.CodePause) + ", " + count(factor.CodesHour, "an hour"), "account, at the door and inside apart", "time, or the code that comes back", "At the door only somebody who has the password can use them up, and other ways stay open."},
		{"Mail server's patience at sign-in", words(notice.CodePatience), "sign-in", "an answer", "Then another way is offered."},
		{"News by mail", count(notice.NewsHour, "an hour about ways in lost or changed, as many about others and about tokens that end, ") + count(notice.SuspicionsHour, "about suspicious sign-ins"), "account", "time", "A flood of tries does not become a flood of mail."},
		{"Change of address, undone", words(signin.UndoFor), "account", "the link is used once", "Whoever reads the old mailbox can take a change back that was not theirs."},
		{"Session, idle", words(session.Idle) + ", or " + words(settings.IdleLeast*time.Minute) + " to " + words(settings.IdleMost*time.Minute) + " as an administrator sets it", "session", "activity; polling is none", "An unattended browser closes itself."},
		{"Session, administrators", words(session.AdministratorLife), "session", "never", "A working day."},
		{"Session, others", words(session.UserLife), "session", "never", "A day."},
		{"Sessions at once", atMost(session.Most, "sessions"), "account", "the oldest ends", "More are hardly one person's."},
		{"Known browser", words(session.BrowserFor) + " after the last sign-in in it", "account and browser", "a new password from somebody else, 2-step verification that is turned off by somebody else, the reset button, signing out everywhere", "It tells a person's own browser from strangers; it opens nothing and is no factor."},
		{"Known browsers", atMost(session.MostBrowsers, "browsers"), "account", "the one that was seen longest ago goes", "More are hardly one person's."},
		{"Proof of identity", words(session.StepUpFor), "session", "time", "Sensitive changes want a fresh proof."},
		{"Connections", atMost(httpapi.MaxPerSource, "per source") + ", " + count(httpapi.MaxConnections, "in all; ") + count(httpapi.NewPerSecond, "new a second from a source, after ") + count(httpapi.NewAtOnce, "at once"), "source, box", "when one closes", "One host cannot take the page away from another: where all are taken, whoever has fewer gets a place of the greediest."},
		{"Connection, idle", words(idleTime), "connection", "a request", "Forgotten connections take no places."},
		{"Requests at once", atMost(httpapi.MaxStreams, "per connection, ") + count(httpapi.MaxRequestsPerSource, "per source; ") + count(httpapi.FewRequests, "per source beyond ") + count(httpapi.MaxRequests, "in all"), "connection, source, box", "when one ends", "Open requests take memory; the refusal says when to come back."},
		{"Request, longest", words(requestTime) + ", its headers " + words(headerTime), "request", "never", "Slow requests take places from others."},
		{"Request, headers", atMost(headerSize>>10, "KiB with HTTP/2, ") + count((headerSize+headerSlack)>>10, "KiB with HTTP/1.1"), "request", "never", "Other programs on the NAS may set cookies, too, but not without end."},
		{"Request, body", atMost(httpapi.MaxBody>>10, "KiB, ") + count(httpapi.MaxSignInBody>>10, "KiB before sign-in"), "request", "never", "Nothing that is asked for is larger."},
		{"Time, fresh for", words(clock.FreshFor), "box", "an agreement of the servers", "The clock of a box drifts less than a code's window in that time."},
		{"Time, longest question", words(clock.Budget), "box", "an answer", "A sign-in does not hang on silent servers."},
		{"Time servers", atMost(settings.MaxTimeServers, "servers") + ", on port " + count(settings.NTPPort, "(NTP), ") + count(settings.NTSPort, "(NTS) or from ") + count(settings.FreePort, "on"), "box", "an administrator", "More are not more certain, and nobody uses the box to knock at other services."},
		{"Time servers that the network offers", atMost(network.MostOffered, "servers"), "box", "the end of their lease", "They are asked and shown, and decide nothing: anybody on the network can offer some."},
		{"Time, questions", "every " + words(clock.MinPoll) + " to " + words(clock.MaxPoll) + ", after a failure from " + words(clock.FirstRetry) + " on; for sign-ins one in " + words(clock.MinAsk) + ", for administrators one in " + words(clock.MinSync), "server", "time", "Often enough for the drift, and gentle to the servers, however many sign in."},
		{"Time, server that refuses", "left alone for " + words(clock.RateRest) + ", twice as long each time up to " + words(clock.LongestRateRest) + ", or " + words(clock.FirstDropRest) + " up to " + words(clock.DropRest) + " if it does not serve us", "server", "time", "Servers say so with a kiss of death; a forged one does not last."},
		{"Time, first answer", "up to " + words(clock.FirstJump) + " beyond the known time, never more than " + words(clock.LongestJump), "box", count(clock.FirstAuthentic, "servers asked by NTS among those that agree") + ", or a clock with a battery that agrees (" + words(clock.FirstJump) + " only); an administrator, also one who signs in with a recovery code; the reset button, castellan recover", "Servers that lie at the first question cannot move the box far."},
		{"Time, correction followed at once", "up to " + words(clock.FreeCorrection), "box", "never", "Ordinary drift."},
		{"Time, correction to be confirmed", "up to " + words(clock.SlowCorrection) + ", by " + count(clock.ConfirmingPolls, "polls within ") + words(clock.SamePoll) + " of each other; small and large ones together no more than that, beside " + strconv.Itoa(int(clock.WorstDrift*1e6)) + " ppm of the time", "box", "the last of them", "One wrong round of answers moves nothing."},
		{"Time, correction never followed", "more than " + words(clock.SlowCorrection) + ", or than a crystal drifts while no server answers", "box", "agreement with the known time, an administrator with a fresh proof of identity, the reset button, castellan recover", "Nobody on the network may move the time by much."},
		{"Time, set by hand", "from when the program was built to " + words(clock.LongestJump) + " later, right to " + words(clock.HandDoubt), "box", "servers that agree within that, or an administrator", "Where no server tells the time, somebody has to; a typing error in the year is refused."},
		{"Time, history", words(drift.DayFor) + " as measured, at most " + count(drift.MaxPoints, "points; ") + words(drift.MonthFor) + " by the hour; " + count(drift.MaxJumps, "jumps; written once in ") + words(drift.SaveEvery), "box", "the oldest go", "Sleeping disks are not woken for it, and it does not grow without end."},
		{"System clock, set at once", "from " + words(keeper.StepFrom) + " at the start, after sleep and on an administrator's word, else from " + words(keeper.SlewMost), "box", "never", "Less is made up for bit by bit, so that no program sees a time twice."},
		{"Time, servers with NTS that are silent", "said after " + words(clock.AuthenticFor), "box", "an answer", "Without them the answers of the others could be forged on the way."},
		{"Time, changes of state in the log", strconv.Itoa(clock.ChangesAnHour) + " an hour", "box", "time", "Servers that agree only now and then do not fill the log, and do not keep disks awake."},
		{"Time, uncertainty for codes", atMost(int(clock.MaxUncertainty.Seconds()), "s"), "box", "an agreement of the servers", "Half a step."},
		{"Button, presence", words(t.ShortFrom) + " to " + words(t.ShortUntil), "box", "release", "A short press says that somebody is there: for the claim, for one sign-in, or to end every wait after wrong passwords."},
		{"Button, reset", words(t.ResetFrom) + " to " + words(t.ResetUntil), "box", "release", "It acts on release, and holding on cancels it."},
		{"Button, between resets", words(reset.RestTime), "box", "a start of the kernel", "Holding it again would undo what the new owner sets up. Turning the NAS off and on ends it, as that takes a hand on the box as well."},
		{"Button, listening for another one", words(button.LearnTime) + ", to be confirmed within " + words(button.LearnKept) + " after it, " + atMost(button.MaxHeard, "keys"), "box", "time, or an administrator", "The reset is bound only to a key that somebody has pressed and released; the button does nothing meanwhile."},
		{"Button, test", words(button.TestTime), "box", "time, or an administrator", "Presses are shown and do nothing; then they act again by themselves."},
	}, slices.Concat(machinePolicy(), networkPolicy(), storePolicy(), logPolicy())...)
}

// machinePolicy lists the constants of API tokens and of what machines prove themselves with.
func machinePolicy() []Rule {
	return []Rule{
		{"API token", "256 random bits, for " + words(token.Days*24*time.Hour) + " unless its owner says otherwise, up to " + words(token.MostDays*24*time.Hour), "account", "its owner; another password from somebody else; its owner's account disabled or deleted", "The text is shown once and kept as a digest. What nobody needs any more lapses by itself."},
		{"API tokens", atMost(token.Most, "tokens"), "account", "revoking one", "More are hardly one person's machines."},
		{"API token, its end told beforehand", fmt.Sprintf("%d, %d and %d days before", token.FirstNotice, token.SecondNotice, token.LastNotice), "API token", "each is said once, in the log and by mail to its owner; those that passed before it was made are not", "Long enough to give its machine another one. Second factors do not end, and the certificate renews itself."},
		{"Access token", words(token.AccessFor) + ", and for " + words(token.FreshFor) + " as a fresh proof; " + atMost(token.MostAccess, "at a time"), "API token", "time, a restart, whatever ends its API token, another second factor of it; the oldest makes room for a new one", "What leaks from a script or a file of figures is soon worth nothing."},
		{"Signature, time", words(token.Skew) + " off to either side, or any with a nonce of the NAS that is " + words(token.Skew) + " old at most", "request", "each nonce works once; " + count(token.MostNonces, "are remembered for the tokens of an account, ") + count(token.MostNoncesAll, "in all, and then ") + count(token.NoncesLeft, "for each account still"), "Long enough for clocks that are a little off; a copied request is refused for good."},
		{"New token, waiting for its machine", words(token.CollectFor), "API token", "its machine, once", "Long enough to go back to the terminal."},
		{"New tokens, machines that ask for theirs", count(token.MostCollects, "times within two minutes; ") + count(token.MostCollectsAll, "from everywhere, and then ") + count(token.CollectsLeft, "from each source still, up to ") + count(token.MostCollectsEver, "in all"), "source", "time", "Anybody can make a key and ask: neither one source nor hundreds of them keep a machine elsewhere from collecting its token. Memory ends where thousands of them do it together."},
		{"Codes of a machine", "as for people: " + count(throttle.FreeCodes, "wrong ones free, then one in ") + words(throttle.CodeWait) + ", at most " + count(throttle.MaxCodes, "in a row"), "API token", "success, or another second factor", "Only a machine that has the token can use them up, and its owner signs in all the same."},
		{"Log, refused tokens and access that was bought", "one entry in " + words(httpapi.ToldAgain) + " for each token and reason, or source", "API token, or source", "time, a restart", "A program that goes on asking with a token that has lapsed, or that buys access every ten minutes, neither fills the log nor keeps the disks awake."},
	}
}

// networkPolicy lists the constants of the network's settings and of how the box is found.
func networkPolicy() []Rule {
	return []Rule{
		{"Network, a change that nobody confirmed", words(network.TryTime), "box", "a confirmation over the changed interface, or going back at once", "Whoever locks themselves out of the network has only to wait. One change at a time."},
		{"Network, DNS servers of an interface", atMost(network.MostDNS, "servers"), "interface", "-", "They are asked one after the other, and one that is silent costs seconds each time."},
		{"Network, search domains of an interface", atMost(network.MostSearch, "domains"), "interface", "-", "A name that nobody knows is looked for in each of them."},
		{"Network, the system's service", "asked for " + words(network.AnswerTime) + " at most", "question", "an answer", "A service that hangs is said to hang, and the interfaces are shown all the same."},
		{"Network, a reset that could not restore it", "tried for some minutes at " + count(reset.WishStarts, "starts") + " and ends after " + words(reset.WishTime) + " of one run", "box", "a change that an administrator keeps", "What the new owner sets up meanwhile is not taken back by it later. castellan network automatic does the same."},
		{"Network, names that others have", strconv.Itoa(announce.MostNames) + " are tried in " + words(announce.Silence), "box", "another name of the NAS", "Whoever answers for every name on the local network does not have the box take ever new ones into its certificate, whether it or Avahi announces it."},
		{"Certificates for what the network gives", count(certificate.GivenAtOnce, "at once, then one in ") + words(certificate.GivenEvery), "box", "time, a start; what its owner or integrator chose is never put off", "Anybody on the local network can give the box ever new addresses and names, and people compare the fingerprint. Addresses of IPv6 that somebody announced or lent are no reason at all."},
	}
}

// storePolicy lists the constants of the database and of the ladder that brings it back.
func storePolicy() []Rule {
	return []Rule{
		{"Database, daily copy", "one in " + words(store.SnapshotEvery) + ", " + words(store.SnapshotAfter) + " after a change, of up to " + count(store.SnapshotMost>>20, "MiB") + " and half of the free room", "box", "a reset, a deleted account, a cleared log: it has what they erase", "What a damaged database is put back from. The disk is awake then, and nothing is written for it alone."},
		{"Database, put back", "said for " + words(health.MendedFor), "box", "time", "What was done last, or since the copy, may be forgotten: somebody has to look."},
		{"App codes after the database was put back", "not looked at for " + words(factor.HeldFor), "box", "time", "Which code was taken last may be forgotten. It is too old by then, so no code works twice. Other ways work meanwhile."},
	}
}

// logPolicy lists the constants of the log.
func logPolicy() []Rule {
	return []Rule{
		{"Log", atMost(event.Kept, "events") + ", " + count(event.KeptBytes>>20, "MiB of them packed"), "box", "the oldest go, or an administrator clears it, which leaves an entry", "A flood of refusals cannot fill the disk."},
		{"Log, refusals", count(event.RepeatsFree, "of a source, ") + count(event.RepeatsFreeAll, "of all, then their number once in ") + words(event.RepeatsEvery), "source, box", words(event.RepeatsQuiet) + " without one", "A flood of refusals cannot push everything else out of the log."},
		{"Log, one search", words(event.LookFor) + " or " + count(event.LookAt, "entries looked at"), "request", "the next request goes on from there", "A search through a million entries keeps nobody waiting."},
		{"Log, a prepared export", words(httpapi.ExportFor), "session", "fetching it once, or preparing another", "A download bears no token; the call that prepares it does."},
		{"Log, lines that wait for a syslog server", atMost(syslog.Queue, "lines"), "box", "the oldest go, and their number is recorded", "A server that is away holds nothing up."},
		{"Log, syslog server tried again", "after " + words(syslog.FirstRetry) + ", doubling to " + words(syslog.LongestRetry), "box", "a connection that stands for " + words(syslog.Settled), "A server that fails is left alone, and found again soon."},
	}
}

func atLeast(n int) string { return "at least " + count(n, "characters") }

func atMost(n int, of string) string { return "at most " + count(n, of) }

func count(n int, of string) string { return fmt.Sprintf("%d %s", n, of) }

func words(d time.Duration) string { return clock.Words(d) }
